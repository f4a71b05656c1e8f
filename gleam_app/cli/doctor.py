"""``gleam doctor``: whether the installation is sound."""

import argparse

from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.output import print_json
from gleam_app.jobs.work import Work
from gleam_app.services import Services


def define(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--json", action="store_true")


def run(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.diagnostics.doctor import examine

    checks = examine(services, work)
    if arguments.json:
        print_json({"schema": "gleam.doctor/1", "checks": [check.to_json() for check in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'BAD '} {check.what}: {check.found}")
    return 0 if all(check.ok for check in checks) else 3


COMMAND = Command("doctor", "check the installation", define, run)

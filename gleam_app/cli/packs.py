"""``gleam packs``: list, check, install, fetch and remove packs."""

import argparse
from pathlib import Path

from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.output import print_json
from gleam_app.jobs.work import Work
from gleam_app.services import Services


def define(packs: argparse.ArgumentParser) -> None:
    actions = packs.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list")
    listing.add_argument("--json", action="store_true")
    for action, argument in (
        ("verify", "ID"),
        ("install", "FILE"),
        ("fetch", "ID"),
        ("remove", "ID"),
    ):
        actions.add_parser(action).add_argument("target", metavar=argument)


def run(arguments: Arguments, services: Services, work: Work) -> int:
    store = services.packs
    if arguments.action == "list":
        return _list(arguments, services)
    if arguments.action == "verify":
        print(f"{store.verify(arguments.target, work).label}: every file is as listed.")
    elif arguments.action == "install":
        print(f"Installed {store.install(Path(arguments.target), work).label}.")
    elif arguments.action == "fetch":
        print(f"{store.fetch(arguments.target, work).label} is ready.")
    else:
        store.remove(arguments.target)
        print(f"Removed {arguments.target}.")
    return 0


def _list(arguments: Arguments, services: Services) -> int:
    known = services.packs.list()
    entries = [
        {
            "id": status.id,
            "version": status.manifest.version if status.manifest else None,
            "kind": status.manifest.kind if status.manifest else None,
            "title": status.title,
            "licence": status.manifest.licence if status.manifest else None,
            "views": status.manifest.views if status.manifest else [],
            "experimental_views": status.manifest.experimental_views if status.manifest else [],
            "state": status.state,
            "detail": status.detail,
        }
        for status in known
    ]
    if arguments.json:
        print_json({"schema": "gleam.packs/1", "packs": entries})
        return 0
    for status, entry in zip(known, entries, strict=True):
        told = [status.detail, status.manifest.views_line if status.manifest else ""]
        detail = "".join(f" ({text})" for text in told if text)
        print(
            f"{entry['kind'] or '?':8} {entry['id']} {entry['version'] or ''}: {entry['state']}{detail}"
        )
    return 0


COMMAND = Command("packs", "encoder, matcher and language model packs", define, run)

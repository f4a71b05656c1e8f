"""``gleam evaluate``: how often pictures of known places are found."""

import argparse
from pathlib import Path

from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.inputs import open_tile_sets
from gleam_app.cli.output import print_json
from gleam_app.jobs.work import Work
from gleam_app.services import Services


def define(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("truth", metavar="TRUTH.csv")
    evaluate.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    evaluate.add_argument("--json", action="store_true")


def run(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.evaluation import evaluate, summary_lines

    tile_sets = open_tile_sets(services, arguments.tiles)
    document = evaluate(Path(arguments.truth), tile_sets, services.locator, work)
    if arguments.json:
        print_json(document)
    else:
        print("\n".join(summary_lines(document)))
    return 0


COMMAND = Command("evaluate", "measure against known places", define, run)

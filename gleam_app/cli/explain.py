"""``gleam explain``: why a candidate does or does not fit, in words."""

import argparse

from gleam_app.cli import arguments as kinds
from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.inputs import caution, load_picture, open_tile_sets
from gleam_app.cli.output import print_json
from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services


def define(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("image", metavar="IMAGE")
    explain.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    explain.add_argument("--candidate", type=kinds.positive, default=1, metavar="RANK")
    explain.add_argument("--view", choices=kinds.VIEWS, default="auto")
    explain.add_argument("--lang", choices=["en", "zh"], default="en")
    explain.add_argument(
        "--model",
        default="",
        metavar="PACK",
        help="a language model's pack, or “evidence” for the measured facts alone; "
        "default: the preferred one",
    )
    explain.add_argument("--json", action="store_true")


def run(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.explain.explainer import EVIDENCE
    from gleam_app.retrieval.locate import LocateOptions
    from gleam_app.retrieval.support import warnings_json

    tile_sets = open_tile_sets(services, arguments.tiles)
    query = load_picture(arguments.image, arguments.view)
    if arguments.model != EVIDENCE:  # a missing one is told before the long search, not after
        services.explainer().check(arguments.model)
    options = LocateOptions(top=max(10, arguments.candidate))
    location = services.locator().locate(query, tile_sets, options, work)
    if arguments.candidate > len(location.candidates):
        raise GleamError(
            f"There is no candidate {arguments.candidate}; there are {len(location.candidates)}.",
            "Choose a lower rank with --candidate.",
        )
    candidate = location.candidates[arguments.candidate - 1]

    def stream(text: str) -> None:
        if not arguments.json:
            print(text, end="", flush=True)

    if not arguments.json:
        caution(arguments.image, location)
    explanation = services.explainer().explain(
        location, candidate, arguments.lang, work, stream, arguments.model
    )
    if arguments.json:
        warnings = warnings_json(location.support, location.query.view)
        print_json(explanation.to_json() | {"warnings": warnings})
    else:
        print()
    return 0


COMMAND = Command("explain", "say why a candidate does or does not fit", define, run)

"""``gleam export``: a case as a file that other programs read."""

import argparse
from pathlib import Path

from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.output import shown
from gleam_app.jobs.work import Work
from gleam_app.services import Services

# as in gleam_app.cases.exports.export.FORMATS, which is not to be loaded to print this help
FORMATS = ("geojson", "kml", "kmz", "gpx", "csv", "gpkg", "cot", "html", "pdf", "history")


def define(export: argparse.ArgumentParser) -> None:
    export.add_argument("case", metavar="CASE.gleamcase")
    export.add_argument("--format", choices=FORMATS, required=True)
    export.add_argument("--out", required=True, metavar="FILE")
    export.add_argument(
        "--candidates", action="store_true", help="all candidates, not each query's place alone"
    )
    export.add_argument(
        "--lang",
        choices=["en", "zh", "both"],
        default="en",
        help="language of words (both: html, pdf)",
    )


def run(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.cases.case import Case
    from gleam_app.cases.exports.export import export_case
    from gleam_app.explain.wording import Lang

    langs: tuple[Lang, ...] = ("en", "zh") if arguments.lang == "both" else (arguments.lang,)
    with Case.open(Path(arguments.case), read_only=True) as case:
        exported = export_case(
            case,
            arguments.format,
            Path(arguments.out),
            candidates=arguments.candidates,
            langs=langs,
            store=services.tile_sets,
            work=work,
        )
    print(
        f"{shown(str(exported.path))}: {exported.places} of {exported.queries} queries have a place"
    )
    return 0


COMMAND = Command("export", "write a case as GeoJSON, KML, CSV, a report …", define, run)

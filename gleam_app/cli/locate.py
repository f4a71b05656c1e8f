"""``gleam locate``: where pictures were taken."""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from gleam_app.cli import arguments as kinds
from gleam_app.cli.arguments import Arguments
from gleam_app.cli.cases import keep, open_case
from gleam_app.cli.command import Command
from gleam_app.cli.inputs import caution, load_picture, open_tile_sets
from gleam_app.cli.output import complain, print_json, shown
from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.retrieval.locate import LocateOptions
    from gleam_app.retrieval.regions import Region
    from gleam_app.retrieval.results import Location
    from gleam_app.retrieval.tiles.tileset import TileSet


def define(locate: argparse.ArgumentParser) -> None:
    locate.add_argument("images", nargs="+", metavar="IMAGE")
    locate.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    locate.add_argument("--view", choices=kinds.VIEWS, default="auto")
    locate.add_argument("--heading", type=kinds.degrees, metavar="DEG", help="clockwise from north")
    locate.add_argument("--near", type=kinds.near, metavar="LAT,LON,RADIUS_M")
    locate.add_argument("--box", type=kinds.box, metavar="S,W,N,E", help="search only in this box")
    locate.add_argument(
        "--dates",
        type=kinds.dates,
        metavar="FROM..TO",
        help="search only imagery taken on these days, such as 2023-04-01..2023-09-30",
    )
    locate.add_argument("--within", metavar="FILE.geojson", help="search only in its polygons")
    locate.add_argument(
        "--source", action="append", default=[], metavar="NAME", help="only these map sources"
    )
    locate.add_argument("--top", type=kinds.positive, default=10, metavar="K")
    locate.add_argument("--no-verify", action="store_true", help="retrieval only")
    locate.add_argument(
        "--case", metavar="FILE.gleamcase", help="keep pictures and answers in this case"
    )
    locate.add_argument("--json", action="store_true")


def run(arguments: Arguments, services: Services, work: Work) -> int:
    """Pictures that cannot be read are told and do not stop the others."""
    tile_sets = open_tile_sets(services, arguments.tiles)
    options = _options(arguments)
    options.region.check_sources(tile_sets)
    _caution_region(options.region, tile_sets)
    with ExitStack() as stack:
        case = stack.enter_context(open_case(arguments.case)) if arguments.case else None
        return _locate_all(arguments, services, tile_sets, options, case, work)


def _locate_all(
    arguments: Arguments,
    services: Services,
    tile_sets: "list[TileSet]",
    options: "LocateOptions",
    case: "Case | None",
    work: Work,
) -> int:
    from gleam_app.retrieval.results import locate_document

    locations: list[Location] = []
    failed: GleamError | None = None
    locator = None
    for path in arguments.images:
        clock = time.perf_counter()
        try:
            query = load_picture(path, arguments.view)
        except GleamError as error:
            failed = error
            complain(error)
            continue
        decode_ms = (time.perf_counter() - clock) * 1000.0
        locator = locator or services.locator()
        location = locator.locate(query, tile_sets, options, work)
        location.timings_ms["decode"] = decode_ms
        if case is not None:
            keep(case, location, locator, tile_sets, options)
        locations.append(location)
        if not arguments.json:
            caution(path, location)
            print(_lines(path, location))
    if arguments.json and (locations or failed is None):
        labels = locator.pack_labels if locator else {}
        print_json(locate_document([t.info.name for t in tile_sets], labels, locations))
    return failed.exit_code if failed else 0


def _options(arguments: Arguments) -> "LocateOptions":
    from gleam_app.retrieval.locate import LocateOptions

    return LocateOptions(
        heading_deg=arguments.heading,
        region=_region(arguments),
        top=arguments.top,
        verify=not arguments.no_verify,
    )


def _region(arguments: Arguments) -> "Region":
    from gleam_app.geo.coordinates import Bounds
    from gleam_app.imagery.dates import Days
    from gleam_app.retrieval.regions import Region, read_polygons

    box = arguments.box
    return Region(
        near=arguments.near,
        box=Bounds(west=box[1], south=box[0], east=box[3], north=box[2]) if box else None,
        polygons=read_polygons(Path(arguments.within)) if arguments.within else (),
        sources=tuple(arguments.source),
        dates=Days(*arguments.dates) if arguments.dates else None,
    )


def _caution_region(region: "Region", tile_sets: "list[TileSet]") -> None:
    """Say so where there is nothing to be found, and where imagery is left out unasked."""
    undated = region.undated(tile_sets)
    if undated:
        some = ", ".join(undated[:3]) + (", …" if len(undated) > 3 else "")
        print(f"gleam: Left out, for nothing says when they were taken: {some}.", file=sys.stderr)
    rows = [region.rows(tile_set) for tile_set in tile_sets]
    if all(found is not None and not len(found) for found in rows):
        days = " and is of these days" if region.dates else ""
        print(
            f"gleam: No tile of these tile sets has its centre in the region{days}.",
            file=sys.stderr,
        )


def _lines(path: str, location: "Location") -> str:
    lines = [f"{shown(path)}: {location.verdict.replace('_', ' ')} ({location.confidence:.2f})"]
    for candidate in location.candidates:
        where = (
            f"{candidate.lat:.6f}, {candidate.lon:.6f}"
            if candidate.lat is not None
            else shown(candidate.tile.id)
        )
        heading = "" if candidate.heading_deg is None else f", heading {candidate.heading_deg:.0f}°"
        radius = "" if candidate.radius_m is None else f" ±{candidate.radius_m:.0f} m"
        lines.append(
            f"  {candidate.rank}. {where}{radius}  {candidate.verdict.replace('_', ' ')} "
            f"{candidate.confidence:.2f}, score {candidate.score:.3f}, "
            f"{candidate.inliers} inliers{heading}"
        )
    return "\n".join(lines)


COMMAND = Command("locate", "find where pictures were taken", define, run)

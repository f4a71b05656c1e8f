"""The command line: the services without a window.

One JSON document on stdout with ``--json``; people's text on stdout without; progress and errors on
stderr. Exit codes: 0 done, 2 usage, 3 bad input or missing pack, 130 cancelled.
"""

import argparse
import io
import json
import math
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from gleam_app import __version__
from gleam_app.errors import Cancelled, GleamError, disk_trouble
from gleam_app.jobs.work import Progress, Work
from gleam_app.services import Services

if TYPE_CHECKING:
    from gleam_app.imagery.query import Query, View
    from gleam_app.retrieval.locate import LocateOptions
    from gleam_app.retrieval.regions import Region
    from gleam_app.retrieval.results import Location
    from gleam_app.retrieval.tileset import TileSet

VIEWS = ["auto", "uav", "ground", "panorama", "map"]
COMMANDS = ("tiles", "locate", "explain", "evaluate", "packs", "doctor")
Arguments = argparse.Namespace


def parse(argv: list[str]) -> Arguments:
    """Parse the arguments; ``command`` is None when the window is meant. Exits with 2 on wrong usage."""
    if argv and argv[0] in COMMANDS:
        return _command_parser().parse_args(_with_signs(argv))
    parser = argparse.ArgumentParser(
        prog="gleam",
        description="Find out, offline, where a picture was taken. Opens the window.",
        epilog=f"Commands: {', '.join(COMMANDS)}. 'gleam COMMAND --help' tells more.",
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="pictures to open")
    parser.add_argument("--demo", action="store_true", help="open with the bundled demo loaded")
    parser.add_argument("--version", action="version", version=f"GLEAM Desktop {__version__}")
    parsed = parser.parse_args(argv)
    parsed.command = None
    return parsed


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gleam")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_tiles(commands.add_parser("tiles", help="make and list tile sets"))
    locate = commands.add_parser("locate", help="find where pictures were taken")
    locate.add_argument("images", nargs="+", metavar="IMAGE")
    locate.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    locate.add_argument("--view", choices=VIEWS, default="auto")
    locate.add_argument("--heading", type=_degrees, metavar="DEG", help="clockwise from north")
    locate.add_argument("--near", type=_near, metavar="LAT,LON,RADIUS_M")
    locate.add_argument("--box", type=_box, metavar="S,W,N,E", help="search only in this box")
    locate.add_argument("--within", metavar="FILE.geojson", help="search only in its polygons")
    locate.add_argument(
        "--source", action="append", default=[], metavar="NAME", help="only these map sources"
    )
    locate.add_argument("--top", type=_positive, default=10, metavar="K")
    locate.add_argument("--no-verify", action="store_true", help="retrieval only")
    locate.add_argument("--json", action="store_true")
    explain = commands.add_parser("explain", help="say why a candidate does or does not fit")
    explain.add_argument("image", metavar="IMAGE")
    explain.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    explain.add_argument("--candidate", type=_positive, default=1, metavar="RANK")
    explain.add_argument("--view", choices=VIEWS, default="auto")
    explain.add_argument("--lang", choices=["en", "zh"], default="en")
    explain.add_argument("--json", action="store_true")
    evaluate = commands.add_parser("evaluate", help="measure against known places")
    evaluate.add_argument("truth", metavar="TRUTH.csv")
    evaluate.add_argument("--tiles", required=True, metavar="NAME[,NAME]")
    evaluate.add_argument("--json", action="store_true")
    packs = commands.add_parser("packs", help="encoder, matcher and language model packs")
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
    doctor = commands.add_parser("doctor", help="check the installation")
    doctor.add_argument("--json", action="store_true")
    return parser


def _add_tiles(tiles: argparse.ArgumentParser) -> None:
    actions = tiles.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="embed imagery into a new tile set")
    add.add_argument("sources", nargs="+", metavar="SOURCE")
    add.add_argument("--name", required=True)
    add.add_argument("--pack", metavar="ID", help="encoder pack (default: the installed one)")
    add.add_argument("--scales", type=_scales, metavar="M,M,M", help="tile sides in metres")
    add.add_argument("--coords", metavar="FILE.csv", help="file,lat,lon of plain pictures")
    add.add_argument("--crs", metavar="EPSG:…", help="CRS of rasters that name none themselves")
    add.add_argument("--resume", action="store_true")
    add.add_argument("--json", action="store_true")
    listing = actions.add_parser("list")
    listing.add_argument("--json", action="store_true")
    for action in ("info", "verify", "remove"):
        one = actions.add_parser(action)
        one.add_argument("name")
        one.add_argument("--json", action="store_true")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _degrees(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError("must be a number of degrees")
    return value


def _scales(text: str) -> list[float]:
    scales = [float(part) for part in text.split(",")]
    if not all(1.0 <= scale <= 100_000.0 for scale in scales):
        raise argparse.ArgumentTypeError("tile sides are 1 to 100000 metres")
    return scales


def _near(text: str) -> tuple[float, float, float]:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 3 or not (abs(parts[0]) <= 90 and abs(parts[1]) <= 180 and parts[2] > 0):
        raise argparse.ArgumentTypeError("needs LAT,LON,RADIUS_M in degrees and metres")
    return parts[0], parts[1], parts[2]


def _box(text: str) -> tuple[float, float, float, float]:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4 or not (
        -90 <= parts[0] <= parts[2] <= 90 and abs(parts[1]) <= 180 and abs(parts[3]) <= 180
    ):
        raise argparse.ArgumentTypeError("needs SOUTH,WEST,NORTH,EAST in degrees")
    return parts[0], parts[1], parts[2], parts[3]


def _with_signs(argv: list[str]) -> list[str]:
    """``--near -27.5,…`` as ``--near=-27.5,…``: argparse takes a leading minus for an option."""
    joined: list[str] = []
    for word in argv:
        if joined and joined[-1] in ("--near", "--box") and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def run(arguments: Arguments, services: Services) -> int:
    """Run one command; every error for people ends here as one line on stderr."""
    work = Work(on_progress=ProgressLine())
    _prepare_output()
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _canceller(work))
    try:
        return _HANDLERS[arguments.command](arguments, services, work)
    except GleamError as error:
        _complain(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that Python's last flush is quiet
        return 0
    except OSError as error:
        trouble = disk_trouble(error)
        _complain(trouble)
        return trouble.exit_code
    except (Cancelled, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return 130
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)


def _prepare_output() -> None:
    """Names that the terminal cannot show are escaped (in JSON: by its own escapes), never fatal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _canceller(work: Work) -> Callable[[int, FrameType | None], None]:
    def cancel(_number: int, _frame: FrameType | None) -> None:
        if work.cancelled:
            raise KeyboardInterrupt
        work.cancel()

    return cancel


class ProgressLine:
    """Progress on stderr: a line that moves on a terminal, a line after every ten seconds elsewhere."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._last = 0.0 if self._moving else time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        ended = progress.total > 0 and progress.done >= progress.total
        if now - self._last < (0.2 if self._moving else 10.0) and not (ended and self._moving):
            return
        self._last = now
        share = "" if progress.fraction is None else f" {progress.fraction:4.0%}"
        left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
        line = f"{progress.what}{share}{left}"
        if self._moving:
            print(f"\r\033[K{line}", end="\n" if ended else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr)


def _complain(error: GleamError) -> None:
    line = f"{error} {error.hint}".strip()
    print(f"gleam: {_shown(line)}", file=sys.stderr)


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def _open_tile_sets(services: Services, names: str) -> "list[TileSet]":
    given = dict.fromkeys(name.strip() for name in names.split(","))
    return [services.tile_sets.open(name) for name in given]


def _tiles(arguments: Arguments, services: Services, work: Work) -> int:
    store = services.tile_sets
    if arguments.action == "list":
        infos = store.list()
        if arguments.json:
            _print_json({"schema": "gleam.tiles/1", "tiles": [info.to_json() for info in infos]})
        for info in [] if arguments.json else infos:
            print(_tile_set_line(info.to_json()))
        return 0
    if arguments.action == "remove":
        store.remove(arguments.name)
        print(f"Removed tile set {arguments.name!r}.", file=sys.stderr)
        return 0
    timings: dict[str, float] = {}
    if arguments.action == "add":
        info, timings = _add(arguments, services, work)
    elif arguments.action == "verify":
        info = store.verify(arguments.name)
    else:
        info = store.info(arguments.name)
    document = info.to_json()
    if timings:
        document["timings_s"] = {name: round(seconds, 2) for name, seconds in timings.items()}
    if arguments.json:
        _print_json(document)
    else:
        print(_tile_set_line(document))
    return 0


def _add(arguments: Arguments, services: Services, work: Work) -> Any:
    from gleam_app.retrieval.build import add_tile_set
    from gleam_app.retrieval.encoder import Encoder

    if services.tile_sets.exists(arguments.name):
        raise GleamError(
            f"There is already a tile set {arguments.name!r}.",
            f"Choose another name, or: gleam tiles remove {arguments.name}",
        )
    packs = services.packs
    encoder = Encoder(packs.get(arguments.pack) if arguments.pack else packs.default("gleam-c"))
    return add_tile_set(
        services.tile_sets,
        encoder,
        [Path(source) for source in arguments.sources],
        arguments.name,
        scales_m=arguments.scales,
        coords=Path(arguments.coords) if arguments.coords else None,
        resume=arguments.resume,
        work=work,
        crs=arguments.crs,
    )


def _tile_set_line(entry: dict[str, Any]) -> str:
    if entry["state"] == "incomplete":
        return f"{entry['name']}: half built; add its imagery again with --resume to go on"
    if entry["state"] == "damaged":
        return f"{entry['name']}: damaged; gleam tiles remove {entry['name']}, then add it again"
    scales = ", ".join(f"{scale:g} m" for scale in entry["scales_m"]) or "pictures"
    return (
        f"{entry['name']}: {entry['tiles']} tiles ({scales}), {entry['area_km2']} km², "
        f"pack {entry['pack']}, {entry['state']}"
    )


def _load(path: str, view: str) -> "Query":
    from gleam_app.imagery.query import load_query

    return load_query(Path(path), cast("View", view))


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
    from gleam_app.retrieval.regions import Region, read_polygons

    box = arguments.box
    return Region(
        near=arguments.near,
        box=Bounds(west=box[1], south=box[0], east=box[3], north=box[2]) if box else None,
        polygons=read_polygons(Path(arguments.within)) if arguments.within else (),
        sources=tuple(arguments.source),
    )


def _caution_region(region: "Region", tile_sets: "list[TileSet]") -> None:
    """Say so where there is nothing to be found."""
    rows = [region.rows(tile_set) for tile_set in tile_sets]
    if all(found is not None and not len(found) for found in rows):
        print("gleam: No tile of these tile sets has its centre in the region.", file=sys.stderr)


def _locate(arguments: Arguments, services: Services, work: Work) -> int:
    """Pictures that cannot be read are told and do not stop the others."""
    from gleam_app.retrieval.results import locate_document

    tile_sets = _open_tile_sets(services, arguments.tiles)
    options = _options(arguments)
    options.region.check_sources(tile_sets)
    _caution_region(options.region, tile_sets)
    locations: list[Location] = []
    failed: GleamError | None = None
    locator = None
    for path in arguments.images:
        clock = time.perf_counter()
        try:
            query = _load(path, arguments.view)
        except GleamError as error:
            failed = error
            _complain(error)
            continue
        decode_ms = (time.perf_counter() - clock) * 1000.0
        locator = locator or services.locator()
        location = locator.locate(query, tile_sets, options, work)
        location.timings_ms["decode"] = decode_ms
        locations.append(location)
        if not arguments.json:
            _caution(path, location)
            print(_location_lines(path, location))
    if arguments.json and (locations or failed is None):
        labels = locator.pack_labels if locator else {}
        _print_json(locate_document([t.info.name for t in tile_sets], labels, locations))
    return failed.exit_code if failed else 0


def _caution(path: str, location: "Location") -> None:
    from gleam_app.retrieval.support import caution

    told = caution(location.support, location.query.view)
    if told:
        print(f"gleam: {_shown(path)}: {told}", file=sys.stderr)


def _location_lines(path: str, location: "Location") -> str:
    lines = [f"{_shown(path)}: {location.verdict.replace('_', ' ')} ({location.confidence:.2f})"]
    for candidate in location.candidates:
        where = (
            f"{candidate.lat:.6f}, {candidate.lon:.6f}"
            if candidate.lat is not None
            else _shown(candidate.tile.id)
        )
        heading = "" if candidate.heading_deg is None else f", heading {candidate.heading_deg:.0f}°"
        radius = "" if candidate.radius_m is None else f" ±{candidate.radius_m:.0f} m"
        lines.append(
            f"  {candidate.rank}. {where}{radius}  {candidate.verdict.replace('_', ' ')} "
            f"{candidate.confidence:.2f}, score {candidate.score:.3f}, "
            f"{candidate.inliers} inliers{heading}"
        )
    return "\n".join(lines)


def _shown(name: str) -> str:
    """A file name as one harmless line: it may hold line breaks and orders to the terminal."""
    from gleam_app.imagery.exif import clean_text

    return clean_text(name, 1000)


def _explain(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.locate import LocateOptions
    from gleam_app.retrieval.support import warnings_json

    tile_sets = _open_tile_sets(services, arguments.tiles)
    query = _load(arguments.image, arguments.view)
    services.packs.default("gleam-x")  # a missing one is told before the long search, not after
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
        _caution(arguments.image, location)
    explanation = services.explainer().explain(location, candidate, arguments.lang, work, stream)
    if arguments.json:
        warnings = warnings_json(location.support, location.query.view)
        _print_json(explanation.to_json() | {"warnings": warnings})
    else:
        print()
    return 0


def _evaluate(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.evaluation import evaluate, summary_lines

    tile_sets = _open_tile_sets(services, arguments.tiles)
    document = evaluate(Path(arguments.truth), tile_sets, services.locator, work)
    if arguments.json:
        _print_json(document)
    else:
        print("\n".join(summary_lines(document)))
    return 0


def _packs(arguments: Arguments, services: Services, work: Work) -> int:
    store = services.packs
    if arguments.action == "list":
        return _list_packs(arguments, services)
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


def _list_packs(arguments: Arguments, services: Services) -> int:
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
        _print_json({"schema": "gleam.packs/1", "packs": entries})
        return 0
    for status, entry in zip(known, entries, strict=True):
        told = [status.detail, status.manifest.views_line if status.manifest else ""]
        detail = "".join(f" ({text})" for text in told if text)
        print(
            f"{entry['kind'] or '?':8} {entry['id']} {entry['version'] or ''}: {entry['state']}{detail}"
        )
    return 0


def _doctor(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.diagnostics import examine

    checks = examine(services, work)
    if arguments.json:
        _print_json({"schema": "gleam.doctor/1", "checks": [check.to_json() for check in checks]})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'BAD '} {check.what}: {check.found}")
    return 0 if all(check.ok for check in checks) else 3


_HANDLERS: dict[str, Callable[[Arguments, Services, Work], int]] = {
    "tiles": _tiles,
    "locate": _locate,
    "explain": _explain,
    "evaluate": _evaluate,
    "packs": _packs,
    "doctor": _doctor,
}

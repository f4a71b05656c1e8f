"""``gleam tiles``: make, list, check, mend and remove tile sets."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleam_app.cli import arguments as kinds
from gleam_app.cli import tile_words as words
from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.output import complain, print_json, say
from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services

if TYPE_CHECKING:
    from gleam_app.packs.manifest import Pack
    from gleam_app.retrieval.encoder import Encoder
    from gleam_app.retrieval.tiles.build import Built
    from gleam_app.retrieval.tiles.estimate import Estimate

Action = Callable[[Arguments, Services, Work], int]
PACK_HELP = "encoder pack (default: the installed one)"


def define(tiles: argparse.ArgumentParser) -> None:
    actions = tiles.add_subparsers(dest="action", required=True)
    add = actions.add_parser(
        "add",
        help="embed imagery into a new tile set, or join it to one",
        description="Embed imagery into a new tile set, or join what is new of it to one that is there.",
    )
    add.add_argument(
        "sources",
        nargs="*",
        type=kinds.source,
        metavar="SOURCE",
        help="with --resume it may be left out",
    )
    add.add_argument("--name", required=True)
    add.add_argument("--pack", metavar="ID", help=PACK_HELP)
    add.add_argument(
        "--views", type=kinds.views, metavar="VIEW,VIEW",
        help="kinds of pictures to be found, which choose the scales (default: uav)",
    )  # fmt: skip
    add.add_argument("--scales", type=kinds.scales, metavar="M,M,M", help="tile sides in metres")
    add.add_argument("--coords", metavar="FILE.csv", help="file,lat,lon of plain pictures")
    add.add_argument("--crs", metavar="EPSG:…", help="CRS of rasters that name none themselves")
    add.add_argument("--estimate", action="store_true", help="tell tiles, disk and time, and stop")
    add.add_argument("--resume", action="store_true", help="go on with what is half built")
    add.add_argument("--json", action="store_true")
    add.set_defaults(refuse=add.error)
    listing = actions.add_parser("list", help="name them all")
    listing.add_argument("--json", action="store_true")
    for action, purpose in (
        ("info", "tell all about one"),
        ("verify", "check its files and its imagery"),
        ("reembed", "embed its imagery anew, with the encoder pack that is installed now"),
        ("relink", "tell where its imagery is now"),
        ("discard", "throw half-built work away, never the finished set"),
        ("remove", "delete it, not the imagery"),
    ):
        one = actions.add_parser(action, help=purpose)
        one.add_argument("name", metavar="NAME")
        if action == "relink":
            one.add_argument(
                "places", nargs="+", metavar="PATH", help="files, or folders to look in"
            )
        if action == "reembed":
            one.add_argument("--pack", metavar="ID", help=PACK_HELP)
        one.add_argument("--json", action="store_true")


def run(arguments: Arguments, services: Services, work: Work) -> int:
    return _ACTIONS[arguments.action](arguments, services, work)


def _list(arguments: Arguments, services: Services, work: Work) -> int:
    infos = services.tile_sets.list()
    if arguments.json:
        print_json({"schema": "gleam.tiles/1", "tiles": [info.to_json() for info in infos]})
    else:
        for info in infos:
            half_built = services.tile_sets.half_built(info.name)
            print(words.line(info.to_json(), half_built))
    return 0


def _info(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.tiles.description import describe

    found = describe(services.tile_sets, arguments.name, _installed(services))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(words.description(found)))
    return 0


def _verify(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.tiles.soundness import problems

    store = services.tile_sets
    found = problems(store, arguments.name, work)
    entry = store.info(arguments.name).to_json()
    if arguments.json:
        told = [{"what": str(problem), "hint": problem.hint} for problem in found]
        print_json(entry | {"problems": told})
    elif not found:
        print(f"{words.line(entry)}; sound")
    for problem in found:
        complain(problem)
    return found[0].exit_code if found else 0


def _add(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.tiles.build import add_tile_set, resume_tile_set

    store, name = services.tile_sets, arguments.name
    if not arguments.sources and (arguments.estimate or not arguments.resume):
        arguments.refuse("the following arguments are required: SOURCE (or --resume)")
    half_built = store.half_built(name)
    encoder = _encoder(arguments, services)
    if not arguments.estimate:  # what would fail in the end is told first, and alone
        store.check_writable(name)
        if store.exists(name):
            store.info(name).require(encoder.pack)
    if arguments.estimate or (arguments.sources and half_built is None):
        found = _estimate(arguments, services, encoder, work)
        chosen = arguments.scales or _scales_of(services, name) or found.suggested_m
        chosen = chosen if found.scales else []  # a plain picture is one tile, at no scale
        if arguments.estimate and arguments.json:
            print_json(found.to_json(chosen))
        else:
            for line in words.estimate(found, chosen):
                print(line, file=sys.stdout if arguments.estimate else sys.stderr)
        if arguments.estimate:
            return 0
    elif half_built is not None:
        say(f"Going on: {words.progress(half_built)}.")
    if arguments.sources:
        built = add_tile_set(
            store,
            encoder,
            [Path(source) for source in arguments.sources],
            name,
            scales_m=arguments.scales,
            coords=Path(arguments.coords) if arguments.coords else None,
            resume=arguments.resume,
            work=work,
            crs=arguments.crs,
            views=arguments.views or ("uav",),
        )
    else:
        built = resume_tile_set(store, encoder, name, work)
    return _built(arguments, built)


def _reembed(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.tiles.build import reembed_tile_set

    encoder = _encoder(arguments, services)
    return _built(arguments, reembed_tile_set(services.tile_sets, encoder, arguments.name, work))


def _built(arguments: Arguments, built: "Built") -> int:
    info, timings = built
    document: dict[str, Any] = info.to_json()
    document["timings_s"] = {part: round(seconds, 2) for part, seconds in timings.items()}
    if not timings:
        say(f"Tile set {info.name!r} holds all of that already.")
    if arguments.json:
        print_json(document)
    else:
        print(words.line(document))
    return 0


def _relink(arguments: Arguments, services: Services, work: Work) -> int:
    from gleam_app.retrieval.tiles.relink import relink

    places = [Path(place) for place in arguments.places]
    missing = relink(services.tile_sets, arguments.name, places)
    if arguments.json:
        print_json({"name": arguments.name, "missing": [record.path for record in missing]})
    elif not missing:
        print(f"All imagery of tile set {arguments.name!r} is found.")
    for record in missing:
        complain(GleamError(f"The imagery {record.name} is not there.", "Name the file itself."))
    return 3 if missing else 0


def _discard(arguments: Arguments, services: Services, work: Work) -> int:
    services.tile_sets.discard(arguments.name)
    say(f"Threw away what was half built of tile set {arguments.name!r}.")
    return 0


def _remove(arguments: Arguments, services: Services, work: Work) -> int:
    services.tile_sets.remove(arguments.name)
    say(f"Removed tile set {arguments.name!r}.")
    return 0


def _encoder(arguments: Arguments, services: Services) -> "Encoder":
    from gleam_app.retrieval.encoder import Encoder

    packs = services.packs
    return Encoder(packs.get(arguments.pack) if arguments.pack else packs.default("gleam-c"))


def _installed(services: Services) -> "Pack | None":
    try:
        return services.packs.default("gleam-c")
    except GleamError:
        return None


def _scales_of(services: Services, name: str) -> list[float]:
    """Of a set that is joined: what is new gets its scales."""
    store = services.tile_sets
    return store.info(name).scales_m if store.exists(name) else []


def _estimate(
    arguments: Arguments, services: Services, encoder: "Encoder", work: Work
) -> "Estimate":
    from gleam_app.retrieval.tiles.estimate import estimate

    return estimate(
        [Path(source) for source in arguments.sources],
        encoder,
        services.home,
        arguments.views or ("uav",),
        arguments.crs,
        Path(arguments.coords) if arguments.coords else None,
        work,
    )


_ACTIONS: dict[str, Action] = {
    "add": _add,
    "list": _list,
    "info": _info,
    "verify": _verify,
    "reembed": _reembed,
    "relink": _relink,
    "discard": _discard,
    "remove": _remove,
}
COMMAND = Command("tiles", "make and list tile sets", define, run)

"""``gleam tiles``: make, list, check and remove tile sets."""

import argparse
import sys
from pathlib import Path
from typing import Any

from gleam_app.cli import arguments as kinds
from gleam_app.cli.arguments import Arguments
from gleam_app.cli.command import Command
from gleam_app.cli.output import print_json
from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.services import Services


def define(tiles: argparse.ArgumentParser) -> None:
    actions = tiles.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="embed imagery into a new tile set")
    add.add_argument("sources", nargs="+", metavar="SOURCE")
    add.add_argument("--name", required=True)
    add.add_argument("--pack", metavar="ID", help="encoder pack (default: the installed one)")
    add.add_argument("--scales", type=kinds.scales, metavar="M,M,M", help="tile sides in metres")
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


def run(arguments: Arguments, services: Services, work: Work) -> int:
    store = services.tile_sets
    if arguments.action == "list":
        infos = store.list()
        if arguments.json:
            print_json({"schema": "gleam.tiles/1", "tiles": [info.to_json() for info in infos]})
        for info in [] if arguments.json else infos:
            print(_line(info.to_json()))
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
        print_json(document)
    else:
        print(_line(document))
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


def _line(entry: dict[str, Any]) -> str:
    if entry["state"] == "incomplete":
        return f"{entry['name']}: half built; add its imagery again with --resume to go on"
    if entry["state"] == "damaged":
        return f"{entry['name']}: damaged; gleam tiles remove {entry['name']}, then add it again"
    scales = ", ".join(f"{scale:g} m" for scale in entry["scales_m"]) or "pictures"
    return (
        f"{entry['name']}: {entry['tiles']} tiles ({scales}), {entry['area_km2']} km², "
        f"pack {entry['pack']}, {entry['state']}"
    )


COMMAND = Command("tiles", "make and list tile sets", define, run)

"""The tile sets and pictures that commands are given."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gleam_app.cli.output import shown
from gleam_app.services import Services

if TYPE_CHECKING:
    from gleam_app.imagery.query import Query, View
    from gleam_app.retrieval.results import Location
    from gleam_app.retrieval.tiles.tileset import TileSet


def open_tile_sets(services: Services, names: str) -> "list[TileSet]":
    """The sets named with commas between; named twice counts once."""
    given = dict.fromkeys(name.strip() for name in names.split(","))
    return [services.tile_sets.open(name) for name in given]


def load_picture(path: str, view: str) -> "Query":
    from gleam_app.imagery.query import load_query

    return load_query(Path(path), cast("View", view))


def caution(path: str, location: "Location") -> None:
    """Say on stderr where the encoder hardly knows such a picture."""
    from gleam_app.retrieval import support

    told = support.caution(location.support, location.query.view)
    if told:
        print(f"gleam: {shown(path)}: {told}", file=sys.stderr)

"""Keeping what a command finds in a case."""

from pathlib import Path
from typing import TYPE_CHECKING

from gleam_app.errors import GleamError

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.retrieval.locate import LocateOptions, Locator
    from gleam_app.retrieval.results import Location
    from gleam_app.retrieval.tiles.tileset import TileSet


def open_case(path: str) -> "Case":
    """The case of that name, a new one where there is none, to be written to.

    Raises GleamError if it is none, cannot be made, or is open elsewhere.
    """
    from gleam_app.cases.case import Case

    file = Path(path)
    case = Case.open(file) if file.exists() else Case.create(file)
    if case.read_only:
        why = case.why_read_only
        case.close()
        raise GleamError(
            f"The case cannot be written to. {why}", "Close it elsewhere, or name another."
        )
    return case


def keep(
    case: "Case",
    location: "Location",
    locator: "Locator",
    tile_sets: "list[TileSet]",
    options: "LocateOptions",
) -> None:
    """Add the query, if the case does not hold it yet, and the answer to it."""
    from gleam_app.cases.batch import run_facts
    from gleam_app.cases.pictures import NewPicture

    case.add([NewPicture.from_query(location.query)])
    query = next(one.id for one in case.queries() if one.sha256 == location.query.sha256)
    case.answers.record(query, location, run_facts(locator, tile_sets, options))

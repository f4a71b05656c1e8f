"""The two pictures of a record as the app's compare panel takes them."""

from dataclasses import replace
from pathlib import Path

from gleam_app.imagery.query import Query, load_query
from gleam_app.retrieval.results import Candidate, TileRef
from training.gleam_x.records import PairRecord


def load_pair(record: PairRecord, folder: Path, first: str, second: str) -> tuple[Query, Candidate]:
    """Image 1 as a query, image 2 as a candidate without geometry. Raises GleamError.

    ``first`` and ``second`` are the names to show: those of the files could tell the label.
    """
    query = load_query(folder / record.image1, record.view)
    tile = load_query(folder / record.image2, "uav")
    place = TileRef("", second, "", record.tile_m or 0.0, None, None)
    candidate = Candidate(
        rank=1,
        tile=place,
        lat=None,
        lon=None,
        radius_m=None,
        score=0.0,
        confidence=0.0,
        verdict="unverified",
        method="retrieval",
        thumbnail=tile.pixels,
    )
    return replace(query, name=first), candidate

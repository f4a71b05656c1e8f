"""A photo that says which way it was taken, located for real: its measured heading against the file's."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from gleam_app.geo.measure import turn_between
from gleam_app.home import resources_dir
from gleam_app.imagery.query import Query, load_query
from gleam_app.retrieval.against_file import heading_check, place_check
from gleam_app.retrieval.locate import LocateOptions, Locator
from gleam_app.retrieval.tiles.tileset import TileSet

DEMO = resources_dir() / "demo"


def true_heading(name: str) -> float:
    """Of the photo's upper edge, from the reconstruction that knows nothing of this program."""
    rows = csv.DictReader((DEMO / "truth.csv").read_text(encoding="utf-8").splitlines())
    return next(float(row["heading_deg"]) for row in rows if Path(row["query"]).name == name)


def signed(folder: Path, name: str, heading_deg: float) -> Query:
    """The photo as a gimbal would have signed it."""
    xmp = f'<a d:GimbalYawDegree="{heading_deg % 360.0:.1f}" d:GimbalPitchDegree="-74.0"/>'
    with Image.open(DEMO / "queries" / name) as photo:
        photo.save(folder / name, quality=95, xmp=xmp.encode())
    return load_query(folder / name)


@pytest.mark.parametrize(("name", "entered"), [("photo-01.jpg", False), ("photo-02.jpg", True)])
def test_a_photos_heading_is_measured_and_compared(
    locator: Locator, demo_set: TileSet, tmp_path: Path, name: str, entered: bool
) -> None:
    truth = true_heading(name)
    query, beside_iron = (signed(tmp_path, name, truth + turn) for turn in (8.0, 40.0))
    options = LocateOptions(heading_deg=query.exif.heading_deg if entered else None)
    candidate = locator.locate(query, [demo_set], options).candidates[0]
    check = heading_check(query, candidate)
    assert check is not None and check.agrees and check.turn_deg == pytest.approx(-8.0, abs=5.0)
    assert abs(turn_between(truth, check.measured_deg)) < 5.0
    far_off = heading_check(beside_iron, candidate)
    assert far_off is not None and not far_off.agrees
    assert place_check(query, candidate) is None, "its file has no position"

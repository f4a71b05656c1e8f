"""Searching a part of the ground, some sources, or several tile sets, from the command line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gleam_app.geo.footprint import distance_m
from gleam_app.home import resources_dir
from gleam_app.main import main

DEMO = resources_dir() / "demo"
PHOTO = DEMO / "queries" / "photo-01.jpg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's map as two sets, one of them of large tiles."""
    folder = tmp_path_factory.mktemp("gleam-home")
    copy = shutil.copy(DEMO / "map.tif", tmp_path_factory.mktemp("maps") / "again.tif")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLEAM_HOME", str(folder))
        for name, source, scale in (("fine", DEMO / "map.tif", "108"), ("coarse", copy, "162")):
            assert main(["tiles", "add", str(source), "--name", name, "--scales", scale]) == 0
    return folder


@pytest.fixture
def locate(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """``gleam locate`` of the photo, retrieval only: (exit code, candidates, stderr)."""
    monkeypatch.setenv("GLEAM_HOME", str(home))

    def call(*arguments: str | Path, tiles: str = "fine,coarse") -> tuple[int, Any, str]:
        given = ["locate", str(PHOTO), "--tiles", tiles, "--no-verify", "--top", "200", "--json"]
        capsys.readouterr()
        code = main([*given, *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, json.loads(out)["queries"][0]["candidates"] if out else None, err

    return call


def centres(candidates: Any) -> set[tuple[float, float]]:
    return {(c["lat"], c["lon"]) for c in candidates}


def test_several_sets_make_one_ranking(locate: Any) -> None:
    _, both, _ = locate()
    scores = [c["score"] for c in both]
    assert scores == sorted(scores, reverse=True)
    first = [locate(tiles=name)[1][0] for name in ("fine", "coarse")]
    assert both[0]["tile"] == max(first, key=lambda c: c["score"])["tile"]
    assert locate(tiles="fine,fine")[1] == locate(tiles="fine")[1], "named twice counts once"


def test_sets_of_different_packs_are_refused_in_one_line(locate: Any, home: Path) -> None:
    manifest = home / "tiles" / "coarse" / "tileset.json"
    text = manifest.read_text("utf-8")
    other = json.loads(text) | {"pack": "other 9", "pack_hash": "0"}
    try:
        manifest.write_text(json.dumps(other), "utf-8")
        code, candidates, err = locate()
    finally:
        manifest.write_text(text, "utf-8")
    assert (code, candidates) == (3, None)
    assert "'coarse'" in err and "other 9" in err and err.strip().count("\n") == 0


def test_box_polygon_and_radius_hold_the_candidates(locate: Any, tmp_path: Path) -> None:
    _, anywhere, _ = locate()
    lats, lons = zip(*centres(anywhere), strict=True)
    middle = (sum(lats) / len(lats), sum(lons) / len(lons))
    south, west, north, east = middle[0], min(lons), max(lats), middle[1]
    inside = locate("--box", f"{south},{west},{north},{east}")[1]
    assert 0 < len(inside) < len(anywhere)
    assert all(south <= lat <= north and west <= lon <= east for lat, lon in centres(inside))

    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    outline = tmp_path / "outline.geojson"
    outline.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
    within = locate("--within", outline)[1]
    assert within and all(south < lat < north for lat, _ in centres(within))

    near = locate("--near", f"{middle[0]},{middle[1]},80")[1]
    assert near and all(distance_m(middle, place) <= 80.0 for place in centres(near))
    both = locate("--near", f"{middle[0]},{middle[1]},80", "--within", outline)[1]
    assert len(both) < len(near)


def test_a_source_by_its_name(locate: Any) -> None:
    code, candidates, _ = locate("--source", "again.tif")
    assert code == 0
    assert {Path(c["tile"]["source"]).name for c in candidates} == {"again.tif"}
    code, candidates, err = locate("--source", "nothing.tif")
    assert (code, candidates) == (3, None)
    assert "nothing.tif" in err and "again.tif, map.tif" in err


def test_a_region_without_tiles_is_told(locate: Any) -> None:
    for region in (["--box", "-30,150,-20.5,160"], ["--near", "-27.5,153,1000"]):
        code, candidates, err = locate(*region)
        assert (code, candidates) == (0, [])
        assert "No tile of these tile sets has its centre in the region." in err


@pytest.mark.parametrize(
    "box", ["1,2,3", "5,0,4,1", "0,0,91,1", "0,200,1,201", "a,b,c,d", "nan,0,1,1"]
)
def test_a_box_that_is_none_is_wrong_usage(locate: Any, box: str) -> None:
    with pytest.raises(SystemExit) as stop:
        locate("--box", box)
    assert stop.value.code == 2


def test_a_file_that_is_no_region_is_told(locate: Any, tmp_path: Path) -> None:
    code, candidates, err = locate("--within", tmp_path / "missing.geojson")
    assert (code, candidates) == (3, None) and "missing.geojson cannot be read" in err


def test_imagery_of_unknown_days_is_left_out_and_told(locate: Any) -> None:
    code, candidates, err = locate("--dates", "2020-01-01..2020-12-31")
    assert (code, candidates) == (0, [])
    assert "nothing says when they were taken: again.tif, map.tif." in err
    assert "and is of these days" in err


@pytest.mark.parametrize("dates", ["2020", "..", "2020-02-01..2020-01-01", "2020-13-01..", "a..b"])
def test_days_that_are_none_are_wrong_usage(locate: Any, dates: str) -> None:
    with pytest.raises(SystemExit) as stop:
        locate("--dates", dates)
    assert stop.value.code == 2

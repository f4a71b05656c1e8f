"""Each data set, tiny, in its published layout: what is read, and what is said of what is missing."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from tests.unit.training.data import fakes
from training.data import DATA_SETS, open_dataset, splits_of
from training.data.cvact import ids_of
from training.data.layout import read_table
from training.data.records import Crop, Split, read_pixels
from training.data.sues200 import ALL_PLACES, TEST_PLACES, TRAINING_PLACES

MAKERS: dict[str, Callable[[Path], Path]] = {
    "university1652": fakes.university,
    "sues200": fakes.sues_download,
    "vigor": fakes.vigor,
    "cvusa": fakes.cvusa,
    "cvact": fakes.cvact,
    "setvl480k": fakes.setvl,
    "denseuav": fakes.denseuav,
    "uavvisloc": fakes.visloc,
    "gtauav": fakes.gta,
    "streetmaps": fakes.street_maps,
}
A_SPLIT = {
    "university1652": "test-drone",
    "sues200": "test-150-drone",
    "vigor": "same-test",
    "cvusa": "val",
    "cvact": "test",
    "setvl480k": "train",
    "denseuav": "test-drone",
    "uavvisloc": "03",
    "gtauav": "cross-test",
    "streetmaps": "all",
}


def names(images: tuple[Any, ...]) -> list[str]:
    return [image.name for image in images]


def right(split: Split, i: int) -> list[str]:
    return names(tuple(split.gallery[index] for index in split.gold[i]))


def test_every_data_set_is_tried_here() -> None:
    assert set(MAKERS) == set(A_SPLIT) == set(DATA_SETS)


@pytest.mark.parametrize("name", DATA_SETS)
def test_an_empty_folder_is_an_error_that_names_what_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(GleamError) as caught:
        open_dataset(name, tmp_path, A_SPLIT[name])
    assert str(tmp_path) in str(caught.value)
    assert "should" in caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DATA_SETS)
def test_an_unknown_split_is_an_error_that_lists_the_splits(name: str, tmp_path: Path) -> None:
    with pytest.raises(GleamError) as caught:
        open_dataset(name, tmp_path, "testing")
    assert all(split in caught.value.hint for split in splits_of(name))


def test_an_unknown_data_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="no data set 'oxford'"):
        open_dataset("oxford", tmp_path, "train")


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_file_of_a_split_is_there(name: str, tmp_path: Path) -> None:
    split = open_dataset(name, MAKERS[name](tmp_path), A_SPLIT[name])
    for image in (*split.queries, *split.gallery):
        assert (image.path if isinstance(image, Crop) else image).is_file()
    assert all(split.gold)
    pairs = split.pairs()
    assert len(pairs) == len(split.queries)
    assert all(pair.satellite in split.gallery for pair in pairs)


@pytest.mark.parametrize("name", [n for n in DATA_SETS if n not in ("cvact", "setvl480k")])
def test_a_missing_query_is_never_passed_over(name: str, tmp_path: Path) -> None:
    """Each query folder or file in turn; where the set itself tells what should be there."""
    root = MAKERS[name](tmp_path)
    lost = open_dataset(name, root, A_SPLIT[name]).queries[0]
    assert isinstance(lost, Path)
    lost.unlink()
    if name in ("university1652", "denseuav"):  # an image fewer is no contradiction, a folder is
        shutil.rmtree(lost.parent)
        lost.parent.mkdir()
    with pytest.raises(GleamError):
        open_dataset(name, root, A_SPLIT[name])


# University-1652


def test_university_train_pairs_each_drone_image_with_its_building(tmp_path: Path) -> None:
    pairs = open_dataset("university1652", fakes.university(tmp_path), "train").pairs()
    assert len(pairs) == 6
    assert all(pair.query.parent.name == pair.satellite.parent.name == pair.place for pair in pairs)
    assert {pair.view for pair in pairs} == {"uav"}


def test_university_gallery_has_buildings_that_no_query_shows(tmp_path: Path) -> None:
    split = open_dataset("university1652", fakes.university(tmp_path), "test-drone")
    assert split.places == ("0001", "0001", "0002", "0002")
    assert names(split.gallery) == ["0001.jpg", "0002.jpg", "0003.jpg"]
    assert split.gold == ((0,), (0,), (1,), (1,))


def test_university_from_satellite_has_many_right_images_and_no_pairs(tmp_path: Path) -> None:
    split = open_dataset("university1652", fakes.university(tmp_path), "test-satellite")
    assert split.view is None
    assert split.gold == ((0, 1), (2, 3))
    assert len(split.gallery) == 6
    with pytest.raises(GleamError, match="no training pairs"):
        split.pairs()


def test_university_street_is_a_ground_view(tmp_path: Path) -> None:
    root = fakes.university(tmp_path)
    assert open_dataset("university1652", root, "test-street").view == "ground"
    assert len(open_dataset("university1652", root, "train-street").pairs()) == 2


# SUES-200


def test_sues_split_is_the_fixed_one() -> None:
    assert (len(TRAINING_PLACES), len(TEST_PLACES), len(ALL_PLACES)) == (120, 80, 200)
    assert TRAINING_PLACES | set(TEST_PLACES) == set(ALL_PLACES)
    assert {"0001", "0013", "0200"} <= TRAINING_PLACES
    assert {"0008", "0012", "0195"} <= set(TEST_PLACES)


@pytest.mark.parametrize("make", [fakes.sues_download, fakes.sues_divided])
def test_sues_test_ranks_all_200_places(make: Callable[[Path], Path], tmp_path: Path) -> None:
    root = make(tmp_path)
    split = open_dataset("sues200", root, "test-150-drone")
    assert (len(split.queries), len(split.gallery)) == (80, 200)
    assert set(split.places) == set(TEST_PLACES)
    assert right(split, 0) == ["0.png"]
    assert split.gallery[split.gold[5][0]].parent.name == split.places[5]  # type: ignore[union-attr]
    reverse = open_dataset("sues200", root, "test-150-satellite")
    assert (len(reverse.queries), len(reverse.gallery), reverse.view) == (80, 200, None)
    train = open_dataset("sues200", root, "train-150").pairs()
    assert {pair.place for pair in train} == TRAINING_PLACES


def test_sues_needs_the_height_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="200"):
        open_dataset("sues200", fakes.sues_download(tmp_path, 150), "test-200-drone")


def test_sues_divided_in_another_way_is_refused(tmp_path: Path) -> None:
    root = fakes.sues_divided(tmp_path)
    place = root / "Testing" / "150" / "query_drone" / TEST_PLACES[0]
    place.rename(place.with_name("0001"))  # a training place
    with pytest.raises(GleamError, match="fixed split"):
        open_dataset("sues200", root, "test-150-drone")


# VIGOR


@pytest.mark.parametrize("moved", [False, True])
def test_vigor_same_area_ranks_all_satellites_of_four_cities(moved: bool, tmp_path: Path) -> None:
    split = open_dataset("vigor", fakes.vigor(tmp_path, moved), "same-test")
    assert (len(split.queries), len(split.gallery)) == (4, 20)
    assert split.view == "panorama"
    for i, query in enumerate(split.queries):
        assert isinstance(query, Path)
        city = query.parent.name if moved else query.parent.parent.name
        best = split.gallery[split.gold[i][0]]
        assert isinstance(best, Path)
        assert city in best.parts
        assert len(split.semi_positives[i]) == 3
        assert split.gold[i][0] not in split.semi_positives[i]


def test_vigor_cross_area_trains_and_tests_in_different_cities(tmp_path: Path) -> None:
    root = fakes.vigor(tmp_path)
    train, test = (open_dataset("vigor", root, f"cross-{part}") for part in ("train", "test"))
    assert len(train.queries) == len(test.queries) == 4
    assert len(train.gallery) == len(test.gallery) == 10
    assert {str(path) for path in train.gallery}.isdisjoint(str(path) for path in test.gallery)
    assert all("NewYork" in str(p) or "Seattle" in str(p) for p in train.queries)


def test_vigor_positions_come_from_the_names(tmp_path: Path) -> None:
    pair = open_dataset("vigor", fakes.vigor(tmp_path), "cross-train").pairs()[0]
    assert (pair.lat, pair.lon) == (40.05, -73.05)
    assert len(pair.semi_positives) == 3


@pytest.mark.parametrize("line", ["pano.jpg satellite_40.0_-73.0.png 1 2", "p " + "x.png 1 2 " * 4])
def test_vigor_bad_label_line_is_named(line: str, tmp_path: Path) -> None:
    root = fakes.vigor(tmp_path)
    labels = root / "splits" / "Chicago" / "same_area_balanced_test.txt"
    labels.write_text(labels.read_text() + line + "\n")
    with pytest.raises(GleamError, match=r"Line 2 of .*Chicago.*same_area_balanced_test"):
        open_dataset("vigor", root, "same-test")


def test_vigor_missing_satellite_is_named(tmp_path: Path) -> None:
    root = fakes.vigor(tmp_path)
    (root / "Seattle" / "satellite" / "satellite_41.4_-73.4.png").unlink()  # covers no panorama
    with pytest.raises(GleamError, match=r"satellite_41\.4_-73\.4\.png"):
        open_dataset("vigor", root, "same-test")


# CVUSA, CVACT


def test_cvusa_pairs_by_number(tmp_path: Path) -> None:
    root = fakes.cvusa(tmp_path)
    split = open_dataset("cvusa", root, "train")
    assert split.places == ("2", "3")
    assert names(split.queries) == names(split.gallery) == ["0000002.jpg", "0000003.jpg"]
    fakes.text(root / "splits" / "val-19zl.csv", "satellite,ground")
    with pytest.raises(GleamError, match="Line 1"):
        open_dataset("cvusa", root, "val")


def test_cvact_test_is_the_ids_in_both_folders(tmp_path: Path) -> None:
    split = open_dataset("cvact", fakes.cvact(tmp_path), "test")
    assert split.places == ("x", "y")
    assert names(split.queries) == ["x_grdView.jpg", "y_grdView.jpg"]
    assert names(split.gallery) == ["x_satView_polish.jpg", "y_satView_polish.jpg"]


def struct(*fields: Any) -> np.ndarray[Any, Any]:
    """A MATLAB struct of 1 x 1, as scipy's loadmat returns it."""
    table = np.empty((1, 1), dtype=[(f"f{i}", object) for i in range(len(fields))])
    table[0, 0] = fields
    return table


def test_cvact_indices_count_from_one() -> None:
    ids = np.array(["a", "b", "c", "d"])
    train = struct(np.array([[9]]), np.array([[1], [3]], np.uint16))
    val = struct(np.array([[9]]), np.array([[4]], np.uint8))
    table = {"panoIds": ids, "trainSet": train, "valSet": val}
    assert ids_of(table, "train") == ["a", "c"]
    assert ids_of(table, "val") == ["d"]
    with pytest.raises(GleamError, match=r"ACT_data\.mat"):
        ids_of({**table, "valSet": struct(np.array([[9]]), np.array([[5]]))}, "val")
    with pytest.raises(GleamError, match=r"ACT_data\.mat"):
        ids_of({"panoIds": ids}, "val")


def test_cvact_says_that_scipy_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fakes.cvact(tmp_path)
    fakes.stub(root / "ACT_data.mat")
    monkeypatch.setitem(__import__("sys").modules, "scipy.io", None)
    with pytest.raises(GleamError, match="scipy") as caught:
        open_dataset("cvact", root, "val")
    assert "pip install scipy" in caught.value.hint


def test_cvact_reads_its_table_with_scipy(tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io", reason="scipy reads CVACT's table; the app does without")
    root = fakes.cvact(tmp_path)
    io.savemat(
        root / "ACT_data.mat",
        {
            "panoIds": np.array(["a", "b", "c", "d"]),
            "trainSet": {"count": 3.0, "trainInd": np.array([[1], [2], [3]])},
            "valSet": {"count": 1.0, "valInd": np.array([[4]])},
        },
    )
    train = open_dataset("cvact", root, "train")
    assert train.places == ("a", "b")
    assert train.missing == 1  # c has no satellite image
    assert open_dataset("cvact", root, "val").places == ("d",)
    (root / "ACT_data.mat").write_bytes(b"not a table")
    with pytest.raises(GleamError, match="cannot be read"):
        open_dataset("cvact", root, "val")


# SetVL-480K


def test_setvl_joins_the_table_with_what_was_downloaded(tmp_path: Path) -> None:
    root = fakes.setvl(tmp_path)
    split = open_dataset("setvl480k", root, "train")
    assert split.view == "ground"
    assert names(split.queries) == ["p1.jpg", "p2.jpg", "p3.jpg"]
    assert names(split.gallery) == ["t1.png", "t2.png"]
    assert split.gold == ((0,), (0,), (1,))
    assert split.missing == 1
    assert split.positions[0] == LatLon(30.5, 114.3)
    assert names(open_dataset("setvl480k", root, "test").gallery) == ["t3.png"]
    assert len(open_dataset("setvl480k", root, "all").queries) == 4


@pytest.mark.parametrize("line", ["p9,t1,95.0,114.3,19,train", "p9,t1", ",t1,30.5,114.3,19,train"])
def test_setvl_bad_line_is_named(line: str, tmp_path: Path) -> None:
    table = fakes.setvl(tmp_path) / "setvl480k.csv"
    table.write_text(table.read_text() + line + "\n")
    with pytest.raises(GleamError, match="Line 7"):
        open_dataset("setvl480k", tmp_path, "train")


def test_setvl_column_that_is_missing_is_named(tmp_path: Path) -> None:
    table = fakes.setvl(tmp_path) / "setvl480k.csv"
    table.write_text(table.read_text().replace("tile_id", "tile"))
    with pytest.raises(GleamError, match="no column tile_id"):
        open_dataset("setvl480k", tmp_path, "train")


# DenseUAV


def test_denseuav_puts_the_satellite_image_of_the_same_height_first(tmp_path: Path) -> None:
    split = open_dataset("denseuav", fakes.denseuav(tmp_path), "train")
    assert len(split.queries) == 3
    height = names(split.queries).index("H80.JPG")
    assert right(split, height)[:2] == ["H80.tif", "H80_old.tif"]
    assert len(split.gold[height]) == 6
    assert split.positions[0] == LatLon(30.324, 120.387)


def test_denseuav_gallery_holds_training_places(tmp_path: Path) -> None:
    split = open_dataset("denseuav", fakes.denseuav(tmp_path), "test-drone")
    assert set(split.places) == {"002257"}
    assert len(split.gallery) == 12
    (tmp_path / "Dense_GPS_ALL.txt").unlink()  # positions are optional
    assert open_dataset("denseuav", tmp_path, "test-satellite").positions == ()


def test_denseuav_bad_position_is_named(tmp_path: Path) -> None:
    fakes.text(fakes.denseuav(tmp_path) / "Dense_GPS_ALL.txt", "train/drone/000001/H80.JPG here")
    with pytest.raises(GleamError, match="Line 1"):
        open_dataset("denseuav", tmp_path, "train")


# UAV-VisLoc


def test_visloc_right_tile_holds_the_photo_nearest_to_its_middle(tmp_path: Path) -> None:
    split = open_dataset("uavvisloc", fakes.visloc(tmp_path), "03")
    assert names(split.queries) == ["03_0001.JPG", "03_0002.JPG"]
    assert split.missing == 1
    width, height = 100, 100
    for i, where in enumerate(split.positions):
        assert where is not None
        x = (where.lon - 119.90) / 0.0106 * width
        y = (32.30 - where.lat) / 0.009 * height
        offsets = []
        for index, tile in enumerate(split.gallery):
            assert isinstance(tile, Crop)
            assert tile.x >= 0 and tile.x + tile.width <= width
            inside = tile.x <= x < tile.x + tile.width and tile.y <= y < tile.y + tile.height
            assert inside == (index in (*split.gold[i], *split.semi_positives[i]))
            if inside:
                middle = (tile.x + tile.width / 2, tile.y + tile.height / 2)
                off = np.hypot((x - middle[0]) / tile.width, (y - middle[1]) / tile.height)
                offsets.append((off, index))
        assert split.gold[i] == (min(offsets)[1],)


def test_visloc_tiles_are_square_on_the_ground_and_read(tmp_path: Path) -> None:
    split = open_dataset("uavvisloc", fakes.visloc(tmp_path), "03")
    tile = split.gallery[0]
    assert isinstance(tile, Crop)
    metres = (
        tile.width * 0.0106 / 100 * 111_320 * np.cos(np.deg2rad(32.2955)),
        tile.height * 0.009 / 100 * 111_320,
    )
    assert metres == pytest.approx((300, 300), rel=0.03)  # whole pixels of about 10 m
    covered = np.zeros((100, 100), bool)
    for crop in split.gallery:
        assert isinstance(crop, Crop)
        covered[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = True
    assert covered.all()


def test_visloc_tile_pixels_are_those_of_the_map(tmp_path: Path) -> None:
    split = open_dataset("uavvisloc", fakes.visloc(tmp_path), "03")
    tile = split.gallery[-1]
    assert isinstance(tile, Crop)
    pixels = read_pixels(tile)
    assert pixels.shape == (tile.height, tile.width, 3)
    assert pixels[2, 3, 0] == ((tile.y + 2) * 100 + tile.x + 3) % 251


def test_visloc_needs_both_tables(tmp_path: Path) -> None:
    root = fakes.visloc(tmp_path)
    with pytest.raises(GleamError, match=r"01\.$"):
        open_dataset("uavvisloc", root, "train")  # flight 01 is not there
    (root / "satellite_ coordinates_range.csv").rename(root / "satellite_coordinates_range.csv")
    assert open_dataset("uavvisloc", root, "03").queries  # the README's spelling
    (root / "03" / "satellite03.tif").write_bytes(b"no tiff")
    with pytest.raises(GleamError, match="not a readable TIFF"):
        open_dataset("uavvisloc", root, "03")


# GTA-UAV


def test_gta_takes_positives_by_overlap_and_leaves_the_rest_neutral(tmp_path: Path) -> None:
    split = open_dataset("gtauav", fakes.gta(tmp_path), "cross-train")
    assert names(split.gallery) == ["4_0_0.png", "4_0_1.png", "5_9_2.png", "5_10_2.png"]
    assert right(split, 0) == ["4_0_1.png", "4_0_0.png"]
    assert split.overlaps[0] == (0.72, 0.41)
    assert split.semi_positives == ((3,), ())
    assert split.missing == 1
    pair = split.pairs()[0]
    assert pair.satellite.name == "4_0_1.png"  # type: ignore[union-attr]
    assert names(pair.satellites) == ["4_0_1.png", "4_0_0.png"]
    assert pair.lat is None
    assert split.query_metres[0] == (10.0, 20.0)
    side = 24_576 * 0.45 / 16
    assert split.gallery_metres[1] == pytest.approx((side / 2, side * 1.5))  # 4_0_1.png


def test_gta_satellite_that_is_missing_is_named(tmp_path: Path) -> None:
    (fakes.gta(tmp_path) / "satellite" / "5_9_2.png").unlink()
    with pytest.raises(GleamError, match=r"5_9_2\.png"):
        open_dataset("gtauav", tmp_path, "same-test")


@pytest.mark.parametrize(
    "content",
    ["{", "[1]", "{}x", '[{"drone_img_dir": "x"}]', "\udcff", "0.41", "4_0_0.png"],
)
def test_gta_table_of_another_form_is_refused(content: str, tmp_path: Path) -> None:
    table = fakes.gta(tmp_path) / "same-area-drone2sate-test.json"
    known = table.read_text("utf-8")
    if content in (
        "0.41",
        "4_0_0.png",
    ):  # in an otherwise good table: a name or weight of another type
        content = known.replace(f'"{content}"', "7").replace(f"[{content},", "[null,")
    table.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(GleamError, match="not the published table"):
        open_dataset("gtauav", tmp_path, "same-test")


@given(content=st.text(max_size=80) | st.binary(max_size=80))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_content_of_a_table_is_a_traceback(content: str | bytes, tmp_path: Path) -> None:
    """Any bytes: an error for people, or (for nothing but blank lines) a table without lines."""
    table = tmp_path / "table.csv"
    table.write_bytes(
        content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    )
    with contextlib.suppress(GleamError):
        assert list(read_table(table, ("a",), "a table")) is not None
    fakes.stub(tmp_path / "splits" / "val-19zl.csv").write_bytes(table.read_bytes())
    with contextlib.suppress(GleamError):
        assert open_dataset("cvusa", tmp_path, "val").queries == ()


def test_a_table_cannot_lead_out_of_the_data_set(tmp_path: Path) -> None:
    root = fakes.cvusa(tmp_path / "set")
    fakes.stub(tmp_path / "0000009.jpg")
    for name in ("../0000009.jpg", str(tmp_path / "0000009.jpg")):
        fakes.text(root / "splits" / "val-19zl.csv", f"{name},{name},none")
        with pytest.raises(GleamError, match="outside"):
            open_dataset("cvusa", root, "val")


# Street maps


def test_street_maps_hold_out_a_fixed_part(tmp_path: Path) -> None:
    root = fakes.street_maps(tmp_path, 60)
    train, val = (open_dataset("streetmaps", root, part) for part in ("train", "val"))
    assert set(train.places).isdisjoint(val.places)
    assert len(train.places) + len(val.places) == 60
    assert 1 <= len(val.places) <= 15
    pair = train.pairs()[0]
    assert pair.view == "map"
    assert isinstance(pair.query, Path) and isinstance(pair.satellite, Path)
    assert (pair.query.parent.name, pair.satellite.parent.name) == ("map", "satellite")
    assert read_pixels(pair.query).shape == (4, 4, 3)
    fakes.picture(root / "map" / "9999.webp")
    fakes.picture(root / "satellite" / "9999.webp")
    places = open_dataset("streetmaps", root, "val").places
    assert set(val.places) <= set(places)  # more pairs move none of the others


def test_street_map_without_its_satellite_is_named(tmp_path: Path) -> None:
    (fakes.street_maps(tmp_path, 3) / "satellite" / "0002.webp").unlink()
    with pytest.raises(GleamError, match="no satellite for 0002"):
        open_dataset("streetmaps", tmp_path, "all")

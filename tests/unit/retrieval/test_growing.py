"""Tile sets that are there already: more imagery, more scales, another encoder."""

from pathlib import Path

import numpy as np
import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.geo.coordinates import Bounds
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval import index as index_module
from gleam_app.retrieval.search import TileIndex
from gleam_app.retrieval.tiles import blocks
from gleam_app.retrieval.tiles.build import (
    BegunOtherwise,
    add_tile_set,
    reembed_tile_set,
    resume_tile_set,
)
from gleam_app.retrieval.tiles.joining import _around
from gleam_app.retrieval.tiles.soundness import problems
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.imagery.rasters import transform_at, write_raster
from tests.unit.retrieval.tiny import SCALES_M, same_set, tiny_encoder, tiny_map

ENCODER = tiny_encoder()


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_TILES", 4)


@pytest.fixture
def maps(tmp_path: Path) -> list[Path]:
    return [tiny_map(tmp_path / f"{n}.tif", 41.0 + n / 100, seed=n) for n in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> TileSetStore:
    return TileSetStore(tmp_path / "home")


def stop_after(reports: int) -> Work:
    work = Work()
    seen: list[Progress] = []

    def count(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > reports:
            work.cancel()

    work.on_progress = count
    return work


def test_new_tiles_lie_behind_the_old_ones(store: TileSetStore, maps: list[Path]) -> None:
    add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    before = store.open("set")
    ids = [before.tile_id(row) for row in range(before.info.tiles)]
    info, timings = add_tile_set(store, ENCODER, maps[1:2], "set")
    assert set(timings) == {"read", "embed", "index"}
    after = store.open("set")
    assert after.info == info and info.scales_m == SCALES_M
    old, new = before.info.tiles, info.tiles
    assert new > old and np.array_equal(after.table[:old], before.table)
    assert np.array_equal(after.vectors[:old], before.vectors)
    assert [after.tile_id(row) for row in range(old)] == ids
    assert set(after.table["source"][old:].tolist()) == {1}
    alone = TileSetStore(store.root.parent / "alone")
    add_tile_set(alone, ENCODER, maps[1:2], "set", scales_m=SCALES_M)
    other = alone.open("set")
    assert np.array_equal(after.vectors[old:], other.vectors)
    for axis in ("lat", "lon", "scale_m", "coverage"):
        assert np.array_equal(after.table[axis][old:], other.table[axis])
    assert info.area_km2 == pytest.approx(before.info.area_km2 + other.info.area_km2)
    assert after.source_path(new - 1) == str(maps[1])
    assert after.read_window(new - 1, 40.0, 32).coverage > 0.4
    assert problems(store, "set") == []
    after.close()


def test_what_is_held_is_not_embedded_again(
    store: TileSetStore, maps: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    info, _ = add_tile_set(store, ENCODER, maps[:2], "set", scales_m=SCALES_M)
    monkeypatch.setattr(blocks.Blocks, "over", None)  # nothing may be planned
    assert add_tile_set(store, ENCODER, maps[:1], "set") == (info, {})
    assert add_tile_set(store, ENCODER, maps[1::-1], "set", scales_m=[80.0]) == (info, {})
    copy = maps[0].with_name("copy.tif")
    copy.write_bytes(maps[0].read_bytes())
    assert add_tile_set(store, ENCODER, [copy], "set") == (info, {})


def test_a_file_named_twice_counts_once(store: TileSetStore, maps: list[Path]) -> None:
    info, _ = add_tile_set(store, ENCODER, [maps[0], maps[0]], "set", scales_m=[80.0])
    assert len(info.sources) == 1


def test_a_scale_named_twice_counts_once(store: TileSetStore, maps: list[Path]) -> None:
    once, _ = add_tile_set(store, ENCODER, maps[:1], "once", scales_m=[40.0, 80.0])
    twice, _ = add_tile_set(store, ENCODER, maps[:1], "twice", scales_m=[80.0, 40.0, 80.0])
    assert (twice.tiles, twice.scales_m) == (once.tiles, once.scales_m)


def test_the_same_imagery_by_another_crs_is_not_said_to_have_changed(
    store: TileSetStore, maps: list[Path]
) -> None:
    add_tile_set(store, ENCODER, maps[:1], "set", scales_m=[80.0])
    with pytest.raises(GleamError, match=r"0\.tif was added to tile set 'set' without --crs"):
        add_tile_set(store, ENCODER, maps[:1], "set", crs="EPSG:4326")


def test_a_further_scale_of_a_known_source(store: TileSetStore, maps: list[Path]) -> None:
    """The set then has sources of different scales; re-embedding keeps them."""
    first, _ = add_tile_set(store, ENCODER, maps[:1], "set", scales_m=[80.0])
    info, _ = add_tile_set(store, ENCODER, maps[:2], "set", scales_m=[40.0])
    tile_set = store.open("set")
    pairs = {(int(row["source"]), float(row["scale_m"])) for row in tile_set.table}
    assert pairs == {(0, 80.0), (0, 40.0), (1, 40.0)}
    assert info.scales_m == [40.0, 80.0] and len(info.sources) == 2
    assert info.area_km2 == pytest.approx(2 * first.area_km2, rel=1e-2)
    again, _ = reembed_tile_set(store, ENCODER, "set")
    tile_set = store.open("set")
    assert {(int(r["source"]), float(r["scale_m"])) for r in tile_set.table} == pairs
    assert (again.tiles, again.scales_m) == (info.tiles, info.scales_m)


def test_the_index_covers_old_and_new(
    store: TileSetStore, maps: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "EXACT_VALUES", 0)
    add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    old = store.open("set").info.tiles
    add_tile_set(store, ENCODER, maps[1:], "set")
    tile_set = store.open("set")
    index = TileIndex(tile_set)
    for row in (0, old - 1, old, tile_set.info.tiles - 1):
        vector = np.asarray(tile_set.vectors[row : row + 1], np.float32)
        best = index.search(vector, np.zeros(1))[0]
        assert best.score == pytest.approx(1.0, abs=5e-3)
    assert problems(store, "set") == []


def test_a_broken_off_addition_leaves_the_set_in_use_and_goes_on(
    store: TileSetStore, maps: list[Path]
) -> None:
    before, _ = add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    with pytest.raises(Cancelled):
        add_tile_set(store, ENCODER, maps[1:], "set", work=stop_after(3))
    assert store.open("set").info == before and store.list() == [before]
    half = store.half_built("set")
    assert half is not None and half.purpose == "join"
    assert half.sources == tuple(map(str, maps[1:])) and half.scales_m == tuple(SCALES_M)
    assert 0 < half.tiles_done < half.tiles and half.area_km2 > before.area_km2
    with pytest.raises(BegunOtherwise):
        add_tile_set(store, ENCODER, maps[1:2], "set")
    with pytest.raises(BegunOtherwise):
        reembed_tile_set(store, ENCODER, "set")
    resume_tile_set(store, ENCODER, "set")
    assert store.half_built("set") is None
    whole = TileSetStore(store.root.parent / "whole")
    add_tile_set(whole, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    add_tile_set(whole, ENCODER, maps[1:], "set")
    assert same_set(store, whole, "set")
    with pytest.raises(GleamError, match="Nothing of tile set 'set' is half built"):
        resume_tile_set(store, ENCODER, "set")


def test_the_same_again_goes_on_and_resume_needs_not_repeat_what_was_named(
    store: TileSetStore, maps: list[Path]
) -> None:
    for resume in (False, True):
        with pytest.raises(Cancelled):
            add_tile_set(store, ENCODER, maps, "set", scales_m=SCALES_M, work=stop_after(3))
        done = store.half_built("set")
        if not resume:
            with pytest.raises(BegunOtherwise):
                add_tile_set(store, ENCODER, maps, "set")  # other scales than were named
        scales = None if resume else SCALES_M
        reports: list[Progress] = []
        add_tile_set(
            store, ENCODER, maps, "set", scales_m=scales, resume=resume, work=Work(reports.append)
        )
        embedding = [report.done for report in reports if report.what == "Embedding tiles"]
        assert done is not None and embedding[0] == done.tiles_done > 0
        store.remove("set")


def test_throwing_half_built_work_away_keeps_the_set(store: TileSetStore, maps: list[Path]) -> None:
    before, _ = add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    with pytest.raises(Cancelled):
        add_tile_set(store, ENCODER, maps[1:], "set", work=stop_after(2))
    store.discard("set")
    assert store.half_built("set") is None and store.open("set").info == before
    with pytest.raises(GleamError, match="Nothing of tile set"):
        store.discard("set")
    with pytest.raises(GleamError, match="no tile set 'nowhere'"):
        store.discard("nowhere")


def test_another_encoder_is_noticed_and_embeds_anew(store: TileSetStore, maps: list[Path]) -> None:
    other = tiny_encoder("2")
    add_tile_set(store, ENCODER, maps[:2], "set", scales_m=SCALES_M)
    before = store.open("set")
    assert before.info.fits(ENCODER.pack) and not before.info.fits(other.pack)
    with pytest.raises(GleamError, match="made with the encoder pack tiny 1; loaded is") as told:
        add_tile_set(store, other, maps[2:], "set")
    assert "gleam tiles reembed set" in told.value.hint
    with pytest.raises(Cancelled):
        reembed_tile_set(store, other, "set", work=stop_after(3))
    assert store.open("set").info == before.info, "it serves meanwhile"
    with pytest.raises(BegunOtherwise, match="encoder"):
        resume_tile_set(store, ENCODER, "set")
    reports: list[Progress] = []
    info, _ = reembed_tile_set(store, other, "set", work=Work(reports.append))
    assert reports[0].done > 0, "it went on"
    after = store.open("set")
    assert info.fits(other.pack) and info.pack == "tiny 2"
    assert np.array_equal(after.table, before.table)
    assert np.array_equal(after.vectors, -np.asarray(before.vectors))
    assert [folder.name for folder in store.folder("set").iterdir() if folder.is_dir()] == ["2"]


def test_imagery_that_changed_is_not_joined_but_embedded_anew(
    store: TileSetStore, maps: list[Path]
) -> None:
    add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    tiny_map(maps[0], 41.0, seed=9)
    with pytest.raises(GleamError, match=r"0\.tif has changed") as told:
        add_tile_set(store, ENCODER, maps[:1], "set")
    assert "gleam tiles reembed set" in told.value.hint
    reembed_tile_set(store, ENCODER, "set")
    assert problems(store, "set") == []


def test_plain_pictures_stay_alone_and_keep_their_places(
    store: TileSetStore, maps: list[Path], tmp_path: Path
) -> None:
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        colours = np.random.default_rng(number).integers(0, 256, (50, 60, 3), np.uint8)
        Image.fromarray(colours).save(folder / f"{number}.png")
    (tmp_path / "where.csv").write_text("file,lat,lon\n1.png,28.5,-82.5\n", "utf-8")
    add_tile_set(store, ENCODER, [folder], "set", coords=tmp_path / "where.csv")
    for sources in ([folder], maps[:1]):
        with pytest.raises(GleamError, match="cannot be joined with plain pictures"):
            add_tile_set(store, ENCODER, sources, "set")
    reembed_tile_set(store, tiny_encoder("2"), "set")
    after = store.open("set")
    assert after.pictures == ["0.png", "1.png", "2.png"]
    assert [after.position(row) for row in range(3)] == [None, (28.5, -82.5), None]
    assert problems(store, "set") == []
    (folder / "2.png").unlink()
    assert [str(p) for p in problems(store, "set")] == [
        "The imagery pictures has changed since the tile set was made."
    ]


@pytest.mark.parametrize(
    ("boxes", "around"),
    [
        ([(1, 2, 3, 4)], (1, 2, 3, 4)),
        ([(1, 2, 3, 4), (5, -2, 6, 3)], (1, -2, 6, 4)),
        ([(170, 0, 175, 1), (-175, 0, -170, 1)], (170, 0, -170, 1)),
        ([(179, 0, -179, 1), (-178, 0, -177, 1)], (179, 0, -177, 1)),
        ([(-180, 0, 180, 1), (5, 2, 6, 3)], (-180, 0, 180, 3)),
        ([(-100, 0, 100, 1), (90, 0, -90, 1)], (-180, 0, 180, 1)),
    ],
)
def test_the_box_around_boxes(boxes: list[tuple[float, ...]], around: tuple[float, ...]) -> None:
    assert _around([Bounds(*box) for box in boxes]) == Bounds(*around)


def test_empty_imagery_is_told_and_nothing_is_left_half_built(
    store: TileSetStore, tmp_path: Path
) -> None:
    place = transform_at("EPSG:32631", 41.0, 3.0, 1.0, (200, 200))
    empty = np.zeros((3, 200, 200), np.uint8)
    write_raster(tmp_path / "empty.tif", empty, "EPSG:32631", place, nodata=0)
    with pytest.raises(GleamError, match="imagery is empty"):
        add_tile_set(store, ENCODER, [tmp_path / "empty.tif"], "set", scales_m=[80.0])
    assert store.list() == [] and store.half_built("set") is None

"""Estimates against what is then built: by an encoder that costs nothing, so that many tiles are few seconds."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import Cancelled, GleamError
from gleam_app.geo.footprint import area_m2
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.jobs.work import Work
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.index import is_small
from gleam_app.retrieval.tiles.blocks import Blocks
from gleam_app.retrieval.tiles.build import add_tile_set
from gleam_app.retrieval.tiles.estimate import Estimate, disk_bytes, estimate, remember_pace
from gleam_app.retrieval.tiles.pace import LEAST_TILES, Pace, remembered
from gleam_app.retrieval.tiles.plan import Steps, plan_maps
from gleam_app.retrieval.tiles.tileset import TileSetStore


class QuickEncoder:
    """Mean colours, 32 numbers of them. Counts what it is given."""

    input_px, cell_px, dimension = 64, 1, 32
    pack = SimpleNamespace(hash="quick", label="quick 1")

    def __init__(self) -> None:
        self.tiles = 0

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.tiles += len(pictures)
        means = pictures.reshape(len(pictures), -1, 3).mean(axis=1) + 1.0
        vectors = np.tile(means, 11)[:, : self.dimension].astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_tiles(
        self, picture: NDArray[np.uint8], corners: list[tuple[int, int]], share: bool = True
    ) -> NDArray[np.float32]:
        side = self.input_px
        return self.embed(np.stack([picture[y : y + side, x : x + side] for x, y in corners]))


@pytest.fixture
def quick() -> Encoder:
    return cast(Encoder, QuickEncoder())


def write_map(
    path: Path, width: int, height: int, pixel_m: float, east: float = 0.0, turn: float = 0.0
) -> Path:
    chance = np.random.default_rng(0)
    cells = chance.integers(1, 255, (3, height // 50 + 1, width // 50 + 1), np.uint8)
    pixels = np.repeat(np.repeat(cells, 50, axis=1), 50, axis=2)[:, :height, :width]
    cos, sin = pixel_m * np.cos(np.radians(turn)), pixel_m * np.sin(np.radians(turn))
    place = rasterio.Affine(cos, -sin, 400_000 + east, -sin, -cos, 5_000_000)
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=3, dtype="uint8",
        crs="EPSG:32631", transform=place,
    ) as file:  # fmt: skip
        file.write(pixels)
    return path


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def built(home: Path, encoder: Encoder, sources: list[Path], scales: list[float]) -> Any:
    return add_tile_set(TileSetStore(home), encoder, sources, "set", scales_m=scales)[0]


@pytest.mark.parametrize("turn", [0.0, 28.0])
def test_tiles_and_disk_are_those_of_the_set_that_is_built(
    tmp_path: Path, quick: Encoder, turn: float
) -> None:
    home = tmp_path / "home"
    sources = [
        write_map(tmp_path / "a.tif", 1100, 900, 0.45, turn=turn),
        write_map(tmp_path / "b.tif", 700, 1100, 0.45, east=5000.0, turn=turn),
    ]
    guessed = estimate(sources, quick, home)
    assert guessed.suggested_m == [48.0, 72.0, 108.0, 162.0, 243.0]
    cost = guessed.cost(guessed.suggested_m)
    assert cost.tiles == sum(scale.tiles for scale in guessed.scales if scale.suggested)
    info = built(home, quick, sources, guessed.suggested_m)
    assert cost.tiles == pytest.approx(info.tiles, rel=0.05)
    assert cost.disk_bytes == pytest.approx(size_of(home / "tiles" / "set"), rel=0.15)
    assert guessed.area_km2 == pytest.approx(info.area_km2)
    assert guessed.bounds == info.bounds


def test_a_set_with_an_index_takes_the_disk_that_was_told(quick: Encoder) -> None:
    """What FAISS keeps of a tile: half a byte for each two dimensions, its row, and little beside."""
    import faiss

    dimension, tiles = 256, 140_000
    assert not is_small(tiles, dimension)
    from gleam_app.retrieval.index import _empty_lists

    chance = np.random.default_rng(0)
    lists = _empty_lists("ivf-pq", chance.standard_normal((64, dimension)).astype(np.float32))
    some = chance.standard_normal((8000, dimension)).astype(np.float32)
    lists.train(some)
    lists.add(some)
    index_bytes = faiss.serialize_index(lists).nbytes / len(some) * tiles
    table_and_vectors = tiles * (28 + 2 * dimension)
    assert disk_bytes(tiles, dimension) == pytest.approx(table_and_vectors + index_bytes, rel=0.05)


def test_large_maps_hold_what_is_planned_but_for_their_edge(tmp_path: Path, quick: Encoder) -> None:
    path = write_map(tmp_path / "large.tif", 3000, 3000, 2.0, turn=10.0)
    guessed = estimate([path], quick, tmp_path)
    source = open_source(path)
    try:
        for scale in guessed.scales:
            planned = len(plan_maps([source], [scale.scale_m], Steps.of(64, 1)).table)
            # planned ones reach out by half a diagonal at most, kept ones stay inside by some
            most = 4 * 0.71 * scale.scale_m / np.sqrt(area_m2(source.outline))
            assert (1.0 - most) * planned < scale.tiles <= planned
    finally:
        source.close()


def test_every_scale_says_whom_it_serves_and_why_not(tmp_path: Path, quick: Encoder) -> None:
    coarse = write_map(tmp_path / "coarse.tif", 400, 400, 0.7)
    guessed = estimate([coarse], quick, tmp_path, views=("uav", "map"))
    assert [(s.scale_m, s.suggested, s.why_not) for s in guessed.scales] == [
        (48.0, False, "too_fine"),
        (72.0, True, ""),
        (108.0, True, ""),
        (162.0, True, ""),
        (243.0, True, ""),
        (364.0, False, "too_large"),
        (546.0, False, "too_large"),
    ]
    assert guessed.scales[1].views == ("uav", "ground", "panorama")
    assert guessed.scales[4].views == ("uav", "map")
    only_ground = estimate([coarse], quick, tmp_path, views=("ground",))
    assert only_ground.suggested_m == [72.0] and not only_ground.scales[2].why_not


def test_imagery_that_suits_no_scale_still_gets_one(tmp_path: Path, quick: Encoder) -> None:
    tiny = write_map(tmp_path / "tiny.tif", 300, 300, 0.1)
    guessed = estimate([tiny], quick, tmp_path)
    (scale,) = guessed.suggested_m
    assert scale == pytest.approx(30.0, rel=0.03)
    assert guessed.cost([scale]).tiles >= 1


def test_scales_by_hand_are_counted_too(tmp_path: Path, quick: Encoder) -> None:
    path = write_map(tmp_path / "map.tif", 1000, 1000, 1.0)
    guessed = estimate([path], quick, tmp_path)
    by_hand = guessed.cost([130.0])
    assert by_hand.seconds is not None and by_hand.seconds > 0
    assert by_hand.tiles == pytest.approx(built(tmp_path, quick, [path], [130.0]).tiles, rel=0.05)
    with pytest.raises(GleamError, match=r"more than 20,000,000"):
        guessed.cost([0.05])
    assert guessed.cost([]).tiles == guessed.cost([]).disk_bytes == 0


def test_the_pace_of_the_last_build_is_used_and_nothing_embedded(
    tmp_path: Path, quick: Encoder
) -> None:
    path = write_map(tmp_path / "map.tif", 1000, 1000, 1.0)
    estimate([path], quick, tmp_path)
    embedded = cast(Any, quick).tiles
    assert 0 < embedded <= 300
    remember_pace(tmp_path, quick, {"read": 1.0, "embed": 3.0 * LEAST_TILES}, LEAST_TILES)
    assert remembered(tmp_path, quick) == 3.0
    cost = estimate([path], quick, tmp_path).cost([108.0])
    assert cast(Any, quick).tiles == embedded
    assert cost.seconds == pytest.approx(3.0 * cost.tiles, rel=0.05)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema": "gleam.pace/1"}', '{"schema": "gleam.pace/1", "embed_s": {"a": "x"}}'],
)
def test_a_damaged_memory_of_the_pace_is_forgotten(
    tmp_path: Path, quick: Encoder, text: str
) -> None:
    (tmp_path / "pace.json").write_text(text)
    assert remembered(tmp_path, quick) is None
    remember_pace(tmp_path, quick, {"embed": 2.0 * LEAST_TILES}, LEAST_TILES)
    assert remembered(tmp_path, quick) == 2.0


def test_short_builds_and_unwritable_homes_teach_nothing(tmp_path: Path, quick: Encoder) -> None:
    remember_pace(tmp_path, quick, {"embed": 5.0}, LEAST_TILES - 1)
    remember_pace(tmp_path, quick, {"embed": 0.0}, LEAST_TILES)
    (tmp_path / "file").write_text("")
    remember_pace(tmp_path / "file" / "home", quick, {"embed": 5.0}, LEAST_TILES)
    assert remembered(tmp_path, quick) is None


def test_a_folder_of_pictures_is_counted_by_pictures(tmp_path: Path, quick: Encoder) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(30):
        Image.new("RGB", (90, 70), (number * 8, 90, 60)).save(folder / f"{number}.png")
    guessed = estimate([folder], quick, tmp_path)
    assert guessed.scales == () and guessed.suggested_m == [] and guessed.bounds is None
    cost = guessed.cost([])
    assert cost.tiles == 30 and cost.seconds is not None and cost.seconds > 0
    assert json.loads(json.dumps(guessed.to_json([])))["tiles"] == 30


def test_bad_sources_are_told(tmp_path: Path, quick: Encoder) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\0nothing")
    good = write_map(tmp_path / "good.tif", 200, 200, 1.0)
    with pytest.raises(GleamError):
        estimate([good, tmp_path / "broken.tif"], quick, tmp_path)
    with pytest.raises(GleamError):
        estimate([tmp_path / "none.tif"], quick, tmp_path)
    with pytest.raises(GleamError, match="No imagery"):
        estimate([], quick, tmp_path)


def test_empty_imagery_has_no_pace(tmp_path: Path, quick: Encoder) -> None:
    path = tmp_path / "empty.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=500, height=500, count=3, dtype="uint8", nodata=0,
        crs="EPSG:32631", transform=rasterio.Affine(1, 0, 400_000, 0, -1, 5_000_000),
    ):  # fmt: skip
        pass
    guessed = estimate([path], quick, tmp_path)
    cost = guessed.cost(guessed.suggested_m)
    assert cost.tiles > 0 and cost.seconds is None


def test_estimating_can_be_cancelled(tmp_path: Path, quick: Encoder) -> None:
    path = write_map(tmp_path / "map.tif", 400, 400, 1.0)
    work = Work()
    work.cancel()
    with pytest.raises(Cancelled):
        estimate([path], quick, tmp_path, work=work)


def test_an_estimate_is_json(tmp_path: Path, quick: Encoder) -> None:
    guessed: Estimate = estimate([write_map(tmp_path / "m.tif", 600, 600, 0.5)], quick, tmp_path)
    document = json.loads(json.dumps(guessed.to_json([72.0])))
    assert document["schema"] == "gleam.estimate/1" and document["chosen_m"] == [72.0]
    assert document["tiles"] == guessed.cost([72.0]).tiles
    assert {scale["scale_m"] for scale in document["scales"]} >= {48.0, 546.0}


def test_some_blocks_keep_their_own_tiles(tmp_path: Path) -> None:
    source = open_source(write_map(tmp_path / "m.tif", 900, 900, 1.0, turn=20.0))
    try:
        blocks = Blocks.over(source.outline, 50.0, Steps(64, 16))
    finally:
        source.close()
    for index in (0, len(blocks.lats) // 2, int(blocks.at_edge[-1])):
        one = blocks.some(np.array([index]))
        assert one.counts.tolist() == [blocks.counts[index]]
        assert sum(len(tiles.lats) for tiles in one.tiles()) == blocks.counts[index]


def test_a_map_too_large_to_build_is_estimated_at_once(tmp_path: Path, quick: Encoder) -> None:
    """A continent: its finest tiles are told by area, for laying them out would take hours."""
    path = write_map(tmp_path / "continent.tif", 500, 500, 10_000.0, east=-200_000.0)
    guessed = estimate([path], quick, tmp_path)
    finest = guessed.scales[0]
    assert finest.why_not == "too_fine"
    assert finest.tiles == pytest.approx(guessed.area_km2 * 1e6 / 12.0**2, rel=0.01)


def test_slow_reading_is_tried_at_few_scales_and_reckoned_at_the_others(
    tmp_path: Path, quick: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_map(tmp_path / "m.tif", 900, 900, 0.4)
    tried: list[float] = []

    def measured(source: MapSource, blocks: Blocks, *_: Any) -> Pace:
        tried.append(blocks.scale_m)
        return Pace(0.001, 0.002)

    monkeypatch.setattr("gleam_app.retrieval.tiles.estimate.measure", measured)
    assert len(estimate([path], quick, tmp_path).suggested_m) == len(tried) == 5
    tried.clear()
    monkeypatch.setattr("gleam_app.retrieval.tiles.estimate.PATIENCE_S", 0.5)
    guessed = estimate([path], quick, tmp_path)
    assert tried == [48.0]
    coarse = guessed.cost([243.0])
    assert coarse.seconds == pytest.approx(
        coarse.tiles * (0.001 + 0.002 * (243.0 / 48.0) ** 2), rel=0.01
    )

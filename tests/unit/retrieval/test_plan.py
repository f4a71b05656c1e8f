import math
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import destination, distance_m, points_in_ring, ring_bounds
from gleam_app.geo.frame import LocalFrame, wgs84
from gleam_app.geo.grid import away_from_edge, tiles_touching
from gleam_app.imagery.sources import MapSource, open_source
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.blocks import BLOCK_TILES, Blocks
from gleam_app.retrieval.tiles.embedding import MARGIN_PX, Embedder, shares
from gleam_app.retrieval.tiles.plan import Plan, Steps, plan_maps, plan_pictures

STEPS = Steps(192, 48)


def rectangle(
    lat: float, lon: float, width_m: float, height_m: float, turn_deg: float = 0.0
) -> MapSource:
    """A source that is nothing but an outline, turned clockwise."""
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    corners = [
        LocalFrame(lat, lon).to_degrees(x * cos + y * sin, y * cos - x * sin)
        for x, y in (
            (sx * width_m / 2, sy * height_m / 2) for sx, sy in ((-1, 1), (1, 1), (1, -1), (-1, -1))
        )
    ]
    outline = tuple(LatLon(float(a), float(b)) for a, b in corners)
    return cast(
        MapSource,
        SimpleNamespace(outlines=(outline,), bounds=ring_bounds(list(outline)), resolution_m=0.1),
    )


@settings(max_examples=25, deadline=None)
@given(
    lat=st.floats(-80, 80), lon=st.floats(-180, 180),
    width=st.floats(100, 3000), height=st.floats(100, 3000),
)  # fmt: skip
def test_tiles_stand_a_step_apart_and_leave_no_gap(
    lat: float, lon: float, width: float, height: float
) -> None:
    """Also from one block to the next, wherever on Earth."""
    scale = 200.0
    plan = plan_maps([rectangle(lat, lon, width, height)], [scale], STEPS)
    east, north = LocalFrame(lat, lon).to_metres(plan.table["lat"], plan.table["lon"])
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 2)) * (width, height)
    nearest = np.maximum(
        np.abs(points[:, :1] - east[None]), np.abs(points[:, 1:] - north[None])
    ).min(axis=1)
    bend = 1.5  # metres between the test's one frame and the blocks' own
    assert nearest.max() <= scale / 2 + bend
    inner = (np.abs(points) < (np.array([width, height]) - scale) / 2).all(axis=1)
    assert not inner.any() or nearest[inner].max() <= scale / 8 + bend
    assert plan.blocks["across"].max() <= BLOCK_TILES
    assert (np.diff(plan.blocks["first"]) > 0).all()


def test_a_block_is_a_grid_about_its_middle() -> None:
    plan = plan_maps([rectangle(48.0, 11.0, 2000, 1500)], [120.0], STEPS)
    ends = np.append(plan.blocks["first"], len(plan.table))
    for block, first, end in zip(plan.blocks, ends[:-1], ends[1:], strict=True):
        for tile in range(int(first), int(end), 17):
            steps = np.array([plan.column[tile], plan.row[tile]]) - (block["across"] - 1) / 2
            azimuth = math.degrees(math.atan2(steps[0], -steps[1]))
            expected = destination(
                float(block["lat"]), float(block["lon"]), azimuth, 30.0 * np.hypot(*steps)
            )
            found = (float(plan.table[tile]["lat"]), float(plan.table[tile]["lon"]))
            assert distance_m(expected, found) < 0.01
    assert len(
        set(zip(plan.table["lat"].tolist(), plan.table["lon"].tolist(), strict=True))
    ) == len(plan.table)


@settings(max_examples=15, deadline=None)
@given(
    lat=st.floats(-80, 80), lon=st.floats(-180, 180), turn=st.floats(0, 180),
    width=st.floats(80, 400), length=st.floats(500, 4000),
)  # fmt: skip
def test_a_strip_in_any_direction_is_covered(
    lat: float, lon: float, turn: float, width: float, length: float
) -> None:
    """Also where it is much narrower than a block, of which neither corner nor middle then meets it."""
    plan = plan_maps([rectangle(lat, lon, width, length, turn)], [160.0], STEPS)
    east, north = LocalFrame(lat, lon).to_metres(plan.table["lat"], plan.table["lon"])
    x, y = np.random.default_rng(0).uniform(-0.5, 0.5, (200, 2)).T * [[width], [length]]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    points = np.stack([x * cos + y * sin, y * cos - x * sin], axis=1)
    nearest = np.maximum(
        np.abs(points[:, :1] - east[None]), np.abs(points[:, 1:] - north[None])
    ).min(axis=1)
    bend = 0.5 + (length / 2) ** 2 / 6.3e6 * math.tan(math.radians(abs(lat)))
    assert nearest.max() <= 80.0 + bend


@settings(max_examples=25, deadline=None)
@given(
    lat=st.floats(-84, 84), lon=st.floats(-180, 180), turn=st.floats(0, 90),
    width=st.floats(100, 4000), height=st.floats(100, 4000), scale=st.floats(60, 600),
)  # fmt: skip
def test_tiles_are_those_that_touch_the_outline(
    lat: float, lon: float, turn: float, width: float, height: float, scale: float
) -> None:
    """The naive way: every tile of every block is asked, however far from the edge."""
    (outline,) = rectangle(lat, lon, width, height, turn).outlines
    blocks = Blocks.over(outline, scale, STEPS)
    lats, lons = blocks._centres(np.arange(len(blocks.lats)))
    touching = tiles_touching(outline, lats, lons, scale)
    tiles = list(blocks.tiles())
    assert (np.concatenate([part.lats for part in tiles]) == lats[touching]).all()
    assert (np.concatenate([part.lons for part in tiles]) == lons[touching]).all()
    naive = touching.reshape(len(blocks.lats), -1).sum(axis=1)
    assert (blocks.counts == naive).all()


@settings(max_examples=40, deadline=None)
@given(
    lat=st.floats(-84, 84), lon=st.floats(-180, 180), turn=st.floats(0, 90),
    width=st.floats(5e3, 1e6), height=st.floats(5e3, 1e6),
)  # fmt: skip
def test_what_is_away_from_the_edge_is_all_in_or_all_out(
    lat: float, lon: float, turn: float, width: float, height: float
) -> None:
    """With four corners and sides of up to a thousand kilometres, which bend most."""
    (outline,) = rectangle(lat, lon, width, height, turn).outlines
    chance = np.random.default_rng(1)
    reach = np.hypot(width, height) * 0.6
    lats, lons = LocalFrame(lat, lon).to_degrees(*chance.uniform(-reach, reach, (2, 300)))
    side = 1500.0
    away = away_from_edge(outline, lats, lons, side)
    x, y = (g.ravel() for g in np.meshgrid(*[np.linspace(-side / 2, side / 2, 9)] * 2))
    for here in np.flatnonzero(away)[:60]:
        inside = points_in_ring(outline, *LocalFrame(lats[here], lons[here]).to_degrees(x, y))
        assert inside.all() or not inside.any()


def test_counting_lays_out_nothing_but_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    source = rectangle(50.0, 8.0, 9000, 9000)
    laid_out: list[int] = []
    centres = Blocks._centres

    def counted(blocks: Blocks, chosen: Any) -> Any:
        laid_out.append(len(chosen))
        return centres(blocks, chosen)

    with monkeypatch.context() as patched:
        patched.setattr(Blocks, "_centres", counted)
        blocks = Blocks.over(source.outlines[0], 60.0, STEPS)
        total = int(blocks.counts.sum())
    assert total == len(plan_maps([source], [60.0], STEPS).table) > 300_000
    assert sum(laid_out) < 0.3 * len(blocks.lats)


def test_a_plan_takes_little_more_memory_than_its_tables() -> None:
    source = rectangle(50.0, 8.0, 9000, 9000)
    tracemalloc.start()
    plan = plan_maps([source], [60.0], STEPS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = plan.table.nbytes + plan.column.nbytes + plan.row.nbytes + plan.blocks.nbytes
    assert len(plan.table) > 300_000 and peak < kept + 40e6


def test_too_many_tiles_are_refused_naming_what_to_leave_out() -> None:
    country = rectangle(50.0, 8.0, 50_000, 50_000)
    with pytest.raises(GleamError, match=r"tiles, more than 20,000,000\.$") as caught:
        plan_maps([country], [48.0, 72.0, 162.0, 243.0], STEPS)
    assert caught.value.hint.startswith("Leave out 48 m: --scales 72,162,243 needs ")
    with pytest.raises(GleamError) as caught:
        plan_maps([rectangle(50.0, 8.0, 900_000, 900_000)], [48.0, 72.0], STEPS)
    assert caught.value.hint == "Choose larger tiles, or add a smaller part of the map."


def test_near_the_poles_tiles_stand_alone() -> None:
    plan = plan_maps([rectangle(88.0, 20.0, 1000, 1000)], [200.0], STEPS)
    assert (plan.blocks["across"] == 1).all() and len(plan.blocks) == len(plan.table)


@pytest.mark.parametrize(("cell", "step"), [(1, 48), (16, 48), (32, 64)])
def test_steps_are_whole_cells(cell: int, step: int) -> None:
    assert Steps.of(192, cell).step_px == step


def test_shares_of_imagery_are_what_counting_gives() -> None:
    chance = np.random.default_rng(0)
    mask = chance.random((40, 50)) < 0.3
    x, y = chance.integers(0, 50 - 12, 30), chance.integers(0, 40 - 12, 30)
    naive = [mask[b : b + 12, a : a + 12].mean() for a, b in zip(x, y, strict=True)]
    assert shares(mask, x, y, 12) == pytest.approx(naive, abs=1e-6)


def test_blocks_give_the_vectors_of_single_tiles(demo_map: Path, encoder: Encoder) -> None:
    """The naive way: each tile cut from the source and embedded by itself."""
    source = open_source(demo_map)
    try:
        plan = plan_maps([source], [108.0], Steps.of(encoder.input_px, encoder.cell_px))
        apart = Embedder(plan, [source], Path(), encoder, share=False)
        together = Embedder(plan, [source], Path(), encoder)
        ones: list[Any] = []
        rows = np.arange(0, len(plan.table), 2)
        for tile in plan.table[rows]:
            cut = source.read_square(
                float(tile["lat"]), float(tile["lon"]), 108.0, encoder.input_px
            )
            ones.append((encoder.embed(cut.rgb[None])[0], cut.coverage))
        # the same ground, sampled at other places: a pixel differs by 2 grey levels of 255
        for embedder, least in ((apart, 0.94), (together, 0.9)):
            parts = [embedder.embed(i) for i in range(len(embedder.bounds) - 1)]
            vectors = np.concatenate([part.vectors for part in parts])[rows].astype(np.float32)
            coverage = np.concatenate([part.coverage for part in parts])[rows]
            assert coverage == pytest.approx([share for _, share in ones], abs=0.02)
            alike = [float(v @ one) for v, (one, _) in zip(vectors, ones, strict=True) if v.any()]
            assert len(alike) > 5 and np.median(alike) > least
    finally:
        source.close()


def test_a_shared_map_is_cut_where_the_tiles_lie(encoder: Encoder) -> None:
    import torch

    picture = np.random.default_rng(1).integers(0, 256, (320, 384, 3), np.uint8)
    cell, side = encoder.cell_px, encoder.input_px
    corners = [(0, 0), (cell * 3, cell * 2), (384 - side, 320 - side)]
    found = encoder.embed_tiles(picture, corners)
    if encoder.cell_px == 1:
        expected = encoder.embed(
            np.stack([picture[y : y + side, x : x + side] for x, y in corners])
        )
        assert found == pytest.approx(expected, abs=1e-5)
        return
    blocks = int(encoder.pack.manifest.architecture["shared_blocks"])
    with torch.inference_mode():
        whole = encoder.network.first(encoder.prepared(picture[None]), blocks)
        for vector, (x, y) in zip(found, corners, strict=True):
            a, b, n = x // cell, y // cell, side // cell
            rest = encoder.network.rest(whole[..., b : b + n, a : a + n].clone(), blocks)
            assert vector == pytest.approx(encoder.vectors_from(rest)[0].numpy(), abs=1e-4)


def test_geodesics_agree_with_the_plan_on_a_tiles_side() -> None:
    """Neighbours in a row stand a step apart by pyproj's own measure, to half a percent."""
    plan = plan_maps([rectangle(-33.0, 151.0, 900, 900)], [100.0], STEPS)
    one, next_ = plan.table[0], plan.table[1]
    metres = wgs84().inv(one["lon"], one["lat"], next_["lon"], next_["lat"])[2]
    assert metres == pytest.approx(25.0, rel=0.005)
    assert MARGIN_PX % 32 == 0


def test_a_saved_plan_is_the_same(tmp_path: Path) -> None:
    plan = plan_maps([rectangle(48.0, 11.0, 900, 700)], [120.0, 240.0], STEPS)
    plan.save(tmp_path)
    again = Plan.load(tmp_path)
    for name in ("table", "blocks", "column", "row"):
        assert (getattr(again, name) == getattr(plan, name)).all()
    assert (again.scales_m, again.area_km2, again.bounds) == (
        plan.scales_m, plan.area_km2, plan.bounds,
    )  # fmt: skip


def test_a_saved_plan_of_pictures_is_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "ü.png"):
        Image.new("RGB", (20, 20)).save(folder / name)
    plan = plan_pictures(folder, {"ü.png": LatLon(5.0, 6.0)})
    plan.save(tmp_path)
    again = Plan.load(tmp_path)
    assert again.pictures == ["a.png", "ü.png"] and again.bounds == plan.bounds
    assert again.table[1]["lat"] == 5.0 and np.isnan(again.table[0]["lat"])


@pytest.mark.parametrize("name", ["table.npy", "blocks.npy", "column.npy", "row.npy", "plan.json"])
@pytest.mark.parametrize("left", [0, 40, -20])
def test_a_plan_that_was_cut_off_is_none(tmp_path: Path, name: str, left: int) -> None:
    plan_maps([rectangle(48.0, 11.0, 900, 700)], [120.0], STEPS).save(tmp_path)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises((OSError, ValueError)):
        Plan.load(tmp_path)
    file.unlink()
    with pytest.raises(OSError):
        Plan.load(tmp_path)

"""Split depths, tiles of a real map, places, and photos found on an orthomosaic."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import rasterio
import torch
from rasterio.transform import Affine
from rasterio.warp import transform

from gleam_app.home import resources_dir
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.search import Match, distinct_places
from gleam_app.retrieval.tiles.tileset import TILE, TileSet
from training.gleam_c.report import caliterra
from training.gleam_c.report.flights import Flight, Photo, _place_ranks, right_tiles
from training.gleam_c.report.rasters import level_of, looked_at
from training.gleam_c.report.splits import ALL, DEPTHS, SplitEncoder, cut_vectors

STARTER = resources_dir() / "packs" / "starter"


@pytest.fixture(scope="module")
def split() -> SplitEncoder:
    return SplitEncoder(Encoder(Pack(read_manifest(STARTER), STARTER)))


def test_a_picture_without_context_has_one_vector_at_every_depth(split: SplitEncoder) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    plain = split.encoder.embed(pictures)
    with torch.inference_mode():
        found = cut_vectors(split, pictures, 96, [(0, 0)])
    assert [depth for depth, _ in found] == list(DEPTHS)
    for _, vectors in found:
        np.testing.assert_allclose(vectors, plain, atol=1e-5)


def test_tiles_are_cut_where_they_lie(split: SplitEncoder) -> None:
    """Against the network run by hand; two pictures of two tiles come picture by picture."""
    pictures = np.random.default_rng(1).integers(0, 256, (2, 128, 192, 3), np.uint8)
    corners = [(0, 32), (96, 0)]
    with torch.inference_mode():
        found = dict(cut_vectors(split, pictures, 96, corners))
        alone = [p[y : y + 96, x : x + 96] for p in pictures for x, y in corners]
        np.testing.assert_allclose(found[0], split.encoder.embed(np.stack(alone)), atol=1e-5)
        network, prepared = split.network, split.encoder.prepared(pictures)
        for depth, blocks, stride in ((9, 9, 16), (15, 15, 16), (20, 20, 32), (ALL, 21, 32)):
            assert split.stride(depth) == stride and len(network.blocks) == 21
            shared, cells = network.first(prepared, blocks), 96 // stride
            row = 0
            for features in shared:
                for x, y in corners:
                    top, left = y // stride, x // stride
                    tile = features[None, :, top : top + cells, left : left + cells]
                    vector = split.encoder.vectors_from(network.rest(tile, blocks))[0]
                    np.testing.assert_allclose(found[depth][row], vector.numpy(), atol=1e-5)
                    row += 1


def test_tiles_of_a_map_know_their_ground(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (3, 300, 400), np.uint8)
    mask = np.ones((300, 400), np.uint8) * 255
    mask[:, :150] = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=400, height=300, count=4, dtype="uint8",
        crs="EPSG:32614", transform=Affine(0.5, 0.0, 500_000, 0.0, -0.5, 3_000_000), alpha="yes",
    ) as file:  # fmt: skip
        file.write(pixels, indexes=[1, 2, 3])
        file.write(mask, indexes=4)
    lons, lats = transform("EPSG:32614", "EPSG:4326", [500_150.0], [2_999_950.0])
    flight = Flight("here", (Photo(tmp_path / "a.jpg", lats[0], lons[0], None),), path)
    np.testing.assert_allclose(looked_at(flight), [[500_150.0, 2_999_950.0]], atol=0.01)
    level = level_of(flight, 50.0, 100, 50)
    assert level.pixels.shape == (300, 400, 3)
    np.testing.assert_array_equal(level.pixels[:, 150:], pixels.transpose(1, 2, 0)[:, 150:])
    assert set(level.corners) == {
        (x, y) for x in (100, 150, 200, 250, 300) for y in range(0, 201, 50)
    }
    for (x, y), centre in zip(level.corners, level.centres, strict=True):
        np.testing.assert_allclose(centre, [500_025 + x / 2, 2_999_975 - y / 2])
    table = np.zeros(2, TILE)
    for row, north in enumerate((2_999_950.0 + 20, 2_999_950.0 + 30)):
        lon, lat = transform("EPSG:32614", "EPSG:4326", [500_150.0], [north])
        table[row]["lat"], table[row]["lon"], table[row]["scale_m"] = lat[0], lon[0], 50
    assert right_tiles(flight.photos[0], table) == (0,)


@dataclass
class Scattered:
    """What ``distinct_places`` asks of a tile set; tiles beyond the table have no position."""

    table: np.ndarray
    vectors: np.ndarray

    def position(self, row: int) -> tuple[float, float] | None:
        if row >= len(self.table):
            return None
        return float(self.table[row]["lat"]), float(self.table[row]["lon"])


def test_place_ranks_are_those_of_the_app_over_everything() -> None:
    """Strangers put into one list with the map's tiles and folded by the app give the same ranks."""
    rng = np.random.default_rng(2)

    def unit(*shape: int) -> np.ndarray:
        vectors = rng.normal(size=shape).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

    table = np.zeros(40, TILE)
    table["lat"], table["lon"] = 50 + rng.uniform(0, 0.002, 40), rng.uniform(0, 0.003, 40)
    table["scale_m"] = rng.choice([48, 72], 40)
    tiles, strangers, queries = unit(40, 6), unit(25, 6), unit(8, 3, 6)
    turns = [np.array([0.0, 90.0, 180.0])] * 8
    right = [tuple(rng.choice(40, 3, replace=False).tolist()) for _ in range(8)]
    fake = Scattered(table, tiles)
    alone, mixed = _place_ranks(cast(TileSet, fake), queries, turns, right, strangers)
    found_any = False
    for i in range(8):
        for found, everything in ((alone, tiles), (mixed, np.concatenate([tiles, strangers]))):
            best = (queries[i] @ everything.T).max(axis=0)
            order = np.argsort(-best)
            matches = [Match(cast(Any, fake), int(r), float(best[r]), 0.0) for r in order]
            places = distinct_places(matches, len(matches))
            hits = [n for n, match in enumerate(places) if match.row in right[i]]
            assert found[i] == (hits[0] + 1 if hits else 40 + 25 + 1)
            found_any = found_any or bool(hits)
    assert found_any and (mixed >= alone).all()


def test_a_photo_is_found_on_its_orthomosaic(tmp_path: Path) -> None:
    """A turned cut of a made-up map is found where it was cut, with its heading."""
    rng = np.random.default_rng(4)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (500, 600, 3), np.uint8), (0, 0), 2.0)
    ground = cv2.normalize(ground, None, 0, 240, cv2.NORM_MINMAX)
    ground[:, :80] = 255  # nothing there
    folder = tmp_path / caliterra.FOLDER
    (folder / "images").mkdir(parents=True)
    cv2.imwrite(str(folder / "odm_orthomosaic_preview.png"), ground)
    x, y, heading = 330.0, 240.0, 70.0
    turn = cv2.getRotationMatrix2D((x, y), heading, 2.0)  # counter-clockwise: east of north goes up
    turn[:, 2] += np.array([300, 225]) - [x, y]
    photo = cv2.warpAffine(ground, turn, (600, 450), flags=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "images" / "a.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, 95])
    cv2.imwrite(str(folder / "images" / "b.jpg"), np.full((450, 600, 3), 90, np.uint8))
    flight = caliterra.caliterra(tmp_path, tmp_path / "work")
    (found,) = flight.photos
    assert found.path.name == "a.jpg"
    assert found.heading == pytest.approx(heading, abs=1.0)
    metres = looked_at(flight)[0] - caliterra.ORIGIN
    np.testing.assert_allclose(metres / caliterra.METRES_PER_PIXEL, [x, -y], atol=1.5)
    with rasterio.open(flight.map) as file:
        assert (file.dataset_mask()[:, :80] == 0).all() and (file.dataset_mask()[:, 80:] > 0).all()
    assert caliterra.caliterra(tmp_path, tmp_path / "work") == flight  # kept

"""A picture for training: read from a shard, against decoded and shrunk."""

from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.harness import Bench
from training.data.records import Image
from training.data.shards import Shards, Size, write_shards
from training.gleam_c.shards import decoded

COUNT, SIZE = 24, (192, 384)


def test_shards(bench: Bench, tmp_path: Path) -> None:
    """Panoramas of 2048 x 1024 pixels, as VIGOR's; the file's state is asked for with each read."""
    chance = np.random.default_rng(0)
    wanted: list[tuple[Image, Size]] = []
    for i in range(COUNT):
        small = chance.integers(0, 256, (128, 256, 3), np.uint8)
        path = tmp_path / f"{i}.jpg"
        picture = cv2.resize(small, (2048, 1024), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        wanted.append((path, SIZE))
    write_shards(tmp_path / "shards", tmp_path, wanted, decoded, 1)
    shards = Shards(tmp_path / "shards", tmp_path)
    np.testing.assert_array_equal(shards.find(*wanted[0]), decoded(*wanted[0]))
    bench.compare(
        f"{COUNT} panoramas at {SIZE[1]} x {SIZE[0]} px from shards (in the page cache)",
        lambda: [shards.find(*one) for one in wanted],
        lambda: [decoded(*one) for one in wanted],
        "JPEGs of 2048 x 1024 px decoded and shrunk",
        budget_s=20,
    )

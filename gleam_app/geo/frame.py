"""A local metric frame: metres east and north of a point."""

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pyproj import Geod


@functools.cache
def wgs84() -> "Geod":
    """The WGS 84 ellipsoid. Stateless, so one instance serves every thread."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


class LocalFrame:
    """Azimuthal equidistant frame around (lat, lon) on the WGS 84 ellipsoid.

    A point at geodesic distance s and azimuth a from the centre lies at (s sin a, s cos a): distances
    and bearings from the centre are exact, and within a few kilometres so is everything else. Works
    at the poles and across the antimeridian.
    """

    def __init__(self, lat: float, lon: float) -> None:
        self.lat, self.lon = float(lat), float(lon)

    def to_metres(
        self, lats: ArrayLike, lons: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees to metres (east, north); arrays of the broadcast shape, 0-d for floats."""
        lats, lons = np.broadcast_arrays(np.asarray(lats, float), np.asarray(lons, float))
        azimuth, _, distance = wgs84().inv(
            np.full(lats.size, self.lon), np.full(lats.size, self.lat), lons.ravel(), lats.ravel()
        )
        angle, distance = np.radians(azimuth), np.asarray(distance)
        east, north = distance * np.sin(angle), distance * np.cos(angle)
        return east.reshape(lats.shape), north.reshape(lats.shape)

    def to_degrees(
        self, east: ArrayLike, north: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres (east, north) to degrees (lats, lons); longitudes within -180..180."""
        east, north = np.broadcast_arrays(np.asarray(east, float), np.asarray(north, float))
        lons, lats, _ = wgs84().fwd(
            np.full(east.size, self.lon),
            np.full(east.size, self.lat),
            np.degrees(np.arctan2(east, north)).ravel(),
            np.hypot(east, north).ravel(),
        )
        return np.asarray(lats).reshape(east.shape), np.asarray(lons).reshape(east.shape)

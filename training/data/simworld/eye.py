"""How points of the world fall on a picture, and back: pinholes and parallel projections.

The world is east, north, up in metres. ``matrix`` rows: the picture's right, its down, its depth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.perspective import Camera

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Eye:
    """``focal``: pixels a unit of tangent (perspective) or pixels a metre (parallel)."""

    matrix: Floats
    position: Floats
    focal: float
    width: int
    height: int
    perspective: bool = True

    @property
    def centre(self) -> tuple[float, float]:
        """The principal point in pixels."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def project(self, places: Floats) -> Floats:
        """(..., 3) world -> (..., 3): x, y in pixels, depth in metres (not positive: behind)."""
        local = (places - self.position) @ self.matrix.T
        depth = local[..., 2]
        scale = self.focal / np.where(depth > 1e-6, depth, 1e-6) if self.perspective else self.focal
        x = local[..., 0] * scale + self.centre[0]
        y = local[..., 1] * scale + self.centre[1]
        return np.stack([x, y, depth], axis=-1)

    def axes(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Normalised picture coordinates of the columns (width,) and rows (height,)."""
        x = (np.arange(self.width) - self.centre[0]) / self.focal
        y = (np.arange(self.height) - self.centre[1]) / self.focal
        return x.astype(np.float32), y.astype(np.float32)

    def zoomed(self, factor: int) -> "Eye":
        """The same picture with ``factor`` times the pixels each way."""
        return Eye(
            self.matrix,
            self.position,
            self.focal * factor,
            self.width * factor,
            self.height * factor,
            self.perspective,
        )


def looking(
    position: Floats, heading: float, pitch: float, field_of_view: float, size: tuple[int, int]
) -> Eye:
    """A pinhole looking along ``heading``, ``pitch`` degrees above the horizon; ``size`` = (width, height)."""
    turn, lift = np.deg2rad(heading), np.deg2rad(pitch)
    forward = np.array([np.sin(turn), np.cos(turn), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    axis = forward * np.cos(lift) + up * np.sin(lift)
    top = up * np.cos(lift) - forward * np.sin(lift)
    focal = size[0] / 2 / np.tan(np.deg2rad(field_of_view) / 2)
    matrix = np.stack([np.cross(axis, top), -top, axis])
    return Eye(matrix, np.asarray(position, np.float64), float(focal), *size)


def drone(camera: Camera, target: tuple[float, float]) -> Eye:
    """The eye of ``training.data.perspective.Camera`` whose picture's centre looks at ground ``target``."""
    pitch = camera.tilt - 90
    size = (camera.width, camera.height)
    eye = looking(np.zeros(3), camera.heading, pitch, camera.field_of_view, size)
    back = -eye.matrix[2] * camera.height_m / np.cos(np.deg2rad(camera.tilt))
    return Eye(eye.matrix, back + np.array([*target, 0.0]), eye.focal, *size)


def satellite(
    centre: tuple[float, float], side_m: float, pixels: int, lean: tuple[float, float] = (0.0, 0.0)
) -> Eye:
    """North-up, true at ground level; things lean by ``lean`` (east, north) metres per metre of height."""
    matrix = np.array([[1, 0, lean[0]], [0, -1, -lean[1]], [0, 0, -1]])
    position = np.array([*centre, 0.0])
    return Eye(matrix, position, pixels / side_m, pixels, pixels, perspective=False)


def sunlight(azimuth: float, elevation: float, side_m: float, metres_per_pixel: float) -> Eye:
    """The world as the sun sees it: the parallel projection that shadows are read from."""
    sun = looking(np.zeros(3), azimuth + 180, -elevation, 90, (2, 2))
    reach = side_m * np.sqrt(2) + 40
    width = int(reach / metres_per_pixel)
    height = int((side_m * np.sqrt(2) * np.sin(np.deg2rad(elevation)) + 90) / metres_per_pixel)
    return Eye(sun.matrix, np.zeros(3), 1 / metres_per_pixel, width, height, perspective=False)

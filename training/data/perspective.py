"""Simulated UAV photos from an orthophoto: true perspective, and another day's light.

The ground is taken as a plane. A pinhole camera at ``height_m`` above it looks down with a tilt; its
image is the homography of that plane (Hartley & Zisserman, Multiple View Geometry, ch. 8). With a height
field over the plane each pixel's line of sight is followed to where it meets the field.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.raycast import meet


@dataclass(frozen=True)
class Camera:
    """A view of the ground. Angles in degrees; ``heading`` is the bearing of the picture's up direction.

    ``height_m`` above ground, ``field_of_view`` horizontal, ``tilt`` off nadir towards the heading.
    """

    height_m: float
    heading: float
    tilt: float
    field_of_view: float
    width: int = 800
    height: int = 600


def ground_homography(camera: Camera) -> NDArray[np.float64]:
    """(3, 3): ground metres (east, north), origin where the picture's centre looks, -> picture pixels."""
    intrinsics, rotation, position = _pose(camera)
    plane = np.column_stack([[1, 0, 0], [0, 1, 0], -position])
    homography = intrinsics @ rotation @ plane
    return np.asarray(homography / homography[2, 2], np.float64)


def _pose(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Intrinsics (3, 3), rotation (3, 3) from (east, north, up) to the camera, position (3,) in metres."""
    focal = camera.width / 2 / np.tan(np.deg2rad(camera.field_of_view) / 2)
    tilt, heading = np.deg2rad(camera.tilt), np.deg2rad(camera.heading)
    forward = np.array([np.sin(heading), np.cos(heading), 0.0])
    axis = forward * np.sin(tilt) + np.array([0, 0, -np.cos(tilt)])  # where the camera looks
    up = forward * np.cos(tilt) + np.array([0, 0, np.sin(tilt)])  # picture's up
    right = np.cross(axis, up)
    position = -axis * (camera.height_m / np.cos(tilt))
    rotation = np.stack([right, -up, axis])  # x right, y down, z ahead
    intrinsics = np.array(
        [[focal, 0, (camera.width - 1) / 2], [0, focal, (camera.height - 1) / 2], [0, 0, 1]]
    )
    return intrinsics, rotation, position


def photograph(
    ortho: NDArray[np.uint8],
    metres_per_pixel: float,
    centre: tuple[float, float],
    camera: Camera,
    heights: NDArray[np.float32] | None = None,
    plane_m: float = 0.0,
) -> NDArray[np.uint8]:
    """The photo the camera takes of uint8 (H, W, 3) imagery; ``centre`` = (x, y) pixel it looks at.

    ``heights``: (H, W) metres, a value for each pixel of ``ortho``; None: all is flat. With them things
    are displaced and hidden as by parallax. ``plane_m`` is the height, counted as they are, of the plane
    that the camera is ``height_m`` above.
    """
    if heights is not None:
        return _photograph_relief(ortho, metres_per_pixel, centre, camera, heights, plane_m)
    to_metres = np.array(
        [
            [metres_per_pixel, 0, -centre[0] * metres_per_pixel],
            [0, -metres_per_pixel, centre[1] * metres_per_pixel],
            [0, 0, 1],
        ]
    )
    homography = ground_homography(camera) @ to_metres
    size = (camera.width, camera.height)
    photo = cv2.warpPerspective(
        ortho, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(photo, np.uint8)


def _photograph_relief(
    ortho: NDArray[np.uint8],
    metres_per_pixel: float,
    centre: tuple[float, float],
    camera: Camera,
    heights: NDArray[np.float32],
    plane_m: float,
) -> NDArray[np.uint8]:
    """``photograph`` by ray casting: each pixel shows where its line of sight meets the height field."""
    if heights.shape != ortho.shape[:2]:
        raise ValueError(f"heights of {heights.shape} for a picture of {ortho.shape[:2]}")
    intrinsics, rotation, position = _pose(camera)
    rows, columns = np.indices((camera.height, camera.width)).astype(np.float64)
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=-1)
    southwards = np.array([1.0, -1.0, 1.0])  # as the rows of the ortho grow
    directions = pixels @ np.linalg.inv(intrinsics).T @ rotation * southwards
    scale = np.array([1 / metres_per_pixel, -1 / metres_per_pixel, 1.0])
    origin = position * scale + (*centre, plane_m)
    x, y = meet(heights, metres_per_pixel, origin, directions)
    photo = cv2.remap(ortho, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(photo, np.uint8)


def footprint_pixels(
    metres_per_pixel: float, centre: tuple[float, float], camera: Camera
) -> NDArray[np.float64]:
    """Corners of the photo on the ortho, float64 (4, 2) pixels, clockwise from the photo's top left."""
    corners = np.array(
        [[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]], float
    )
    lifted = (
        np.column_stack([corners - 0.5, np.ones(4)]) @ np.linalg.inv(ground_homography(camera)).T
    )
    metres = lifted[:, :2] / lifted[:, 2:]
    return np.column_stack(
        [centre[0] + metres[:, 0] / metres_per_pixel, centre[1] - metres[:, 1] / metres_per_pixel]
    )


def another_day(photo: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change light, colour, haze, sharpness and compression as another flight and sensor would."""
    levels = np.linspace(0, 1, 256)[:, None] ** rng.uniform(0.6, 1.7) * rng.uniform(0.85, 1.15, 3)
    x = cv2.LUT(photo, (255 * levels).astype(np.float32)[None])
    colour, haze = rng.uniform(0.4, 1.4), rng.uniform(0.0, 0.35)
    mix = np.full((3, 3), (1 - colour) / 3) + np.eye(3) * colour
    veil = np.full((3, 1), 255 * haze * rng.uniform(0.6, 0.95))
    x = cv2.transform(x, np.hstack([mix * (1 - haze), veil]))
    out = np.clip(_cloud_shadow(np.asarray(x, np.float32), rng), 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.6)).astype(np.uint8)
    out = _noisy(out, rng.uniform(0, 6), rng)
    _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def changed_ground(
    ortho: NDArray[np.uint8], other: NDArray[np.uint8], share: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """``ortho`` after building and ploughing: irregular patches, ``share`` of it, show ``other``."""
    height, width = ortho.shape[:2]
    field = _smooth_field(height, width, 14, rng)
    new = field > np.quantile(field, 1 - share)
    return np.where(new[..., None], cv2.resize(other, (width, height)), ortho).astype(np.uint8)


def relief(
    photo: NDArray[np.uint8], strength: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Displace what stands above the ground outwards, as a lens near it does.

    ``strength``: displacement at the picture's corner for the highest things, as a share of its width.
    """
    height, width = photo.shape[:2]
    raised = np.maximum(_smooth_field(height, width, 18, rng), 0)
    raised = np.minimum(raised, 1.0) * (raised > 0.35)  # roofs and crowns have edges
    x = np.arange(width, dtype=np.float32)[None]
    y = np.arange(height, dtype=np.float32)[:, None]
    push = raised * np.float32(strength * 2)
    return np.asarray(
        cv2.remap(
            photo,
            x - (x - np.float32(width / 2)) * push,
            y - (y - np.float32(height / 2)) * push,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.uint8,
    )


def _smooth_field(
    height: int, width: int, cells: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth random field of about unit spread with blobs of a ``cells``-th of the picture."""
    small = rng.normal(size=(cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _cloud_shadow(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Darken a smooth random part of the picture, in place."""
    height, width = x.shape[:2]
    field = _smooth_field(-(-height // 4), -(-width // 4), 5, rng)  # smooth: a quarter will do
    shade = (1 - rng.uniform(0, 0.5) / (1 + np.exp(-6 * (field - 0.3)))).astype(np.float32)
    x *= cv2.resize(shade, (width, height))[..., None]
    return x


def _noisy(
    photo: NDArray[np.uint8], strength: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Add normal noise of ``strength`` grey levels, drawn by OpenCV: ten times faster than by numpy."""
    cv2.setRNGSeed(int(rng.integers(2**31)))  # of this thread alone
    noise = np.empty((photo.shape[0], photo[0].size), np.int16)  # one channel: one strength for all
    cv2.randn(noise, np.zeros(1), np.full(1, strength))
    return np.asarray(cv2.add(photo, noise.reshape(photo.shape), dtype=cv2.CV_8U), np.uint8)

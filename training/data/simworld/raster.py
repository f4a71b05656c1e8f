"""Which surface each pixel shows: a depth buffer over flat faces and tree crowns.

The key of a plane's depth (one over the depth in perspective, its negative in parallel projection) is
affine in the pixel, so a face is one polygon fill and one comparison. Nearer is greater.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.simworld.eye import Eye
from training.data.simworld.noise import leaves
from training.data.simworld.solids import Solids

Floats = NDArray[np.float64]
SKY, GROUND = -1, 0  # surfaces 1.. are faces, then crowns
_NEAR = 0.25
_SHIFT = 4  # sub-pixel bits of the polygon fill


@dataclass(frozen=True, eq=False)
class Surfaces:
    """``surface`` int32 (H, W): SKY, GROUND, 1 + face, 1 + faces + crown; ``key`` float32 (H, W)."""

    surface: NDArray[np.int32]
    key: NDArray[np.float32]

    def depth(self, eye: Eye) -> NDArray[np.float32]:
        """Metres along the eye's depth axis (infinite in the sky)."""
        with np.errstate(divide="ignore"):
            depth = 1 / self.key if eye.perspective else -self.key
        return np.asarray(np.where(self.surface == SKY, np.inf, depth), np.float32)


def rasterise(eye: Eye, solids: Solids, crowns: bool = True) -> Surfaces:
    """Fill the buffers with the ground, all faces, and all crowns."""
    planes = _plane_keys(eye, np.array([[0.0, 0, 1]]), np.zeros(1))[0]
    x, y = eye.axes()
    key = (planes[0] * x[None, :] + (planes[1] * y + planes[2])[:, None]).astype(np.float32)
    surface = np.zeros((eye.height, eye.width), np.int32)
    if eye.perspective:
        sky = key <= 1e-5
        surface[sky], key[sky] = SKY, 0
    _draw_faces(eye, solids, surface, key)
    if crowns and len(solids.crown_centre):
        _draw_crowns(eye, solids, surface, key)
    return Surfaces(surface, key)


def _plane_keys(eye: Eye, normal: Floats, offset: Floats) -> Floats:
    """(n, 3): key = a x + b y + c in normalised picture coordinates."""
    rays = normal @ np.linalg.inv(eye.matrix)
    away = offset - normal @ eye.position
    with np.errstate(divide="ignore", invalid="ignore"):
        if eye.perspective:
            return np.asarray(rays / away[:, None], np.float64)
        return np.column_stack([rays[:, 0], rays[:, 1], -away]) / rays[:, 2:]


def _faces_in_sight(
    eye: Eye, solids: Solids
) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
    """Indices of faces that look at the eye and may show; their local corners; which cross the near plane."""
    if eye.perspective:
        facing = solids.normal @ eye.position > solids.offset
    else:
        facing = solids.normal @ np.linalg.inv(eye.matrix)[:, 2] < 0
    index = np.flatnonzero(facing)
    local = (solids.corners[index] - eye.position) @ eye.matrix.T
    if not eye.perspective:
        return index.astype(np.int64), local, np.zeros(len(index), np.bool_)
    near = local[..., 2] < _NEAR
    # outside one side plane of the view with all corners: out of sight
    half_x, half_y = eye.width / 2 / eye.focal * 1.02, eye.height / 2 / eye.focal * 1.02
    z = local[..., 2]
    gone = near.all(axis=1)
    for axis, half in ((0, half_x), (1, half_y)):
        gone |= (local[..., axis] > z * half).all(axis=1) | (local[..., axis] < -z * half).all(
            axis=1
        )
    keep = ~gone
    crossing = np.asarray(near[keep].any(axis=1), np.bool_)
    return index[keep].astype(np.int64), local[keep], crossing


def _draw_faces(
    eye: Eye, solids: Solids, surface: NDArray[np.int32], key: NDArray[np.float32]
) -> None:
    index, local, crossing = _faces_in_sight(eye, solids)
    planes = _plane_keys(eye, solids.normal[index], solids.offset[index]).astype(np.float32)
    scale = eye.focal / np.maximum(local[..., 2:], _NEAR) if eye.perspective else eye.focal
    flat = local[..., :2] * scale + eye.centre
    low = np.floor(flat.min(axis=1)).astype(np.int64)
    high = np.ceil(flat.max(axis=1)).astype(np.int64) + 1
    with np.errstate(divide="ignore"):
        depths = 1 / local[..., 2] if eye.perspective else -local[..., 2]
    furthest, nearest = depths.min(axis=1).astype(np.float32), depths.max(axis=1).astype(np.float32)
    tiny = (flat.max(axis=1) - flat.min(axis=1)).max(axis=1) < 0.6
    x, y = eye.axes()
    away = (high <= 0).any(axis=1) | (low >= (eye.width, eye.height)).any(axis=1)
    for k in np.flatnonzero((~tiny & ~away) | crossing):
        ring = flat[k]
        if crossing[k]:
            ring = _clip(local[k]) * eye.focal + eye.centre
            low[k], high[k] = np.floor(ring.min(axis=0)), np.ceil(ring.max(axis=0)) + 1
        x0, y0 = max(int(low[k, 0]), 0), max(int(low[k, 1]), 0)
        x1, y1 = min(int(high[k, 0]), eye.width), min(int(high[k, 1]), eye.height)
        if x0 >= x1 or y0 >= y1:
            continue
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cells = np.round((ring - (x0, y0)) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(mask, cells, 1, cv2.LINE_8, _SHIFT)
        a, b, c = planes[k]
        new = (a * x[x0:x1])[None, :] + (b * y[y0:y1] + c)[:, None]
        if not crossing[k]:  # the fill's rim is outside the face, where its plane may come near
            np.clip(new, furthest[k], nearest[k], out=new)
        old = key[y0:y1, x0:x1]
        wins = mask.view(bool) & (new > old)
        np.copyto(old, new, where=wins)
        np.copyto(surface[y0:y1, x0:x1], np.int32(index[k] + 1), where=wins)


def _clip(local: Floats) -> Floats:
    """A polygon cut at the near plane, as tangents (n, 2) (Sutherland-Hodgman, one plane)."""
    found = []
    for k in range(len(local)):
        a, b = local[k], local[(k + 1) % len(local)]
        if a[2] >= _NEAR:
            found.append(a)
        if (a[2] >= _NEAR) != (b[2] >= _NEAR):
            found.append(a + (b - a) * (_NEAR - a[2]) / (b[2] - a[2]))
    ring = np.array(found)
    return np.asarray(ring[:, :2] / ring[:, 2:], np.float64)


def _draw_crowns(
    eye: Eye, solids: Solids, surface: NDArray[np.int32], key: NDArray[np.float32]
) -> None:
    seen = eye.project(solids.crown_centre)
    reach = solids.crown_radius.max(axis=1)
    depth = seen[:, 2]
    inverse = np.asarray(np.linalg.inv(eye.matrix), np.float64)
    lean = np.linalg.norm(eye.matrix[:2], axis=1).max() if not eye.perspective else 1.25
    scale = eye.focal / np.maximum(depth - reach, 0.3) if eye.perspective else eye.focal
    radius = reach * lean * scale + 1
    near = (depth > reach + 0.4) if eye.perspective else np.ones(len(depth), bool)
    shown = near & (seen[:, 0] > -radius) & (seen[:, 0] < eye.width + radius)
    shown &= (seen[:, 1] > -radius) & (seen[:, 1] < eye.height + radius) & (radius > 1.6)
    x, y = eye.axes()
    first = len(solids.corners) + 1
    for k in np.flatnonzero(shown):
        x0, y0 = (max(int(seen[k, i] - radius[k]), 0) for i in (0, 1))
        x1 = min(int(seen[k, 0] + radius[k]) + 2, eye.width)
        y1 = min(int(seen[k, 1] + radius[k]) + 2, eye.height)
        if x0 >= x1 or y0 >= y1:
            continue
        new, hit = _crown_key(eye, inverse, solids, int(k), x[x0:x1], y[y0:y1])
        old = key[y0:y1, x0:x1]
        wins = hit & (new > old)
        np.copyto(old, new, where=wins)
        np.copyto(surface[y0:y1, x0:x1], np.int32(first + k), where=wins)


def _crown_key(
    eye: Eye,
    inverse: Floats,
    solids: Solids,
    k: int,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Depth keys where rays meet a crown's ellipsoid, and which do, with leafy edges."""
    size = solids.crown_radius[k]
    shape = (inverse / size[:, None]).astype(np.float32)
    start = ((eye.position - solids.crown_centre[k]) / size).astype(np.float32)
    plane = [shape[i, 0] * x[None, :] + (shape[i, 1] * y)[:, None] for i in range(3)]
    if eye.perspective:
        ray = [plane[i] + shape[i, 2] for i in range(3)]
        a = ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2
        b = ray[0] * start[0] + ray[1] * start[1] + ray[2] * start[2]
        c = float(start @ start) - 1
    else:
        origin = [plane[i] + start[i] for i in range(3)]
        a = float(shape[:, 2] @ shape[:, 2])
        b = origin[0] * shape[0, 2] + origin[1] * shape[1, 2] + origin[2] * shape[2, 2]
        c = origin[0] ** 2 + origin[1] ** 2 + origin[2] ** 2 - 1
    gap = b * b - a * c
    edge = leaves(gap.shape, k) * (0.75 if solids.crown_conifer[k] else 0.5)
    hit = gap / a > edge
    depth = (-b - np.sqrt(np.maximum(gap, 0))) / a
    with np.errstate(divide="ignore"):
        return (1 / depth if eye.perspective else -depth).astype(np.float32), hit

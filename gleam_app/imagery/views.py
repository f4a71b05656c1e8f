"""Guessing what kind of picture a query is, where nobody has said."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gleam_app.imagery.exif import ExifFacts

View = Literal["uav", "ground", "panorama", "map"]
VIEWS: tuple[View, ...] = get_args(View)
PLANAR_VIEWS: tuple[View, ...] = ("uav", "map")
"""Views that lie on the ground like a sheet, so that geometry can verify them. The others share no plane
with imagery from above: what agreed there would have agreed by chance."""
REFUTABLE_VIEWS: tuple[View, ...] = ("uav",)
"""Those of them where it speaks against a place that geometry finds nothing there. Local features hardly
ever join a drawing to a photograph: a street map that is not aligned may well be in its place."""
Support = Literal["trained", "experimental", "untrained"]
"""How far an encoder was made for a view: learnt from real pictures, from simulated ones alone, never."""

_DRONE_MAKES = (
    "dji",
    "parrot",
    "autel",
    "skydio",
    "yuneec",
    "sensefly",
    "hasselblad l1d",
    "hasselblad l2d",
)
_HANDHELD_DJI = ("osmo", "pocket", "action")
_PHONE_MAKES = (
    "apple", "samsung", "google", "huawei", "honor", "xiaomi", "redmi", "oppo", "vivo", "oneplus",
    "motorola", "nokia", "hmd", "realme", "fairphone",
)  # fmt: skip
_SAMPLE_PX = 1024  # of a large picture its middle is judged, at full sharpness


def guess_view(pixels: NDArray[np.uint8], exif: ExifFacts) -> View:
    """The likeliest view of an upright RGB picture, uint8 (height, width, 3). Rules, first that holds:

    1. ``panorama``: the file says it is equirectangular, or it is 2:1 and its left and right edges
       join, or it is wider than 3.5:1;
    2. ``uav``: written by a drone (its make, a height above take-off, a gimbal);
    3. ``ground``: written by a telephone;
    4. ``map``: drawn, not photographed (few colours, and neighbouring pixels mostly equal);
    5. ``uav``: the commonest query. Whether an unsigned photo looks down or ahead is not guessed.
    """
    height, width = pixels.shape[:2]
    if (
        exif.panorama
        or width > 3.5 * height
        or (_is_two_to_one(width, height) and _edges_join(pixels))
    ):
        return "panorama"
    if _from_a_drone(exif):
        return "uav"
    if (exif.camera or "").lower().startswith((*_PHONE_MAKES, "dji")):
        return "ground"
    top, left = max(0, height - _SAMPLE_PX) // 2, max(0, width - _SAMPLE_PX) // 2
    middle = pixels[top : top + _SAMPLE_PX, left : left + _SAMPLE_PX]
    return "map" if _looks_drawn(middle) else "uav"


def is_unsigned(view: View, exif: ExifFacts) -> bool:
    """Whether ``view``, as guessed, is rule 5's: a photo that nothing tells to look down or ahead."""
    return view == "uav" and not _from_a_drone(exif)


def _from_a_drone(exif: ExifFacts) -> bool:
    camera = (exif.camera or "").lower()
    if exif.relative_altitude_m is not None or exif.gimbal_pitch_deg is not None:
        return True
    return camera.startswith(_DRONE_MAKES) and not any(word in camera for word in _HANDHELD_DJI)


def _is_two_to_one(width: int, height: int) -> bool:
    return abs(width / height - 2.0) < 0.02


def _edges_join(pixels: NDArray[np.uint8]) -> bool:
    """Whether the last column goes on in the first one as smoothly as columns elsewhere do."""
    width = pixels.shape[1]
    columns = np.linspace(0, width - 2, num=min(64, width - 1)).astype(int)
    work = pixels.astype(np.int16)
    inside = np.abs(work[:, columns + 1] - work[:, columns]).mean(axis=(0, 2))
    seam = np.abs(work[:, 0] - work[:, -1]).mean()
    return bool(seam <= 2.0 * np.median(inside) + 4.0)


def _looks_drawn(pixels: NDArray[np.uint8]) -> bool:
    """A street map has large areas of one colour and few colours; a photo hardly ever both.

    Measured on pictures of 256 and 512 px: 1,057 of 1,096 rendered street maps are known as such; 92 of
    1,096 aerial pictures of the same town and 33 of 2,100 others are taken for maps.
    """
    work = pixels.astype(np.int16)
    right = np.abs(np.diff(work, axis=1)).max(axis=2)[:-1]
    down = np.abs(np.diff(work, axis=0)).max(axis=2)[:, :-1]
    flat = (np.maximum(right, down) <= 2).mean()
    codes = (work.reshape(-1, 3) >> 3) @ np.array([1024, 32, 1])
    commonest = np.sort(np.bincount(codes, minlength=32_768))[-12:].sum() / codes.size
    return bool(flat > 0.4 and commonest > 0.7)

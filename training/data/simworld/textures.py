"""The fine detail of the ground: cut from openly licensed aerial imagery, or noise where none is given.

A detail tile multiplies a painted colour: uint8 (512, 512, 3) at 0.25 m a pixel, 128 leaves it as it is.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from training.data.simworld.noise import SIZE, grain

Tile = NDArray[np.uint8]
# texture -> (folders of UC Merced to cut from, what colour is wished); asphalt stays noise, for every
# cut of it has painted lines that show when it repeats
_CUT: dict[str, tuple[tuple[str, ...], str]] = {
    "grass": (("golfcourse",), "green"),
    "field": (("agricultural",), "any"),
    "canopy": (("forest",), "any"),
    "soil": (("chaparral", "baseballdiamond"), "any"),
    "sand": (("beach",), "any"),
}
_NOISE: dict[str, tuple[int, float, float]] = {  # kind, roughness, strength
    "grass": (1, 0.75, 0.13), "field": (2, 0.8, 0.10), "canopy": (3, 0.95, 0.30),
    "asphalt": (4, 0.7, 0.06), "soil": (5, 0.7, 0.16), "sand": (6, 0.6, 0.07),
}  # fmt: skip
_CHIP_METRES = 0.3  # UC Merced, a pixel


@dataclass(frozen=True, eq=False)
class Textures:
    """Detail tiles by name, several of each, and where they come from (for the pack's manifest)."""

    tiles: dict[str, tuple[Tile, ...]]
    origin: str

    def pick(self, name: str, seed: int) -> Tile:
        choice = self.tiles[name]
        return choice[seed % len(choice)]


def noise_textures() -> Textures:
    """Textures without any imagery."""
    tiles: dict[str, tuple[Tile, ...]] = {}
    for name, (kind, roughness, strength) in _NOISE.items():
        field = grain(kind, 1.0, roughness)
        tiles[name] = (_as_tile(np.repeat(1 + strength * field[..., None], 3, axis=2)),)
    return Textures(tiles, "procedural noise")


def imagery_textures(ucmerced: Path, chips: int = 12) -> Textures:
    """Textures cut from the UC Merced folder (class/name.jpg); ``chips`` pictures a class are looked at.

    Raises GleamError where a class is missing.
    """
    plain = noise_textures()
    tiles = dict(plain.tiles)
    for name, (classes, wish) in _CUT.items():
        found: list[tuple[float, NDArray[np.float32]]] = []
        for label in classes:
            files = sorted((ucmerced / label).glob("*.jpg"))[:: max(1, 100 // chips)]
            if not files:
                raise GleamError(
                    f"No pictures of the class {label} were found.",
                    "Give the folder that holds UC Merced Land Use, one folder a class.",
                )
            for file in files:
                found.extend(_quiet_windows(file, wish))
        found.sort(key=lambda item: item[0])
        best = [_seamless(window) for _, window in found[:6]]
        tiles[name] = tuple(best) or plain.tiles[name]
    return Textures(
        tiles, "UC Merced Land Use (USGS National Map imagery, public domain) and noise"
    )


def _quiet_windows(file: Path, wish: str) -> list[tuple[float, NDArray[np.float32]]]:
    """96-pixel windows of a chip with a penalty: how uneven, and how far from the wished colour."""
    chip = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if chip is None or min(chip.shape[:2]) < 200:
        return []
    rgb = chip[..., ::-1].astype(np.float32)
    found = []
    for y in range(0, rgb.shape[0] - 96, 48):
        for x in range(0, rgb.shape[1] - 96, 48):
            window = rgb[y : y + 96, x : x + 96]
            mean = window.mean(axis=(0, 1))
            coarse = cv2.resize(window, (6, 6), interpolation=cv2.INTER_AREA)
            penalty = float(coarse.std(axis=(0, 1)).mean()) + 0.5 * float(window.std())
            if wish == "green":
                penalty -= float(mean[1] - (mean[0] + mean[2]) / 2)
            found.append((penalty, window))
    return found


def _seamless(window: NDArray[np.float32]) -> Tile:
    """A tile from a window: its slow shading taken out, mirrored both ways, repeated."""
    slow = cv2.GaussianBlur(window, (0, 0), 12, borderType=cv2.BORDER_REFLECT)
    ratio = window / np.maximum(slow, 8)
    metres = ratio.shape[0] * _CHIP_METRES
    side = round(metres / 0.25)
    ratio = np.asarray(cv2.resize(ratio, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    mirrored = np.block([[[ratio], [ratio[:, ::-1]]], [[ratio[::-1]], [ratio[::-1, ::-1]]]])
    times = -(-SIZE // mirrored.shape[0])
    return _as_tile(np.tile(mirrored, (times, times, 1))[:SIZE, :SIZE])


def _as_tile(ratio: NDArray[np.float32]) -> Tile:
    return np.asarray(np.clip(ratio * 128, 0, 255), np.uint8)

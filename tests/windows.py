"""What tests of the window do to it, as a person would."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from tests.factories import make_pixels

ORIGIN = (500_000.0, 5_772_000.0)  # UTM zone 31 north: near 52.1 N, 3 E


def drop(window: Any, *paths: Any) -> None:
    """Drop files or folders on the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(
        QDropEvent(
            QPointF(200, 200),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def write_map(
    path: Path,
    crs: str | None = "EPSG:32631",
    side_px: int = 200,
    pixel_m: float = 0.5,
    seed: int = 0,
) -> Path:
    """A small GeoTIFF near (52.1 N, 3 E), with or without its CRS."""
    import rasterio
    from affine import Affine

    path.parent.mkdir(parents=True, exist_ok=True)
    tile = make_pixels(400, 400, seed)
    times = -(-side_px // 400)
    pixels = np.tile(tile, (times, times, 1))[:side_px, :side_px].transpose(2, 0, 1)
    east, north = ORIGIN
    with rasterio.open(
        path, "w", driver="GTiff", width=side_px, height=side_px, count=3, dtype="uint8", crs=crs,
        transform=Affine(pixel_m, 0, east, 0, -pixel_m, north), tiled=True,
    ) as dataset:  # fmt: skip
        dataset.write(pixels)
    return path

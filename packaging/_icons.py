"""The program's sign as the systems want it: PNG for Linux, .ico for Windows, .icns for macOS.

``python _icons.py FOLDER`` draws them from ``resources/icons/gleam.svg``; runs in the build environment.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (16, 32, 48, 64, 128, 256, 512)


def draw(folder: Path) -> None:
    """Write ``gleam-SIZE.png``, ``gleam.ico`` and ``gleam.icns``."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(str(ROOT / "resources" / "icons" / "gleam.svg"))
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for size in SIZES:
        picture = QImage(size, size, QImage.Format.Format_ARGB32)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        pictures[size] = picture
    written = [pictures[size].save(str(folder / f"gleam-{size}.png")) for size in SIZES]
    written += [pictures[256].save(str(folder / "gleam.ico"))]
    written += [pictures[512].save(str(folder / "gleam.icns"))]
    if not all(written):
        raise SystemExit(f"an icon could not be written to {folder}")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))

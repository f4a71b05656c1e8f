"""What is dropped on the window or pasted into it: pictures, imagery, files."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData
from PySide6.QtGui import QImage, QImageWriter

PICTURE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".heic", ".heif", ".webp", ".bmp", ".tif", ".tiff", ".gif",
)  # fmt: skip


def local_files(mime: QMimeData) -> list[Path]:
    """The files of a drop or a paste that lie on this machine."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def carries_picture(mime: QMimeData) -> bool:
    """Whether there is anything to take."""
    return bool(local_files(mime)) or mime.hasImage()


def picture_bytes(mime: QMimeData) -> bytes | None:
    """A picture that is in the clipboard itself, as PNG; None if there is none."""
    image = mime.imageData() if mime.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(data.data())


def dialog_filter(title: str, suffixes: tuple[str, ...] | frozenset[str]) -> str:
    """A filter for file dialogs."""
    patterns = sorted({f"*{form}" for s in suffixes for form in (s, s.upper())})
    return f"{title} ({' '.join(patterns)})"

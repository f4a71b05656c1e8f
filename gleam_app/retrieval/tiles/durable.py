"""Writing so that a power cut leaves either nothing or all: bytes first, names afterwards.

A file's name may reach the disk before its bytes do. So whatever a name promises to be whole is forced
to the disk before it gets that name, and the folder that holds the name after it.
"""

import os
import time
import uuid
from pathlib import Path

_PATIENCE_S = 1.0  # for a reader that holds a file open, where that keeps it from being replaced


def write_durably(path: Path, text: str) -> None:
    """Write a small text file: at any moment, power cuts included, the old one or the new one is there."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _replace(draft, path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_files(folder: Path) -> None:
    """Force the files of a folder, and their names, to the disk."""
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk; where folders cannot be opened, they need not be."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _replace(draft: Path, path: Path) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            draft.replace(path)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.02)

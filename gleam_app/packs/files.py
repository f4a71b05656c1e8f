"""Small moves on disk that installing, fetching and verifying share."""

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work

BLOCK = 1 << 20
LEFT_OVER_AFTER_S = 24 * 3600.0

Report = Callable[[int], None]
"""Told how many bytes of a file are there; raises ``Cancelled`` to stop."""


def sha256_of(path: Path, work: Work, what: str = "", done: int = 0, total: int = 0) -> str:
    """SHA-256 of a file in hex; reports ``done`` + bytes read of ``total`` while it reads."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            work.report(what or f"Checking {path.name}", done, total)
    return digest.hexdigest()


def copy_stream(source: BinaryIO, target: BinaryIO, limit: int, report: Report) -> str:
    """Copy at most ``limit`` bytes and one more, which shows that there were too many.

    Returns the SHA-256 of what was copied; tells ``report`` the bytes copied so far. The limit keeps
    a lying archive from filling the disk.
    """
    digest = hashlib.sha256()
    copied = 0
    while copied <= limit and (block := source.read(min(BLOCK, limit + 1 - copied))):
        target.write(block)
        digest.update(block)
        copied += len(block)
        report(copied)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path, report: Report) -> None:
    """Bring ``source`` to ``target`` whole; a hard link where the disk allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        try:
            os.link(source, draft)
        except OSError:
            with source.open("rb") as read, draft.open("wb") as write:
                copy_stream(read, write, source.stat().st_size, report)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a small text file so that no reader ever sees half of it."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def require_space(folder: Path, needed: int) -> None:
    """``GleamError`` if ``folder``'s disk has fewer than ``needed`` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise GleamError(
            f"Not enough disk space in {folder}: {needed / 1e9:.1f} GB needed, {free / 1e9:.1f} free.",
            hint="Free some space, or set GLEAM_HOME to a folder on a larger disk.",
        )


def swap_in(staged: Path, target: Path, staging: Path) -> None:
    """Make ``target`` the folder ``staged``; what was there before goes only when that is done."""
    old = staging / f"old-{uuid.uuid4().hex[:8]}"
    try:
        if target.exists():
            target.replace(old)
        try:
            staged.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise
    except OSError as error:
        raise GleamError(
            f"{target} cannot be replaced: {error.strerror or error}.",
            hint="Close other windows of the program, which may be using the pack, and try again.",
        ) from None
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def scratch(staging: Path, prefix: str) -> Iterator[Path]:
    """A fresh folder in ``staging`` that is gone afterwards, whatever happens."""
    folder = staging / f"{prefix}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    for name in ("install-*", "removed-*", "old-*"):
        for left in staging.glob(name):  # by a process that was killed
            if time.time() - left.stat().st_mtime > LEFT_OVER_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

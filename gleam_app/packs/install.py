"""Unpack a ``.gleampack`` (a zip) or a pack folder from somebody else, trusting nothing in it."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.packs.files import copy_stream, require_space, write_whole
from gleam_app.packs.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    PackFile,
    PackManifest,
    parse_manifest,
)


def is_pack(path: Path) -> bool:
    """Whether ``path`` is meant as a pack: a zip, or a folder with ``pack.json``.

    Raises ``GleamError`` if there is nothing at ``path``.
    """
    if path.is_dir():
        return (path / MANIFEST_NAME).exists()
    if not path.is_file():
        raise GleamError(f"There is no file {path}.", hint="Check the name.")
    return path.suffix == ".gleampack" or zipfile.is_zipfile(path)


def unpack(archive: Path, into: Path, work: Work) -> PackManifest:
    """Bring the pack in ``archive`` into the empty folder ``into``, checking size and hash of each file.

    Files that the manifest does not name are left out; files that may be fetched may be missing.
    Raises ``GleamError`` for a pack that is damaged, incomplete or reaches outside its folder.
    """
    try:
        with _open(archive) as parcel:
            manifest = parse_manifest(parcel.manifest(), archive.name)
            _unpack_files(parcel, manifest, archive.name, into, work)
            write_whole(into / MANIFEST_NAME, manifest.to_json())
            return manifest
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # NotImplementedError: unknown compression; RuntimeError: an encrypted member
        raise _damaged(archive.name, str(error)) from None
    except OSError as error:
        raise GleamError(f"{archive} cannot be installed: {error.strerror or error}.") from None


class _Parcel(Protocol):
    def manifest(self) -> bytes: ...
    def size(self, path: str) -> int | None: ...
    def open(self, path: str) -> BinaryIO: ...


def _unpack_files(
    parcel: _Parcel, manifest: PackManifest, name: str, into: Path, work: Work
) -> None:
    present: list[PackFile] = []
    for file in manifest.files:
        size = parcel.size(file.path)
        if size is None and not file.sources:
            raise _damaged(name, f"{file.path} is missing")
        if size is not None and size != file.size:
            raise _damaged(name, f"{file.path} has {size:,} bytes instead of {file.size:,}")
        if size is not None:
            present.append(file)
    total = sum(file.size for file in present)
    require_space(into, total)
    done = 0
    for file in present:
        what = f"Unpacking {file.path}"
        work.report(what, done, total)
        target = into / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with parcel.open(file.path) as source, target.open("wb") as copy:
            digest = copy_stream(source, copy, file.size, partial(_tell, work, what, done, total))
        if digest != file.sha256:
            raise _damaged(name, f"{file.path} does not have the SHA-256 that the pack names")
        done += file.size
    work.report("Unpacked", total, total)


def _tell(work: Work, what: str, done: int, total: int, fresh: int) -> None:
    work.report(what, done + fresh, total)


def _damaged(name: str, why: str) -> GleamError:
    return GleamError(
        f"{name} was not installed: {why}.",
        hint="Get the pack again from where it came from; nothing on this machine was changed.",
    )


@contextmanager
def _open(archive: Path) -> Iterator[_Parcel]:
    if archive.is_dir():
        yield _Folder(archive)
    else:
        with zipfile.ZipFile(archive) as file:
            yield _Zip(file, archive.name)


class _Folder:
    """A pack that somebody unpacked already. Links are refused: they could point anywhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def manifest(self) -> bytes:
        path = self._inside(MANIFEST_NAME)
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise _damaged(self._folder.name, f"{MANIFEST_NAME} is too large")
        return path.read_bytes()

    def size(self, path: str) -> int | None:
        file = self._inside(path)
        return file.stat().st_size if file.is_file() else None

    def open(self, path: str) -> BinaryIO:
        return self._inside(path).open("rb")

    def _inside(self, path: str) -> Path:
        step = self._folder
        for part in path.split("/"):
            step = step / part
            if step.is_symlink():
                raise _damaged(self._folder.name, f"{path} is a link")
        return step


def _leaves_the_folder(path: str) -> bool:
    """Absolute, with a drive, with ``..``, or spelt so that some platform may take it as such."""
    odd = any(sign in path for sign in ("\\", ":", "\0"))
    return odd or path.startswith("/") or ".." in path.split("/")


class _Zip:
    """A pack in a zip, at its root or in its only folder."""

    def __init__(self, file: zipfile.ZipFile, name: str) -> None:
        self._zip = file
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in file.infolist():
            if info.is_dir():
                continue
            if _leaves_the_folder(info.orig_filename):
                raise _damaged(name, f"it holds an unsafe path {info.orig_filename!r}")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _damaged(name, f"{info.filename} is a link")
            if info.filename in self._members:
                raise _damaged(name, f"{info.filename} is in it twice")
            self._members[info.filename] = info
        roots = [path for path in self._members if path.split("/")[-1] == MANIFEST_NAME]
        top = min(roots, key=lambda path: path.count("/"), default="")
        if not top or top.count("/") > 1:
            raise _damaged(name, f"it has no {MANIFEST_NAME}")
        self._prefix = top.removesuffix(MANIFEST_NAME)
        self._name = name

    def manifest(self) -> bytes:
        info = self._members[self._prefix + MANIFEST_NAME]
        if info.file_size > MAX_MANIFEST_BYTES:
            raise _damaged(self._name, f"{MANIFEST_NAME} is too large")
        with self._zip.open(info) as file:
            return file.read(MAX_MANIFEST_BYTES)

    def size(self, path: str) -> int | None:
        info = self._members.get(self._prefix + path)
        return info.file_size if info else None

    def open(self, path: str) -> BinaryIO:
        return self._zip.open(self._members[self._prefix + path])  # type: ignore[return-value]

"""Pictures decoded and shrunk once, kept in a few large files that are mapped into memory.

A folder holds ``index.json`` and shards: uint8 arrays (N, height, width, 3) as ``.npy``, each of
pictures of one size. The index says where each picture lies and of what file (its size and time of
change) it was made. Shards are never changed: new ones get new names, are written whole, and the index
that names them is swapped in after them. So readers, in whatever thread or process, see old or new but
nothing between; and a writer that was killed has lost one shard of work.
"""

import json
import os
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import IO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from gleam_app.jobs.lock import only_process
from training.data.records import Crop, Image

INDEX, LOCK, SCHEMA = "index.json", "writer.lock", "gleam.shards/1"
SHARD_BYTES = 256 << 20
AHEAD = 16  # pictures decoded and not yet written, a worker

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
Size = tuple[int, int]  # height, width in pixels
Decode = Callable[[Image, Size], Picture]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """Row ``row`` of the file ``shard``; made of a file of ``bytes`` bytes, changed at ``changed_ns``."""

    shard: str
    row: int
    bytes: int
    changed_ns: int


@dataclass(frozen=True)
class _Index:
    schema: str
    pictures: dict[str, Entry]


_FORM = TypeAdapter(_Index)


class Shards:
    """Reads pictures from the shards of ``folder``. Safe from several threads and processes.

    ``data``: the folder that the pictures' paths are written relative to, so that both may move.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        """Raises GleamError where there is no index, or a damaged one."""
        self._folder, self._data = folder, data
        self._entries = _read_index(folder)
        self._maps: dict[str, Picture | None] = {}
        self._lock = Lock()

    def find(self, image: Image, size: Size) -> Picture | None:
        """The picture at ``size``; None if it is not there, or its file has changed since."""
        entry = self._entries.get(_key(image, size, self._data))
        if entry is None or not _is_of(entry, image):
            return None
        pictures = self._mapped(entry.shard)
        if pictures is None or entry.row >= len(pictures) or pictures.shape[1:3] != size:
            return None
        return np.array(pictures[entry.row])

    def _mapped(self, name: str) -> Picture | None:
        with self._lock:
            if name not in self._maps:
                self._maps[name] = _open_shard(self._folder / name)
            return self._maps[name]


def write_shards(
    folder: Path,
    data: Path,
    wanted: Iterable[tuple[Image, Size]],
    decode: Decode,
    workers: int,
    progress: Progress = lambda done, count: None,
) -> int:
    """Put what is wanted and not there yet (or has changed) into shards; how many pictures that were.

    ``decode`` gives the picture at exactly that size. What the index names beyond ``wanted`` stays;
    shards that nothing is read from any more are removed. In memory are never more than ``AHEAD`` pictures a worker. Raises GleamError: another
    process writes there, or a picture cannot be read.
    """
    busy = GleamError(f"Another process is writing shards into {folder.name}.", "Wait for it.")
    with only_process(folder / LOCK, busy):
        known = _usable(folder, _known(folder))
        missing: dict[Size, dict[str, Image]] = {}
        for image, size in wanted:
            key = _key(image, size, data)
            if key not in known or not _is_of(known[key], image):
                missing.setdefault(size, {})[key] = image
        count, done = sum(map(len, missing.values())), 0
        for size, images in sorted(missing.items()):
            most = max(1, SHARD_BYTES // (size[0] * size[1] * 3))
            keys = sorted(images)
            for start in range(0, len(keys), most):
                part = {key: images[key] for key in keys[start : start + most]}
                for entries in _write_shard(folder, part, size, decode, workers):
                    done += 1
                    progress(done, count)
                    if len(entries) == len(part):
                        known |= entries
                        _write_index(folder, known)
        _write_index(folder, known)
        _remove_unused(folder, {entry.shard for entry in known.values()})
    return count


def _remove_unused(folder: Path, used: set[str]) -> None:
    for path in folder.iterdir():
        if path.suffix == ".npy" and path.name not in used:
            with suppress(OSError):  # a reader on Windows still has it open: next time
                path.unlink()


def _write_shard(
    folder: Path, images: dict[str, Image], size: Size, decode: Decode, workers: int
) -> Iterator[dict[str, Entry]]:
    """Write one shard; after each picture its entries so far, which are good once all are there."""
    name = f"{size[0]}x{size[1]}-{uuid.uuid4().hex[:12]}.npy"
    staged, entries = folder / f".{name}", dict[str, Entry]()
    first = {key: _entry(name, row, image) for row, (key, image) in enumerate(images.items())}
    with ThreadPoolExecutor(workers, "shards") as pool, staged.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(images), *size, 3)}
        np.lib.format.write_array_header_2_0(file, header)
        try:
            for key, picture in _in_order(pool, images, size, decode, workers * AHEAD):
                _append(file, picture, size)
                entries[key] = first[key]
                if len(entries) == len(images):
                    file.flush()
                    os.fsync(file.fileno())
                    staged.replace(folder / name)
                yield entries
        except BaseException:
            pool.shutdown(cancel_futures=True)
            staged.unlink(missing_ok=True)
            raise


def _in_order(
    pool: ThreadPoolExecutor, images: dict[str, Image], size: Size, decode: Decode, ahead: int
) -> Iterator[tuple[str, Picture]]:
    waiting: deque[tuple[str, Future[Picture]]] = deque()
    for key, image in images.items():
        if len(waiting) == ahead:
            first, future = waiting.popleft()
            yield first, future.result()
        waiting.append((key, pool.submit(decode, image, size)))
    while waiting:
        first, future = waiting.popleft()
        yield first, future.result()


def _append(file: IO[bytes], picture: Picture, size: Size) -> None:
    if picture.shape != (*size, 3) or picture.dtype != np.uint8:
        raise ValueError(f"a picture of {size} was to come, not {picture.shape}")
    file.write(picture.tobytes())


def _key(image: Image, size: Size, data: Path) -> str:
    path, window = (image, "") if not isinstance(image, Crop) else (image.path, _window(image))
    inside = path.relative_to(data) if path.is_relative_to(data) else path
    return f"{size[0]}x{size[1]} {window}{inside.as_posix()}"


def _window(crop: Crop) -> str:
    return f"{crop.x},{crop.y},{crop.width},{crop.height} "


def _state(image: Image) -> os.stat_result | None:
    try:
        return (image.path if isinstance(image, Crop) else image).stat()
    except OSError:
        return None


def _is_of(entry: Entry, image: Image) -> bool:
    state = _state(image)
    return state is not None and (state.st_size, state.st_mtime_ns) == (
        entry.bytes,
        entry.changed_ns,
    )


def _entry(shard: str, row: int, image: Image) -> Entry:
    """Taken before the picture is decoded: a file that changes meanwhile counts as changed."""
    state = _state(image)
    if state is None:
        path = image.path if isinstance(image, Crop) else image
        raise GleamError(f"{clean_text(path)} is not there.", "Download the data set again.")
    return Entry(shard, row, state.st_size, state.st_mtime_ns)


def _read_index(folder: Path) -> dict[str, Entry]:
    """Raises GleamError."""
    try:
        index = _FORM.validate_json((folder / INDEX).read_bytes())
    except FileNotFoundError:
        raise GleamError(
            f"{clean_text(folder.name)} holds no shards.",
            "Make them: python -m training gleam-c shards --recipe R --data DATA --out SHARDS.",
        ) from None
    except (OSError, ValidationError):
        index = replace(_NONE, schema="damaged")
    if index.schema != SCHEMA or not all(_is_plain(e.shard) for e in index.pictures.values()):
        raise GleamError(
            f"The index of the shards in {clean_text(folder.name)} is damaged.",
            "Make them again: python -m training gleam-c shards.",
        )
    return index.pictures


_NONE = _Index(SCHEMA, {})


def _known(folder: Path) -> dict[str, Entry]:
    """The index for a writer: what cannot be read is made again."""
    try:
        return _read_index(folder)
    except GleamError:
        return {}


def _usable(folder: Path, entries: dict[str, Entry]) -> dict[str, Entry]:
    """Entries whose shard is there and long enough."""
    opened = {name: _open_shard(folder / name) for name in {e.shard for e in entries.values()}}
    counts = {name: 0 if rows is None else len(rows) for name, rows in opened.items()}
    return {key: entry for key, entry in entries.items() if 0 <= entry.row < counts[entry.shard]}


def _is_plain(name: str) -> bool:
    return name.endswith(".npy") and not {"/", "\\", ":"} & set(name)


def _write_index(folder: Path, pictures: dict[str, Entry]) -> None:
    entries = {key: asdict(entry) for key, entry in pictures.items()}
    staged = folder / f".{INDEX}"
    staged.write_text(json.dumps({"schema": SCHEMA, "pictures": entries}), "utf-8")
    staged.replace(folder / INDEX)


def _open_shard(path: Path) -> Picture | None:
    """None if it is not there or not what it should be."""
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    whole = pictures.ndim == 4 and pictures.shape[3] == 3 and pictures.dtype == np.uint8
    return pictures if whole else None

"""A pack under test, and the folder that keeps what was computed with it.

``WORK/HASH/NAME-KEY.npy`` are vectors, HASH the pack's, KEY of what they are of. What is there is not
computed again, so a report that was interrupted goes on; the rest takes seconds.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gleam_app.packs.files import write_whole
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.encoder import Encoder
from training.gleam_c.report.cuts import Cut, Picture
from training.gleam_c.report.figures import Row, Vectors

AT_A_TIME = 32


def key_of(*things: object) -> str:
    """A short name for what the ``repr`` of things says."""
    return hashlib.sha256(repr(things).encode()).hexdigest()[:12]


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    """Embeds with one pack, each thing once."""

    def __init__(self, folder: Path, work: Path) -> None:
        """Loads the pack in ``folder``. Raises GleamError."""
        self.pack = Pack(read_manifest(folder), folder)
        self.encoder = Encoder(self.pack)
        self.size = self.encoder.input_px
        self.folder = work / self.pack.hash[:12]
        self.folder.mkdir(parents=True, exist_ok=True)

    def vectors(
        self, name: str, key: str, count: int, pictures: Callable[[int], Sequence[Picture]]
    ) -> Vectors:
        """float32 (count, T, D): the vectors of the T pictures of each of ``count`` things."""

        def make() -> Vectors:
            parts = []
            for number in range(count):
                if number % 50 == 0:
                    say(f"  {name}: {number} of {count}")
                parts.append(self.encoder.embed(np.stack(pictures(number))))
            return np.stack(parts)

        return self.kept(name, key, make)

    def tiles(self, name: str, tiles: Sequence[Cut]) -> Vectors:
        """float32 (R, D): gallery squares, embedded one tile at a time."""

        def make() -> Vectors:
            parts = []
            for start in range(0, len(tiles), AT_A_TIME):
                if start % (AT_A_TIME * 10) == 0:
                    say(f"  {name}: {start} of {len(tiles)}")
                part = tiles[start : start + AT_A_TIME]
                parts.append(self.encoder.embed(np.stack([t.window(self.size) for t in part])))
            return np.concatenate(parts)

        return self.kept(name, key_of(tiles), make)

    def kept(self, name: str, key: str, make: Callable[[], Vectors]) -> Vectors:
        """The array under a name, made if it is not there."""
        path = self.folder / f"{name}-{key}.npy"
        if not path.exists():
            staged = path.with_suffix(".part")
            with staged.open("wb") as file:
                np.save(file, make(), allow_pickle=False)
            staged.replace(path)
        return np.asarray(np.load(path, allow_pickle=False), np.float32)

    def write(self, part: str, rows: list[Row]) -> None:
        """Put down the rows of a part, for whoever looks in before the report is whole."""
        text = json.dumps([row.to_json() for row in rows], indent=1)
        write_whole(self.folder / f"part-{part}.json", text)

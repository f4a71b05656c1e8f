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

AT_A_TIME = 32  # pictures embedded
SAY_EVERY = 20  # of those times


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
        self, name: str, key: str, count: int, turns: int, pictures: Callable[[int], Picture]
    ) -> Vectors:
        """float32 (count, turns, D) of ``count`` things; ``pictures(i)`` gives thing i's, all turns.

        Grows in a file beside its name, a few things at a time: an interruption loses no more.
        """
        growing = self.folder / f"{name}-{key}.part"
        each = 4 * turns * self.encoder.dimension
        at_a_time = max(1, AT_A_TIME // turns)

        def make() -> Vectors:
            with growing.open("ab") as file:
                done = file.tell() // each
                file.truncate(done * each)
                for start in range(done, count, at_a_time):
                    if (start - done) // at_a_time % SAY_EVERY == 0:
                        say(f"  {name}: {start} of {count}")
                    things = range(start, min(start + at_a_time, count))
                    part = np.concatenate([pictures(number) for number in things])
                    file.write(self.encoder.embed(part).tobytes())
                    file.flush()
            made = np.fromfile(growing, np.float32)
            return made.reshape(count, turns, self.encoder.dimension)

        found = self.kept(name, key, make)
        growing.unlink(missing_ok=True)
        return found

    def tiles(self, name: str, tiles: Sequence[Cut]) -> Vectors:
        """float32 (R, D): gallery squares, embedded one tile at a time."""

        def picture(row: int) -> Picture:
            return tiles[row].window(self.size)[None]

        return self.vectors(name, key_of(tiles), len(tiles), 1, picture)[:, 0]

    def kept(self, name: str, key: str, make: Callable[[], Vectors]) -> Vectors:
        """The array under a name, made if it is not there."""
        path = self.folder / f"{name}-{key}.npy"
        if not path.exists():
            staged = path.with_suffix(".new")
            with staged.open("wb") as file:
                np.save(file, make(), allow_pickle=False)
            staged.replace(path)
        return np.asarray(np.load(path, allow_pickle=False), np.float32)

    def write(self, part: str, rows: list[Row]) -> None:
        """Put down the rows of a part, for whoever looks in before the report is whole."""
        text = json.dumps([row.to_json() for row in rows], indent=1)
        write_whole(self.folder / f"part-{part}.json", text)

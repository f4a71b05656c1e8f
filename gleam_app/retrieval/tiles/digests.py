"""Checksums of a tile set's tables: a number that rotted on the disk looks like any other.

They lie beside the tables, in ``digests.json``, and are compared by ``gleam tiles verify``. The index has
none: it can be built anew from the vectors at any time.
"""

import hashlib
import json
from pathlib import Path

from gleam_app.jobs.work import Work

DIGESTS = "digests.json"
_CHUNK_BYTES = 1 << 23


def write_digests(folder: Path, names: list[str], work: Work) -> None:
    """Record the SHA-256 of these files of the folder. Raises OSError, Cancelled."""
    digests = {name: _sha256(folder / name, work) for name in names}
    (folder / DIGESTS).write_text(json.dumps(digests, indent=1), "utf-8")


def changed_files(folder: Path, work: Work) -> list[str]:
    """The files that are not as they were written, the record itself included where it is spoilt.

    Raises OSError, Cancelled.
    """
    try:
        digests = json.loads((folder / DIGESTS).read_text("utf-8"))
        named = sorted(digests.items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return [DIGESTS]
    return [
        name
        for name, digest in named
        if Path(name).name != name or _sha256(folder / name, work) != digest
    ]


def _sha256(path: Path, work: Work) -> str:
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            work.report("Checking the files", done, size)
            digest.update(chunk)
            done += len(chunk)
    return digest.hexdigest()

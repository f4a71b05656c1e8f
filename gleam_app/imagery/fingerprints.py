"""Whether imagery is still what it was: hashes of parts, cheap however large it is."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gleam_app.imagery.sources import Fingerprint

_MIB = 1024 * 1024
_ENDS_BYTES = 4096


def file_fingerprint(path: Path) -> Fingerprint:
    """Size, time of change, and a hash of the size and of the first and last MiB."""
    status = path.stat()
    digest = hashlib.sha256(str(status.st_size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_MIB))
        file.seek(max(0, status.st_size - _MIB))
        digest.update(file.read(_MIB))
    return Fingerprint(status.st_size, status.st_mtime_ns, digest.hexdigest())


def files_fingerprint(root: Path, files: Sequence[Path], also: str = "") -> Fingerprint:
    """One fingerprint of many files: names below ``root``, sizes, and both ends of each.

    Times of change are left out of the hash, as for one file: imagery copied back is the same imagery.
    ``also`` is hashed too. ``size`` is the sum, ``mtime_ns`` the latest.
    """
    digest = hashlib.sha256(also.encode("utf-8", "surrogateescape"))
    total, latest = 0, 0
    for path in files:
        status = path.stat()
        total, latest = total + status.st_size, max(latest, status.st_mtime_ns)
        name = path.relative_to(root).as_posix()
        digest.update(f"\0{name}\0{status.st_size}\0".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            digest.update(file.read(_ENDS_BYTES))
            file.seek(max(0, status.st_size - _ENDS_BYTES))
            digest.update(file.read(_ENDS_BYTES))
    return Fingerprint(total, latest, digest.hexdigest())

"""What the sources of a pack's file have in common, and the plainest of them: a path.

A source writes the file to a given place and may leave a part of it there to go on from later. None
of them is trusted: the caller compares the hash.
"""

from pathlib import Path

from gleam_app.packs.files import Report, link_or_copy
from gleam_app.packs.manifest import PathSource, Source, UrlSource

POLL_S = 0.1


class SourceFailed(Exception):
    """This source did not give the file; the message says why, and the next one is tried."""


def name_of(source: Source) -> str:
    """A source as people know it."""
    if isinstance(source, UrlSource):
        return source.url
    if isinstance(source, PathSource):
        return source.path
    first, last = source.parts[0], source.parts[-1]
    return f"package index: {first if first == last else f'{first} to {last}'}"


def from_path(source: PathSource, base: Path, target: Path, size: int, report: Report) -> None:
    """Take the file from a folder; a relative path counts from ``base``, the pack's folder."""
    path = base / Path(source.path).expanduser()
    try:
        if not path.is_file():
            raise SourceFailed("no such file")
        if path.stat().st_size != size:
            raise SourceFailed(f"has {path.stat().st_size:,} bytes instead of {size:,}")
        link_or_copy(path, target, report)
    except OSError as error:
        raise SourceFailed(error.strerror or str(error)) from None

"""Weights that are loaded are those that the pack names: every file is hashed once, and again if it changed.

What was found is kept in ``<home>/packs/.checked.json`` under each file's path, with its size, time of
change and inode, so that the next start is quick.
"""

import json
import threading
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.packs.files import sha256_of, write_whole
from gleam_app.packs.manifest import Pack

NAME = ".checked.json"
_lock = threading.Lock()


def check_unchanged(pack: Pack, home: Path, work: Work | None = None) -> None:
    """Raises GleamError if a file of the pack is not the one that its manifest names."""
    work, store = work or Work(), home / "packs" / NAME
    for file in pack.manifest.files:
        path = pack.folder / file.path
        try:
            seal = _seal(path)
            if _known(store).get(str(path)) == [*seal, file.sha256]:
                continue
            found = sha256_of(path, work)
        except OSError:
            raise GleamError(
                f"Pack {pack.label} cannot be read: {file.path}.", "Fetch or install it again."
            ) from None
        if found != file.sha256:
            raise GleamError(
                f"Pack {pack.label} was changed: {file.path} is not the file it names.",
                f"Fetch or install it again; `gleam packs verify {pack.id}` looks at every file.",
            )
        if _seal(path) == seal:  # nobody wrote to it meanwhile
            _remember(store, path, [*seal, found])


def _seal(path: Path) -> list[Any]:
    known = path.stat()
    return [known.st_size, known.st_mtime_ns, known.st_ino]


def _known(store: Path) -> dict[str, Any]:
    """What was checked before; nothing where the file cannot be read: then all is checked again."""
    try:
        known = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(store: Path, path: Path, seal: list[Any]) -> None:
    """A home that cannot be written to is checked each time."""
    with _lock:
        known = {name: one for name, one in _known(store).items() if Path(name).exists()}
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            write_whole(store, json.dumps(known | {str(path): seal}))
        except OSError:
            pass

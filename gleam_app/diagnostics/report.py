"""A report that a person can send to whoever maintains the program: nothing in it is about their work."""

import os
import platform
from collections import Counter
from collections.abc import Sequence

from gleam_app import __version__
from gleam_app.diagnostics.doctor import LIBRARIES, version_of
from gleam_app.diagnostics.logs import tail
from gleam_app.diagnostics.privacy import trace_of
from gleam_app.errors import GleamError
from gleam_app.packs.store import PackStatus
from gleam_app.services import Services


def write_report(services: Services, errors: Sequence[BaseException] = (), crash: str = "") -> str:
    """Versions, packs, counts, errors and the log's end as plain text. Call off the GUI thread.

    No path, file name, tile set, case, position, nor the name of a pack that did not come with the program.
    """
    parts = [
        ("Program", [f"GLEAM Desktop {__version__}, Python {platform.python_version()}"]),
        ("System", [f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores"]),
        ("Libraries", [f"{name} {version_of(name)}" for name in LIBRARIES]),
        ("Packs", [_pack_line(status) for status in services.packs.list()]),
        ("Tile sets", _tile_set_lines(services)),
        *[(f"Error {number}", trace_of(error)) for number, error in enumerate(errors, 1)],
        ("Crash of the last run", crash.splitlines()),
        ("End of the log", tail(services.home)),
    ]  # fmt: skip
    return "\n\n".join("\n".join([f"== {title}", *lines]) for title, lines in parts if lines) + "\n"


def _pack_line(status: PackStatus) -> str:
    name = status.id if (status.bundled or _is_bundled(status)) else "a pack of the user"
    manifest = status.manifest
    kind = f"{manifest.kind} {manifest.version}" if manifest is not None else "unreadable"
    return f"{name}: {kind}, {status.state}"


def _is_bundled(status: PackStatus) -> bool:
    from gleam_app.home import resources_dir

    return (resources_dir() / "packs" / status.id).is_dir()


def _tile_set_lines(services: Services) -> list[str]:
    try:
        infos = services.tile_sets.list()
    except (OSError, GleamError):
        return ["could not be listed"]
    states = Counter(info.state for info in infos)
    tiles = sum(info.tiles for info in infos)
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return [f"{len(infos)} with {tiles} tiles: {counts}"] if infos else []

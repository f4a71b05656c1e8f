"""What fetching a pack would connect to, said before anything does."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gleam_app.packs.manifest import PackageSource, PackManifest, UrlSource

DEFAULT_INDEX = "pypi.org"
PIP_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Connections:
    """``hosts`` in the order in which they are tried; ``size``: bytes still to come.

    A host may forward to others; where a file lies on this machine already, nothing connects.
    """

    hosts: tuple[str, ...]
    size: int


def connections_of(manifest: PackManifest, folder: Path, arrived: int = 0) -> Connections:
    """Hosts and bytes of what ``folder`` lacks of the pack; ``arrived`` bytes of it are there already."""
    missing = [file for file in manifest.files if not (folder / file.path).is_file()]
    sources = [source for file in missing for source in file.sources]
    urls = [urlsplit(source.url).hostname for source in sources if isinstance(source, UrlSource)]
    hosts = [host for host in urls if host]
    if any(isinstance(source, PackageSource) for source in sources):
        hosts += index_hosts()
    size = sum(file.size for file in missing)
    return Connections(tuple(dict.fromkeys(hosts)), max(0, size - arrived))


def index_hosts() -> list[str]:
    """The package indexes that this machine's pip is configured for. Runs pip: not on the GUI thread."""
    chosen = [os.environ.get(name, "") for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")]
    if not chosen[0] and not getattr(sys, "frozen", False):
        chosen += _pip_settings([sys.executable, "-m", "pip", "config", "list"])
    hosts = [urlsplit(url).hostname for words in chosen for url in words.split()]
    return [host for host in dict.fromkeys(hosts) if host] or [DEFAULT_INDEX]


def _pip_settings(command: Sequence[str]) -> list[str]:
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=PIP_PATIENCE_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^\w+\.(?:extra-)?index-url='([^']*)'", told, re.MULTILINE)

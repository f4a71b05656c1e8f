"""The lock of a build: every library by exact version and hash, as pip itself chose them.

``locks/SYSTEM-MACHINE-pyXY.txt`` is a requirements file for ``pip install --require-hashes``. It names
no index: whichever one the machine is configured for, only the very same files are taken from it.
"""

import platform
import sys
from typing import Any

from _environment import ROOT

HEAD = "# Made by `python3 packaging/build.py lock`; one file per system and Python. Do not edit.\n"
LOCKS = ROOT / "packaging" / "locks"


def lock_name() -> str:
    """Such as ``linux-x86_64-py311.txt``."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    return f"{platform.system()}-{platform.machine()}-{version}.txt".lower()


def locked(report: dict[str, Any]) -> str:
    """The lock's text from pip's installation report (``pip install --dry-run --report``).

    Raises ``ValueError`` for an entry without a SHA-256, which could not be checked later.
    """
    lines = []
    for item in report["install"]:
        name, version = item["metadata"]["name"].lower(), item["metadata"]["version"]
        sha = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
        if not sha:
            raise ValueError(f"{name} {version} has no SHA-256: it was not taken from an archive")
        lines.append(f"{name}=={version} --hash=sha256:{sha}\n")
    return HEAD + "".join(sorted(lines))

"""Packing folders: tar and zstd, on all cores."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from _console import SetupError

RELEASE_LEVEL = 15  # of zstd; 19 takes far longer
WINDOW = 27  # looks back over 128 MB, the most that unpacks without being asked to


def pack(folder: Path, names: Sequence[str], target: Path, level: int) -> None:
    """``names`` in ``folder`` as tar.zst; order, owners and rights do not depend on the machine."""
    staged = target.with_name(f".{target.name}")
    command = ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]
    command += ["--mode=u=rwX,go=rX"]
    command += ["-I", f"zstd -{level} -T0 --long={WINDOW}", "-cf", str(staged)]
    must([*command, "-C", str(folder), *names])
    staged.replace(target)


def must(command: Sequence[str]) -> None:
    """Run a tool of the system; raises ``SetupError`` with what it said if it fails or is not there."""
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror}.") from None
    if made.returncode != 0:
        raise SetupError(f"{command[0]}: {made.stderr.strip()}")

"""Which build of the program this is."""

import json
from dataclasses import dataclass
from pathlib import Path

from gleam_app import __version__
from gleam_app.home import resources_dir

FACTS = "build.json"  # written into the resources when the program is built


@dataclass(frozen=True)
class Build:
    """``commit``: forty hex digits, "" where unknown; ``date``: of the commit, ISO 8601, "" in a checkout."""

    version: str = __version__
    commit: str = ""
    date: str = ""

    @property
    def line(self) -> str:
        """Such as ``0.1.0 (d9dfdb7a, 2026-11-23)``."""
        details = ", ".join(part for part in (self.commit[:8], self.date[:10]) if part)
        return f"{self.version} ({details})" if details else self.version


def this_build(resources: Path | None = None) -> Build:
    """From what the build wrote down, else from the checkout's own records; never raises."""
    resources = resources or resources_dir()
    try:
        facts = json.loads((resources / FACTS).read_text("utf-8"))
        return Build(str(facts["version"]), str(facts["commit"]), str(facts["date"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Build(commit=_checked_out(resources.parent / ".git"))


def _checked_out(git: Path) -> str:
    """The commit that a checkout stands on, read as git itself keeps it."""
    try:
        head = (git / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = git / name
        if loose.is_file():
            return loose.read_text("utf-8").strip()
        for line in (git / "packed-refs").read_text("utf-8").splitlines():
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
    except (OSError, UnicodeDecodeError):
        pass
    return ""

"""Makes a release: ``python3 packaging/release.py VERSION [--work FOLDER] [--model FILE.gguf]``.

From a clean checkout whose CHANGELOG has a section for VERSION: builds, proves, and leaves in
``WORK/release-VERSION`` the archive, the .deb, the bill of materials, ``SHA256SUMS`` and ``NOTES.md``.
Nothing is uploaded.
"""

import argparse
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from _archive import RELEASE_LEVEL
from _console import Console, SetupError
from _environment import ROOT, project
from _state import write_whole
from build import Build, facts_of_checkout
from prove import Proof


def notes(changelog: str, version: str) -> str:
    """The section of ``version``, without its heading. Raises ``SetupError`` if it is missing or empty."""
    section = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if section is None or not section.group(1).strip():
        raise SetupError(
            f"CHANGELOG.md says nothing about {version}.",
            f"Give what is under [Unreleased] the heading: ## [{version}] - YYYY-MM-DD",
        )
    return section.group(1).strip() + "\n"


def checksums(files: Iterable[Path]) -> str:
    """Lines for ``sha256sum --check``, by name."""
    lines = []
    for path in sorted(files, key=lambda path: path.name):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines)


def check_ready(version: str) -> str:
    """The notes of a checkout that can be released; raises ``SetupError`` if it cannot."""
    if str(project()["version"]) != version:
        raise SetupError(f"pyproject.toml says {project()['version']}, not {version}.")
    told = (ROOT / "gleam_app" / "__init__.py").read_text("utf-8")
    if f'__version__ = "{version}"' not in told:
        raise SetupError(f"gleam_app/__init__.py does not say {version}.")
    if facts_of_checkout(version)["commit"].endswith("+"):
        raise SetupError("the checkout has changes that are not committed.")
    return notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version)


def release(
    version: str, work: Path, model: Path | None, console: Console, level: int = RELEASE_LEVEL
) -> Path:
    """Everything, in order; returns the folder. Nothing is left there unless all of it held."""
    text = check_ready(version)
    build = Build(work, console)
    build.make_program()
    build.pack(level)
    if not Proof(build, model, console).run():
        raise SetupError("the build does not hold what is to be proven; see the lines above.")
    folder = work / f"release-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in (*build.archives, build.bill):
        os.link(path, folder / path.name)
    write_whole(folder / "SHA256SUMS", checksums(folder.iterdir()))
    write_whole(folder / "NOTES.md", text)
    return folder


def main(words: list[str]) -> int:
    """Parse the command line and carry it out; returns the exit code."""
    parser = argparse.ArgumentParser(prog="release.py", description=__doc__.splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("--work", type=Path, default=ROOT / "build", metavar="FOLDER")
    parser.add_argument("--model", type=Path, metavar="FILE.gguf")
    parser.add_argument("--level", type=int, default=RELEASE_LEVEL, help="of zstd; 3 to rehearse")
    options = parser.parse_args(words)
    try:
        work = options.work.resolve()
        folder = release(options.version, work, options.model, Console(), options.level)
    except SetupError as error:
        print("\n" + error.explain(), file=sys.stderr)
        return 1
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Builds GLEAM Desktop for installing: ``python3 packaging/build.py [all | program | pack | lock]``.

``all`` makes, in ``build/`` (or ``--work FOLDER``): the program's folder ``dist/gleam``, the bill of
materials, and for Linux ``gleam-desktop-VERSION-linux-x86_64.tar.zst`` and the ``.deb``. ``program``
stops after the folder, ``pack`` goes on from there, ``lock`` writes anew which libraries a build takes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import _deb
import _finish
import _sizes
from _archive import RELEASE_LEVEL, pack
from _buildenv import BuildEnvironment
from _console import Console, SetupError
from _environment import ROOT, project
from _state import write_whole

HERE = Path(__file__).resolve().parent
NAME = "gleam-desktop"
BUDGET = 450_000_000  # bytes of each archive as released, without a large language model


class Build:
    """One build in ``work``."""

    def __init__(self, work: Path, console: Console) -> None:
        self.work = work
        self.environment = BuildEnvironment(work / "venv", console)
        self.program = work / "dist" / "gleam"
        self.version = str(project()["version"])
        self.bill = work / f"{NAME}-{self.version}.cdx.json"
        self._console = console

    @property
    def archives(self) -> list[Path]:
        """What is handed out."""
        return [
            self.work / f"{NAME}-{self.version}-linux-x86_64.tar.zst",
            self.work / f"{NAME}_{self.version}_{_deb.architecture()}.deb",
        ]

    def make_program(self) -> None:
        """The program's folder, made smaller and found whole; and its bill of materials."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.environment.ready()
        icons, facts = self.work / "icons", self.work / "build.json"
        write_whole(facts, json.dumps(facts_of_checkout(self.version), indent=1) + "\n")
        self._console.begin("Program")
        self.environment.run(HERE / "_icons.py", icons)
        os.environ["GLEAM_BUILD_FACTS"], os.environ["GLEAM_BUILD_ICONS"] = str(facts), str(icons)
        # modules as they are: zstd packs all of them together, 25 MB smaller than each by itself
        os.environ["PYINSTALLER_ZLIB_COMPRESSION_LEVEL"] = "0"
        self.environment.run(
            "-m", "PyInstaller", "--noconfirm", "--distpath", self.work / "dist",
            "--workpath", self.work / "pyinstaller", ROOT / "gleam.spec",
            log=self.work / "pyinstaller.log",
        )  # fmt: skip
        self._console.done("dist/gleam")
        if sys.platform == "linux":
            self._finish_linux()
        collected = self.work / "pyinstaller" / "gleam" / "collected.json"
        self.environment.run(HERE / "_papers.py", self.program, collected, facts, self.bill)
        self._console.say(_sizes.table(_sizes.sizes(self.program)))

    def _finish_linux(self) -> None:
        inside = self.program / "_internal"
        self._console.begin("Made smaller")
        won = _finish.strip(inside) + _finish.join_copies(inside)
        self._console.done(f"by {won / 1e6:.0f} MB")
        missing = _finish.missing_libraries(inside)
        if missing:
            names = "; ".join(f"{name} (for {users[0]})" for name, users in missing.items())
            raise SetupError(f"the program lacks libraries: {names}")

    def pack(self, level: int) -> None:
        """The archive and the .deb, for Linux; ``level`` is zstd's, 1 to 19."""
        archive, package = self.archives
        self._console.begin("Archive")
        pack(self.program.parent, [self.program.name], archive, level)
        self._console.done(f"{archive.name}, {archive.stat().st_size / 1e6:.0f} MB")
        self._console.begin("Package")
        root = self.work / "deb"
        _deb.lay_out(self.program, self.work / "icons", root, self.version)
        _deb.build(root, package, level)
        shutil.rmtree(root)
        self._console.done(f"{package.name}, {package.stat().st_size / 1e6:.0f} MB")
        large = [path.name for path in self.archives if path.stat().st_size > BUDGET]
        if large and level >= RELEASE_LEVEL:
            raise SetupError(f"larger than {BUDGET / 1e6:.0f} MB: {', '.join(large)}.")


def facts_of_checkout(version: str) -> dict[str, str]:
    """Version, commit and the commit's date; a changed checkout is marked with a plus."""

    def git(*words: str) -> str:
        told = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return told.stdout.strip()

    changed = "+" if git("status", "--porcelain", "--untracked-files=no") else ""
    date = git("show", "--no-patch", "--format=%cI", "HEAD")
    return {"version": version, "commit": git("rev-parse", "HEAD") + changed, "date": date}


def main(words: list[str]) -> int:
    """Parse the command line and carry it out; returns the exit code."""
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", nargs="?", default="all", choices=("all", "program", "pack", "lock")
    )
    parser.add_argument("--work", type=Path, default=ROOT / "build", metavar="FOLDER")
    parser.add_argument(
        "--level", type=int, default=RELEASE_LEVEL, help="of zstd: 3 is quick, 15 small"
    )
    options = parser.parse_args(words)
    build = Build(options.work.resolve(), Console())
    began = time.monotonic()
    try:
        if options.what == "lock":
            build.environment.write_lock()
            return 0
        if options.what != "pack":
            build.make_program()
        if options.what in ("all", "pack") and sys.platform == "linux":
            build.pack(options.level)
    except SetupError as error:
        print("\n" + error.explain(), file=sys.stderr)
        return 1
    print(f"Built in {time.monotonic() - began:.0f} s: {build.program}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

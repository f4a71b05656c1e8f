"""Proves an installable build: ``python3 packaging/prove.py [--work FOLDER] [--model FILE.gguf]``.

Run as root on Debian, after ``build.py``. The .deb is installed in a bare Debian without Python,
compiler or network, and used there as root and as a plain user, offscreen and under Xvfb: the demo is
located, explained with a language model installed from a file, and exported. Everything the sessions
wrote lies afterwards in ``WORK/prove/shared``: screenshots, JSON, exports, and what strace saw of
connections. Each line that is printed is one thing proven, or not.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from _bare import USER, BareSystem
from _console import Console, SetupError
from _sessions import PACK, STICK, UNPACKED, Session, sessions
from _tiny_pack import ID, zip_folder
from build import Build

HERE = Path(__file__).resolve().parent
_CONNECT = re.compile(r"\b(?:connect|sendto|sendm?msg)\(.*sa_family=AF_INET6?\b.*")
_START = re.compile(r"^The window was up .*$", re.MULTILINE)


def outside_connections(trace: str) -> list[str]:
    """The lines of strace's record in which somebody tried to reach an address of the internet."""
    return [line for line in trace.splitlines() if _CONNECT.search(line)]


class Proof:
    """One proof; ``failed`` names what did not hold."""

    def __init__(self, build: Build, model: Path | None, console: Console) -> None:
        self.build, self.model = build, model
        self.folder = build.work / "prove"
        self.shared = self.folder / "shared"
        self.log = self.folder / "proof.log"
        self.failed: list[str] = []
        self.system = BareSystem(self.folder, console)

    def run(self) -> bool:
        """Everything, in order; True if all of it held."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.system.ready()
        self.system.reset()
        self._share()
        for number, session in enumerate(sessions(self.model is not None)):
            self._hold(session)
            if number == 0 and self.failed:  # what is not installed cannot be used
                break
        else:
            self._nothing_connected()
        self._say_starts()
        return not self.failed

    def _share(self) -> None:
        """What the sessions are given: the package, the stick, and the archive unpacked."""
        shutil.rmtree(self.shared, ignore_errors=True)
        self.log.unlink(missing_ok=True)
        archive, package = self.build.archives
        stick = self.shared / Path(STICK).name
        for folder in (stick, self.shared / "root", self.shared / USER):
            folder.mkdir(parents=True)
        shutil.copy(package, self.shared / "gleam.deb")
        if self.model is not None:
            shutil.copy(self.model, stick)
        packs = self.build.program / "_internal" / "resources" / "packs"
        zip_folder(packs / Path(PACK).stem, stick / PACK)
        self.build.environment.run(HERE / "_tiny_pack.py", stick / f"{ID}.gleampack")
        unpacked = self.shared / Path(UNPACKED).relative_to("/mnt/shared")
        unpacked.mkdir()
        command = ["tar", "--zstd", "-xf", str(archive), "-C", str(unpacked)]
        subprocess.run(command, check=True)
        os.chown(self.shared / USER, 1000, 1000)

    def _hold(self, session: Session) -> None:
        began = time.monotonic()
        command = ["sh", "-c", session.script]
        code = self.system.run(command, self.shared, self.log, session.user)
        if code != 0:
            self.failed.append(session.title)
        seconds = time.monotonic() - began
        print(f"{_word(code == 0)}  {session.title}  ({seconds:.0f} s)", flush=True)

    def _nothing_connected(self) -> None:
        traces = sorted(self.shared.glob("*/*.strace"))
        texts = [path.read_text("utf-8", "replace") for path in traces]
        tried = [line for text in texts for line in outside_connections(text)]
        held = bool(traces) and all(texts) and not tried
        if not held:
            self.failed.append("nothing connected")
        print(f"{_word(held)}  nothing connected, in {len(traces)} whole sessions", flush=True)
        for line in tried[:5]:
            print(f"        {line}")

    def _say_starts(self) -> None:
        for path in sorted(self.shared.glob("*/*.txt")):
            for said in _START.findall(path.read_text("utf-8", "replace")):
                print(f"{path.parent.name}, {path.stem}: {said}")


def _word(held: bool) -> str:
    return "proven" if held else "FAILED"


def main(words: list[str]) -> int:
    """Parse the command line and carry it out; returns the exit code."""
    parser = argparse.ArgumentParser(prog="prove.py", description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=HERE.parent / "build", metavar="FOLDER")
    parser.add_argument("--model", type=Path, metavar="FILE.gguf", help="without it, no explaining")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        parser.error("only root can make a system of its own; nothing outside WORK is changed")
    console = Console()
    proof = Proof(Build(options.work.resolve(), console), options.model, console)
    try:
        held = proof.run()
    except SetupError as error:
        print("\n" + error.explain(), file=sys.stderr)
        return 1
    print(f"What was seen: {proof.shared}; what was said: {proof.log}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from _bare import USER, BareSystem
from _console import Console, SetupError
from build import Build

HERE = Path(__file__).resolve().parent
# paths with spaces and other letters, on a disk of their own
AWAY = "/mnt/other disk/Домой 家"
STICK = "/mnt/shared/stick 资料"
_CONNECT = re.compile(r"\b(?:connect|sendto|sendmsg)\(.*sa_family=AF_INET6?\b.*")


def outside_connections(trace: str) -> list[str]:
    """The lines of strace's record in which somebody tried to reach an address of the internet."""
    return [line for line in trace.splitlines() if _CONNECT.search(line)]


def session(home: str, model: bool, formats: tuple[str, ...]) -> str:
    """A shell script that does on the command line what an analyst does, into ``$OUT``."""
    demo = "/usr/lib/gleam/_internal/resources/demo"
    lines = [
        "set -eu",
        f"export GLEAM_HOME={shlex.quote(home)}",
        'mkdir -p "$OUT"',
        'gleam doctor >"$OUT/doctor.txt"',
        f"gleam tiles add {demo}/map.tif --name demo",
        f'gleam locate {demo}/queries/photo-05.jpg --tiles demo --case "$OUT/fall 案.gleamcase"'
        ' --json >"$OUT/locate.json"',
        'grep -q \'"verdict": "verified"\' "$OUT/locate.json"',
    ]
    if model:
        explain = f"gleam explain {demo}/queries/photo-05.jpg --tiles demo"
        lines += [
            f"gleam packs install {shlex.quote(STICK)}/*.gguf",
            *(
                f'{explain} --lang {lang} --json >"$OUT/explain-{lang}.json"'
                for lang in ("en", "zh")
            ),
        ]
    lines += [
        f'gleam export "$OUT/fall 案.gleamcase" --format {name} --out "$OUT/export 出.{name}"'
        for name in formats
    ]
    return "\n".join(lines)


class Proof:
    """One proof; ``failed`` names what did not hold."""

    def __init__(self, build: Build, model: Path | None, console: Console) -> None:
        self.build, self.model, self.console = build, model, console
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
        for title, command, user in self._steps():
            self._step(title, command, user)
            if title == "installed" and self.failed:
                break
        else:
            self._nothing_connected()
        return not self.failed

    def _share(self) -> None:
        shutil.rmtree(self.shared, ignore_errors=True)
        stick = self.shared / Path(STICK).name
        stick.mkdir(parents=True)
        self.log.unlink(missing_ok=True)
        shutil.copy(self.build.archives[1], self.shared / "gleam.deb")
        if self.model is not None:
            os.link(self.model, stick / self.model.name) if _same_disk(
                self.model, stick
            ) else shutil.copy(self.model, stick)
        for name in ("root", USER):
            (self.shared / name).mkdir()
        os.chown(self.shared / USER, 1000, 1000)

    def _steps(self) -> Iterator[tuple[str, str, str]]:
        """(what is proven, shell script, user)."""
        model = self.model is not None
        trace = "strace -f --seccomp-bpf -qq -e trace=connect,sendto,sendmsg -o"
        drive = "export QT_QPA_PLATFORM=offscreen; "
        yield "installed", "dpkg -i /mnt/shared/gleam.deb && command -v gleam", "root"
        yield "no Python, no compiler", "! command -v python3 && ! command -v gcc", "root"
        formats = ("geojson", "kml", "csv", "html")
        everything = (*formats, "pdf", "gpkg")
        script = session(AWAY, model, everything)
        yield "command line, plain user, home on another disk", f"export OUT=/mnt/shared/{USER}/cli; {script}", USER  # fmt: skip
        script = session("/root/h", False, formats)
        yield "command line, root", f"export OUT=/mnt/shared/root/cli; {script}", "root"
        home = f"export GLEAM_HOME='{AWAY}'; "
        if model:
            home += f"gleam packs install {shlex.quote(STICK)}/*.gguf; "
        for user in (USER, "root"):
            out = f"/mnt/shared/{user}"
            yield (
                f"window, offscreen, {user}",
                f"{home}{drive}{trace} {out}/offscreen.strace gleam --drive-demo {out}/offscreen",
                user,
            )
        out = f"/mnt/shared/{USER}/xvfb"
        yield "window, Xvfb", f"{home}xvfb-run -a -s '-screen 0 1366x768x24' gleam --drive-demo {out}", USER  # fmt: skip
        kept = "test -s /home/analyst/kept && ! command -v gleam && test ! -e /usr/lib/gleam/gleam"
        yield "removed, the user's data left alone", f"echo mine >/home/analyst/kept; dpkg -r gleam-desktop && {kept}", "root"  # fmt: skip

    def _step(self, title: str, script: str, user: str) -> None:
        began = time.monotonic()
        code = self.system.run(["sh", "-c", script], self.shared, self.log, user)
        seconds = time.monotonic() - began
        held = code == 0
        if not held:
            self.failed.append(title)
        print(f"{'proven' if held else 'FAILED'}  {title}  ({seconds:.0f} s)", flush=True)

    def _nothing_connected(self) -> None:
        traces = sorted(self.shared.glob("*/*.strace"))
        tried = [
            line
            for path in traces
            for line in outside_connections(path.read_text("utf-8", "replace"))
        ]
        if tried or not traces:
            self.failed.append("nothing connected")
        words = f"nothing connected, in {len(traces)} whole sessions"
        print(f"{'FAILED' if tried or not traces else 'proven'}  {words}", flush=True)
        for line in tried[:5]:
            print(f"        {line}")


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


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

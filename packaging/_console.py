"""What a person sees while things are set up: one line a step, a live line within it, full logs beside."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HEARTBEAT_S = 20.0
_NOISE = re.compile(r"\[notice\]|WARNING: (Location|Running pip as)|^\s*$")
_TELLING = re.compile(r"\berror\b|\bfatal\b|could not|no space left|cannot", re.IGNORECASE)


class SetupError(Exception):
    """Something stopped the set-up. ``hint`` says what to do, ``tail`` is the end of the log."""

    def __init__(self, message: str, hint: str = "", log: Path | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.log = log

    def explain(self) -> str:
        lines = [f"Stopped: {self}"]
        if self.log is not None:
            lines += [f"  | {line}" for line in telling_lines(self.log)]
        if self.hint:
            lines.append(self.hint)
        if self.log is not None:
            lines.append(f"Full log: {self.log}")
        return "\n".join(lines)


def telling_lines(log: Path, most: int = 8) -> list[str]:
    """The lines of a log that say why it went wrong: its last errors, else simply its end."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = [line.rstrip()[:300] for line in text.splitlines() if not _NOISE.search(line)]
    errors = [line for line in lines if _TELLING.search(line)]
    return (errors or lines)[-most:]


class Console:
    """Prints steps. In a terminal the running line is rewritten; elsewhere it is a slow heartbeat."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self._title = ""
        self._began = 0.0
        self._spoke = 0.0
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """A line of its own."""
        with self._lock:
            self._wipe()
            print(text, file=sys.stderr, flush=True)

    def begin(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()
        self._spoke = self._began
        self.update("")

    def update(self, text: str) -> None:
        """How far the step is."""
        now = time.monotonic()
        elapsed = now - self._began
        with self._lock:
            if self.live:
                self._wipe()
                line = f"  {self._title:<24} {text}"[:100]
                print(f"{line}  {elapsed:.0f} s", end="", file=sys.stderr, flush=True)
            elif text and now - self._spoke >= HEARTBEAT_S:
                self._spoke = now
                print(f"    … {self._title}: {text}  {elapsed:.0f} s", file=sys.stderr, flush=True)

    def done(self, note: str) -> None:
        self.say(f"  {self._title:<24} {note:<48} {time.monotonic() - self._began:6.1f} s")

    def _wipe(self) -> None:
        if self.live:
            print("\r\033[K", end="", file=sys.stderr)


def run_logged(
    argv: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
) -> int:
    """Run a program, its output appended to ``log`` and shown line by line to ``on_line``.

    Returns its exit code. If this process is interrupted, the program is ended too.
    """
    words = [str(word) for word in argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as sink:
        sink.write(f"\n$ {subprocess.list2cmdline(words)}\n")
        sink.flush()
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    sink.write(line)
                    sink.flush()
                    if on_line is not None:
                        on_line(line.rstrip())
                return process.wait()
            except BaseException:
                _end(process)
                raise


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


_PIP_LINES = (
    (re.compile(r"^\s*\[\s*(\d+)/(\d+)\]"), "compiling {0} of {1}"),
    (
        re.compile(r"Downloading (?:https?://\S*/)?(\S+?)(?:\.metadata)? \((.+?)\)"),
        "fetching {0} ({1})",
    ),
    (re.compile(r"^Collecting ([A-Za-z0-9_.-]+)"), "looking up {0}"),
    (re.compile(r"Building wheel for (\S+)"), "building {0}"),
    (re.compile(r"^Installing collected packages"), "installing"),
)


def pip_progress(line: str) -> str:
    """What a line of pip's output means for a person; empty when it means nothing."""
    for pattern, words in _PIP_LINES:
        match = pattern.search(line)
        if match:
            return words.format(*match.groups())
    return ""

"""The language model in a child process: start it, stream from it, really stop it.

llama.cpp cannot be cancelled in the middle of a computation and a broken model file may take its
process down; a child can be killed, and the window survives it.
"""

import base64
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.explain.montage import Picture
from gleam_app.explain.reading import Piece
from gleam_app.explain.tower import Scores, Tower, decoded
from gleam_app.jobs import threads
from gleam_app.jobs.processes import own_environment
from gleam_app.jobs.work import Work

STOP_PATIENCE_S = 1.5
MAX_TOKENS = 700
DEFAULT_CONTEXT, IMAGE_CONTEXT = 4096, 8192


def worker_command() -> list[str]:
    """The command line of the child; a frozen program starts itself with a flag that ``main`` knows."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--explain-worker"]
    return [sys.executable, "-m", "gleam_app.explain.worker"]


@dataclass(frozen=True)
class ModelFiles:
    """What to load. ``model`` is None for a tower that needs no language model. ``mmproj``: the vision part of a model that sees, or None; ``tower``: our own in its place,
    or None; ``adapter``: what it was taught on top of its own weights, or None."""

    model: Path | None
    mmproj: Path | None = None
    context: int = DEFAULT_CONTEXT
    adapter: Path | None = None
    tower: Path | None = None


class Engine:
    """One model in one child process, started when first needed. One writer at a time."""

    def __init__(self, files: ModelFiles, command: Sequence[str] | None = None) -> None:
        self.files = files
        self._command = list(command) if command else worker_command()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def write(
        self,
        messages: list[dict[str, Any]],
        grammar: str,
        work: Work | None = None,
        on_text: Callable[[str], None] = lambda _: None,
        max_tokens: int = MAX_TOKENS,
        on_piece: Callable[[Piece], None] = lambda _: None,
    ) -> str:
        """Let the model write under ``grammar`` (GBNF); ``on_text`` hears each piece as it comes,
        ``on_piece`` with how probable it was.

        Returns the whole text. Raises Cancelled when stopped, GleamError if the model cannot be loaded
        or its process dies; the next call starts a new one.
        """
        work = work or Work()

        def hear(piece: Piece) -> None:
            on_piece(piece)
            on_text(piece.text)

        with self._asked(messages, work) as seen:
            self._send({"do": "write", "messages": seen, "grammar": grammar, "max_tokens": max_tokens})  # fmt: skip
            return self._collect(work, hear)

    def judge(
        self, messages: list[dict[str, Any]], yes: str, no: str, work: Work | None = None
    ) -> float:
        """By how much the model would rather begin with ``yes`` than with ``no``: a logarithm of odds.

        Where our own tower has learnt to judge, its verdict is taken: what it sees reaches the words of the
        language model only in part. Writing to the same messages next needs no second reading. Raises as
        ``write``.
        """
        work = work or Work()
        own = self._own_verdict(messages)
        if own is not None:
            return own
        with self._asked(messages, work) as seen:
            work.report("Looking at the pictures")
            self._send({"do": "judge", "messages": seen, "words": [yes, no]})
            logits = self._next(work)["logits"]
            return float(logits[0] - logits[1])

    def scores(self, messages: list[dict[str, Any]]) -> tuple[Scores, Scores]:
        """How sure our own tower is of each scene fact of the query and of the tile; empty for other models."""
        picture = self._own_picture(messages)
        if self._tower is None or picture is None:
            return {}, {}
        return self._tower.scores(picture)

    @contextlib.contextmanager
    def _asked(self, messages: list[dict[str, Any]], work: Work) -> Iterator[list[dict[str, Any]]]:
        """The child, ready for a question; it is stopped if the answer does not come to its end."""
        with self._lock:
            work.check()
            finished = False
            try:
                self._start(work)
                yield self._seen(messages)
                finished = True
            finally:
                if not finished:
                    self._stop()

    @cached_property
    def _tower(self) -> Tower | None:
        """Ours, read when it is first to look."""
        return Tower(self.files.tower) if self.files.tower is not None else None

    def _seen(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages with what our tower makes of their pictures, if it is ours to look."""
        if self._tower is None:
            return messages
        return [
            message
            if isinstance(message["content"], str)
            else {**message, "content": [self._look(part) for part in message["content"]]}
            for message in messages
        ]

    def _own_verdict(self, messages: list[dict[str, Any]]) -> float | None:
        """The tower's on the one picture of the messages."""
        picture = self._own_picture(messages)
        return None if self._tower is None or picture is None else self._tower.odds(picture)

    @staticmethod
    def _own_picture(messages: list[dict[str, Any]]) -> Picture | None:
        """The one picture of the messages; None where there are more or none."""
        parts = [
            part for m in messages if not isinstance(m["content"], str) for part in m["content"]
        ]
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        return decoded(pictures[0]) if len(pictures) == 1 else None

    def _look(self, part: dict[str, Any]) -> dict[str, Any]:
        if part["type"] != "image_url" or self._tower is None:
            return part
        tokens = self._tower.tokens(decoded(part["image_url"]["url"]))
        return {"type": "picture_tokens", "data": base64.b64encode(tokens.tobytes()).decode()}

    def close(self) -> None:
        """End the child process."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        if self._listener is not None:
            self._listener.join(2.0)  # it reads until the end of the child's output
            self._listener = None
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was still buffered for the dead child
                    stream.close()

    def _start(self, work: Work) -> None:
        if self.pid is not None:
            return
        self.close()
        files = self.files
        assert files.model is not None, "a tower alone is never asked to write"
        for path in (files.model, files.mmproj, files.adapter, files.tower):
            if path is not None and not path.is_file():
                raise GleamError(f"The model file {path.name} is missing.", "Fetch the pack again.")
        work.report("Loading the language model")
        self._replies = queue.Queue()
        self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            # waiting threads sleep instead of spinning beside torch
            env=own_environment(OMP_WAIT_POLICY="passive", PYTHONUTF8="1"),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._listener = threading.Thread(
            target=_listen, args=(self._child, self._replies), daemon=True, name="gleam-explain"
        )
        self._listener.start()
        self._send(
            {
                "do": "load",
                "model": str(files.model),
                "mmproj": str(files.mmproj) if files.mmproj and not files.tower else None,
                "adapter": str(files.adapter) if files.adapter else None,
                "context": files.context,
                "threads": threads.chosen() or physical_cores(),
            }
        )
        try:
            ready = self._next(work)["is"] == "ready"
        except GleamError as error:
            raise GleamError(
                f"The language model {files.model.name} cannot be loaded.",
                "Its file is damaged, or too large for this computer's memory: "
                "`gleam packs verify` tells which.",
            ) from error
        if not ready:
            raise GleamError("The language model's process does not answer as it should.")

    def _collect(self, work: Work, on_piece: Callable[[Piece], None]) -> str:
        pieces: list[str] = []
        work.report("Writing the explanation")
        while True:
            reply = self._next(work)
            if reply["is"] == "end":
                return "".join(pieces)
            pieces.append(reply["text"])
            on_piece(Piece(reply["text"], reply["log_probability"], reply["tokens"]))

    def _next(self, work: Work) -> dict[str, Any]:
        """The child's next reply, watching for a stop."""
        while True:
            work.check()
            try:
                reply = self._replies.get(timeout=0.05)
            except queue.Empty:
                continue
            if reply is None:
                work.check()  # a child that ends because we were told to end is no failure
                raise self._died()
            if reply["is"] == "error":
                raise GleamError(
                    f"The language model failed: {reply['message']}",
                    "Verify its pack, or choose another one.",
                )
            return reply

    def _send(self, request: dict[str, Any]) -> None:
        assert self._child is not None and self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
        except OSError:
            raise self._died() from None

    def _died(self) -> GleamError:
        self.close()
        return GleamError(
            "The language model's process ended unexpectedly.",
            "Explain again to start it anew; if it ends again, choose a smaller model pack.",
        )

    def _stop(self) -> None:
        """Ask the child to stop between two words; kill it if it does not at once."""
        if self.pid is None:
            self.close()
            return
        try:
            self._send({"do": "stop"})
        except GleamError:
            return
        until = time.monotonic() + STOP_PATIENCE_S
        while time.monotonic() < until:
            try:
                reply = self._replies.get(timeout=0.05)
            except queue.Empty:
                continue
            if reply is None:
                break
            if reply["is"] == "end":
                return
        self.close()


def _listen(child: "subprocess.Popen[str]", replies: "queue.Queue[dict[str, Any] | None]") -> None:
    """Pass on what the child says; None when it is gone."""
    assert child.stdout is not None
    try:
        for line in child.stdout:
            replies.put(json.loads(line))
    except (ValueError, OSError):  # cut off in the middle of a line, or closed by us
        pass
    replies.put(None)


def physical_cores() -> int:
    """Cores this process may use, hyper-threads counted once where the system tells them apart."""
    if not hasattr(os, "sched_getaffinity"):
        return max(1, (os.cpu_count() or 2) // 2)
    cores = set()
    for cpu in os.sched_getaffinity(0):
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(topology.read_text())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))

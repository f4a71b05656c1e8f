"""Download a file from a URL, going on where a part of it ends."""

import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gleam_app import __version__
from gleam_app.packs.files import Report
from gleam_app.packs.manifest import UrlSource
from gleam_app.packs.sources import POLL_S, SourceFailed

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
BLOCK = 1 << 18


def from_url(source: UrlSource, target: Path, size: int, report: Report) -> None:
    """Download with HTTP Range from where ``target`` ends.

    A connection that broke is taken up again as long as every attempt brings more of the file.
    """
    while True:
        before = target.stat().st_size if target.exists() else 0
        try:
            _download(source.url, target, size, report)
            return
        except SourceFailed:
            gained = (target.stat().st_size if target.exists() else 0) > before
            if not gained:
                raise


def _download(url: str, target: Path, size: int, report: Report) -> None:
    have = target.stat().st_size if target.exists() else 0
    if have > size:
        have = 0
    if have == size:
        return
    with _Stream(url, have) as stream:
        start = stream.start(report, have, size)
        with target.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            have = start
            for block in stream.blocks(report, file.tell):
                have += len(block)
                if have > size:
                    file.truncate(0)
                    raise SourceFailed(f"sent more than the expected {size:,} bytes")
                file.write(block)
                report(have)
    if have < size:
        raise SourceFailed(f"the connection broke after {have:,} of {size:,} bytes")


class _Stream:
    """A download on a thread of its own, so that neither a slow name server nor a silent host can
    keep the person who cancels waiting: the thread is left to its socket's timeout and forgotten.
    """

    def __init__(self, url: str, offset: int) -> None:
        self._url = url
        self._offset = offset
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=8)
        self._left = threading.Event()
        threading.Thread(target=self._run, name="gleam-download", daemon=True).start()

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def start(self, report: Report, have: int, size: int) -> int:
        """Wait for the answer; the offset at which its bytes begin (0 if Range was ignored)."""
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        for kind, value in self._events(lambda: report(have)):
            if kind == "start":
                offset, total = value
                if total not in (None, str(size)):
                    raise SourceFailed(f"offers {total} bytes instead of {size:,}")
                return int(offset)
            if kind == "failed":
                raise SourceFailed(value)
            if time.monotonic() > deadline:
                break
        raise SourceFailed(f"no answer within {CONNECT_TIMEOUT_S:.0f} s")

    def blocks(self, report: Report, have: Callable[[], int]) -> Iterator[bytes]:
        for kind, value in self._events(lambda: report(have())):
            if kind == "block":
                yield value
            elif kind == "end":
                return
            elif kind == "failed":
                raise SourceFailed(value)

    def _events(self, beat: Callable[[], None]) -> Iterator[tuple[str, Any]]:
        """Events of the thread, and ``("waiting", None)`` after each ``beat`` without one."""
        while True:
            try:
                yield self._queue.get(timeout=POLL_S)
            except queue.Empty:
                beat()
                yield "waiting", None

    def _put(self, kind: str, value: Any = None) -> None:
        while not self._left.is_set():
            try:
                return self._queue.put((kind, value), timeout=POLL_S)
            except queue.Full:
                continue

    def _run(self) -> None:
        headers = {"User-Agent": f"gleam/{__version__}", "Accept-Encoding": "identity"}
        if self._offset:
            headers["Range"] = f"bytes={self._offset}-"
        request = urllib.request.Request(self._url, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=READ_TIMEOUT_S) as answer:
                resumed = answer.status == 206
                asked = f"bytes {self._offset}-"
                if resumed and not answer.headers.get("Content-Range", "").startswith(asked):
                    raise SourceFailed("the server sent another part than asked for")
                total = answer.headers.get("Content-Length")
                if resumed:
                    total = answer.headers["Content-Range"].rpartition("/")[2].replace("*", "")
                self._put("start", (self._offset if resumed else 0, total or None))
                while not self._left.is_set() and (block := answer.read1(BLOCK)):
                    self._put("block", block)
            self._put("end")
        except urllib.error.HTTPError as error:
            self._put("failed", f"the server answered {error.code} {error.reason}")
            error.close()
        except urllib.error.URLError as error:
            self._put("failed", _reason(error.reason))
        except Exception as error:  # whatever a socket, TLS or HTTP parser may raise
            self._put("failed", _reason(error))


def _reason(error: object) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200]

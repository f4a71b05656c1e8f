"""The ``gleam://`` scheme: how the map page gets its files and tiles without any network."""

import itertools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, Signal, Slot
from PySide6.QtWebEngineCore import (
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)

log = logging.getLogger(__name__)

SCHEME = b"gleam"
HOST = "map"
PAGE_URL = f"gleam://{HOST}/index.html"


class Answer(NamedTuple):
    """What a path of the scheme holds. ``mime`` is ASCII, "image/png"."""

    body: bytes
    mime: str


def register_scheme() -> None:
    """Make ``gleam://`` known to WebEngine. Must run before QApplication is made; later is too late."""
    if QWebEngineUrlScheme.schemeByName(QByteArray(SCHEME)).name() == SCHEME:
        return
    scheme = QWebEngineUrlScheme(QByteArray(SCHEME))
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    flag = QWebEngineUrlScheme.Flag
    scheme.setFlags(flag.SecureScheme | flag.CorsEnabled | flag.FetchApiAllowed)
    QWebEngineUrlScheme.registerScheme(scheme)


class _Relay(QObject):
    """Carries an answer from a worker to the GUI thread; outlives the handler if need be."""

    answered = Signal(int, object)


class SchemeHandler(QWebEngineUrlSchemeHandler):
    """Answers requests by ``answer(path)``, run on two threads of its own.

    ``answer`` returns None for a path that holds nothing. WebEngine calls ``requestStarted`` on the
    GUI thread and wants the reply there too, so a request costs that thread only the hand-over.
    A request that the page gives up while it waits is never rendered.
    """

    def __init__(
        self, answer: Callable[[str], Answer | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._answer = answer
        self._keys = itertools.count()
        self._waiting: dict[int, QWebEngineUrlRequestJob] = {}
        self._closed = False
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gleam-map")
        self._relay = _Relay()
        self._relay.answered.connect(self._reply, Qt.ConnectionType.QueuedConnection)

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        if self._closed:  # Chromium still asks while the program ends
            job.fail(QWebEngineUrlRequestJob.Error.RequestAborted)
            return
        url = job.requestUrl()
        if job.requestMethod() != b"GET" or url.host() != HOST:
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        key = next(self._keys)
        self._waiting[key] = job
        job.destroyed.connect(partial(self._waiting.pop, key, None))
        self._pool.submit(self._work, key, url.path())

    def close(self) -> None:
        """Drop what waits; threads end with the tile they are at."""
        self._closed = True
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, key: int, path: str) -> None:
        if key not in self._waiting:
            return
        try:
            answer = self._answer(path)
        except Exception:  # a source that vanished or broke: the map stays, the tile is empty
            log.warning("no answer for %s", path, exc_info=True)
            answer = None
        self._relay.answered.emit(key, answer)

    @Slot(int, object)
    def _reply(self, key: int, answer: Answer | None) -> None:
        job = self._waiting.pop(key, None)
        if job is None:
            return
        if answer is None:
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        buffer = QBuffer(job)
        buffer.setData(QByteArray(answer.body))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(QByteArray(answer.mime.encode("ascii")), buffer)


class OfflineGuard(QWebEngineUrlRequestInterceptor):
    """Blocks every request that would leave the program, and says so in the log."""

    blocked = Signal(str)

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        url = info.requestUrl()
        if url.scheme() in ("gleam", "qrc"):
            return
        info.block(True)
        log.warning("blocked a request to %s", url.toDisplayString())
        self.blocked.emit(url.toDisplayString())

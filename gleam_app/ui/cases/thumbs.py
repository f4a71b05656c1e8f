"""Small pictures of the queries for the list, made in the background when a row comes into sight."""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.strings import tr

if TYPE_CHECKING:
    from gleam_app.cases.case import Case

SIDE_PX = 96
MOST = 600
AT_ONCE = 16


class Thumbs(QObject):
    """``made``: the ids of queries whose picture is here now."""

    made = Signal(list)

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        super().__init__(desk)
        self._desk, self._jobs = desk, jobs
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._wanted: dict[int, Path | None] = {}
        self._reading = False
        self._generation = 0
        self._soon = QTimer(self, singleShot=True, interval=15)
        self._soon.timeout.connect(self._read)
        desk.opened.connect(self._forget)

    def image(self, query: int, path: Path | None) -> QImage | None:
        """The picture, a null one if there is none; None while it is being made."""
        image = self._images.get(query)
        if image is not None:
            self._images.move_to_end(query)
            return image
        self._wanted[query] = path
        if not self._soon.isActive():
            self._soon.start()
        return None

    def forget(self, query: int) -> None:
        """There may be a better one by now."""
        if self._images.get(query, QImage()).isNull():
            self._images.pop(query, None)

    def _forget(self) -> None:
        self._generation += 1
        self._images.clear()
        self._wanted.clear()

    def _read(self) -> None:
        case = self._desk.case
        if self._reading or case is None or not self._wanted:
            return
        some = dict(list(self._wanted.items())[-AT_ONCE:])  # those asked for last are in sight
        self._wanted.clear()
        generation = self._generation
        self._reading = True

        def read(work: Work) -> dict[int, QImage]:
            found = {}
            for query, path in some.items():
                work.check()
                found[query] = _small(case, query, path)
            return found

        def done(found: dict[int, QImage]) -> None:
            if generation == self._generation:
                self._images |= found
                while len(self._images) > MOST:
                    self._images.popitem(last=False)
                self.made.emit(list(found))

        def ended() -> None:
            self._reading = False
            if self._wanted:
                self._soon.start()

        self._jobs.start(tr("queries.title"), read, done=done, ended=ended, quiet=True)


def _small(case: "Case", query: int, path: Path | None) -> QImage:
    """From the case's preview, else from the file itself; null where neither can be read."""
    try:
        preview = case.preview(query)
    except GleamError:
        preview = None
    if preview is not None:
        image = QImage.fromData(preview)
    elif path is not None:
        reader = QImageReader(str(path))
        reader.setAutoTransform(True)
        size = reader.size()
        if size.isValid():
            aspect = Qt.AspectRatioMode.KeepAspectRatioByExpanding
            reader.setScaledSize(size.scaled(QSize(SIDE_PX, SIDE_PX), aspect))
        image = reader.read()
    else:
        return QImage()
    if image.isNull():
        return image
    side = min(image.width(), image.height())
    square = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    smooth = Qt.TransformationMode.SmoothTransformation
    return square.scaled(SIDE_PX, SIDE_PX, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)

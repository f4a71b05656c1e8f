"""Printing a page of ours to PDF: what a child process runs (``gleam_app.cases.exports.pdf`` starts it).

Chromium lays the page out, as it does the map of the window. In a process of its own it needs neither
a window nor a screen, may take its time, can be killed, and takes nothing down with it.
"""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QMarginsF, QObject, QUrl
from PySide6.QtGui import QPageLayout, QPageSize
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PySide6.QtWidgets import QApplication

from gleam_app.diagnostics import sandbox

_MARGINS_MM = QMarginsF(16.0, 15.0, 16.0, 18.0)  # the foot holds the number of the page


class _Alone(QWebEngineUrlRequestInterceptor):
    """Lets the page have itself and what is written in it, nothing else of the disk or the network."""

    def __init__(self, page: QUrl, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        url = info.requestUrl()
        info.block(url != self._page and url.scheme() != "data")


def print_page(html: Path, pdf: Path) -> int:
    """Write the page of the file ``html`` to ``pdf``: A4, upright. Returns 0, or 1 if it cannot be."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sandbox.prepare()
    application = QApplication(sys.argv[:1])
    address = QUrl.fromLocalFile(str(html.resolve()))
    profile = QWebEngineProfile(application)  # keeps nothing on the disk
    profile.setUrlRequestInterceptor(_Alone(address, profile))
    page = QWebEnginePage(profile, application)
    page.settings().setAttribute(QWebEngineSettings.WebAttribute.JavascriptEnabled, False)
    layout = QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4),
        QPageLayout.Orientation.Portrait,
        _MARGINS_MM,
        QPageLayout.Unit.Millimeter,
    )

    def print_or_give_up(loaded: bool) -> None:
        if loaded:
            page.printToPdf(str(pdf), layout)
        else:
            application.exit(1)

    page.loadFinished.connect(print_or_give_up)
    page.pdfPrintingFinished.connect(lambda _path, well: application.exit(0 if well else 1))
    page.renderProcessTerminated.connect(lambda *_: application.exit(1))
    page.load(address)
    status = application.exec()
    page.setParent(None)
    page.deleteLater()  # before its profile
    application.processEvents()
    return status

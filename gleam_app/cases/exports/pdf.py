"""The report as PDF: the HTML report, laid out on A4 by a child process of the program."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.jobs.processes import own_environment
from gleam_app.jobs.work import Work

PRINT_PAGE = "--print-page"
_GLANCE_S = 0.1
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}")


def write_pdf(path: Path, write_page: Callable[[Path], None], moment: str, work: Work) -> None:
    """Write to ``path`` what ``write_page`` writes as HTML, dated ``moment`` (ISO 8601).

    Raises GleamError if the page cannot be printed, Cancelled when asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="gleam-report-") as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        write_page(page)
        work.report("Laying out the pages")
        _print(page, printed, work)
        path.write_bytes(_dated(printed.read_bytes(), moment))


def _command(page: Path, pdf: Path) -> list[str]:
    """A frozen program starts itself."""
    start = [] if getattr(sys, "frozen", False) else ["-m", "gleam_app.main"]
    return [sys.executable, *start, PRINT_PAGE, str(page), str(pdf)]


def _print(page: Path, pdf: Path, work: Work) -> None:
    child = subprocess.Popen(
        _command(page, pdf),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=own_environment(QT_QPA_PLATFORM="offscreen"),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        while child.poll() is None:
            work.check()
            try:
                child.wait(_GLANCE_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.kill()
        child.wait()
    if child.returncode != 0 or not pdf.is_file():
        raise GleamError(
            "The pages of the report cannot be laid out on this computer.",
            "Export it as HTML and print that from a browser. `gleam doctor` tells what is missing.",
        )


def _dated(pdf: bytes, moment: str) -> bytes:
    """The same document as if written then, so that the same case gives the same bytes."""
    stamp = datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y%m%d%H%M%S").encode()
    return _DATE.sub(lambda found: b"/%b (D:%b" % (found[1], stamp), pdf)

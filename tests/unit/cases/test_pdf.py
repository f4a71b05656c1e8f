"""The report's pages: laid out by a real child process, dated as the case, told where that fails."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtPdf import QPdfDocument

from gleam_app.cases.exports import pdf
from gleam_app.cases.exports.pdf import write_pdf
from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Work

MOMENT = "2026-03-04T05:06:07.000Z"
PAGE = """<!doctype html><meta charset="utf-8"><title>t</title>
<style>@page { @bottom-right { content: counter(page) " / " counter(pages) } } p { break-after: page }</style>
<a href="#end">go</a><p>First 查询图像</p><img src="{img}"><p id="end">Last</p>
<script>document.body.textContent = "script ran"</script>"""


def write(path: Path, page: str, work: Work | None = None) -> None:
    def write_page(html: Path) -> None:
        html.write_text(page, "utf-8")

    write_pdf(path, write_page, MOMENT, work or Work())


def test_pages_of_a4_with_numbers_and_text_that_can_be_selected(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"never read")
    out = tmp_path / "out.pdf"
    write(out, PAGE.replace("{img}", secret.as_uri()))
    document = QPdfDocument()
    assert document.load(str(out)) == QPdfDocument.Error.None_
    texts = [document.getAllText(page).text() for page in range(document.pageCount())]
    size = document.pagePointSize(0)
    document.close()
    assert (size.width(), size.height()) == pytest.approx((595.3, 841.9), abs=1)  # points
    assert "First 查询图像" in texts[0] and f"1 / {len(texts)}" in texts[0] and "Last" in texts[1]
    assert "script ran" not in "".join(texts)
    data = out.read_bytes()
    assert set(re.findall(rb"Date \(D:(\d+)", data)) == {b"20260304050607"}
    assert b"/URI" not in data  # links lead inside only
    assert tmp_path.as_posix().encode() not in data


def test_what_cannot_be_laid_out_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_command", lambda *_: [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(GleamError, match="cannot be laid out") as caught:
        write(tmp_path / "out.pdf", PAGE)
    assert "HTML" in caught.value.hint and list(tmp_path.iterdir()) == []


def test_stopping_ends_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()

    def command(*_: Any) -> list[str]:
        work.cancel()
        return [sys.executable, "-c", "import time; time.sleep(60)"]

    monkeypatch.setattr(pdf, "_command", command)
    with pytest.raises(Cancelled):  # and the fixture of every test sees that no process is left
        write(tmp_path / "out.pdf", PAGE, work)
    assert list(tmp_path.iterdir()) == []

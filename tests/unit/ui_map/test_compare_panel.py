"""The compare panel: the right picture in the right place, and never a lie about geometry."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from gleam_app.imagery.sources import Picture
from gleam_app.retrieval.results import Candidate, TileRef
from gleam_app.ui.compare.canvas import MOST_LINES, CompareCanvas, Mode
from gleam_app.ui.compare.pair import prepare
from gleam_app.ui.compare.panel import ComparePanel
from tests.factories import make_alignment, make_candidate, make_pixels, make_query

QUERY = make_query("<b>12</b>.jpg", size=(800, 600))
GEOMETRIC = make_candidate(alignment=make_alignment(QUERY, inliers=200), source="a/b/<i>map.tif")
SIMILAR = replace(make_candidate(2, "possible"), thumbnail=make_pixels(96, 96, seed=3))


@pytest.fixture
def panel(qtbot: Any) -> Iterator[ComparePanel]:
    made = ComparePanel()
    qtbot.addWidget(made)
    made.resize(900, 420)
    made.show()
    yield made


def show(panel: ComparePanel, qtbot: Any, candidate: Candidate) -> None:
    with qtbot.waitSignal(panel.pair_shown):
        panel.show_pair(QUERY, candidate)


def picture_of(widget: Any) -> np.ndarray:
    image: QImage = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., 2::-1].copy()


def lines(canvas: CompareCanvas) -> list[tuple[QPointF, QPointF]]:
    left, right = canvas._panes()
    assert canvas._views is not None
    assert canvas._pair is not None
    looks = canvas._views.query_transform(left), canvas._views.tile_transform(right)
    return canvas.visible_lines(canvas._pair, *looks)


def test_query_laid_on_the_window_is_where_the_homography_says() -> None:
    pair = prepare(QUERY, GEOMETRIC)
    assert pair.warped is not None
    assert pair.measured
    matrix = pair.matrix
    for x, y in ((200, 150), (400, 300), (610, 470)):
        u, v, w = matrix @ (x, y, 1.0)
        at = QPoint(round(u / w * pair.warped_scale), round(v / w * pair.warped_scale))
        got = pair.warped.pixelColor(at)
        wanted = QUERY.pixels[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3)
        near = np.abs(wanted.astype(int) - (got.red(), got.green(), got.blue())).max(axis=1)
        assert near.min() <= 6
        assert got.alpha() == 255
    assert pair.warped.pixelColor(1, 1).alpha() == 0, "outside the query there is nothing"


def test_a_pair_is_painted_and_another_replaces_it(panel: ComparePanel, qtbot: Any) -> None:
    empty = picture_of(panel)
    show(panel, qtbot, GEOMETRIC)
    both = picture_of(panel.canvas)
    assert not np.array_equal(empty, picture_of(panel))
    half = both.shape[1] // 2
    assert both[:, :half].std() > 10
    assert both[:, half:].std() > 10
    panel.show_pair(None, None)
    assert np.array_equal(picture_of(panel), empty)


def test_only_the_last_pair_asked_for_is_shown(panel: ComparePanel, qtbot: Any) -> None:
    panel.show_pair(QUERY, GEOMETRIC)
    show(panel, qtbot, SIMILAR)
    qtbot.wait(50)
    assert panel.canvas._pair is not None
    assert panel.canvas._pair.candidate is SIMILAR


def test_lines_are_few_and_end_in_their_panes(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    left, right = panel.canvas._panes()
    drawn = lines(panel.canvas)
    assert len(drawn) == MOST_LINES
    assert all(left.contains(a) and right.contains(b) for a, b in drawn)
    with_lines = picture_of(panel.canvas)
    QTest.mouseClick(panel._lines, Qt.MouseButton.LeftButton)
    assert not np.array_equal(with_lines, picture_of(panel.canvas))


def test_moving_one_picture_moves_the_other(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    canvas = panel.canvas
    left, right = canvas._panes()
    assert canvas._views is not None
    before = canvas._views.tile_transform(right).map(QPointF(256, 256))
    start = left.center().toPoint()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, start + QPoint(30, 12))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 12))
    after = canvas._views.tile_transform(right).map(QPointF(256, 256))
    assert (after.x() - before.x(), after.y() - before.y()) == pytest.approx((30, 12), abs=0.5)
    scale = canvas._views.scale
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas._views.scale == pytest.approx(1.25 * scale)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas._views.scale < scale * 1.25


def test_north_up_turns_the_query_and_says_so(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    assert panel._captions[0].text().endswith("turned 87°")
    turned = picture_of(panel.canvas)
    QTest.mouseClick(panel._north, Qt.MouseButton.LeftButton)
    assert "turned" not in panel._captions[0].text()
    assert not np.array_equal(turned, picture_of(panel.canvas))
    panel.show_pair(None, None)
    show(panel, qtbot, replace(GEOMETRIC, rank=2))
    assert "turned" not in panel._captions[0].text(), "the choice stays for the next candidate"


def test_aligned_swipes_and_blends(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    QTest.mouseClick(panel._buttons["aligned"], Qt.MouseButton.LeftButton)
    assert panel.canvas.mode is Mode.SWIPE
    panel._slider.setValue(0)
    tile_only = picture_of(panel.canvas)
    panel._slider.setValue(100)
    query_over = picture_of(panel.canvas)
    assert not np.array_equal(tile_only, query_over)
    QTest.mouseClick(panel._buttons["blend"], Qt.MouseButton.LeftButton)
    panel._slider.setValue(0)
    middle = (slice(150, 200), slice(300, 350))
    assert np.abs(picture_of(panel.canvas)[middle].astype(int) - tile_only[middle]).max() <= 1
    panel._slider.setValue(50)
    halfway = picture_of(panel.canvas)[middle].astype(int)
    mean = (tile_only[middle].astype(int) + query_over[middle]) / 2
    assert np.abs(halfway - mean).max() <= 3


def test_the_divider_can_be_dragged(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    QTest.mouseClick(panel._buttons["aligned"], Qt.MouseButton.LeftButton)
    canvas, y = panel.canvas, 100
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 2, y))
    QTest.mouseMove(canvas, QPoint(canvas.width() // 4, y))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 4, y))
    assert canvas.share == pytest.approx(0.25, abs=0.01)
    assert panel._slider.value() == 25


def test_without_geometry_nothing_pretends_to_be_aligned(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    QTest.mouseClick(panel._buttons["aligned"], Qt.MouseButton.LeftButton)
    show(panel, qtbot, SIMILAR)
    assert panel.canvas.mode is Mode.SIDE
    assert not panel._buttons["aligned"].isEnabled()
    assert not panel._lines.isVisible()
    assert "no verified geometry" in panel._captions[1].text()
    assert panel.canvas._pair is not None
    assert panel.canvas._pair.outline is None
    panel.set_language("zh")
    assert "无已核实的几何关系" in panel._captions[1].text()


def test_the_tile_comes_from_the_reader_on_another_thread(qtbot: Any) -> None:
    import threading

    asked: list[tuple[TileRef, str]] = []

    def read(tile: TileRef, size_px: int) -> Picture:
        asked.append((tile, threading.current_thread().name))
        return Picture(make_pixels(size_px, size_px), np.ones((size_px, size_px), bool))

    panel = ComparePanel(read_tile=read)
    qtbot.addWidget(panel)
    show(panel, qtbot, SIMILAR)
    assert [tile for tile, _ in asked] == [SIMILAR.tile]
    assert asked[0][1].startswith("gleam-compare")


def test_a_tile_that_cannot_be_read_leaves_its_thumbnail(
    qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def read(tile: TileRef, size_px: int) -> Picture:
        raise OSError("the disk is gone")

    panel = ComparePanel(read_tile=read)
    qtbot.addWidget(panel)
    show(panel, qtbot, SIMILAR)
    assert "cannot show candidate" in caplog.text
    assert panel.canvas._pair is not None
    assert panel.canvas._pair.tile_picture is not None
    assert panel.canvas._pair.tile_picture.width == 96


def test_without_any_picture_of_the_tile_it_says_so(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, SIMILAR)
    half = panel.canvas.width() // 2 + 10
    with_picture = picture_of(panel.canvas)[:, half:]
    show(panel, qtbot, replace(SIMILAR, thumbnail=None))
    said = picture_of(panel.canvas)[:, half:]
    assert panel.canvas.missing
    assert 0 < said.std() < with_picture.std()


def test_a_query_alone_is_nothing_to_compare(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    panel.show_pair(QUERY, None)
    assert panel._empty_title.isVisible()


def test_evidence_lights_both_regions_and_goes_out(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    before = picture_of(panel.canvas)
    panel.highlight_evidence(
        ((100, 100), (500, 100), (500, 400)), ((200, 200), (300, 200), (300, 300))
    )
    lit = picture_of(panel.canvas)
    half = lit.shape[1] // 2
    assert not np.array_equal(lit[:, :half], before[:, :half])
    assert not np.array_equal(lit[:, half + 8 :], before[:, half + 8 :])
    panel.highlight_evidence(None, ())
    assert np.array_equal(picture_of(panel.canvas), before)


def test_file_names_are_text(panel: ComparePanel, qtbot: Any) -> None:
    show(panel, qtbot, GEOMETRIC)
    left, right = panel._captions
    assert left.textFormat() is right.textFormat() is Qt.TextFormat.PlainText
    assert left.text().startswith("<b>12</b>.jpg")
    assert right.text().startswith("<i>map.tif")


def test_dark_and_light_differ_in_the_canvas_only_by_tokens(
    panel: ComparePanel, qtbot: Any
) -> None:
    show(panel, qtbot, GEOMETRIC)
    light = picture_of(panel.canvas)
    panel.set_theme(True)
    dark = picture_of(panel.canvas)
    assert light.mean() > dark.mean()
    panel.set_theme(False)
    assert np.array_equal(picture_of(panel.canvas), light)

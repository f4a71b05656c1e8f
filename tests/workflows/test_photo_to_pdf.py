"""The real window with the real packs: from photos to a PDF whose figures are those of the answer."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtPdf import QPdfDocument

from gleam_app.cases.report import confidence
from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon, format_position
from gleam_app.geo.footprint import distance_m
from gleam_app.home import resources_dir
from gleam_app.services import Services
from gleam_app.ui.cases.export_sheet import Wish
from gleam_app.ui.session import ExplainPhase
from gleam_app.ui.strings import language
from tests.windows import drop

DEMO = resources_dir() / "demo"
PHOTOS = sorted((DEMO / "queries").glob("*.jpg"))
LOCATE_MS, EXPLAIN_MS, PDF_MS, SOON_MS = 300_000, 300_000, 180_000, 60_000
MODEL = "qwen2.5-coder-0.5b"
NOTE = "Path & pond 沿小路; checked <twice>."


@pytest.fixture
def services(fresh_home: Path) -> Iterator[Services]:
    """A home in which the demo's imagery is a small tile set."""
    from gleam_app.retrieval.tiles.build import add_tile_set

    made = Services()
    encoder = made.locator().encoder
    add_tile_set(made.tile_sets, encoder, [DEMO / "map.tif"], "demo", scales_m=[72.0, 108.0])
    yield made
    made.close()


@pytest.fixture
def window(services: Services, qtbot: Any) -> Iterator[Any]:
    from gleam_app.ui.app import make_application, make_window

    make_application()
    made = make_window(services)
    language.choose("en")
    made.resize(1440, 900)
    made.show()
    made.tile_sets.choose(["demo"])
    yield made
    made.close()
    made.deleteLater()


def read(path: Path) -> list[str]:
    """The text of each page, as one would select it."""
    document = QPdfDocument()
    assert document.load(str(path)) == QPdfDocument.Error.None_
    pages = [document.getAllText(page).text() for page in range(document.pageCount())]
    document.close()
    return [" ".join(page.split()) for page in pages]


def truth() -> dict[str, tuple[LatLon, float]]:
    rows = csv.DictReader((DEMO / "truth.csv").read_text(encoding="utf-8").splitlines())
    return {
        Path(row["query"]).name: (LatLon(float(row["lat"]), float(row["lon"])), float(row["radius_m"]))
        for row in rows
    }  # fmt: skip


def exported(window: Any, qtbot: Any, path: Path, langs: tuple[str, ...]) -> list[str]:
    window.cases.exports.write(Wish("pdf", langs, None, False), path)  # type: ignore[arg-type]
    qtbot.waitUntil(path.exists, timeout=PDF_MS)
    return read(path)


def with_model(services: Services) -> bool:
    """Whether the language model is there, or on this machine to be had without a network."""
    if not os.environ.get("GLEAM_PACK_CACHE"):
        return False
    try:
        services.packs.fetch(MODEL)
    except GleamError:
        return False
    return True


def test_one_photo_to_a_report(window: Any, services: Services, qtbot: Any, tmp_path: Path) -> None:
    photo = PHOTOS[0]
    drop(window, photo)
    session = window.session
    qtbot.waitUntil(
        lambda: session.location is not None and session.location.complete, timeout=LOCATE_MS
    )
    qtbot.waitUntil(lambda: bool(session.explain.evidence), timeout=SOON_MS)
    explained = with_model(services)
    if explained:
        window.commands["explain"].trigger()
        qtbot.waitUntil(lambda: session.explain.phase is ExplainPhase.DONE, timeout=EXPLAIN_MS)
    qtbot.waitUntil(window.commands["accept"].isEnabled, timeout=SOON_MS)
    window.commands["accept"].trigger()
    qtbot.waitUntil(lambda: session.record.decision.state == "accepted", timeout=SOON_MS)
    note = window.decision.note
    window.decision.write_in(note)
    qtbot.keyClicks(note, "Path ")
    note.insert(NOTE.removeprefix("Path "))
    note.editingFinished.emit()
    qtbot.waitUntil(lambda: session.record.note == NOTE, timeout=SOON_MS)

    pages = exported(window, qtbot, tmp_path / "report.pdf", ("en", "zh"))
    whole, location = " ".join(pages), session.location
    best = location.candidates[0]
    for style in ("dd", "dms", "utm", "mgrs"):
        assert format_position(best.lat, best.lon, style) in whole, style  # type: ignore[arg-type]
    for fact in (
        photo.name, NOTE, "accepted: Candidate 1", confidence(best.confidence), f"{best.radius_m:.0f} m",
        f"{best.heading_deg:.0f}°", f"{best.inliers} of ", "Matched points", "Other candidates",
        "Confidence is a calibrated probability", "starter", "xfeat", "结论为",
    ):  # fmt: skip
        assert fact in whole, fact
    together = whole.replace(" ", "")
    hashes = [location.query.sha256, *(one.sha256 for one in services.tile_sets.info("demo").sources)]  # fmt: skip
    assert all(one in together for one in hashes)
    assert "Map Footprints by rank" in whole
    if explained:
        assert f"Written by {session.explain.explanation.pack}" in whole
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
        assert (
            not page.removesuffix(f"{number} / {len(pages)}")
            .rstrip()
            .endswith(("Explanation", "Evidence", "Position", "Map", "Matched points"))
        )  # a heading is never the last of its page
    place, radius_m = truth()[photo.name]
    assert distance_m(LatLon(best.lat, best.lon), place) <= radius_m


def decide(window: Any, qtbot: Any) -> tuple[int, list[int]]:
    """By confidence: the first of the list is accepted, the last two rejected in one go; their ids."""
    panel, session, records = window.cases.panel, window.session, window.cases.queries
    panel.listed.choose_order("confidence")
    listed = panel.listed.ids()
    sure = [records.by_id[one].confidence for one in listed]
    assert sure == sorted(sure, reverse=True)
    surest, least = listed[0], listed[-2:]
    panel.list.setCurrentIndex(panel.listed.index_of(surest))
    qtbot.waitUntil(
        lambda: session.query_id == surest and session.location is not None, timeout=SOON_MS
    )
    qtbot.waitUntil(window.commands["accept"].isEnabled, timeout=SOON_MS)
    window.commands["accept"].trigger()
    qtbot.waitUntil(lambda: records.by_id[surest].decision.state == "accepted", timeout=SOON_MS)
    for query in least:
        panel.list.selectionModel().select(
            panel.listed.index_of(query), QItemSelectionModel.SelectionFlag.Select
        )
    panel.list.selectionModel().select(
        panel.listed.index_of(surest), QItemSelectionModel.SelectionFlag.Deselect
    )
    assert sorted(panel.chosen()) == sorted(least)
    window.commands["reject"].trigger()
    qtbot.waitUntil(
        lambda: all(records.by_id[one].decision.state == "rejected" for one in least),
        timeout=SOON_MS,
    )
    return surest, sorted(least)


@pytest.mark.timeout(1500)  # a dozen photos, one after another, on a loaded machine
def test_the_whole_demo_as_a_batch_to_a_report(window: Any, qtbot: Any, tmp_path: Path) -> None:
    drop(window, *PHOTOS)
    records = window.cases.queries
    qtbot.waitUntil(
        lambda: [one.state for one in records.records] == ["done"] * len(PHOTOS),
        timeout=4 * LOCATE_MS,
    )
    surest, least = decide(window, qtbot)
    pages = exported(window, qtbot, tmp_path / "batch.pdf", ("en",))
    whole, known = " ".join(pages), truth()
    assert f"{records.by_id[surest].name} " in whole and "accepted: Candidate 1" in whole
    assert "rejected" in whole
    assert [one.id for one in records.records if one.decision.state == "rejected"] == least
    case = window.cases.desk.case
    right = 0
    for record in records.records:
        location = case.location(record.id, record.run)
        best = location.candidates[0]
        assert f"{record.name} " in pages[0]
        if record.id not in least:  # rejected ones are listed without a place
            assert format_position(best.lat, best.lon) in pages[0]
        assert location.query.sha256 in whole.replace(" ", "")
        place, radius_m = known[record.name]
        right += distance_m(LatLon(best.lat, best.lon), place) <= radius_m
    assert right >= len(PHOTOS) - 1

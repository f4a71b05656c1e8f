"""Plain pictures are placed by a table that the card asks for; what cannot be used is told there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from gleam_app.jobs.runner import JobRunner
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.plural import counted
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import language
from gleam_app.ui.tile_sets.add_page import AddPage
from gleam_app.ui.tile_sets.adding import Adding
from tests.factories import make_pixels

HEAD = "file,lat,lon\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from PIL import Image

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        Image.fromarray(make_pixels(64, 64, number)).save(pictures / f"{number}.jpg")
    return pictures


@pytest.fixture
def card(qtbot: Any, tmp_path: Path) -> Any:
    language.choose("en")
    runner = JobRunner()
    owner = QWidget()
    qtbot.addWidget(owner)
    encoder = SimpleNamespace(
        input_px=224, cell_px=32, dimension=256,
        embed=lambda pictures, **_: np.zeros((len(pictures), 256), np.float32),
    )  # fmt: skip
    services = SimpleNamespace(home=tmp_path, locator=lambda: SimpleNamespace(encoder=encoder))
    jobs = Jobs(runner, owner)
    adding = Adding(services, jobs, Settings(tmp_path), owner)  # type: ignore[arg-type]
    made = AddPage(adding)
    qtbot.addWidget(made)
    made.resize(376, 600)
    made.show()
    made.begin()
    yield made
    jobs.close()
    runner.close()


def ready(card: Any) -> bool:
    adding = card.adding
    return not adding.looking and not adding.estimating and bool(adding.estimate or adding.error)


def test_a_table_is_asked_for_and_goes_with_the_request(
    card: Any, folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    card.adding.add([folder])
    qtbot.waitUntil(lambda: ready(card))
    assert card.positions.choose.isVisible() and card.start.isEnabled()
    assert card.tiles.text() == "3 tiles"
    table = tmp_path / "places.csv"
    table.write_text(HEAD + "0.jpg,52.1,3.0\n2.jpg,52.2,3.1\n")
    with qtbot.waitSignal(card.positions.wanted):
        card.positions.choose.click()
    card.adding.place_pictures(table)
    qtbot.waitUntil(lambda: ready(card))
    assert card.positions.name.text() == "places.csv" and not card.positions.choose.isVisible()
    with qtbot.waitSignal(card.started) as started:
        card.start.click()
    assert started.args[0].coords == table
    card.positions.drop.click()
    qtbot.waitUntil(lambda: ready(card))
    with qtbot.waitSignal(card.started) as started:
        card.start.click()
    assert started.args[0].coords is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,x,y\n", "lacks the column"),
        (HEAD + "9.jpg,52,3\n", "9.jpg"),
        (HEAD + "0.jpg,95,3\n", "95"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_and_can_be_left_out(
    card: Any, folder: Path, tmp_path: Path, qtbot: Any, text: str, told: str
) -> None:
    table = tmp_path / "bad.csv"
    table.write_text(text)
    card.adding.add([folder])
    qtbot.waitUntil(lambda: ready(card))
    card.adding.place_pictures(table)
    qtbot.waitUntil(lambda: ready(card))
    assert told in card.notice.message.text() and not card.start.isEnabled()
    card.positions.drop.click()
    qtbot.waitUntil(lambda: ready(card))
    assert card.notice.isHidden() and card.start.isEnabled()


def test_nothing_to_embed_cannot_be_started(card: Any, folder: Path, qtbot: Any) -> None:
    card.adding.add([folder])
    qtbot.waitUntil(lambda: ready(card))
    card.adding.estimate = SimpleNamespace(
        scales=(), cost=lambda scales: SimpleNamespace(tiles=0, disk_bytes=0, seconds=None)
    )
    card.refresh()
    assert not card.start.isEnabled() and "too small" in card.cost.text()


@pytest.mark.parametrize(
    ("lang", "count", "text"),
    [("en", 1, "1 tile"), ("en", 0, "0 tiles"), ("en", 1200, "1,200 tiles"), ("zh", 1, "1 个瓦片")],
)
def test_one_is_said_as_one(lang: str, count: int, text: str) -> None:
    before = language.code
    language.code = "zh" if lang == "zh" else "en"
    try:
        assert counted("tiles.count", count) == text
    finally:
        language.code = before

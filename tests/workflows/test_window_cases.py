"""A batch in the real window with the real packs: decided, exported, killed and gone on with."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gleam_app.home import resources_dir
from gleam_app.services import Services
from gleam_app.ui.strings import language
from tests.windows import drop

LOCATE_MS, SOON_MS = 300_000, 60_000
CHILD = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from gleam_app.services import Services
from gleam_app.ui.app import make_application, make_window
application = make_application()
services = Services()
window = make_window(services)
window.show()
window.begin([Path(name) for name in sys.argv[1:]], False)
window.tile_sets.choose(["demo"])
def look():
    states = [one.state for one in window.cases.queries.records]
    if "done" in states and "locating" in states:
        print(*states, flush=True)
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
application.exec()
"""


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the demo's imagery is a small tile set."""
    from gleam_app.retrieval.tiles.build import add_tile_set

    home = tmp_path_factory.mktemp("searched")
    services = Services(home=home)
    imagery = resources_dir() / "demo" / "map.tif"
    encoder = services.locator().encoder
    add_tile_set(services.tile_sets, encoder, [imagery], "demo", scales_m=[72.0, 108.0])
    services.close()
    return home


@pytest.fixture
def home(searched: Path, fresh_home: Path) -> Path:
    shutil.copytree(searched / "tiles", fresh_home / "tiles")
    return fresh_home


@pytest.fixture
def window(home: Path, qtbot: Any) -> Iterator[Any]:
    from gleam_app.ui.app import make_application, make_window

    make_application()
    services = Services()
    made = make_window(services)
    language.choose("en")
    made.show()
    yield made
    made.close()
    services.close()
    made.deleteLater()


@pytest.fixture
def photos() -> list[Path]:
    return sorted((resources_dir() / "demo" / "queries").glob("*.jpg"))[:3]


def states(window: Any) -> list[str]:
    return [one.state for one in window.cases.queries.records]


def test_three_photos_from_a_drop_to_an_export(
    window: Any, photos: list[Path], qtbot: Any, tmp_path: Path
) -> None:
    from gleam_app.ui.cases.export_sheet import Wish

    window.tile_sets.choose(["demo"])
    drop(window, *photos)
    qtbot.waitUntil(lambda: states(window) == ["done"] * 3, timeout=LOCATE_MS)
    qtbot.waitUntil(lambda: window.session.candidate is not None, timeout=SOON_MS)
    window.commands["accept"].trigger()
    qtbot.waitUntil(lambda: window.session.record.decision.state == "accepted", timeout=SOON_MS)
    out = tmp_path / "places.geojson"
    window.cases.exports.write(Wish("geojson", ("en",), None, False), out)
    qtbot.waitUntil(out.exists, timeout=SOON_MS)
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    names = {one["properties"].get("query") or one["properties"].get("name") for one in features}
    assert {path.name for path in photos} <= names


def test_a_batch_that_was_killed_goes_on(
    home: Path, photos: list[Path], qtbot: Any, request: pytest.FixtureRequest
) -> None:
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, photos[:2])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "GLEAM_HOME": str(home)},
    )
    try:
        assert child.stdout is not None
        said = child.stdout.readline().split()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()  # type: ignore[union-attr]
    assert said.count("done") >= 1 and "locating" in said

    window = request.getfixturevalue("window")
    window.begin([], False)
    qtbot.waitUntil(lambda: bool(window.session.available), timeout=SOON_MS)
    qtbot.waitUntil(lambda: not window.cases.bar.isHidden(), timeout=SOON_MS)
    window.cases.bar.button.click()
    qtbot.waitUntil(lambda: len(states(window)) == 2, timeout=SOON_MS)
    before = {one.id: one.run for one in window.cases.queries.records if one.state == "done"}
    assert len(before) >= said.count("done")  # what was told as done is
    qtbot.waitUntil(lambda: states(window) == ["done"] * 2, timeout=LOCATE_MS)
    after = {one.id: one.run for one in window.cases.queries.records}
    assert before.items() <= after.items()  # nothing was done twice

"""The settings dialog: every choice takes effect at once and is kept."""

from typing import Any

import pytest

from gleam_app.jobs import threads
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import TEXT, language
from gleam_app.ui.theme import theme


@pytest.fixture
def dialog(window: Any) -> Any:
    window.commands["settings"].trigger()
    yield window.settings_dialog
    window.settings_dialog.close()


def pick(box: Any, value: str) -> None:
    row = box.findData(value)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_general_choices(window: Any, dialog: Any, services: Any) -> None:
    page = dialog.general
    pick(page.theme, "dark")
    pick(page.coordinates, "mgrs")
    pick(page.units, "imperial")
    assert theme.dark and window.candidates.model.style == "mgrs"
    assert page.position_example.text().startswith("17R")
    assert "yd" in page.length_example.text() and "acres" in page.length_example.text()
    pick(page.language, "zh")
    assert language.code == "zh" and dialog.windowTitle() == TEXT["settings.title"][1]
    assert dialog.names.item(0).text() == TEXT["settings.general"][1]
    kept = Settings(services.home).choices
    assert (kept.theme, kept.coordinates, kept.units, kept.language) == (
        "dark", "mgrs", "imperial", "zh",
    )  # fmt: skip
    window.preferences.choose_language("en")
    window.preferences.choose_theme("light")
    assert page.theme.currentData() == "light"  # chosen elsewhere, shown here


def test_threads_are_taken_on_by_the_next_job(window: Any, dialog: Any, qtbot: Any) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        pick(dialog.performance.threads, "1")
        assert threads.chosen() == 1
        told: list[int] = []
        window.jobs.start(
            "count", lambda work: torch.get_num_threads(), done=told.append, lane="model"
        )
        qtbot.waitUntil(lambda: bool(told))
        assert told == [1]
    finally:
        threads.choose(0)
        torch.set_num_threads(before)


def test_the_machine_is_described(dialog: Any, qtbot: Any) -> None:
    dialog.open_at("performance")
    page = dialog.performance
    looking = TEXT["settings.looking"][0]
    qtbot.waitUntil(lambda: page.processor.text() not in ("", looking), timeout=60_000)
    qtbot.waitUntil(lambda: page.memory.text() != looking, timeout=60_000)  # another job's
    assert page.graphics.text()
    before = language.code
    try:
        language.choose("zh")
        assert TEXT["settings.processor"][1][:4] in page.processor.text()
        assert "。 " not in page.processor.text()  # Chinese sentences have no space between
    finally:
        language.choose(before)


def test_nothing_is_looked_up_before_it_is_asked_for(
    dialog: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gleam_app.ui.settings_dialog import privacy

    asked: list[int] = []

    def listed(services: Any) -> list[privacy.Possible]:
        asked.append(1)
        return [privacy.Possible("A <b>pack</b>", ("host.example",), 2_000_000)]

    monkeypatch.setattr(privacy, "possible_connections", listed)
    dialog.open_at("privacy")
    page = dialog.privacy
    assert not asked and page.could.count() == 0
    assert TEXT["settings.privacy.nothing_yet"][0] in page.so_far.text()
    page.ask.click()
    qtbot.waitUntil(lambda: page.could.count() == 1)
    words = page.could.itemAt(0).widget().text()
    assert "A <b>pack</b>" in words and "host.example" in words and "2.0 MB" in words
    page.count_refused("https://elsewhere.example")
    assert "1" in page.so_far.text()


def test_folders_and_their_sizes(window: Any, dialog: Any, services: Any, qtbot: Any) -> None:
    (services.home / "tiles").mkdir(parents=True)
    (services.home / "tiles" / "x").write_bytes(b"0" * 3_000_000)
    dialog.open_at("folders")
    size = dialog.folders.sizes["settings.folder.tiles"]
    qtbot.waitUntil(lambda: size.text() == "3.0 MB")
    assert str(services.home) in str(dialog.folders.folders["settings.folder.home"])


def test_language_and_theme_again_and_again(window: Any, dialog: Any, qtbot: Any) -> None:
    for name, code in (("light", "en"), ("dark", "zh"), ("light", "en"), ("dark", "zh")):
        window.preferences.choose_language(code)
        qtbot.wait(50)  # what was taken away meanwhile is gone for good
        window.preferences.choose_theme(name)
        qtbot.wait(50)
        features = window.query.title.font().featureTags()
        assert (b"pwid" in [tag.toString().data() for tag in features]) == (code == "en")
    window.preferences.choose_language("en")
    window.preferences.choose_theme("light")

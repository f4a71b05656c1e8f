"""What the explanation panel says about the language model, from how its pack and the installer stand."""

import json
import os
import time
from typing import Any

import pytest

from gleam_app.ui.languagemodel import LanguageModel, _Standing
from gleam_app.ui.setupstate import SetupState
from gleam_app.ui.strings import language


@pytest.fixture
def said(window: Any) -> Any:
    """Ask what is said for a standing: (text, whether fetching is offered)."""
    language.choose("en")
    heard: list[tuple[str, bool]] = []
    window.language_model.state_changed.connect(lambda text, can: heard.append((text, can)))

    def ask(standing: _Standing) -> tuple[str, bool]:
        window.language_model._looked(standing)
        window.language_model._timer.stop()
        return heard[-1]

    return ask


WANTED: Any = object()


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (_Standing(True, None, None, ()), ("", False)),
        (_Standing(False, None, None, ()), ("No language model yet.", False)),
        (_Standing(False, WANTED, None, ()), ("No language model yet.", True)),
        (
            _Standing(False, WANTED, 41, ()),
            ("The language model is still being fetched: 41 %", False),
        ),
        (
            _Standing(True, None, None, (), SetupState("Building", 12)),
            ("Still being set up: Building 12 %", False),
        ),
        (
            _Standing(False, WANTED, None, (), SetupState("Building", None, "no compiler")),
            ("Setting up stopped: no compiler", True),
        ),
    ],
)
def test_what_is_said(said: Any, standing: _Standing, expected: tuple[str, bool]) -> None:
    assert said(standing) == expected


def test_it_looks_again_while_setting_up_and_rests_after(
    window: Any, services: Any, qtbot: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("gleam_app.ui.languagemodel.LOOK_AGAIN_MS", 50)
    model: LanguageModel = window.language_model
    state = {"what": "Building", "done": 1, "total": 4, "updated": time.time(), "pid": os.getpid()}
    file = services.home / "setup-state.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(state))
    heard: list[str] = []
    model.state_changed.connect(lambda text, _: heard.append(text))
    model.look()
    qtbot.waitUntil(lambda: "Still being set up: Building 25 %" in heard)
    file.unlink()
    qtbot.waitUntil(lambda: heard[-1] == "")  # the bundled explainer is ready
    qtbot.waitUntil(lambda: window.jobs.idle)
    assert not model._timer.isActive()

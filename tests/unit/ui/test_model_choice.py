"""Choosing who explains."""

import pytest
from pytestqt.qtbot import QtBot

from gleam_app.explain import explainer
from gleam_app.ui.panels.model_choice import AUTOMATIC, EVIDENCE, ModelChoice
from gleam_app.ui.strings import language


@pytest.fixture
def choice(qtbot: QtBot) -> ModelChoice:
    made = ModelChoice()
    qtbot.addWidget(made)
    return made


def test_models_come_and_go_and_the_choice_stays(choice: ModelChoice) -> None:
    assert EVIDENCE == explainer.EVIDENCE
    taken: list[str] = []
    choice.chosen.connect(taken.append)
    assert choice.who == AUTOMATIC
    choice.want("ours")  # chosen the last time, not looked for yet
    assert choice.who == AUTOMATIC
    choice.set_models([("big", "A big one"), ("ours", "Ours")])
    assert choice.who == "ours" and choice.currentText() == "Ours"
    assert taken == []  # nobody chose just now
    choice.setCurrentIndex(choice.findData(EVIDENCE))
    choice.activated.emit(choice.currentIndex())
    assert taken == [EVIDENCE] and choice.who == EVIDENCE
    choice.set_models([])
    assert choice.who == EVIDENCE


def test_it_speaks_both_languages_and_to_screen_readers(choice: ModelChoice) -> None:
    choice.want(EVIDENCE)
    assert choice.accessibleName() == "Who explains"
    language.choose("zh")
    try:
        assert choice.currentText() == "仅列证据" and choice.accessibleName() == "由谁解释"
        assert choice.who == EVIDENCE
    finally:
        language.choose("en")

"""The review window, offscreen: everything by keyboard, everything kept, untrusted text as text."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QLockFile, Qt
from PySide6.QtWidgets import QLabel, QWidget

from gleam_app.errors import GleamError
from gleam_app.ui.compare.geometry import project
from gleam_app.ui.settings import Settings
from gleam_app.ui.shortcut_list import ShortcutList
from gleam_app.ui.strings import TEXT, language
from gleam_app.ui.theme import theme
from tests.factories import make_location
from tests.unit.training.gleam_x.review_pairs import begin, pair, write_pairs
from training.__main__ import main
from training.gleam_x.records import PairRecord, evidence_of, write_records
from training.gleam_x.review.answers import REASONS, Answer, Journal, read_answers
from training.gleam_x.review.app import make_application, open_desk, run
from training.gleam_x.review.folder import Review, make_plan
from training.gleam_x.review.keys import COMMANDS
from training.gleam_x.review.pictures import load_pair, measured_window_px, tile_region
from training.gleam_x.review.window import ReviewWindow
from training.gleam_x.review.words import WORDS

Key = Qt.Key
Open = Callable[[Review], ReviewWindow]


@pytest.fixture
def show(qtbot: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens AB's window; may be called again, as after a restart."""
    make_application()
    language.choose("en")
    theme.choose("light")
    opened: list[tuple[ReviewWindow, Journal]] = []

    def open_window(review: Review) -> ReviewWindow:
        journal = review.join("AB")
        made = ReviewWindow(review, open_desk(review, journal), "AB", Settings(tmp_path))
        made.show()
        made.activateWindow()
        qtbot.waitUntil(made.isActiveWindow)
        qtbot.waitUntil(lambda: made.focusWidget() is made.compare.canvas)  # the pictures are there
        opened.append((made, journal))
        return made

    yield open_window
    for made, journal in opened:
        made.close()
        made.deleteLater()
        journal.close()
    language.choose("en")


@pytest.fixture
def window(show: Open, tmp_path: Path) -> ReviewWindow:
    return show(begin(tmp_path))


@pytest.fixture
def press(qtbot: Any, window: ReviewWindow) -> Callable[..., None]:
    """Presses a key where the focus is."""

    def send(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.keyClick(window.focusWidget() or window, key, modifier)

    return send


def said(window: ReviewWindow, pair: str) -> Answer:
    """What is on disk."""
    return read_answers(window.desk.journal.path)[1][pair]


def test_a_whole_review_by_keyboard_alone(
    window: ReviewWindow, press: Callable[..., None], qtbot: Any
) -> None:
    ids = [record.id for record in window.desk.records]
    press(Key.Key_Return)
    assert said(window, ids[0]).decided(("en", "zh"))
    press(Key.Key_1)
    assert said(window, ids[1]).of("zh").reason == REASONS[0]
    press(Key.Key_L)
    assert said(window, ids[2]).label_wrong
    press(Key.Key_S)
    press(Key.Key_O)  # English only
    press(Key.Key_4)
    assert window.desk.record.id == ids[4]
    press(Key.Key_Enter)
    answer = said(window, ids[4])
    assert (answer.of("en").reason, answer.of("zh").decision) == ("language", "accept")
    press(Key.Key_U)
    assert window.desk.record.id == ids[4] and said(window, ids[4]).of("zh").decision is None
    press(Key.Key_Return)
    press(Key.Key_Return)
    assert window.desk.record.id == ids[3]  # the skipped one
    press(Key.Key_Return)
    assert window.desk.finished
    assert TEXT["review.finished"][0] in window.head.progress.text()
    press(Key.Key_P)
    assert window.desk.record.id == ids[2]
    press(Key.Key_N)
    assert window.desk.record.id == ids[3]


def test_letters_typed_into_a_text_are_text_and_each_is_kept(
    window: ReviewWindow, press: Callable[..., None], qtbot: Any
) -> None:
    first, before = window.desk.record.id, window.desk.text("en")
    press(Key.Key_E)
    editor = window.texts["en"].editor
    assert window.focusWidget() is editor
    for typed, text in enumerate("1 ls", start=1):
        qtbot.keyClicks(editor, text)
        assert said(window, first).of("en").text == "1 ls"[:typed] + before
    assert window.desk.record.id == first and not said(window, first).label_wrong
    assert TEXT["review.edited"][0] in window.texts["en"].detail.text()
    assert TEXT["review.fault.digits"][0].split()[0] in window.texts["en"].fault.text()
    press(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.record.id != first and said(window, first).of("en").decision == "accept"
    press(Key.Key_P)
    press(Key.Key_R)
    assert editor.toPlainText() == before and said(window, first).of("en").text is None
    press(Key.Key_C)
    assert window.focusWidget() is window.texts["zh"].editor
    press(Key.Key_Escape)
    assert window.focusWidget() is window.compare.canvas


def test_another_reason_asks_for_words(
    window: ReviewWindow, press: Callable[..., None], qtbot: Any
) -> None:
    first = window.desk.record.id
    press(Key.Key_6)
    assert window.desk.record.id == first and window.focusWidget() is window.bar.note
    press(Key.Key_Return)
    assert window.desk.record.id == first  # nothing said yet
    press(Key.Key_6)
    qtbot.keyClicks(window.bar.note, "both blurred")
    assert said(window, first).note == "both blurred"
    press(Key.Key_Return)
    assert said(window, first).of("en").reason == "other" and window.desk.record.id != first
    assert window.bar.note.text() == ""
    press(Key.Key_T)
    qtbot.keyClicks(window.bar.note, "n")
    press(Key.Key_Return)
    assert window.desk.done == 1  # a note is no answer


def test_the_window_opens_where_one_left(window: ReviewWindow, show: Open, qtbot: Any) -> None:
    window.actions_by_id["accept"].trigger()
    left = window.desk.record.id
    window.texts["zh"].editor.setPlainText("改到一半")
    again = show(window._review)
    assert again.desk.record.id == left
    assert again.texts["zh"].editor.toPlainText() == "改到一半"


def test_sentences_show_what_they_rest_on_as_the_text_changes(window: ReviewWindow) -> None:
    panel = window.texts["en"]
    assert TEXT["review.status.supported"][0] in panel.basis.toPlainText()
    assert TEXT["review.status.contradicted"][0] not in panel.basis.toPlainText()
    panel.editor.setPlainText("The satellite tile shows no trees. The mood is calm. {E77} is so.")
    shown = panel.basis.toPlainText()
    assert (
        shown.count(TEXT["review.status.contradicted"][0]) == 2
    )  # trees, and what nobody measured
    assert TEXT["review.status.unknown"][0] in shown


def test_measured_values_and_facts_are_shown_in_words(window: ReviewWindow) -> None:
    measured = next(at for at, one in enumerate(window.desk.records) if one.evidence)
    window.desk.go(measured - window.desk.position)
    window.refresh()
    panel = window.texts["en"]
    panel.editor.setPlainText("The query shows water. {E2} agree.")
    assert "{E2}" not in panel.basis.toPlainText() and "143 of 310" in panel.basis.toPlainText()
    panel.pointed.emit("E2")
    assert len(window.compare.canvas._regions[0]) >= 3
    assert len(window.compare.canvas._regions[1]) == 0  # of a size that nobody measures at
    panel.pointed.emit("")
    assert len(window.compare.canvas._regions[0]) == 0


def aligned_pair() -> PairRecord:
    """A pair with evidence as it is measured on image 2 at 800 pixels."""
    made = pair(0)
    evidence = [dict(item) for item in made.evidence or ()]
    for item in evidence:  # the factory measures at 512 pixels, 240 m
        scaled = [[x * 800 / 512, y * 800 / 512] for x, y in item["tile_region"] or ()]
        item["tile_region"] = scaled or None
    return made.model_copy(update={"evidence": tuple(evidence), "tile_m": 240.0})


def test_measured_geometry_is_laid_on_the_picture_as_it_is(tmp_path: Path) -> None:
    write_pairs(tmp_path, 1)
    record = aligned_pair()
    _, candidate = load_pair(record, tmp_path, ("1", "2"))
    assert candidate.alignment is not None
    truth = make_location("verified").candidates[0].alignment
    assert truth is not None
    corners = np.array([[0.0, 0.0], [640.0, 0.0], [640.0, 480.0], [0.0, 480.0]])
    expected = project(truth.homography, corners) * (64 / 512)  # the picture has 64 pixels
    # evidence keeps corners to a tenth of a pixel
    assert np.abs(project(candidate.alignment.homography, corners) - expected).max() < 0.1
    ground = next(item for item in evidence_of(record) if item.kind == "ground")
    region = tile_region(ground, record, candidate)
    assert region is not None and np.abs(region - expected).max() < 0.1
    assert load_pair(record, tmp_path, ("1", "2"), aligned=False)[1].alignment is None


def test_geometry_that_cannot_be_is_left_aside() -> None:
    assert measured_window_px(aligned_pair()) == 800
    assert measured_window_px(aligned_pair().model_copy(update={"tile_m": 100.0})) is None
    assert measured_window_px(aligned_pair().model_copy(update={"tile_m": None})) is None
    assert measured_window_px(aligned_pair().model_copy(update={"evidence": None})) is None


def test_aligned_only_after_the_blind_judgement(show: Open, tmp_path: Path, qtbot: Any) -> None:
    pairs = write_pairs(tmp_path, 1)
    write_records(pairs, [aligned_pair()])
    window = show(Review.begin(tmp_path / "review", pairs, make_plan({"blind": True})))
    aligned = window.compare._buttons["aligned"]
    assert not aligned.isEnabled()
    window.actions_by_id["match"].trigger()
    qtbot.waitUntil(aligned.isEnabled)
    qtbot.waitUntil(lambda: window.focusWidget() is window.compare.canvas)
    qtbot.keyClick(window.compare.canvas, Key.Key_A)
    assert window.compare.canvas._over()
    qtbot.keyClick(window.compare.canvas, Key.Key_A)
    assert not window.compare.canvas._over()
    assert not any("matches" in label.text() for label in window.compare._captions)


def test_untrusted_text_is_shown_as_text(show: Open, tmp_path: Path, qtbot: Any) -> None:
    evil = '<img src="file:///etc/passwd"><b>bold</b> & <a href="http://x">y</a>.'
    made = pair(0)
    texts = {
        lang: one.model_copy(update={"text": evil, "teacher": "<i>who</i>", "claims": ()})
        for lang, one in made.explanations.items()
    }
    pairs = write_pairs(tmp_path, 1)
    write_records(pairs, [made.model_copy(update={"id": "<u>p</u>", "explanations": texts})])
    window = show(Review.begin(tmp_path / "review", pairs, make_plan({})))
    panel = window.texts["en"]
    assert panel.editor.toPlainText() == evil
    shown = panel.basis.toPlainText()
    assert "<b>bold</b>" in shown and "\ufffc" not in shown  # no picture object
    assert "<i>who</i>" in panel.detail.text()
    assert "http://x" not in panel.basis.toHtml().replace("&quot;http://x&quot;", "")
    plain = Qt.TextFormat.PlainText
    for label in (panel.state, panel.detail, *window.head.findChildren(QLabel)):
        assert label.textFormat() == plain, label.text()


def test_pictures_are_shown_under_names_that_tell_nothing(window: ReviewWindow, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: window.compare.canvas._pair is not None)
    shown = [label.text() for label in window.compare.findChildren(QLabel)]
    assert any(text.startswith("Image 1") for text in shown)
    assert any("Image 2 · 120 m" in text for text in shown)
    record: PairRecord = window.desk.record
    assert not any(Path(record.image1).name in text or record.id in text for text in shown)


def test_a_missing_picture_is_said_and_the_review_goes_on(
    window: ReviewWindow, tmp_path: Path
) -> None:
    window.desk.go(1)
    (window._review.folder / window.desk.record.image2).unlink()
    window.refresh()
    assert window.notice.isVisible() and "no file" in window.notice.message.text()
    assert window.focusWidget() is window.whole  # and not a text that would take keys
    window.actions_by_id["accept"].trigger()
    assert window.desk.done == 1


def test_what_cannot_be_written_is_said_and_nothing_is_taken_as_kept(
    window: ReviewWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    first = window.desk.record.id
    with monkeypatch.context() as patch:
        patch.setattr("training.gleam_x.review.answers.os.fsync", full)
        window.actions_by_id["accept"].trigger()
        assert window.desk.record.id == first and window.desk.done == 0
        assert "No space left" in window.notice.message.text()
    window.actions_by_id["accept"].trigger()
    assert window.desk.done == 1 and not window.notice.isVisible()


def test_in_a_blind_review_label_and_texts_come_after_the_judgement(
    show: Open, tmp_path: Path, qtbot: Any
) -> None:
    window = show(begin(tmp_path, blind=True))
    texts = window.texts["en"]
    assert not texts.isVisible() and "hidden" in window.head.label.text()
    for key in (Key.Key_Return, Key.Key_1, Key.Key_L, Key.Key_E):
        qtbot.keyClick(window.focusWidget() or window, key)
    assert window.desk.done == 0 and not window.bar.buttons["accept"].isVisible()
    qtbot.keyClick(window.focusWidget() or window, Key.Key_D)
    assert said(window, window.desk.record.id).judged is False
    assert texts.isVisible() and "hidden" not in window.head.label.text()
    qtbot.keyClick(window.focusWidget() or window, Key.Key_Return)
    assert window.desk.done == 1 and not texts.isVisible()


def test_language_and_theme_switch_at_once_and_are_remembered(
    window: ReviewWindow, tmp_path: Path
) -> None:
    window.actions_by_id["language"].trigger()
    assert window.bar.buttons["accept"].text().startswith("接受")
    assert "标签" in window.head.label.text()
    window.actions_by_id["theme"].trigger()
    assert theme.dark
    kept = Settings(tmp_path).choices
    assert (kept.language, kept.theme) == ("zh", "dark")


def test_every_key_is_on_its_button_or_in_the_list(window: ReviewWindow, qtbot: Any) -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(set(keys)) == len(keys)
    assert {f"review.{command.id}" for command in COMMANDS} <= WORDS.keys()
    assert window.bar.buttons["skip"].text() == "Skip  S"
    window.actions_by_id["shortcuts"].trigger()
    listed = window.findChild(ShortcutList)
    assert listed is not None
    words = {label.text() for label in listed.findChildren(QLabel)}
    assert {TEXT[f"review.{command.id}"][0] for command in COMMANDS} <= words
    listed.close()


def test_everything_one_can_use_has_a_name(window: ReviewWindow) -> None:
    usable = [*window.bar.buttons.values(), window.bar.note]
    usable += [panel.editor for panel in window.texts.values()]
    assert all(isinstance(one, QWidget) and one.accessibleName() for one in usable)


def test_words_are_in_both_languages() -> None:
    for key, (english, chinese) in WORDS.items():
        assert english.strip() and chinese.strip() and "!" not in english, key


def test_one_window_a_person_and_a_killed_one_is_no_hindrance(tmp_path: Path) -> None:
    review = begin(tmp_path)
    answers = review.file_of("AB")
    answers.parent.mkdir()
    lock = QLockFile(str(answers.with_suffix(".lock")))
    assert lock.tryLock(0)
    with pytest.raises(GleamError, match="another window"):
        run(review, "AB")
    lock.unlock()
    with pytest.raises(GleamError, match="letters"):
        run(review, "../AB")
    with pytest.raises(GleamError, match="nothing to decide"):
        run(review, "X", third=True)


def test_the_commands_from_pairs_to_test_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def accept_all(review: Review, name: str, third: bool, seat: int | None) -> None:
        journal = review.join(name, third, seat)
        desk = open_desk(review, journal)
        while not desk.finished:
            desk.accept()
        journal.close()

    monkeypatch.setattr("training.gleam_x.review.app.run", accept_all)
    pairs, work, out = write_pairs(tmp_path), tmp_path / "work", tmp_path / "set"
    for name in ("AB", "CD"):
        command = ["gleam-x", "review", str(pairs), "--reviewer", name, "--work", str(work)]
        assert main([*command, "--share", "1"]) == 0
    assert main(["gleam-x", "agreement", str(work)]) == 0
    assert "| all | 24 | undefined: all alike (12) |" in capsys.readouterr().out
    assert main(["gleam-x", "testset", str(work), "--out", str(out), "--version", "1.0.0"]) == 0
    assert "6 of 6 pairs kept" in capsys.readouterr().err
    write_pairs(tmp_path, 7)  # the pairs changed: one can go on with those that were kept
    assert main(command) == 3
    command[2] = str(work / "pairs.jsonl")
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--share", "0.5"]) == 3
    assert "another plan" in capsys.readouterr().err

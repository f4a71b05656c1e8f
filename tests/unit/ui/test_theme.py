"""Text is readable in both themes, and the stylesheet names only tokens."""

import re
from dataclasses import fields

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from gleam_app.ui.icons import icon_image
from gleam_app.ui.stylesheet import stylesheet
from gleam_app.ui.theme import DARK, LIGHT, Tokens

WORDS = ("text", "secondary", "accent", "verified", "strong", "possible", "unverified", "not_found", "contradicted")  # fmt: skip
GROUNDS = ("window", "panel", "raised", "hover")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_words_stand_out_from_every_ground(tokens: Tokens, word: str, ground: str) -> None:
    assert contrast(getattr(tokens, word), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stand_out_on_the_selection_and_on_the_accent(tokens: Tokens) -> None:
    for word in ("text", "secondary", "verified", "strong", "possible", "accent"):
        assert contrast(getattr(tokens, word), tokens.selected) >= 4.5, word
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.secondary, tokens.notice) >= 4.5
    assert contrast(tokens.contradicted, tokens.notice) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_stylesheet_is_filled_in(tokens: Tokens) -> None:
    style = stylesheet(tokens)
    rules = style.split("*/", 1)[1]
    assert "$" not in rules
    assert {tokens.panel, tokens.line, tokens.accent} <= {
        getattr(tokens, field.name)
        for field in fields(tokens)
        if getattr(tokens, field.name) in rules
    }


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_no_rule_says_its_state_before_its_part(tokens: Tokens) -> None:
    """Qt takes such a rule, ``:focus::item``, for one of the whole widget in every state."""
    assert not re.search(r":[a-z-]+::", stylesheet(tokens))


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_mark_of_menus_is_the_icon_in_the_colour_of_the_text(
    tokens: Tokens, qapp: QApplication
) -> None:
    (mark,) = re.findall(r'QMenu::indicator:checked \{ image: url\("([^"]+)"\)', stylesheet(tokens))
    for ratio in (1, 2, 3):
        file = mark if ratio == 1 else mark.replace(".png", f"@{ratio}x.png")
        shown = QImage(file).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        drawn = icon_image("check", tokens.text, 14 * ratio)
        assert shown.size() == drawn.size()
        apart = np.frombuffer(shown.constBits(), np.uint8) - np.frombuffer(
            drawn.constBits(), np.uint8
        ).astype(int)
        assert np.abs(apart).mean() < 2  # as good as one, whoever smooths the edges

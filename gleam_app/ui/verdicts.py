"""The signs of the verdicts: word, icon and colour always together."""

from dataclasses import dataclass, replace

from gleam_app.retrieval.results import Verdict
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import theme

_ICONS: dict[Verdict, str] = {
    "verified": "circle-check",
    "strong": "disc",
    "possible": "contrast-half",
    "unverified": "ring",
    "not_found": "circle-off",
}


@dataclass(frozen=True)
class Sign:
    """How a verdict is shown; ``colour`` is "#RRGGBB" in the theme in use."""

    word: str
    icon: str
    colour: str


def sign(verdict: Verdict) -> Sign:
    """The verdict's sign in the language and theme in use."""
    return Sign(tr(f"verdict.{verdict}"), _ICONS[verdict], getattr(theme.tokens, verdict))


def candidate_sign(verdict: Verdict) -> Sign:
    """The sign of one candidate: a query is not found, but a candidate is ruled out."""
    shown = sign(verdict)
    return replace(shown, word=tr("verdict.ruled_out")) if verdict == "not_found" else shown


def confidence_text(confidence: float) -> str:
    """Two digits, and never certainty that was not measured."""
    if confidence < 0.01:
        return "<0.01"
    return ">0.99" if confidence > 0.99 else f"{confidence:.2f}"

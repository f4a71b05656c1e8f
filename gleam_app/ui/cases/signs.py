"""How a query of the case is shown: a sign for its state or verdict, another for the decision."""

from typing import TYPE_CHECKING

from gleam_app.ui.messages.translate import join, translate
from gleam_app.ui.strings import tr
from gleam_app.ui.theme import theme
from gleam_app.ui.verdicts import Sign, confidence_text, sign

if TYPE_CHECKING:
    from gleam_app.cases.model import QueryRecord

VERDICTS = ("verified", "strong", "possible", "unverified", "not_found")
_STATES = {
    "waiting": ("clock", "secondary"),
    "locating": ("crosshair", "accent"),
    "failed": ("triangle-alert", "contradicted"),
}
_DECISIONS = {"accepted": ("check", "verified"), "rejected": ("circle-x", "contradicted")}


def state_sign(record: "QueryRecord") -> Sign:
    """The verdict once there is one, else how far the query is."""
    if record.state == "done" and record.verdict is not None:
        return sign(record.verdict)
    icon, token = _STATES.get(record.state, _STATES["waiting"])
    return Sign(tr(f"queries.state.{record.state}"), icon, getattr(theme.tokens, token))


def decision_sign(record: "QueryRecord") -> Sign | None:
    """None while nothing is decided."""
    known = _DECISIONS.get(record.decision.state)
    if known is None:
        return None
    word = tr(f"queries.decision.{record.decision.state}")
    return Sign(word, known[0], getattr(theme.tokens, known[1]))


def confidence(record: "QueryRecord") -> str:
    """Two digits; empty where there is none to speak of."""
    shown = record.state == "done" and record.confidence is not None
    return confidence_text(record.confidence or 0.0) if shown else ""


def second_line(record: "QueryRecord") -> str:
    """What went wrong, else the note and the tags."""
    if record.state == "failed":
        return join(translate(record.error), translate(record.hint))
    return " · ".join([part for part in (record.note.strip(), ", ".join(record.tags)) if part])

"""The figures for people and for programs: aligned Markdown tables, and JSON."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from training.gleam_c.report.figures import Figure

SCHEMA = "gleam.x-evaluation/1"
MAIN = (
    ("verdicts", "accuracy"), ("verdicts", "balanced"), ("verdicts", "f1"), ("verdicts", "answered"),
    ("verdicts", "said_no"), ("verdicts", "leaning"), ("verdicts", "ece"), ("verdicts", "brier"),
)  # fmt: skip
WORDS = (
    ("words", "scene_precision"), ("words", "scene_recall"), ("words", "hallucinated"),
    ("words", "texts_with_error"), ("words", "evidence_supported"), ("words", "evidence_wrong"),
    ("words", "agrees"), ("words", "sentence_similarity"), ("words", "chrf"),
)  # fmt: skip
CHANGED = (
    "accuracy_before", "accuracy_after", "drop", "verdict_changed", "followed", "shift",
    "text_changed",
)  # fmt: skip
GRADES = ("faithful", "reasoned", "complete", "fluent", "graded")


def to_json(document: Mapping[str, Any]) -> str:
    """The whole document; figures as objects of value, low and high."""

    def plain(value: Any) -> Any:
        if isinstance(value, Figure):
            return asdict(value)
        raise TypeError(f"{type(value).__name__} is not JSON")

    return json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False, indent=1, default=plain)


def markdown(document: Mapping[str, Any]) -> str:
    """One table of verdicts, one of words, one a part, and one of the changes."""
    systems: Mapping[str, Any] = document["systems"]
    blocks = [
        f"# Explainers on {document['pairs']}: {document['records']} pairs of {document['split']}",
        "Values with 95 % intervals, resampled by place. An open answer counts one half in accuracy; "
        f"{document['share_other']:.0%} of the pairs are none. What each name means: docs/gleam-x.md.",
        *(f"Note: {note}" for note in document["notes"]),
        "## Verdicts",
        _table(["system", *(name for _, name in MAIN)], _rows(systems, MAIN)),
    ]
    wordy = {name: found for name, found in systems.items() if found["texts"]}
    if wordy:
        blocks += [
            "## Words",
            _table(["system", "texts", *(n for _, n in WORDS)], _rows(wordy, WORDS, "texts")),
        ]
    graded = {name: found for name, found in systems.items() if found["grades"]}
    if graded:
        rows = [[n, *(_cell(f["grades"].get(g)) for g in GRADES)] for n, f in graded.items()]
        blocks += [f"## Grades by {document['judge']}, 1 to 5", _table(["system", *GRADES], rows)]
    changes = [
        [name, change.replace("_", " "), str(found["pairs"]), *(_cell(found[c]) for c in CHANGED)]
        for name, of in systems.items()
        for change, found in of["changed"].items()
    ]
    if changes:
        blocks += [
            "## Changed on purpose",
            _table(["system", "change", "answers", *CHANGED], changes),
        ]
    blocks += ["## Accuracy by part", _parts(systems)]
    taken = [
        [name, *(f"{found['seconds'].get(k, 0):.2f}" for k in ("verdict", "words"))]
        for name, found in systems.items()
        if found["seconds"]
    ]
    if taken:
        blocks += [
            "## Median seconds an answer",
            _table(["system", "verdict alone", "with words"], taken),
        ]
    return "\n\n".join(blocks) + "\n"


def _rows(
    systems: Mapping[str, Any], columns: Sequence[tuple[str, str]], count: str = ""
) -> list[list[str]]:
    return [
        [
            name,
            *([str(found[count])] if count else []),
            *(_cell(found[group].get(column)) for group, column in columns),
        ]
        for name, found in systems.items()
    ]


def _parts(systems: Mapping[str, Any]) -> str:
    rows = []
    first = next(iter(systems.values()))
    for part, names in first["by"].items():
        for name, found in names.items():
            cells = [
                _cell(of["by"][part][name]["verdicts"].get("accuracy")) for of in systems.values()
            ]
            rows.append([part, name, str(found["answers"]), *cells])
    return _table(["part", "", "answers", *systems], rows)


def _cell(figure: Figure | None) -> str:
    """Three digits, the interval with two; a dash where nothing was measured."""
    return "–" if figure is None else f"{figure.value:.3f} [{figure.low:.2f}, {figure.high:.2f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns also stand under each other in plain text."""
    lines = [[_plain(cell) for cell in line] for line in (head, *rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]
    padded = [
        "| "
        + " | ".join(c + " " * (w - _width(c)) for c, w in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    return "\n".join((padded[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *padded[1:]))


def _plain(cell: str) -> str:
    """Names come from packs and endpoints: nothing in them may break the table."""
    return cell.replace("|", "/").replace("<", "‹").replace("\n", " ").replace("_", " ")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

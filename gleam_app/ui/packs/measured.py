"""What a pack says it was measured to do, made readable: a table for each view."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gleam_app.imagery.views import VIEWS
from gleam_app.packs.manifest import Evaluation

COLUMNS = 3  # figures with a column of their own; the others share one
_SAMPLES = re.compile(r"([\d,]+) (?:queries|pairs)(?:, ([\d,]+) tiles)?")


@dataclass(frozen=True)
class Measurement:
    """One row. ``view`` is empty where it is about none; ``figures`` are words, ready to show."""

    view: str
    what: str
    queries: str
    tiles: str
    figures: dict[str, str]


def measurements(evaluation: Sequence[Evaluation]) -> list[Measurement]:
    """The rows of a manifest, in its order."""
    return [_measurement(one) for one in evaluation]


def by_view(rows: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    """Rows under the view they are about, views in their usual order, the others last."""
    found: dict[str, list[Measurement]] = {}
    for view in (*VIEWS, ""):
        of_view = [row for row in rows if row.view == view]
        if of_view:
            found[view] = of_view
    return found


def columns(rows: Sequence[Measurement]) -> list[str]:
    """The figures that most rows have, in their order."""
    counts = Counter(name for row in rows for name in row.figures)
    common = {name for name, _ in counts.most_common(COLUMNS)}
    return [name for name in counts if name in common]


def _measurement(one: Evaluation) -> Measurement:
    parts = one.what.split("; ")
    samples = _SAMPLES.fullmatch(parts[-1])
    if samples:
        parts.pop()
    tokens = "; ".join(parts).split(", ")
    view = next((token for token in tokens[:2] if token in VIEWS), "")
    if view:
        tokens.remove(view)
    queries, tiles = (samples[1], samples[2] or "") if samples else ("", "")
    return Measurement(view, ", ".join(tokens), queries, tiles, dict(_figures(one.figures)))


def _figures(figures: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            found += _figures(value, f"{prefix}{name} ")
        else:
            found.append((_title(prefix + name), _words(name, value)))
    return found


def _title(name: str) -> str:
    return name.replace("_", " ").strip()


def _words(name: str, value: Any) -> str:
    """ "85 % (81-89)" for a share with its 95 % interval, as plain a number else."""
    share = "@" in name or name in ("unchanged", "coverage", "precision", "accuracy")
    numbers = value if isinstance(value, list) else [value]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return str(value)
    if not numbers:
        return ""
    scale, unit = (100, " %") if share else (1, "")
    told = [f"{one * scale:.0f}" if share else f"{one:.4g}" for one in numbers]
    return f"{told[0]}{unit}" + (f" ({told[1]}–{told[2]})" if len(told) == 3 else "")

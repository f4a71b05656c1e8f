"""The log of a run: one JSON object a line, and a plain picture of it."""

import json
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, EDGE = 900, 260, 48


class RunLog:
    """Appends records to a file; ``cut`` forgets what a resumed run will do again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, **record: Any) -> None:
        """One line, on disk before the next step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def records(self) -> list[dict[str, Any]]:
        """All whole lines; a line torn by a kill is left out."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text("utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                found.append(record)
        return found

    def cut(self, step: int) -> None:
        """Keep the records up to and including ``step``."""
        kept = [record for record in self.records() if record.get("step", 0) <= step]
        if not self.path.exists():
            return
        staged = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        staged.write_text("".join(json.dumps(record) + "\n" for record in kept), "utf-8")
        staged.replace(self.path)


def plot(records: Sequence[dict[str, Any]], title: str) -> str:
    """The run as SVG: a chart a quantity (loss, learning rate, recall@1 on validation) over the steps."""
    charts = [
        (name, [(r["step"], r[name]) for r in records if isinstance(r.get(name), int | float)])
        for name in ("loss", "learning_rate", "scale", "recall@1")
    ]
    drawn = [_chart(name, points, i) for i, (name, points) in enumerate(c for c in charts if c[1])]
    height = HEIGHT * len(drawn) + EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{EDGE}" y="24" font-size="16">{escape(title)}</text>{"".join(drawn)}</svg>\n'
    )


def _chart(name: str, points: list[tuple[int, float]], number: int) -> str:
    steps, values = [p[0] for p in points], [p[1] for p in points]
    low, high = min(values), max(values)
    top, bottom = EDGE + number * HEIGHT, EDGE + (number + 1) * HEIGHT - 40

    def x(step: int) -> float:
        return EDGE + (step - steps[0]) / max(1, steps[-1] - steps[0]) * (WIDTH - 2 * EDGE)

    def y(value: float) -> float:
        return bottom - (value - low) / ((high - low) or 1.0) * (bottom - top - 20)

    line = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
    return (
        f'<text x="{EDGE}" y="{top + 8}">{escape(name)}: {high:.4g} down to {low:.4g}, '
        f"last {values[-1]:.4g}</text>"
        f'<line x1="{EDGE}" y1="{bottom}" x2="{WIDTH - EDGE}" y2="{bottom}" stroke="#888"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>'
        f'<text x="{EDGE}" y="{bottom + 16}">step {steps[0]}</text>'
        f'<text x="{WIDTH - EDGE}" y="{bottom + 16}" text-anchor="end">step {steps[-1]}</text>'
    )

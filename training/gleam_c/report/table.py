"""The report as a Markdown table: a row for each measurement, a column for each pack."""

from collections.abc import Mapping, Sequence

from training.gleam_c.report.figures import Figure, Row


def markdown(packs: Mapping[str, Sequence[Row]]) -> str:
    """``packs``: label -> rows. Rows of one measurement and condition stand side by side."""
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for label, rows in packs.items():
        for row in rows:
            lines.setdefault((row.measurement, row.condition), {})[label] = row
    out = [
        "Recall@1 [95 % interval by place] / recall@5 / recall@10, unless a figure names itself.",
        "",
        "| measurement | condition | queries / gallery | " + " | ".join(packs) + " |",
        "|---" * (3 + len(packs)) + "|",
    ]
    for (measurement, condition), found in lines.items():
        counts = sorted({f"{row.queries} / {row.gallery}" for row in found.values()})
        cells = [_cell(found[label].figures) if label in found else "" for label in packs]
        out.append(" | ".join(["| " + measurement, condition, ", ".join(counts), *cells]) + " |")
    return "\n".join(out) + "\n"


def _cell(figures: Mapping[str, Figure]) -> str:
    first = figures["recall@1"]
    parts = [f"{first.value:.3f} [{first.low:.2f}, {first.high:.2f}]"]
    parts += [f"{figures[k].value:.3f}" for k in ("recall@5", "recall@10") if k in figures]
    if "unchanged" in figures:
        parts.append(f"unchanged {figures['unchanged'].value:.3f}")
    if "core-ms a tile" in figures:
        parts.append(f"{figures['core-ms a tile'].value:.1f} core-ms a tile")
    return " / ".join(parts)

"""Writing what was measured into the manifest of the pack it was measured on."""

import json
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.packs.files import write_whole
from gleam_app.packs.manifest import MANIFEST_NAME, Evaluation, Pack, parse_manifest, read_manifest
from training.gleam_c.report.figures import Row

COMMAND = "python -m training gleam-c report"


def record(report: Path, folder: Path) -> int:
    """Put the report's rows for the pack in ``folder`` into its ``evaluation``; how many there are.

    Figures are [value, low, high] of the 95 % interval. An earlier record is replaced; the pack's
    identity (weights, preprocessing) stays. Raises GleamError where the report knows no such pack.
    """
    pack = Pack(read_manifest(folder), folder)
    measured = json.loads(report.read_text("utf-8"))["packs"].values()
    rows = [
        Row.from_json(row) for one in measured if one["hash"] == pack.hash for row in one["rows"]
    ]
    if not rows:
        raise GleamError(
            f"{report.name} has no figures of the pack {pack.label}.",
            "Measure it as it is now: its weights may have changed since.",
        )
    path = folder / MANIFEST_NAME
    manifest = parse_manifest(path.read_bytes(), str(path))
    others = [one for one in manifest.evaluation if one.command != COMMAND]
    found = [_evaluation(row) for row in rows]
    changed = manifest.model_copy(update={"evaluation": [*others, *found]})
    write_whole(path, changed.to_json())
    return len(found)


def _evaluation(row: Row) -> Evaluation:
    return Evaluation(
        what=f"{row.measurement}; {row.condition}; {row.queries} queries, {row.gallery} tiles",
        figures={name: [one.value, one.low, one.high] for name, one in row.figures.items()},
        command=COMMAND,
    )

"""What corruptions of a photo cost: recall@1 with and without each, heading known."""

import numpy as np

from training.gleam_c.report.bench import Bench
from training.gleam_c.report.figures import Row, means
from training.gleam_c.report.heldout import CHANGES, ShotTrial
from training.gleam_c.report.trials import HEADINGS, query_vectors, tile_vectors


def measure_changes(trial: ShotTrial, bench: Bench) -> list[Row]:
    """A row for each change; ``unchanged`` is recall@1 of the same photos without it."""
    gallery = tile_vectors(trial, bench)
    plain = trial.rank(query_vectors(trial, bench, HEADINGS[0]), gallery)
    rows = []
    for change in CHANGES:
        changed, kept = trial.changed(change)
        if not kept:
            continue
        found = changed.rank(query_vectors(changed, bench, HEADINGS[0]), gallery)
        hits = {
            "recall@1": (found == 1).astype(np.float64),
            "unchanged": (plain[kept] == 1).astype(np.float64),
        }
        figures = means(hits, changed.places)
        rows.append(Row(trial.measurement, change, len(kept), len(gallery), figures))
    return rows

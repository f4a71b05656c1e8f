"""From vectors to figures: ranks over turns, recall with its interval, and the row of a table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.gleam_c.metrics import bootstrap_by_place

RANKS = (1, 5, 10)
Vectors = NDArray[np.float32]
Ranks = NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """A mean with its 95 % percentile interval from resampling whole places."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One line of the report. ``queries`` and ``gallery`` are counts; the columns are the packs."""

    measurement: str
    condition: str
    queries: int
    gallery: int
    figures: dict[str, Figure]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Row":
        figures = {name: Figure(**figure) for name, figure in document["figures"].items()}
        return cls(**{**document, "figures": figures})


def ranks(
    queries: Vectors,
    gallery: Vectors,
    right: Sequence[Sequence[int]],
    left_out: Sequence[Sequence[int]] = (),
) -> Ranks:
    """1-based rank of each query's best right gallery picture; ties count against it.

    float32 (Q, T, D) and (R, D): a gallery picture scores as the best of the query's T turns.
    ``left_out[i]`` are gallery rows that are neither right nor wrong for query i. Every query needs a
    right row.
    """
    found = np.empty(len(queries), np.int64)
    for i, turned in enumerate(queries):
        scores = (turned @ gallery.T).max(axis=0)
        best = scores[list(right[i])].max()
        scores[list(right[i])] = -np.inf
        if len(left_out):
            scores[list(left_out[i])] = -np.inf
        found[i] = 1 + np.count_nonzero(scores >= best)
    return found


def means(columns: dict[str, NDArray[np.float64]], places: Sequence[str]) -> dict[str, Figure]:
    """The mean of each column of per-query values (Q,), with its interval by place."""
    values = np.stack(list(columns.values()), axis=1)
    low, high = bootstrap_by_place(values, places)
    return {
        name: Figure(*(round(float(x), 4) for x in figure))
        for name, *figure in zip(columns, values.mean(axis=0), low, high, strict=True)
    }


def recalls(found: Ranks, places: Sequence[str]) -> dict[str, Figure]:
    """Recall@1, 5 and 10 of ``ranks``."""
    return means({f"recall@{k}": (found <= k).astype(np.float64) for k in RANKS}, places)

"""Figures with 95 % intervals: whole places are drawn again, for pairs of one place are not independent."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.gleam_c.report.figures import Figure

Values = NDArray[np.float64]
RESAMPLES = 1000
DIGITS = 4


def resampled(
    columns: Mapping[str, Values],
    places: Sequence[str],
    statistics: Callable[[Mapping[str, Values]], Mapping[str, Values]],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Figure | None]:
    """Statistics of column sums, each with its percentile interval.

    ``columns``: one value a row, (N,). ``statistics`` gets the sum of each column, as arrays of any one
    shape, and gives arrays of that shape; NaN where undefined. None where it is undefined for the rows
    themselves; draws in which it is undefined are left out.
    """
    if not places:
        return {}
    _, number = np.unique(np.asarray(places), return_inverse=True)
    count = int(number.max()) + 1
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)
    times = np.vstack([np.ones(count), drawn])
    sums = {
        name: np.asarray(times @ np.bincount(number, column, count), float)
        for name, column in columns.items()
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        found = statistics(sums)
    return {name: _figure(values) for name, values in found.items()}


def _figure(values: Values) -> Figure | None:
    value, defined = float(values[0]), values[1:][~np.isnan(values[1:])]
    if np.isnan(value):
        return None
    low, high = np.quantile(defined, [0.025, 0.975]) if len(defined) else (value, value)
    return Figure(*(round(float(number), DIGITS) for number in (value, low, high)))


def ratios(
    parts: Mapping[str, tuple[Values, Values]], places: Sequence[str]
) -> dict[str, Figure | None]:
    """Each name's share: the sum of its first column over that of its second."""
    columns = {f"{name}/{i}": part for name, two in parts.items() for i, part in enumerate(two)}

    def shares(sums: Mapping[str, Values]) -> dict[str, Values]:
        return {name: sums[f"{name}/0"] / sums[f"{name}/1"] for name in parts}

    return resampled(columns, places, shares)

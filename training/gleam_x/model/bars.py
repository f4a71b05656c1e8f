"""From which score on a fact is told: where what was told was true, by the lower bound of an interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.gleam_x.model.heads import FACTS, Floats, Pictures

SIMULATED, REAL = (
    0.95,
    0.90,
)  # lower bounds of the share of true facts; the labels of real pictures are weak
SURE = 0.95  # of the interval, one-sided
STEP = 0.005
REALLY_SEEN = ("uav", "tile")  # views of which there are labelled real pictures
SMALL = ("pool", "sports", "car_park")  # easily overlooked: that they are not there is never told
Bars = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Told:
    """Of the facts that were told, those that were true; ``wanted``: all that were there."""

    true: int
    told: int
    wanted: int

    def __add__(self, other: "Told") -> "Told":
        return Told(self.true + other.true, self.told + other.told, self.wanted + other.wanted)

    @property
    def bound(self) -> float:
        """Below which the share of true ones does not lie (Clopper and Pearson, one-sided)."""
        from scipy.stats import beta  # type: ignore[import-untyped]

        return float(beta.ppf(1 - SURE, self.true, self.told - self.true + 1)) if self.true else 0.0

    def __str__(self) -> str:
        return f"{self.true} of {self.told} true, {self.true} of {self.wanted} found"


def name_of(fact: tuple[str, str]) -> str:
    """As a manifest names it: "water present"."""
    return " ".join(fact)


def told(
    scores: Floats, pictures: Pictures, number: int, bar: float, rows: NDArray[np.bool_]
) -> Told:
    """What a bar lets through of one fact, each picture counted once, by its mean score."""
    wanted = pictures.facts[:, number]
    known = rows & ~np.isnan(wanted)
    _, index, back = np.unique(pictures.names[known], return_index=True, return_inverse=True)
    mean = np.bincount(back, scores[known, number]) / np.bincount(back)
    true = wanted[known][index] == 1
    above = mean >= bar
    return Told(int((true & above).sum()), int(above.sum()), int(true.sum()))


def fit_bars(scores: Floats, pictures: Pictures) -> Bars:
    """By view and fact. A fact of which real pictures of the view tell nothing, or that no bar makes sure, has
    none: it is never told."""
    found: Bars = {}
    for view in REALLY_SEEN:
        rows = pictures.views == view
        # from above a drone's photo and a tile show alike: what is told of either counts for both
        above = np.isin(pictures.views, REALLY_SEEN)
        for number, fact in enumerate(FACTS):
            if fact[0] in SMALL and fact[1] == "none":
                continue
            for bar in np.arange(0.5, 1.0, STEP):
                simulated = told(scores, pictures, number, bar, above & ~pictures.real)
                seen = told(scores, pictures, number, bar, above & pictures.real)
                own = told(scores, pictures, number, bar, rows & ~pictures.real)
                holds = own.told and own.true >= SIMULATED * own.told
                if holds and simulated.bound >= SIMULATED and seen.bound >= REAL:
                    found.setdefault(view, {})[name_of(fact)] = round(float(bar), 3)
                    break
    return found


def confirmed(bars: Bars, scores: Floats, pictures: Pictures) -> Bars:
    """The bars that hold on pictures which nothing was learnt or fitted on, too."""
    found: Bars = {}
    for view, known in bars.items():
        for number, fact in enumerate(FACTS):
            if (bar := known.get(name_of(fact))) is not None:
                again = told(scores, pictures, number, bar, pictures.views == view)
                if again.true >= SIMULATED * again.told:
                    found.setdefault(view, {})[name_of(fact)] = bar
    return found


def table(scores: Floats, pictures: Pictures, bars: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each fact that is told, of simulated and of real pictures."""
    lines = []
    for view, known in bars.items():
        for number, fact in enumerate(FACTS):
            if (bar := known.get(name_of(fact))) is None:
                continue
            rows = pictures.views == view
            sides = [
                told(scores, pictures, number, bar, rows & (pictures.real == r))
                for r in (False, True)
            ]
            lines.append(
                f"{view}: {name_of(fact)} from {bar:.3f}: simulated {sides[0]}; real {sides[1]}"
            )
    return "\n".join(lines)


def figures(
    scores: Floats, pictures: Pictures, bars: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """All facts together: how many of those told are true."""
    found: dict[str, Any] = {}
    for name, kind in (("simulated", False), ("real", True)):
        total = Told(0, 0, 0)
        for view, known in bars.items():
            for number, fact in enumerate(FACTS):
                if (bar := known.get(name_of(fact))) is not None:
                    rows = (pictures.views == view) & (pictures.real == kind)
                    total += told(scores, pictures, number, bar, rows)
        found[name] = {"true": total.true, "told": total.told, "wanted": total.wanted}
    return found

"""What a system is asked: a pair in one language, as it is or changed on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.montage import Picture
from gleam_app.explain.wording import Lang
from training.data.records import read_pixels
from training.gleam_x.records import PairRecord, evidence_of

Change = Literal["other_tile", "blank_first", "blank_second", "other_evidence"]
CHANGES: tuple[Change, ...] = get_args(Change)
GREY = 128


@dataclass(frozen=True)
class Question:
    """A pair as a system is to see it.

    ``match``: the truth of what is shown. ``second``: whose tile is image 2, ``measured``: whose
    evidence is given; both are ``record`` itself unless changed. ``blank``: which of the two pictures
    are shown grey. ``explain``: words are wanted, too, and not the verdict alone.
    """

    record: PairRecord
    lang: Lang
    folder: Path
    match: bool
    second: PairRecord
    measured: PairRecord
    blank: tuple[bool, bool] = (False, False)
    explain: bool = True
    change: Change | None = None

    @property
    def evidence(self) -> list[Evidence]:
        """What was measured, as the app's own objects."""
        return evidence_of(self.measured)

    def pictures(self) -> tuple[Picture, Picture]:
        """Query and tile, uint8 (H, W, 3) RGB. Raises GleamError."""
        two = [read_pixels(self.folder / self.record.image1)]
        two.append(read_pixels(self.folder / self.second.image2))
        first, second = (
            np.full_like(pixels, GREY) if grey else pixels
            for pixels, grey in zip(two, self.blank, strict=True)
        )
        return first, second


def question(record: PairRecord, lang: Lang, folder: Path, explain: bool) -> Question:
    """A pair as it is."""
    return Question(record, lang, folder, record.match, record, record, explain=explain)


def choose(records: Sequence[PairRecord], limit: int | None) -> list[PairRecord]:
    """The first records, taken in turn from each view, source and label, so that few speak for all."""
    groups: dict[tuple[Any, ...], list[PairRecord]] = {}
    for record in records:
        groups.setdefault((record.view, record.source, not record.match), []).append(record)
    turns = zip_longest(*(groups[key] for key in sorted(groups)))
    return [record for record in chain.from_iterable(turns) if record is not None][:limit]


def changed(
    asked: Question, change: Change, pool: Sequence[PairRecord], reads: frozenset[str]
) -> Question | None:
    """The question with one thing changed; None where that cannot be done or would say nothing.

    - ``other_tile``: image 2 is a tile of another town, so that a match is none any more. Evidence, for
      those who read it, stays as it was: who looks must notice.
    - ``blank_first``, ``blank_second``: that picture is grey. The truth stays; nobody can see it.
    - ``other_evidence``: what was measured of a pair with the other label, of the same view. The pictures
      and the truth stay.
    """
    record = asked.record
    if change == "other_evidence":
        donor = _donor(record, pool, lambda other: _measured_otherwise(record, other))
        if "evidence" not in reads or not record.evidence or donor is None:
            return None
        return replace(asked, measured=donor, change=change)
    if "images" not in reads:
        return None
    if change == "other_tile":
        donor = _donor(record, pool, lambda other: _town(other.place2) != _town(record.place))
        if not record.match or donor is None:
            return None
        return replace(asked, second=donor, match=False, change=change)
    return replace(asked, blank=(change == "blank_first", change == "blank_second"), change=change)


def _measured_otherwise(record: PairRecord, other: PairRecord) -> bool:
    return other.match != record.match and bool(other.evidence)


def _donor(record: PairRecord, pool: Sequence[PairRecord], fits: Any) -> PairRecord | None:
    """One of the pool with the same view and source that fits; always the same one."""
    found = list(_alike(record, pool, fits))
    if not found:
        return None
    return found[int(np.random.default_rng([*record.id.encode()]).integers(len(found)))]


def _alike(record: PairRecord, pool: Sequence[PairRecord], fits: Any) -> Iterator[PairRecord]:
    for other in pool:
        if (other.view, other.source) == (record.view, record.source) and fits(other):
            yield other


def _town(place: str) -> str:
    """What a place lies in: places are named "town row column", or like their town alone."""
    return place.split(" ")[0]


def hardness(record: PairRecord) -> str:
    """How GLEAM-C fared: "misleading" where its first choice is wrong about the pair, "close" for a mistake
    among its first five, else "plain"; "unknown" where nobody ranked."""
    rank = record.hardness.rank
    if rank is None:
        return "unknown"
    if record.match:
        return "plain" if rank == 1 else "misleading"
    return "misleading" if rank == 1 else "close" if rank <= 5 else "plain"

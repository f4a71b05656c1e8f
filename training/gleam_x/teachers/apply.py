"""Writing explanations into a file of records."""

import os
from collections.abc import Sequence
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.explain.wording import LANGS, Lang
from training.gleam_x.records import (
    SPLITS,
    Explanation,
    PairRecord,
    Split,
    read_records,
    write_records,
)
from training.gleam_x.teachers.fact_teacher import explain


def explain_by_facts(
    pairs: Path, out: Path, langs: Sequence[Lang], splits: Sequence[Split], seed: int
) -> int:
    """Explanations of the fact teacher for all records; returns how many. Raises GleamError."""
    check_choice(langs, splits)
    written: list[PairRecord] = []
    count = 0
    for record in read_records(pairs):
        found: dict[Lang, Explanation] = {}
        if record.split in splits:
            found = {lang: explain(record, lang, seed) for lang in langs}
        written.append(with_explanations(record, found))
        count += len(found)
    write_records(out, moved(written, pairs.parent, out.parent))
    return count


def with_explanations(record: PairRecord, found: dict[Lang, Explanation]) -> PairRecord:
    """The record with these explanations in the place of those of the same languages."""
    return record.model_copy(update={"explanations": {**record.explanations, **found}})


def moved(records: Sequence[PairRecord], old: Path, new: Path) -> list[PairRecord]:
    """The records for a file in another folder: the pictures stay where they are."""
    if old.resolve() == new.resolve():
        return list(records)
    return [
        record.model_copy(
            update={
                name: Path(os.path.relpath(old / getattr(record, name), new)).as_posix()
                for name in ("image1", "image2")
            }
        )
        for record in records
    ]


def check_choice(langs: Sequence[str], splits: Sequence[str]) -> None:
    """GleamError naming a language or split that there is not."""
    for given, known, what in ((langs, LANGS, "language"), (splits, SPLITS, "split")):
        for name in given:
            if name not in known:
                raise GleamError(f"There is no {what} {name!r}.", f"Choose of {', '.join(known)}.")

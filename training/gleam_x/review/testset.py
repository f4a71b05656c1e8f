"""A versioned test set of what people accepted: records, pictures, and a manifest of how it came about."""

import json
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.query import load_query
from gleam_app.jobs.work import Work
from gleam_app.packs.files import sha256_of, write_whole
from training.gleam_x.records import RECORDS, PairRecord, write_records
from training.gleam_x.review.agreement import measure
from training.gleam_x.review.folder import Review
from training.gleam_x.review.sentences import revised
from training.gleam_x.review.settling import Settled, Settling

MANIFEST = "manifest.json"
PICTURES = "pictures"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
Disagreements = Literal["third", "leave-out"]


def export(review: Review, out: Path, version: str, disagreements: Disagreements) -> dict[str, Any]:
    """Write the test set into a new folder, whole or not at all; returns its manifest.

    ``disagreements``: what two disagree on is decided by a third reviewer where one did ("third"), or
    always left out. A pair is in it with the languages that were accepted. Raises GleamError.
    """
    if not _VERSION.fullmatch(version):
        raise GleamError(f"{clean_text(version, 40)!r} is no version.", "Write it like 1.0.0.")
    if out.exists():
        raise GleamError(
            f"{clean_text(out)} is there already.",
            "A version never changes: choose another folder for the new one.",
        )
    out = out.absolute()
    staged = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
    try:
        manifest = _write(review, staged, version, disagreements)
        staged.replace(out)
    except OSError as error:
        raise GleamError(
            f"{clean_text(out)} cannot be written: {clean_text(error.strerror)}.",
            "Make room on the disk, or choose another folder.",
        ) from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return manifest


def _write(
    review: Review, folder: Path, version: str, disagreements: Disagreements
) -> dict[str, Any]:
    people = review.reviewers()
    settling = Settling(review.plan, people, disagreements == "third")
    langs = review.plan.langs
    settled = [
        (record, {lang: settling.settle(record, lang) for lang in langs})
        for record in sorted(review.records, key=lambda one: one.id)
    ]
    kept = [(record, texts) for record, texts in settled if _any_kept(texts)]
    if not kept:
        raise GleamError(
            "Nothing has been accepted by all who were asked.", "Review some pairs first."
        )
    (folder / PICTURES).mkdir(parents=True)
    records = [
        _export_record(record, texts, review.folder, folder, number)
        for number, (record, texts) in enumerate(kept, start=1)
    ]
    write_records(folder / RECORDS, records)
    manifest = {
        "schema": "gleam.testset/1",
        "version": version,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": review.plan.model_dump(mode="json", by_alias=True),
        "disagreements": disagreements,
        "reviewers": [{"name": one.name, "third": one.seat is None} for one in people],
        "counts": _counts(records, settled),
        "pairs": [_provenance(record, texts) for record, texts in kept],
        "discarded": [row for record, texts in settled for row in _discarded(record, texts)],
        "agreement": measure(review)["groups"],
        "files": [_file(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()],
    }
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def _any_kept(texts: dict[Lang, Settled]) -> bool:
    return any(one.text is not None for one in texts.values())


def _export_record(
    record: PairRecord, texts: dict[Lang, Settled], source: Path, folder: Path, number: int
) -> PairRecord:
    """The record with settled texts only, its pictures copied under names that tell nothing."""
    changes: dict[str, Any] = {
        "explanations": {
            lang: revised(record, lang, one.text)
            for lang, one in texts.items()
            if one.text is not None
        }
    }
    for which in ("image1", "image2"):
        picture = source / getattr(record, which)
        load_query(picture)  # a picture, not some other file that the record happens to name
        suffix = picture.suffix.lower() if picture.suffix.lower() in _SUFFIXES else ".img"
        changes[which] = f"{PICTURES}/{number:05}-{which[-1]}{suffix}"
        shutil.copyfile(picture, folder / changes[which])
    return record.model_copy(update=changes)


def _counts(
    records: Sequence[PairRecord], settled: Sequence[tuple[PairRecord, dict[Lang, Settled]]]
) -> dict[str, Any]:
    outcomes: dict[Lang, Counter[str]] = {}
    for _, texts in settled:
        for lang, one in texts.items():
            outcomes.setdefault(lang, Counter())[one.outcome] += 1
    return {
        "reviewed": len(settled),
        "kept": len(records),
        "match": sum(record.match for record in records),
        "view": dict(sorted(Counter(record.view for record in records).items())),
        "source": dict(sorted(Counter(record.source for record in records).items())),
        "outcomes": {lang: dict(sorted(found.items())) for lang, found in outcomes.items()},
    }


def _provenance(record: PairRecord, texts: dict[Lang, Settled]) -> dict[str, Any]:
    """Who decided what of a pair that is kept."""
    return {
        "id": record.id,
        "texts": {
            lang: {
                "by": list(one.by),
                "third": one.third,
                "edited": one.text != record.explanations[lang].text,
            }
            for lang, one in texts.items()
            if one.text is not None
        },
    }


def _discarded(record: PairRecord, texts: dict[Lang, Settled]) -> list[dict[str, Any]]:
    """What of a pair is left out, and why."""
    return [
        {
            "id": record.id,
            "lang": lang,
            "why": one.outcome,
            "by": list(one.by),
            "third": one.third,
            "notes": list(one.notes),
        }
        for lang, one in texts.items()
        if one.text is None
    ]


def _file(path: Path, folder: Path) -> dict[str, Any]:
    return {
        "path": path.relative_to(folder).as_posix(),
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path, Work()),
    }

"""Pair records: what GLEAM-X is trained, reviewed and measured on.

A JSON Lines file beside the pictures it names, one ``PairRecord`` a line. It is the one form between
the pair builder, the teachers, people's review, fine-tuning and evaluation.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gleam_app.errors import GleamError
from gleam_app.explain.evidence import Evidence
from gleam_app.explain.scene_facts import SceneFacts
from gleam_app.explain.wording import LANGS, Lang, Phrase
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.views import View
from gleam_app.packs.files import write_whole

SCHEMA = "gleam.pairs/1"
RECORDS = "pairs.jsonl"
Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hardness(_Part):
    """How easily GLEAM-C takes the pair for a match.

    ``rank`` of image 2 among the gallery of the split for image 1 (1 is best), ``similarity`` the
    cosine of their vectors, ``rivals`` those of the best other tiles; None where not measured.
    """

    rank: int | None = None
    similarity: float | None = None
    rivals: tuple[float, ...] = ()


class StatedClaim(_Part):
    """One sentence of an explanation and the ids of what it rests on.

    "V1" is the verdict, "P1" and "P2" the kinds of the two pictures, "A3" a scene fact of image 1,
    "B2" one of image 2, "E2" measured evidence.
    """

    text: str
    facts: tuple[str, ...]


class Explanation(_Part):
    """What a teacher wrote. ``text`` is its sentences, joined; measured values stand as slots, ``{E2}``."""

    text: str
    claims: tuple[StatedClaim, ...]
    teacher: str
    verdict: Literal["match", "no_match"]


class PairRecord(_Part):
    """One pair: image 1 is the query, image 2 the satellite tile, north up.

    Paths are relative to the record's file. Image 1 is turned as GLEAM-C believes it lies on image 2:
    ``turned_deg`` is how far clockwise beyond its true heading (0 in a match); None for views that do
    not turn. ``heading_deg``: true bearing of image 1's up direction (of the view direction, for a
    ground photo; of the centre column, for a panorama), None where unknown. ``place`` is image 1's,
    ``place2`` image 2's; they are one exactly in a match. ``tile_m``: side of image 2 on the ground.
    ``evidence`` was measured on the two pictures (``evidence_of`` gives the app's own objects), None where
    nobody measured; ``facts`` what the simulated world knows of both.
    """

    id: str
    image1: str
    image2: str
    view: View
    match: bool
    place: str
    place2: str
    split: Split
    source: str
    hardness: Hardness = Hardness()
    heading_deg: float | None = None
    turned_deg: float | None = None
    tile_m: float | None = None
    facts: SceneFacts | None = None
    evidence: tuple[dict[str, Any], ...] | None = None
    explanations: dict[Lang, Explanation] = {}

    def to_line(self) -> str:
        """One JSON object, with its schema, without a line break."""
        fields = self.model_dump_json()
        return f'{{"schema":"{SCHEMA}",{fields.removeprefix("{")}'


def evidence_json(item: Evidence) -> dict[str, Any]:
    """An item as a record keeps it: as the app writes it, and the words it may be told in."""
    words = {lang: {"slot": item.slot(lang), "clauses": item.clauses(lang)} for lang in LANGS}
    return {**item.to_json(), "words": words}


def evidence_of(record: PairRecord) -> list[Evidence]:
    """The measured evidence of a record as the app's own objects; empty where nobody measured."""
    return [_evidence(item) for item in record.evidence or ()]


def _evidence(item: dict[str, Any]) -> Evidence:
    words = item["words"]
    phrase = Phrase(
        words["en"]["slot"],
        tuple(words["en"]["clauses"]),
        words["zh"]["slot"],
        tuple(words["zh"]["clauses"]),
    )
    regions = [
        tuple((float(x), float(y)) for x, y in item[name] or ())
        for name in ("query_region", "tile_region")
    ]
    return Evidence(
        item["id"], item["kind"], item["value"], item["unit"], phrase, item["weight"], *regions
    )


def read_records(path: Path, split: Split | None = None) -> Iterator[PairRecord]:
    """The records of a file, of one split or of all. Raises GleamError naming the bad line."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                record = _parse(line, path, number)
                if split is None or record.split == split:
                    yield record
    except (OSError, UnicodeDecodeError) as error:
        raise GleamError(
            f"{clean_text(path.name)} cannot be read: {clean_text(error, 100)}.",
            "Make it with: python -m training gleam-x pairs",
        ) from None


def _parse(line: str, path: Path, number: int) -> PairRecord:
    try:
        fields = json.loads(line)
        schema = fields.pop("schema")
        if schema != SCHEMA:
            raise ValueError(f"the schema is {schema!r}")
        return PairRecord.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        wrong = f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
    except (ValueError, AttributeError, TypeError) as error:
        wrong = str(error)
    except KeyError:
        wrong = "it names no schema"
    raise GleamError(
        f"{clean_text(path.name)}, line {number}, is no pair record: {clean_text(wrong, 160)}.",
        f"Each line is one JSON object of the schema {SCHEMA}.",
    ) from None


def write_records(path: Path, records: Iterable[PairRecord]) -> int:
    """Write a whole file, or leave what was there; returns how many records."""
    lines = [record.to_line() for record in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(f"{line}\n" for line in lines))
    return len(lines)

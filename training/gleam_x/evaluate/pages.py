"""Pages for people: the worst errors with their pictures, and sheets on which people grade texts."""

import base64
import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from gleam_app.packs.files import write_whole
from training.gleam_x.evaluate.exam import Sheet
from training.gleam_x.evaluate.questions import Question, hardness
from training.gleam_x.evaluate.systems import Answer
from training.gleam_x.evaluate.texts import Read, bare, reference

MIME = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
QUESTIONS = ("says_same_place", "true", "convincing", "fluent", "remark")


def write_gallery(path: Path, sheets: Sequence[Sheet], each: int, about: str) -> int:
    """One file with the worst ``each`` answers of every system that reads anything of a pair; returns how
    many. Raises GleamError."""
    parts = [
        {"name": sheet.system.name, "items": [_item(*row) for row in worst(sheet, each)]}
        for sheet in sheets
        if sheet.system.reads
    ]
    shown = [part for part in parts if part["items"]]
    write_whole(path, _template("gallery.html").render(parts=shown, about=about))
    return sum(len(part["items"]) for part in shown)


def worst(sheet: Sheet, most: int) -> list[tuple[Question, Answer, Read | None]]:
    """Errors, worst first: the surer a wrong verdict, then the more its text says that is not so; one
    language of a pair where both are as bad. Equals stand in an order that mixes views and sources."""
    rows = list(zip(sheet.questions, sheet.answers, sheet.read, strict=True))
    found = [row for row in rows if badness(*row) > 0]
    found.sort(key=lambda row: (-badness(*row), _mixed(row[0].record.id), row[0].lang))
    kept: dict[tuple[str, float], tuple[Question, Answer, Read | None]] = {}
    for row in found:
        kept.setdefault((row[0].record.id, badness(*row)), row)
    return list(kept.values())[:most]


def _mixed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def badness(question: Question, answer: Answer, read: Read | None) -> float:
    """0 where nothing is wrong; a wrong verdict counts 10 and up to 10 for its certainty, each contradicted
    assertion or measurement 1."""
    score = 0.0
    if answer.verdict is not None and answer.verdict != question.match:
        sure = 0.5 if answer.probability is None else abs(answer.probability - question.match)
        score = 10.0 + 10.0 * sure
    if read is not None:
        score += read.scene("contradicted") + read.measured("contradicted")
    return score


def write_rating_sheet(folder: Path, sheets: Sequence[Sheet], count: int, seed: int) -> int:
    """``rating.html`` to look at or print, ``rating.csv`` to fill in, and ``rating-key.csv``, which says who
    wrote what and is kept from raters; returns how many texts. The order is random, the same for a seed."""
    texts = [
        (sheet.system.name, question, answer)
        for sheet in sheets
        for question, answer in zip(sheet.questions, sheet.answers, strict=True)
        if answer.text
    ]
    order = np.random.default_rng(seed).permutation(len(texts))[:count]
    chosen = [texts[i] for i in order]
    items = [
        {
            "number": number,
            "lang": question.lang,
            "text": bare(answer.text),
            "images": _images(question),
        }
        for number, (_, question, answer) in enumerate(chosen, start=1)
    ]
    write_whole(folder / "rating.html", _template("rating.html").render(items=items))
    head = ("item", "language", *QUESTIONS)
    empty = [""] * len(QUESTIONS)
    _write_csv(folder / "rating.csv", head, [(i["number"], i["lang"], *empty) for i in items])
    key = [
        (number, system, question.record.id, question.lang, question.match, answer.verdict)
        for number, (system, question, answer) in enumerate(chosen, start=1)
    ]
    names = ("item", "system", "pair", "language", "match", "verdict")
    _write_csv(folder / "rating-key.csv", names, key)
    return len(items)


def _item(question: Question, answer: Answer, read: Read | None) -> dict[str, Any]:
    record = question.record
    return {
        "record": record,
        "lang": question.lang,
        "match": question.match,
        "answer": answer,
        "wrong": answer.verdict is not None and answer.verdict != question.match,
        "hardness": hardness(record),
        "sentences": read.sentences if read is not None else (),
        "reference": reference(record, question.lang),
        "evidence": [(item.id, item.text(question.lang)) for item in question.evidence],
        "images": _images(question),
    }


def _images(question: Question) -> list[str]:
    """Both pictures as data URLs: the page needs no other file."""
    urls = []
    for name in (question.record.image1, question.second.image2):
        path = question.folder / name
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        urls.append(f"data:{MIME.get(path.suffix.lower(), 'image/jpeg')};base64,{data}")
    return urls


def _write_csv(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    write_whole(path, "\ufeff" + text.getvalue())  # spreadsheets take it for UTF-8 by this


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def _template(name: str) -> Any:
    loader = PackageLoader("training.gleam_x.evaluate", "")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template(name)

"""What a reviewer said of each pair, kept line by line while it is said.

A reviewer's file is JSON Lines: a ``Header``, then one ``Entry`` an action, each on disk before the next
key is taken. The last entry of a pair counts; the ones before it are what undo goes back to. One
process writes a file.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.imagery.exif import clean_text

SCHEMA = "gleam.review/1"
Decision = Literal["accept", "reject"]
Reason = Literal["false", "vague", "verdict", "language", "image", "other", "label"]
REASONS: tuple[Reason, ...] = ("false", "vague", "verdict", "language", "image", "other")
"""Why a text is rejected, in the order of their keys 1 to 6: it says what the pictures do not show; it
says too little to go by; it does not lead to its verdict; its language; a picture is of no use (both
texts go); something else. "label", the seventh, is never chosen: it stands where the label is wrong."""
WHOLE_PAIR: tuple[Reason, ...] = ("image", "label")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextAnswer(_Part):
    """One language's explanation: the decision, and the text where it was changed (None: as it was)."""

    decision: Decision | None = None
    reason: Reason | None = None
    text: str | None = None


class Answer(_Part):
    """All that a reviewer says of a pair.

    ``judged`` is what the reviewer took the pair for before text and label were shown, in a blind
    review; None in an open one.
    """

    texts: dict[Lang, TextAnswer] = {}
    label_wrong: bool = False
    note: str = ""
    skipped: bool = False
    judged: bool | None = None

    def of(self, lang: Lang) -> TextAnswer:
        return self.texts.get(lang, TextAnswer())

    def decided(self, langs: tuple[Lang, ...]) -> bool:
        """Whether every language has its decision."""
        return all(self.of(lang).decision for lang in langs)

    def with_text(self, lang: Lang, **changes: object) -> "Answer":
        """The same with one language's answer changed."""
        changed = self.of(lang).model_copy(update=changes)
        return self.model_copy(update={"texts": {**self.texts, lang: changed}})


class Header(_Part):
    """Who answers, and about what. ``seat`` is None for a third reviewer of what two disagree on."""

    kind: Literal["open"] = "open"
    format: Literal["gleam.review/1"] = Field(default="gleam.review/1", alias="schema")
    reviewer: str
    seat: int | None
    pairs: str

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Entry(_Part):
    """One action. A "draft" is a keystroke in a text or note, or a blind judgement: no step of undo."""

    kind: Literal["decide", "draft", "undo"]
    at: str
    pair: str
    answer: Answer


_Line = TypeVar("_Line", Header, Entry)


def read_answers(path: Path) -> tuple[Header, dict[str, Answer]]:
    """A reviewer's file as it stands: header, and the answer of each pair touched. Raises GleamError."""
    header, entries = _read(path, _whole_lines(_bytes_of(path)))
    return header, {entry.pair: entry.answer for entry in entries}


class Journal:
    """A reviewer's file, open for writing."""

    def __init__(self, path: Path, header: Header) -> None:
        """Goes on with ``path``, or begins it. What a kill broke off is cut away. Raises GleamError."""
        self.path = path
        self.header = header
        self._answers: dict[str, Answer] = {}
        self._steps: list[tuple[str, Answer]] = []  # (pair, its answer before)
        self.last_pair: str | None = None
        content = _bytes_of(path) if path.exists() else b""
        lines = _whole_lines(content)
        whole = sum(len(line) + 1 for line in lines)
        if lines:
            known, entries = _read(path, lines)
            if known != header:
                raise GleamError(
                    f"{clean_text(path.name)} holds answers to other pairs or of another person.",
                    "Begin in another folder: --work FOLDER.",
                )
            for entry in entries:
                self._take(entry)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("r+b" if content else "wb", buffering=0)
            self._file.truncate(whole)
            self._file.seek(whole)
            if not lines:
                self._write(header.model_dump_json(by_alias=True))
        except OSError as error:
            raise _unwritable(path, error) from None

    def __getitem__(self, pair: str) -> Answer:
        """The answer as it stands; an empty one where there is none yet."""
        return self._answers.get(pair, Answer())

    def put(self, kind: Literal["decide", "draft"], pair: str, answer: Answer) -> None:
        """Keep an answer, on disk before this returns."""
        self._keep(Entry(kind=kind, at=_now(), pair=pair, answer=answer))

    def undo(self) -> str | None:
        """Take the last decision back; returns its pair, or None where there is nothing to take back.

        What was judged blind stays: the label has been seen since.
        """
        if not self._steps:
            return None
        pair, before = self._steps[-1]
        before = before.model_copy(update={"judged": self[pair].judged})
        self._keep(Entry(kind="undo", at=_now(), pair=pair, answer=before))
        return pair

    def close(self) -> None:
        self._file.close()

    def _keep(self, entry: Entry) -> None:
        try:
            self._write(entry.model_dump_json())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        if entry.kind == "decide":
            self._steps.append((entry.pair, self[entry.pair]))
        elif entry.kind == "undo":
            self._steps.pop()
        self._answers[entry.pair] = entry.answer
        self.last_pair = entry.pair

    def _write(self, line: str) -> None:
        start = self._file.tell()
        try:
            rest = line.encode() + b"\n"
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(start)  # no half a line before the next one
            self._file.seek(start)
            raise


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GleamError(
            f"{clean_text(path.name)} cannot be read: {clean_text(error.strerror)}.",
            "Check that you may open the folder of the review.",
        ) from None


def _whole_lines(content: bytes) -> list[bytes]:
    """The lines that were written to their end."""
    return content.split(b"\n")[:-1]


def _read(path: Path, lines: list[bytes]) -> tuple[Header, list[Entry]]:
    if not lines:
        raise GleamError(
            f"{clean_text(path.name)} holds no answers.", "Remove it, or review some pairs."
        )
    header = _parse(Header, lines[0], path, 1)
    entries = list(_entries(path, lines[1:]))
    return header, entries


def _entries(path: Path, lines: list[bytes]) -> Iterator[Entry]:
    open_steps = 0
    for number, line in enumerate(lines, start=2):
        entry = _parse(Entry, line, path, number)
        open_steps += {"decide": 1, "draft": 0, "undo": -1}[entry.kind]
        if open_steps < 0:
            raise _bad(path, number, "it takes back what was never said")
        yield entry


def _parse(kind: type[_Line], line: bytes, path: Path, number: int) -> _Line:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        wrong = f"{'.'.join(str(step) for step in first['loc'])} {first['msg']}"
        raise _bad(path, number, wrong) from None


def _bad(path: Path, number: int, wrong: str) -> GleamError:
    return GleamError(
        f"{clean_text(path.name)}, line {number}, is no answer: {clean_text(wrong, 120)}.",
        "Put a copy of the file back, or remove that line.",
    )


def _unwritable(path: Path, error: OSError) -> GleamError:
    return GleamError(
        f"{clean_text(path.name)} cannot be written: {clean_text(error.strerror)}.",
        "Nothing said before is lost. Make room on the disk, or open the folder for writing.",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

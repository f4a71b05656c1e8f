"""Asking: every answer is kept as soon as it is given, and nothing is asked twice."""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from training.gleam_x.evaluate.questions import Question
from training.gleam_x.evaluate.systems import Answer, System
from training.gleam_x.kept import Kept


class Desk:
    """Puts questions to systems; answers of each system lie in a file of its own in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Kept] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def ask(self, system: System, question: Question) -> Answer:
        """Raises GleamError; what was answered before stays kept."""
        if not system.fingerprint:
            return system.answer(question, None)
        told = system.prepare(question)
        key = content_hash(system.fingerprint, told)
        kept = self._of(system)
        if key not in kept:
            kept.put(key, system.answer(question, told).to_json())
        return Answer(**kept[key])

    def _of(self, system: System) -> Kept:
        if system.name not in self._kept:
            plain = re.sub(r"[^A-Za-z0-9._-]+", "-", system.name)[:60]
            mark = hashlib.sha256(system.name.encode()).hexdigest()[:8]
            self._kept[system.name] = Kept(self._folder / f"{plain}-{mark}.jsonl")
        return self._kept[system.name]


def content_hash(fingerprint: str, told: Any) -> str:
    """What an answer is kept under: the same question to the same system is asked once."""
    text = json.dumps([fingerprint, told], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)

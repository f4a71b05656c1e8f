"""Which answers of a teacher are good enough to learn from, and why the others are not."""

import re

from gleam_app.explain.claims import sentences
from gleam_app.explain.wording import Lang
from training.gleam_x.records import PairRecord
from training.gleam_x.teachers.check import check_text
from training.gleam_x.teachers.endpoint import Answer
from training.gleam_x.teachers.reading import read

LENGTH: dict[Lang, tuple[int, int]] = {"en": (120, 1400), "zh": (45, 500)}  # characters
SENTENCES = 3, 9
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")
_MARKS = re.compile(r"^\s*(?:[-*•#]+|\d+[.)、])\s*|\*\*|`", re.MULTILINE)
_TOLD = re.compile(
    r"\b(?:the truth|as (?:stated|told|given)|ground truth|the label|provided facts)\b|事实是|题目|已告知|给定的(?:事实|答案)",
    re.IGNORECASE,
)


def cleaned(text: str, lang: Lang) -> str:
    """The answer as one text: no list marks, no line breaks."""
    lines = [line.strip() for line in _MARKS.sub("", text).splitlines() if line.strip()]
    return ("" if lang == "zh" else " ").join(lines)


def fault(answer: Answer, text: str, record: PairRecord, lang: Lang) -> str:
    """Why a cleaned answer is not taken; empty where it is.

    "cut off", "language", "length", "repetition", "digits", "told" (it speaks of the label it was given),
    "verdict" (not the label, or none at the end), "empty" (it names no thing that can be seen),
    "contradiction" (of the scene facts).
    """
    if not answer.whole:
        return "cut off"
    if not _in_language(text, lang):
        return "language"
    said = sentences(text)
    least, most = LENGTH[lang]
    if not least <= len(text) <= most or not SENTENCES[0] <= len(said) <= SENTENCES[1]:
        return "length"
    if len({sentence.lower() for sentence in said}) < len(said):
        return "repetition"
    if re.search(r"\d", text):
        return "digits"
    if _TOLD.search(text):
        return "told"
    verdicts = [a.value for sentence in said for a in read(sentence, lang) if a.kind == "match"]
    right = "yes" if record.match else "no"
    if not verdicts or set(verdicts) != {right} or not _decides(said[-1], lang):
        return "verdict"
    checked = check_text(text, record, lang)
    if all(one.assertion.kind in ("view", "match") for one in checked):
        return "empty"
    if any(one.status == "contradicted" for one in checked):
        return "contradiction"
    return ""


def _in_language(text: str, lang: Lang) -> bool:
    chinese, latin = len(CHINESE.findall(text)), len(LATIN.findall(text))
    if lang == "zh":
        return chinese >= 20 and latin <= 0.05 * chinese
    return chinese == 0 and latin >= 40


def _decides(sentence: str, lang: Lang) -> bool:
    return any(assertion.kind == "match" for assertion in read(sentence, lang))

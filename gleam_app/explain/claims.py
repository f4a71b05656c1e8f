"""Claims: the sentences of an explanation, each held against the evidence it cites.

A claim is *supported* if every mark it carries exists, it carries one, each of its numbers is a
number of the cited evidence, and it does not speak against the verdict; *contradicted* if its
numbers or its verdict disagree with the evidence; *seen* if it cites nothing, but a model that looked at
the pictures was sure of it; else *unsupported*: nothing measured backs it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.wording import VERDICTS, Lang
from gleam_app.retrieval.results import Verdict

Status = Literal["supported", "seen", "unsupported", "contradicted"]

_MARK = re.compile(r"\s*\[(E\d{1,3})\]")
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?")
_END = re.compile(r"(?<=[。！？])|(?<=[.!?])(?=\s+\S)|\n+")
_WORDS_EN = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|"
    r"fifty|sixty|seventy|eighty|ninety|dozens?|hundreds?|thousands?|millions?)\b",
    re.IGNORECASE,
)
_WORDS_ZH = re.compile(r"[二三四五六七八九十百千万]+(?:个|米|公里|度|对|处|点|张|分|厘米)")
_PLACE = r"(?:places?|ground|locations?|sites?|areas?)"
_YES = re.compile(
    rf"\b(?:is|are|show|shows|depict|depicts|confirms?) (?:of |at |that they (?:show|are) )?the same {_PLACE}\b"
    r"|\bis the place of the query\b|同一(?:个)?(?:地点|位置|地区|片地面)|就是(?:查询图像的)?拍摄地点",
    re.IGNORECASE,
)
_NO = re.compile(
    rf"\b(?:not|n't) (?:show |depict |of |at )?the same {_PLACE}\b|\bdifferent {_PLACE}\b"
    r"|\bis not the place\b|\bdoes not match\b"
    r"|(?:不是|并非|不属于|不对应)(?:同一|(?:查询图像的)?拍摄地点)|不同的?(?:地点|位置|地区)",
    re.IGNORECASE,
)
_NOTES: dict[str, dict[Lang, str]] = {
    "no mark": {"en": "cites no evidence", "zh": "未引用证据"},
    "seen": {"en": "seen by the model, not measured", "zh": "模型所见，未经测量"},
    "unknown": {"en": "cites evidence that does not exist: {}", "zh": "引用了不存在的证据：{}"},
    "number": {"en": "{} is not in the cited evidence", "zh": "所引证据中没有 {}"},
    "verdict": {"en": "the verdict is “{}”", "zh": "结论是“{}”"},
}


@dataclass(frozen=True)
class Claim:
    """One statement of an explanation. ``text`` keeps its marks; ``note`` says why it is not supported."""

    text: str
    evidence: tuple[str, ...]
    status: Status
    note: str = ""

    @property
    def supported(self) -> bool:
        return self.status == "supported"

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "evidence": list(self.evidence),
            "supported": self.supported,
            "status": self.status,
            "note": self.note,
        }


def sentences(text: str) -> list[str]:
    """The sentences of English or Chinese text; a point inside a number ends none."""
    return [part.strip() for part in _END.split(text) if part and part.strip()]


def check_claims(
    text: str, evidence: Sequence[Evidence], lang: Lang, looked: bool = False
) -> list[Claim]:
    """Every sentence of ``text`` as a checked claim."""
    return [check_claim(sentence, evidence, lang, looked) for sentence in sentences(text)]


def check_claim(
    sentence: str, evidence: Sequence[Evidence], lang: Lang, looked: bool = False
) -> Claim:
    """Hold one sentence against the evidence it cites.

    ``looked``: by a model that saw both pictures and is known to say only what it is sure of.
    """
    known = {item.id: item for item in evidence}
    marks = tuple(dict.fromkeys(_MARK.findall(sentence)))
    words = _MARK.sub("", sentence)
    cited = [known[mark] for mark in marks if mark in known]

    def claim(status: Status, why: str = "", what: str = "") -> Claim:
        note = _NOTES[why][lang].format(what) if why else ""
        return Claim(sentence, marks, status, note)

    missing = [mark for mark in marks if mark not in known]
    if missing:
        return claim("unsupported", "unknown", ", ".join(missing))
    verdict = _verdict_of(evidence)
    if verdict is not None and _speaks_against(words, verdict, any(one.kind == "verdict" for one in cited)):  # fmt: skip
        return claim("contradicted", "verdict", VERDICTS[lang][verdict])
    if not marks:
        spoken = _NUMBER.search(words) or _WORDS_EN.search(words) or _WORDS_ZH.search(words)
        if looked and not spoken:
            return claim("seen", "seen")
        return claim("unsupported", "no mark")
    for shown in _numbers(words):
        if not any(_is_number_of(shown, item) for item in cited):
            return claim("contradicted", "number", shown)
    spelt = _WORDS_EN.search(words) or _WORDS_ZH.search(words)
    if spelt is not None:
        return claim("unsupported", "number", spelt[0])
    return claim("supported")


def _numbers(words: str) -> Iterator[str]:
    return (match[0] for match in _NUMBER.finditer(words))


def _is_number_of(shown: str, item: Evidence) -> bool:
    """Whether the number, as written, is one of the evidence's, at the digits that are shown.

    Fewer digits than the evidence's are accepted while they stay within 5 %.
    """
    decimals = len(shown.partition(".")[2])
    value = float(shown)
    for known in numbers_of(item):
        if value == known:
            return True
        if round(known, decimals) == value and abs(value - known) <= 0.05 * abs(known):
            return True
    return False


def numbers_of(item: Evidence) -> list[float]:
    """The numbers an item holds: those of its value, without their sign."""
    values = item.value.values() if isinstance(item.value, dict) else [item.value]
    return [abs(float(value)) for value in values if not isinstance(value, str)]


def _verdict_of(evidence: Sequence[Evidence]) -> Verdict | None:
    for item in evidence:
        if item.kind == "verdict" and isinstance(item.value, dict):
            return cast(Verdict, item.value["verdict"])
    return None


def _speaks_against(words: str, verdict: Verdict, about_verdict: bool) -> bool:
    """Whether a sentence asserts what the verdict denies, or names another verdict.

    Without a quote, another verdict's name counts only where the verdict is the subject.
    """
    if denies(words, verdict in ("verified", "strong")):
        return True
    for lang in ("en", "zh"):
        for name, label in VERDICTS[lang].items():
            if name == verdict:
                continue
            if f"“{label}”" in words or f'"{label}"' in words:
                return True
            own = VERDICTS[lang][verdict]
            if about_verdict and label not in own and _names(words.replace(own, ""), label, lang):
                return True
    return False


def denies(words: str, same: bool) -> bool:
    """Whether a sentence says the opposite of "the same place" (or of "not the same place")."""
    no = _NO.search(words) is not None
    return no if same else _YES.search(words) is not None and not no


def _names(words: str, label: str, lang: str) -> bool:
    if lang == "zh":
        return re.search(rf"结论[为是]?[“：]?{label}", words) is not None
    return re.search(rf"\b(?:verdict|rated)\b[^.]*\b{label}\b", words, re.IGNORECASE) is not None

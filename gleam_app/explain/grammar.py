"""Grammars (GBNF) that make a model's numbers right by construction.

No digit can be written. Where a measured value belongs the model writes its slot, ``{E3}``, and the
program puts the value there. Two grammars share that rule:

- *guided*, for small text models: one sentence a group of facts, in order; the model chooses the
  linking word and the wording of each fact from phrases that are true of it. Left free, models of
  0.5 to 1.5 billion parameters were seen to put the error in metres where the score belongs.
- *free*, for larger models and those that see: any words, slots anywhere.
"""

import re
from collections.abc import Sequence

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.wording import Lang

#: Which facts share a sentence, in the order of an explanation: the query, what both share,
#: similarity, what else was close, the camera, the verdict. Where there is no answer, what was searched
#: comes first and what may help last.
PLAN = (
    ("search",),
    ("ground", "heading"),
    ("inliers", "coverage"),
    ("residual",),
    ("score", "margin"),
    ("alternative", "others"),
    ("camera",),
    ("verdict", "shortfall"),
    ("advice",),
)
_JOINTS: dict[Lang, tuple[str, ...]] = {"en": (", and ", "; "), "zh": ("，", "；")}
_LEADS: dict[Lang, dict[str, tuple[str, ...]]] = {
    "en": {
        "more": ("", "moreover, ", "in addition, "),
        "but": ("however, ", "on the other hand, "),
    },
    "zh": {"more": ("", "此外，", "同时，"), "but": ("不过，", "然而，")},
}
_STOP: dict[Lang, str] = {"en": ".", "zh": "。"}
MAX_SENTENCES = 9


def planned(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    """The facts of each sentence, in the order in which they are told."""
    known = {item.kind: item for item in evidence}
    groups = ([known[kind] for kind in kinds if kind in known] for kinds in PLAN)
    return [group for group in groups if group]


def guided_grammar(evidence: Sequence[Evidence], lang: Lang) -> str:
    """The grammar whose every sentence states planned facts in words that are true of them."""
    groups = planned(evidence)
    rules = ["root ::= " + ' "\\n" '.join(f"s{number}" for number in range(len(groups)))]
    for number, group in enumerate(groups):
        leads = _leads([item for before in groups[:number] for item in before], group, lang)
        rules.append(f"s{number} ::= {_sentence(leads, group, lang)}")
    return "\n".join(rules)


def _leads(before: list[Evidence], group: list[Evidence], lang: Lang) -> tuple[str, ...]:
    """Linking words that fit: contrast after facts of the other weight, else addition; none for the verdict."""
    weight = group[0].weight
    if not before or group[0].kind == "verdict" or weight == "neutral":
        return ("",)
    told = [item.weight for item in before if item.weight != "neutral"]
    if told and told[-1] != weight:
        return _LEADS[lang]["but"]
    return _LEADS[lang]["more"] if told else ("",)


def _sentence(leads: tuple[str, ...], group: list[Evidence], lang: Lang) -> str:
    parts = []
    for position, item in enumerate(group):
        clauses = [clause.replace("{}", f"{{{item.id}}}") for clause in item.clauses(lang)]
        if position and len(clauses) > 1:
            clauses = clauses[1:]  # the first repeats the subject, for standing alone
        if position == 0:
            clauses = [_capital(lead + clause) for lead in leads for clause in clauses]
        else:
            parts.append(_choice(_JOINTS[lang]))
        parts.append(_choice(clauses))
    return " ".join((*parts, _quote(_STOP[lang])))


def free_grammar(evidence: Sequence[Evidence], lang: Lang) -> str:
    """Sentences of any words without digits, one a line, with slots of the given evidence only.

    A text has one way through these rules: with several (words of a few letters, counted as words),
    llama.cpp follows them all, and was seen to sit ten minutes on the first sentence.
    """
    root = f'root ::= line ("\\n" line){{3,{MAX_SENTENCES - 1}}}'
    return "\n".join((root, *free_line_rules(evidence, lang)))


def free_line_rules(evidence: Sequence[Evidence], lang: Lang) -> tuple[str, str]:
    """The rules ``line``, a sentence of any words without digits, and ``slot``."""
    numbers = " | ".join(_quote(item.id.removeprefix("E")) for item in evidence)
    if lang == "zh":  # a comma or a space comes before something, never twice
        start, pause, letter, stop = (
            r"[\u4e00-\u9fff“]",
            "[，、；：]?",
            r"[\u4e00-\u9fff“”（）]",
            "。",
        )
        least, most = 5, 90
    else:
        start, pause, letter, stop = "[A-Z]", '([,;:]? " ")?', "[a-zA-Z'()-]", "."
        least, most = 12, 260
    return (
        f"line ::= ({start} | slot) ({pause} ({letter} | slot)){{{least},{most}}} {_quote(stop)}",
        f'slot ::= "{{E" ({numbers}) "}}"',
    )


def _choice(texts: Sequence[str]) -> str:
    return "( " + " | ".join(_quote(text) for text in dict.fromkeys(texts)) + " )"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _capital(text: str) -> str:
    """First letter in capitals, unless a slot comes first (its value is capitalised when put in)."""
    return text[:1].upper() + text[1:] if re.match(r"[a-z]", text) else text

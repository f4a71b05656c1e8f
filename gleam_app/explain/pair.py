"""How a model that was trained by ``training.gleam_x`` is asked about a pair, and how it answers.

These words are part of the trained model: change them, and it must be trained again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.grammar import free_line_rules
from gleam_app.explain.montage import SIDE, Picture, montage
from gleam_app.explain.wording import Lang
from gleam_app.imagery.views import View
from gleam_app.retrieval.results import Candidate

Layout = Literal["montage", "apart"]
MOST_SENTENCES = 9


@dataclass(frozen=True)
class Words:
    """The fixed words of a language."""

    system: str
    montage: str
    apart: str
    judge: str
    explain: str
    measured: str
    yes: str
    no: str
    concluding: str
    gap: str


WORDS: dict[Lang, Words] = {
    "en": Words(
        system="You compare two pictures.",
        montage="Left: query. Right: candidate.",
        apart="First: query. Second: candidate.",
        judge="Same place? Yes or No.",
        explain="Same place? Yes or No, and why.",
        measured="Measured:",
        yes="Yes.",
        no="No.",
        concluding="Same place:",
        gap=" ",
    ),
    "zh": Words(
        system="你比较两张图片。",
        montage="左：查询图片。右：候选地点。",
        apart="第一张：查询图片。第二张：候选地点。",
        judge="是否同一地点？回答是或否。",
        explain="是否同一地点？回答是或否，并说明理由。",
        measured="测量结果：",
        yes="是。",
        no="否。",
        concluding="同一地点：",
        gap="",
    ),
}


def question(asked: str, measured: Sequence[str], lang: Lang, layout: Layout) -> str:
    """What stands beside the pictures; ``measured``: a line for each fact that the model may use."""
    words = WORDS[lang]
    lines = [words.montage if layout == "montage" else words.apart]
    if measured:
        lines += [words.measured, *measured]
    return "\n".join([*lines, asked])


def measured_line(slot_id: str, text: str) -> str:
    """One fact, with the slot that stands for its value."""
    return f"{{{slot_id}}} {text}"


def pair_messages(
    evidence: Sequence[Evidence], lang: Lang, picture: Picture
) -> list[dict[str, Any]]:
    """The messages for an explanation of the pair that ``picture``, a montage, shows."""
    from gleam_app.explain.prompts import data_url

    lines = [measured_line(item.id, item.text(lang)) for item in evidence]
    text = question(WORDS[lang].explain, lines, lang, "montage")
    image = {"type": "image_url", "image_url": {"url": data_url(picture, exact=True)}}
    return [
        {"role": "system", "content": WORDS[lang].system},
        {"role": "user", "content": [image, {"type": "text", "text": text}]},
    ]


def pair_grammar(evidence: Sequence[Evidence], lang: Lang, same: bool | None = None) -> str:
    """The verdict, then sentences of any words without digits, with slots of the given evidence only.

    ``same``: the verdict that the model is to go on from; None: it chooses.
    """
    words = WORDS[lang]
    gap = f'"{words.gap}" ' if words.gap else ""
    open_ = f'("{words.yes}" | "{words.no}")'
    verdict = open_ if same is None else f'"{words.yes if same else words.no}"'
    root = f"root ::= {verdict} ({gap}line){{1,{MOST_SENTENCES}}}"
    return "\n".join((root, *free_line_rules(evidence, lang)))


def pair_picture(query: Picture, view: View, candidate: Candidate) -> Picture | None:
    """The montage of a query, turned as it was found, and the candidate's tile; None without a picture
    of the tile."""
    from gleam_app.retrieval.turning import query_pictures

    tile = _tile(candidate)
    if tile is None:
        return None
    turn = candidate.heading_deg if candidate.heading_deg is not None else candidate.turn_deg
    turned = query_pictures(query, view, np.array([turn or 0.0]), SIDE)[0]
    return montage(turned, tile)


def _tile(candidate: Candidate) -> NDArray[np.uint8] | None:
    """The middle of the window, as large as the tile; else the tile's thumbnail."""
    aligned = candidate.alignment
    if aligned is None:
        return candidate.thumbnail
    window = aligned.window_rgb
    share = min(1.0, candidate.tile.scale_m / aligned.window_side_m)
    side = max(1, round(min(window.shape[:2]) * share))
    top, left = (window.shape[0] - side) // 2, (window.shape[1] - side) // 2
    return window[top : top + side, left : left + side]

"""What a teacher behind an endpoint is asked, in the language that it is to write.

It is told the truth of the label, so that it explains and does not guess. Where the simulated world
knows what the pictures show, a teacher without eyes is told that instead of being shown them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from gleam_app.explain.prompts import data_url
from gleam_app.explain.scene_facts import Fact
from gleam_app.explain.scene_text import WORDS
from gleam_app.explain.wording import Lang
from training.data.records import read_pixels
from training.gleam_x.records import PairRecord

Message = dict[str, Any]

SYSTEM: dict[Lang, str] = {
    "en": (
        "You write training texts for image analysts: exact, plain English about what two pictures "
        "show. You describe only what can be seen or is stated, and never mention that you were told "
        "the answer."
    ),
    "zh": "你为图像分析员撰写训练文本，用准确、平实的中文说明两幅图像显示的内容。只写看得见的或已给出的内容，不要提及答案是事先告诉你的。",
}
TASK: dict[Lang, str] = {
    "en": (
        "Image 1 is {kind}. Image 2 is a satellite tile, north up. The truth: they {truth}.\n"
        "Write four to eight short sentences, one a line, in this order: what the first image shows; "
        "what the second image shows; which features they share or in which they differ, and where in "
        "the pictures; last the verdict, in the words “{verdict}”.\n"
        "Call them “the first image” and “the second image”. Use no digits, no lists, no headings. "
        "Do not name places or read lettering."
    ),
    "zh": (
        "图像一是{kind}，图像二是上方为北的卫星图块。事实是：两幅图像{truth}。\n"
        "请写四到八个短句，每行一句，顺序为：第一幅图像显示什么；第二幅图像显示什么；两者有哪些相同或不同的特征、位于画面何处；"
        "最后一句是结论，写作“{verdict}”。\n"
        "称它们为“第一幅图像”和“第二幅图像”。不要使用数字、列表或标题，不要说出地名，也不要转述图上的文字。"
    ),
}
TRUTH: dict[Lang, dict[bool, str]] = {
    "en": {True: "show the same place", False: "do not show the same place"},
    "zh": {True: "是同一地点", False: "不是同一地点"},
}
VERDICT: dict[Lang, dict[bool, str]] = {
    "en": {
        True: "The two images show the same place.",
        False: "The two images do not show the same place.",
    },
    "zh": {True: "两幅图像是同一地点。", False: "两幅图像不是同一地点。"},
}
FACTS: dict[Lang, str] = {
    "en": "You cannot see the pictures. This is what they show:\nFirst image: {first}.\nSecond image: {second}.\nWrite only what stands here.",
    "zh": "你看不到图像。它们显示的内容如下：\n第一幅图像：{first}。\n第二幅图像：{second}。\n只写这里给出的内容。",
}
UNKNOWN: dict[Lang, str] = {"en": "nothing is known", "zh": "没有已知内容"}


def chat(record: PairRecord, folder: Path, lang: Lang, images: bool) -> list[Message]:
    """The messages for one record; its pictures lie in ``folder``. Raises GleamError."""
    task = TASK[lang].format(
        kind=WORDS[lang].KIND[record.view][0],
        truth=TRUTH[lang][record.match],
        verdict=VERDICT[lang][record.match],
    )
    content: Any = f"{task}\n{_known(record, lang)}"
    if images:
        urls = [data_url(read_pixels(folder / name)) for name in (record.image1, record.image2)]
        content = [
            *({"type": "image_url", "image_url": {"url": url}} for url in urls),
            {"type": "text", "text": task},
        ]
    return [{"role": "system", "content": SYSTEM[lang]}, {"role": "user", "content": content}]


def _known(record: PairRecord, lang: Lang) -> str:
    facts = record.facts
    sides = (facts.image1, facts.image2) if facts is not None else ((), ())
    first, second = (_listed(side, lang) for side in sides)
    return FACTS[lang].format(first=first, second=second)


def _listed(facts: tuple[Fact, ...], lang: Lang) -> str:
    words = WORDS[lang]
    found = []
    for fact in facts:
        zone = words.ZONES.get(fact.zone, "")
        place = f" {zone}" if zone and lang == "en" else zone
        found.append(words.NOUNS[fact.kind, fact.value][0].replace("{at}", place))
    return ("，" if lang == "zh" else ", ").join(found) or UNKNOWN[lang]


def content_hash(model: str, messages: list[Message], attempt: int) -> str:
    """What an answer is kept under: the same question to the same model is asked once."""
    text = json.dumps([model, messages, attempt], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

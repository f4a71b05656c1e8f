"""Reading explanations back: what a sentence says of which picture, in the vocabulary of scene facts.

It knows nothing of the sentences that our own teacher writes: it looks for the names of the pictures and
of the things, wherever they stand, so that it reads what other teachers and models write, too. What it
does not recognise it passes over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from gleam_app.explain import scene_words_en as words_en
from gleam_app.explain import scene_words_zh as words_zh
from gleam_app.explain.scene_facts import THINGS, Zone
from gleam_app.explain.wording import Lang

Scope = Literal["image1", "image2", "both", "neither"]


@dataclass(frozen=True)
class Assertion:
    """``kind`` and ``value`` as in ``facts``, or kind "view" (what image 1 is) or "match" ("yes", "no")."""

    scope: Scope
    kind: str
    value: str
    zone: Zone = ""


_VIEWS_EN = {
    "uav": r"(?:drone|aerial|uav) (?:photo|picture|image|view)",
    "ground": r"(?:ground|street-level|street level|street) (?:photo|picture|image|view)|photo taken from the ground",
    "panorama": r"(?:street )?panorama",
    "map": r"(?:street )?\bmap",
}
_VIEWS_ZH = {
    "uav": "无人机(?:照片|影像|图像)|航拍(?:照片|图像)",
    "ground": "地面(?:拍摄的)?(?:照片|图像)|街景(?:照片|图像)",
    "panorama": "(?:街景)?全景(?:图|照片)",
    "map": "(?:街道)?地图",
}
_SCOPES: dict[Lang, tuple[tuple[Scope, str], ...]] = {
    "en": (
        ("neither", r"\bneither\b|\bin either image\b"),
        ("both", r"\bboth\b|\bthe two images\b|\bthe images\b"),
        ("image2", r"\b(?:second image|satellite (?:image|tile|view|picture)|candidate)\b"),
        ("image1", rf"\b(?:first image|query)\b|\b(?:{'|'.join(_VIEWS_EN.values())})\b"),
    ),
    "zh": (
        ("both", "两幅(?:图像|图)|两者|二者|两张图"),
        ("image2", "第二(?:幅|张)(?:图像|图|影像)|卫星(?:图像|图块|影像|图)|候选位置"),
        ("image1", rf"第一(?:幅|张)(?:图像|图|影像)|查询图像|{'|'.join(_VIEWS_ZH.values())}"),
    ),
}
_ZONE_EN = {phrase: zone for zone, phrase in words_en.ZONES.items()} | {
    "in the middle": "centre", "at the top": "upper", "at the bottom": "lower",
    "in the left part": "left", "in the right part": "right",
}  # fmt: skip
_ZONE_ZH = {phrase: zone for zone, phrase in words_zh.ZONES.items()} | {
    "中央": "centre", "中心": "centre", "上方": "upper", "下方": "lower", "左边": "left",
    "右边": "right", "左上角": "upper left", "右上角": "upper right", "左下角": "lower left",
    "右下角": "lower right", "左上方": "upper left", "右上方": "upper right",
    "左下方": "lower left", "右下方": "lower right",
}  # fmt: skip
_THINGS_EN = {
    "water": r"(?:a stretch of |a body of |open )?water\b|a (?:river|lake|pond|canal)",
    "pool": r"(?:at least one )?swimming pools?",
    "sports": r"(?:sports grounds?|playing fields?|sports fields?|football pitch(?:es)?)",
    "car_park": r"(?:car parks?|parking (?:area|lot)s?)",
    "wood": r"(?:a patch of )?(?:woodland|forest)|\bwoods?\b",
    "park": r"(?:a )?(?:parkland|(?<!car )(?<!national )\bparks?\b(?! lot))",
    "field": r"(?:farmland|open fields?|fields of crops|cropland)",
    "green": r"green (?:space|area)s?",
}
_THINGS_ZH = {
    "water": "水域|水面|水体|河流|湖泊|池塘",
    "pool": "游泳池|泳池",
    "sports": "运动场|球场",
    "car_park": "停车场",
    "wood": "树林|林地|森林",
    "park": "公园",
    "field": "农田|田地|耕地",
    "green": "绿地",
}
_JUNCTIONS_EN = {
    "none": r"(?:\bno|\bany|\bwithout) (?:road )?junctions?",
    "tee": r"(?:\bT-(?:shaped )?junctions?|three-way junctions?|\bfork in the road)",
    "cross": r"(?:\bcrossroads|crossing roads|four-way (?:junction|intersection)s?)",
    "star": r"junction of many roads",
}
_JUNCTIONS_ZH = {
    "none": "(?:没有|未见|看不到)(?:道路)?(?:交叉口|路口)",
    "tee": "丁字路口|三岔路口",
    "cross": "十字路口",
    "star": "多岔路口",
}
_AMOUNTS_EN = {
    "buildings": (
        r"(?P<{0}none>\bno|\bany|\bwithout) |(?P<{0}few>a few|a handful of|hardly any) |"
        r"(?P<{0}several>several|a number of) |(?P<{0}many>many|numerous|dense) |(?P<{0}some>\bsome) ",
        r"(?:low-rise |mid-rise |high-rise )?buildings",
    ),
    "trees": (
        r"(?P<{0}none>\bno|\bany|\bwithout) |(?P<{0}few>a few|scattered|some) |"
        r"(?P<{0}many>many|plenty of|numerous) ",
        "trees",
    ),
}
_PLAIN_EN: tuple[tuple[str, str, str], ...] = (
    ("storeys", "low", r"low-rise"),
    ("storeys", "mid", r"mid-rise"),
    ("storeys", "tall", r"high-rise"),
    ("roof_form", "flat", r"\bflat(?:, mostly [\w -]+?)? roofs|flat-roofed"),
    ("roof_form", "pitched", r"\bpitched(?:, mostly [\w -]+?)? roofs|gabled roofs"),
    ("bend", "straight", r"straight (?:main )?road"),
    ("bend", "curved", r"(?:winding|curving|curved) (?:main )?road"),
)
_PLAIN_ZH: tuple[tuple[str, str, str], ...] = (
    ("buildings", "none", "(?:没有|未见|看不到)(?:建筑物?|房屋)"),
    ("buildings", "some", "可见建筑物"),
    ("buildings", "few", "零星几栋建筑物?|建筑物?很少|少量建筑物?"),
    ("buildings", "several", "(?:若干|一些)建筑物?"),
    ("buildings", "many", "许多建筑物?|建筑物?众多|建筑物?密集|大量建筑物?"),
    ("trees", "none", "(?:没有|未见|看不到)树木"),
    ("trees", "few", "少量树木|树木稀疏"),
    ("trees", "many", "许多树木|树木茂密|大量树木"),
    ("storeys", "low", "低层建筑"),
    ("storeys", "mid", "多层建筑"),
    ("storeys", "tall", "高层建筑"),
    ("roof_form", "flat", "平顶"),
    ("roof_form", "pitched", "坡顶"),
    ("bend", "straight", "(?:主路|道路)(?:笔直|平直)"),
    ("bend", "curved", "(?:主路|道路)(?:弯曲|蜿蜒)"),
)
_MATCH: dict[Lang, tuple[tuple[str, str], ...]] = {
    "en": (
        ("no", r"(?:not|n't) (?:show|depict|match)[^.]*\bsame (?:place|location|area)|\bdifferent (?:places?|locations?|areas?)\b|not the same (?:place|location|area)"),
        ("yes", r"\b(?:show|depict|are of|of|at)\b[^.]*\bsame (?:place|location|area)\b"),
    ),
    "zh": (
        ("no", "(?:不是|并非|不属于|不对应)同一(?:个)?(?:地点|地区|位置)|不同的?(?:地点|地区|位置)|不对应"),
        ("yes", "同一(?:个)?(?:地点|地区|位置)"),
    ),
}  # fmt: skip


def read(sentence: str, lang: Lang) -> list[Assertion]:
    """What a sentence asserts. A thing belongs to the picture named last before it, else to the next."""
    verdict = _verdict(sentence, lang)
    if verdict is not None:
        return [verdict]
    scopes = sorted(_scopes(sentence, lang))
    found = [_view(sentence, lang)] if not any(s in ("both", "neither") for _, s in scopes) else []
    things = _english(sentence) if lang == "en" else _chinese(sentence)
    for at, kind, value, zone in things:
        before = [scope for start, scope in scopes if start <= at]
        after = [scope for start, scope in scopes if start > at]
        if not before and not after:
            continue
        scope = before[-1] if before else after[0]
        found.append(Assertion(scope, kind, "none" if scope == "neither" else value, zone))
    return [assertion for assertion in found if assertion is not None]


def _verdict(sentence: str, lang: Lang) -> Assertion | None:
    for value, pattern in _MATCH[lang]:
        if re.search(pattern, sentence, re.IGNORECASE):
            return Assertion("both", "match", value)
    return None


def _view(sentence: str, lang: Lang) -> Assertion | None:
    """What image 1 is said to be: the most particular name that stands in the sentence."""
    names = _VIEWS_EN if lang == "en" else _VIEWS_ZH
    for view in ("panorama", "map", "ground", "uav"):
        if re.search(rf"\b(?:{names[view]})\b" if lang == "en" else names[view], sentence, re.I):
            return Assertion("image1", "view", view)
    return None


def _scopes(sentence: str, lang: Lang) -> Iterator[tuple[int, Scope]]:
    for scope, pattern in _SCOPES[lang]:
        for match in re.finditer(pattern, sentence, re.IGNORECASE):
            yield match.start(), scope


_Mention = tuple[int, str, str, Zone]


def _zone(name: str | None, known: dict[str, str]) -> Zone:
    return cast(Zone, known[name.lower()]) if name else ""


def _english(sentence: str) -> Iterator[_Mention]:
    zones = "|".join(sorted((re.escape(z) for z in _ZONE_EN), key=len, reverse=True))
    place = rf"(?: (?P<zone>{zones}))?"
    for kind, noun in _THINGS_EN.items():
        for match in re.finditer(
            rf"(?P<no>\b(?:no|any|without) )?(?:{noun}){place}", sentence, re.I
        ):
            value = "none" if match["no"] else "present"
            yield match.start(), kind, value, _zone(match["zone"], _ZONE_EN)
    for value, noun in _JUNCTIONS_EN.items():
        for match in re.finditer(rf"(?:{noun}){place}", sentence, re.I):
            yield match.start(), "junction", value, _zone(match["zone"], _ZONE_EN)
    for kind, (amounts, noun) in _AMOUNTS_EN.items():
        pattern = rf"(?:{amounts.format('')})(?:{noun})"
        for match in re.finditer(pattern, sentence, re.I):
            value = next(name for name, text in match.groupdict().items() if text)
            yield match.start(), kind, value, ""
    for kind, value, pattern in _PLAIN_EN:
        for match in re.finditer(pattern, sentence, re.I):
            yield match.start(), kind, value, ""
    for value, words in words_en.DIRECTIONS.items():
        ways = "|".join(words)
        for match in re.finditer(
            rf"(road|street) (?:running|that runs|runs) (?:from )?(?:{ways})\b", sentence, re.I
        ):
            yield match.start(), match[1].lower(), value, ""
    colours = "|".join(words_en.COLOURS.values())
    pattern = rf"(?:mostly|mainly) ({colours}) roofs|roofs that are (?:mainly|mostly) ({colours})"
    for match in re.finditer(pattern, sentence, re.I):
        word = (match[1] or match[2]).lower()
        yield match.start(), "roofs", _key(words_en.COLOURS, word), ""


def _chinese(sentence: str) -> Iterator[_Mention]:
    zones = "|".join(sorted(_ZONE_ZH, key=len, reverse=True))
    lead = (
        rf"(?:(?P<zone>{zones})(?:有|可见|是|为)(?:一片|一处|一座|一个)?)?(?P<no>没有|未见|看不到)?"
    )
    nouns = {(kind, "present"): noun for kind, noun in _THINGS_ZH.items()}
    nouns |= {("junction", value): noun for value, noun in _JUNCTIONS_ZH.items()}
    for (kind, value), noun in nouns.items():
        for match in re.finditer(rf"{lead}(?:{noun})(?:位于(?P<there>{zones}))?", sentence):
            shown = "none" if match["no"] and kind in THINGS else value
            yield match.start(), kind, shown, _zone(match["zone"] or match["there"], _ZONE_ZH)
    for kind, value, pattern in _PLAIN_ZH:
        for match in re.finditer(pattern, sentence):
            yield match.start(), kind, value, ""
    for value, words in words_zh.DIRECTIONS.items():
        for match in re.finditer(rf"(街道)?[呈为](?:{'|'.join(words)})走向", sentence):
            yield match.start(), "street" if match[1] else "road", value, ""
    colours = "|".join(sorted(words_zh.COLOURS.values(), key=len, reverse=True))
    for match in re.finditer(rf"屋顶(?:以|多为|主要为)({colours})", sentence):
        yield match.start(), "roofs", _key(words_zh.COLOURS, match[1]), ""


def _key(words: dict[str, str], word: str) -> str:
    return next(key for key, name in words.items() if name == word)

"""The words of evidence in both languages: whole sentences, and short phrases for a model's slots."""

from typing import Literal, NamedTuple

from gleam_app.retrieval.results import Verdict

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = ("en", "zh")

LABELS: dict[str, dict[str, str]] = {
    "en": {
        "verdict": "Verdict",
        "inliers": "Matched points",
        "residual": "Fit",
        "coverage": "Coverage",
        "ground": "Ground covered",
        "heading": "Heading",
        "score": "Score",
        "margin": "Margin",
        "alternative": "Next place",
        "others": "Other candidates",
        "camera": "Camera position",
        "search": "Searched",
        "shortfall": "Shortfall",
        "advice": "What may help",
        "sight": "Seen by the model",
    },
    "zh": {
        "verdict": "结论",
        "inliers": "匹配点",
        "residual": "吻合误差",
        "coverage": "分布",
        "ground": "覆盖范围",
        "heading": "朝向",
        "score": "相似度",
        "margin": "领先",
        "alternative": "次优位置",
        "others": "其他候选位置",
        "camera": "相机记录的位置",
        "search": "搜索范围",
        "shortfall": "差距",
        "advice": "建议",
        "sight": "模型所见",
    },
}

VERDICTS: dict[str, dict[Verdict, str]] = {
    "en": {
        "verified": "verified",
        "strong": "strong",
        "possible": "possible",
        "unverified": "unverified",
        "not_found": "not found",
    },
    "zh": {
        "verified": "已核实",
        "strong": "高度可信",
        "possible": "可能",
        "unverified": "未核实",
        "not_found": "未找到",
    },
}

_ZONES = {
    "throughout": ("in all parts of it", "遍布整个画面"),
    "centre": ("mainly in its centre", "主要在画面中部"),
    "upper": ("mainly in its upper part", "主要在画面上部"),
    "lower": ("mainly in its lower part", "主要在画面下部"),
    "left": ("mainly on its left side", "主要在画面左侧"),
    "right": ("mainly on its right side", "主要在画面右侧"),
    "upper left": ("mainly in its upper left", "主要在画面左上部"),
    "upper right": ("mainly in its upper right", "主要在画面右上部"),
    "lower left": ("mainly in its lower left", "主要在画面左下部"),
    "lower right": ("mainly in its lower right", "主要在画面右下部"),
}
_POINTS_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")  # fmt: skip
_POINTS_ZH = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
UNITS_ZH = {"m": "米", "km": "公里", "px": "像素"}


class Phrase(NamedTuple):
    """One fact in words: its value, and clauses with ``{}`` where the value stands.

    The first clause of a language stands alone (tables, plain text); all of them say the same and are
    what a small model may choose from. Clauses begin in lower case and end without a full stop.
    """

    slot_en: str
    clauses_en: tuple[str, ...]
    slot_zh: str
    clauses_zh: tuple[str, ...]


def fill(clause: str, slot: str, lang: Lang) -> str:
    """The clause with its value, as a sentence."""
    text = clause.replace("{}", slot)
    return f"{text}。" if lang == "zh" else f"{text[:1].upper()}{text[1:]}."


def number(value: float) -> str:
    """A number as shown: no trailing zeros, no exponent."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def two(value: float) -> str:
    """Scores and confidences: two decimals."""
    return f"{value:.2f}"


def bounded(confidence: float) -> float:
    """A confidence as shown: two decimals, and neither 0 nor 1, which nobody measured."""
    return min(max(round(confidence, 2), 0.01), 0.99)


def verdict(name: Verdict, confidence: float) -> Phrase:
    shown = two(bounded(confidence))
    en, zh = "", ""
    if confidence > 0.99:
        en, zh = "above ", "高于 "
    elif confidence < 0.01:
        en, zh = "below ", "低于 "
    poor = name in (
        "unverified",
        "not_found",
    )  # a bare "confidence 0.02" would seem to doubt the verdict
    held = ", the confidence in this place being" if poor else " with confidence"
    held_zh = "该位置的置信度" if poor else "置信度"
    bare = bare_verdict(name)
    return bare._replace(
        slot_en=f"{bare.slot_en}{held} {en}{shown}",
        slot_zh=f"{bare.slot_zh}，{held_zh}{zh or '为 '}{shown}",
    )


def bare_verdict(name: Verdict) -> Phrase:
    """The verdict where no confidence is known."""
    return Phrase(
        f"“{VERDICTS['en'][name]}”",
        ("the verdict is {}", "the verdict is therefore {}", "taken together, the verdict is {}"),
        f"“{VERDICTS['zh'][name]}”",
        ("结论为{}", "因此结论为{}", "综合以上证据，结论为{}"),
    )


def sight(percent: int, same: bool) -> Phrase:
    """What a model sees in both pictures."""
    slot = f"{percent} %"
    if same:
        return Phrase(
            slot,
            (
                "the model that compared both pictures sees one and the same place with a probability of {}",
            ),
            slot,
            ("对比两张图片的模型认为它们显示同一处地方，概率为 {}",),
        )
    return Phrase(
        slot,
        ("the model that compared both pictures sees unlike places with a probability of {}",),
        slot,
        ("对比两张图片的模型认为它们显示的地方并不一样，概率为 {}",),
    )


def inliers(count: int, matches: int, convincing: bool) -> Phrase:
    slot = f"{count} of {matches} matched points"
    if convincing:
        return Phrase(
            slot,
            (
                "{} agree on one alignment of the query with the candidate",
                "{} agree on how the query lies on the candidate",
                "{} place the query on the candidate in one and the same way",
            ),
            f"{matches} 对匹配点中有 {count} 对",
            (
                "{}支持查询图像与候选位置的同一种对齐",
                "{}一致表明查询图像如何与候选位置对齐",
                "{}以同一种方式将查询图像对准候选位置",
            ),
        )
    return Phrase(
        f"only {slot}",
        (
            "{} agree on one alignment, which chance could explain",
            "{} agree on one alignment, too few to rule out chance",
        ),
        f"{matches} 对匹配点中仅有 {count} 对",
        ("{}支持同一种对齐，可能只是巧合", "{}支持同一种对齐，不足以排除巧合"),
    )


def no_alignment() -> Phrase:
    return Phrase(
        "no alignment",
        (
            "{} of the query with the candidate was found",
            "{} was found between the query and the candidate",
        ),
        "未找到可靠的对齐",
        ("查询图像与候选位置之间{}", "几何核验在两者之间{}"),
    )


def residual(value: float, unit: str, close: bool) -> Phrase:
    en: tuple[str, ...] = (
        "half of the matched points fit to within {}",
        "half of these points fit to within {}",
    )
    zh: tuple[str, ...] = ("半数匹配点的误差不超过 {}", "其中半数点的误差不超过 {}")
    if close:
        en, zh = (*en, f"{en[1]}, which is a close fit"), (*zh, f"{zh[1]}，吻合良好")
    unit_zh = UNITS_ZH[unit]
    return Phrase(f"{number(value)} {unit}", en, f"{number(value)} {unit_zh}", zh)


def coverage(percent: int, where: str, weight: str) -> Phrase:
    zone, zone_zh = _ZONES[where]
    en = [f"the matched points span {{}} of the query, {zone}", f"they span {{}} of it, {zone}"]
    zh = [f"匹配点覆盖查询图像面积的 {{}}，{zone_zh}", f"这些点覆盖画面的 {{}}，{zone_zh}"]
    if weight == "for":
        en.append("they span {} of the query, so the agreement is not confined to one spot")
        zh.append("这些点覆盖画面的 {}，一致之处并不局限于一隅")
    elif weight == "against":
        en.append("they span {} of the query, so the agreement rests on a small part of it")
        zh.append("这些点只覆盖画面的 {}，一致之处仅限于一小部分")
    return Phrase(f"{percent} %", tuple(en), f"{percent}%", tuple(zh))


def ground(width: float, height: float, centimetres: float) -> Phrase:
    size, sampling = f"{number(width)} × {number(height)}", number(centimetres)
    return Phrase(
        f"{size} m of ground at {sampling} cm a pixel",
        ("the query covers about {}", "as aligned, the query covers about {}"),
        f"{size} 米，每像素 {sampling} 厘米",
        ("查询图像覆盖地面约 {}", "按此对齐，查询图像覆盖地面约 {}"),
    )


def heading(degrees: int) -> Phrase:
    point = round(degrees / 45) % 8
    return Phrase(
        f"{degrees}° ({_POINTS_EN[point]})",
        ("the top of the query points to {}", "its top points to {}"),
        f"{degrees}°（{_POINTS_ZH[point]}）",
        ("查询图像的上方朝向 {}", "图像上方朝向 {}", "其上方朝向 {}"),
    )


def score(value: float) -> Phrase:
    return Phrase(
        two(value),
        ("the similarity score is {}", "retrieval gives the candidate a similarity score of {}"),
        two(value),
        ("相似度为 {}", "检索给出的相似度为 {}"),
    )


def margin(value: float, clear: bool, enough: bool) -> Phrase:
    """``value``: lead over the best other place, negative where that one scores more; ``enough``: for an answer."""
    amount = two(abs(value))
    if value < 0:
        en = ("the score is {} below that of the best other place", "this is {} below the best other place")  # fmt: skip
        zh = ("相似度比得分最高的其他位置低 {}", "比得分最高的其他位置低 {}")
        return Phrase(amount, en, amount, zh)
    lead, lead_zh = ("a clear lead", "领先明显") if clear else ("a small lead", "领先不多")
    if not enough:
        lead, lead_zh = "which alone proves nothing", "但仅凭这一点不足为证"
    return Phrase(
        amount,
        (
            f"the score is {{}} above that of the best other place, {lead}",
            f"this is {{}} above the best other place, {lead}",
        ),
        amount,
        (
            f"相似度比得分最高的其他位置高 {{}}，{lead_zh}",
            f"比得分最高的其他位置高 {{}}，{lead_zh}",
        ),
    )


def alternative(
    length: tuple[float, str] | None, value: float, count: int | None, better: bool
) -> Phrase:
    """``length``: distance and its unit; ``count``: agreeing points, None where no alignment was found."""
    name, name_zh = ("better-ranked", "排名更高的") if better else ("next-best", "次优")
    parts, parts_zh = [f"a score of {two(value)}"], [f"相似度 {two(value)}"]
    if count is not None:
        parts.append(f"{count} agreeing points")
        parts_zh.append(f"一致的匹配点 {count} 对")
    slot, slot_zh = " and ".join(parts), "，".join(parts_zh)
    if length is None:
        return Phrase(slot, (f"the {name} place has {{}}",), slot_zh, (f"{name_zh}位置的{{}}",))
    shown = f"{number(length[0])} {length[1]} away"
    shown_zh = f"相距 {number(length[0])} {UNITS_ZH[length[1]]}"
    return Phrase(
        f"{shown} with {slot}",
        (f"the {name} place lies {{}}", f"the {name} place in the loaded imagery lies {{}}"),
        f"{shown_zh}，{slot_zh}",
        (f"{name_zh}位置{{}}", f"{name_zh}位置与之{{}}"),
    )


def others(passed: int, total: int) -> Phrase:
    if passed == 0:
        counted, counted_zh = f"none of the {total} other places", f"其他 {total} 处位置"
        found_zh = "均未见"
    else:
        counted, counted_zh = f"{passed} of the {total} other places", f"其他 {total} 处位置中有 {passed} 处"  # fmt: skip
        found_zh = "也有"
    return Phrase(
        counted,
        (  # true also of places that were not looked at, once a better one was certain
            "a sound alignment with the query was found at {}",
            "a sound alignment was found at {}",
        ),
        counted_zh,
        (f"{{}}{found_zh}与查询图像的可靠对齐", f"{{}}{found_zh}可靠的对齐"),
    )


def camera(length: tuple[float, str], from_aim: bool) -> Phrase:
    """``from_aim``: measured from the ground at which the camera looked, by its file."""
    if from_aim:
        where = "the ground at which the camera looked by its file"
        where_zh = "文件所记相机对准的地面"
    else:
        where = "the position that the camera wrote into the file"
        where_zh = "相机写入文件的位置"
    return Phrase(
        f"{number(length[0])} {length[1]}",
        (f"the candidate lies {{}} from {where}",),
        f"{number(length[0])} {UNITS_ZH[length[1]]}",
        (f"候选位置与{where_zh}相距 {{}}",),
    )


Advice = Literal["camera", "check", "ground", "map", "imagery"]
_ADVICE: dict[Advice, tuple[str, str]] = {
    "camera": (
        "imagery around the position that the camera wrote into the file",
        "加载相机所记录位置周围的影像",
    ),
    "check": (
        "the geometric check, which has not been made for this answer",
        "对本次结果进行尚未执行的几何核验",
    ),
    "ground": (
        "a picture of the same place from above, or a search area drawn on the map, "
        "since a view from the ground shares little with imagery from above",
        "换用同一地点的俯视图像，或在地图上限定搜索范围，因为地面视角与俯视影像的共同之处很少",
    ),
    "map": (
        "imagery that covers the place, or a cut-out of the street map that shows more streets",
        "加载覆盖该地点的影像，或截取显示更多道路的街道地图",
    ),
    "imagery": (
        "imagery that is sure to cover the place, at about the scale and season of the query, "
        "and a heading or a search area if one is known",
        "加载确实覆盖该地点且比例与季节相近的影像，若已知朝向或大致区域，也请一并给出",
    ),
}


def search(places: int, aligned: int, sides_m: tuple[float, float] | None) -> Phrase:
    """``aligned``: how many of the places; ``sides_m``: of the smallest and the largest tile."""
    slot, slot_zh = f"{places} candidate place{'' if places == 1 else 's'}", f"{places} 处候选位置"
    if sides_m is not None:
        low, high = number(sides_m[0]), number(sides_m[1])
        same = low == high
        slot += f" on tiles {low if same else f'{low} to {high}'} m wide"
        slot_zh += f"（图块边长 {low if same else f'{low} 至 {high}'} 米）"
    rest, rest_zh = "", ""
    if aligned:
        rest = f", of which {aligned} could be aligned with the query at all"
        rest_zh = f"，其中 {aligned} 处尚能与查询图像对齐"
    return Phrase(
        slot,
        (
            f"the search of the loaded imagery put forward {{}}{rest}",
            f"in the loaded imagery the search singled out {{}}{rest}",
        ),
        slot_zh,
        (f"在已加载的影像中检出 {{}}{rest_zh}", f"搜索已加载的影像，得到 {{}}{rest_zh}"),
    )


def shortfall(short: float, least: float) -> Phrase:
    """How far the confidence lies below the ``least`` that makes a place more than a guess."""
    return Phrase(
        f"{two(short)} short of the {two(least)}",
        (
            "the confidence is {} at which a place becomes a lead worth following",
            "this is {} at which a place becomes a lead worth following",
        ),
        f"{two(least)} 低 {two(short)}",
        ("置信度比值得追查的下限 {}", "比值得追查的下限 {}"),
    )


def advice(name: Advice) -> Phrase:
    en, zh = _ADVICE[name]
    return Phrase(
        en,
        ("what may help next: {}", "worth trying next: {}", "a next step could be {}"),
        zh,
        ("下一步建议{}", "可以尝试{}", "接下来不妨{}"),
    )

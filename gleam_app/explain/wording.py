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
    en, zh = ("", " ")
    if confidence > 0.99:
        en, zh = "above ", "高于 "
    elif confidence < 0.01:
        en, zh = "below ", "低于 "
    return Phrase(
        f"“{VERDICTS['en'][name]}” with confidence {en}{shown}",
        ("the verdict is {}", "the verdict is therefore {}", "taken together, the verdict is {}"),
        f"“{VERDICTS['zh'][name]}”，置信度{zh}{shown}",
        ("结论为{}", "因此结论为{}", "综合以上证据，结论为{}"),
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
        "未找到",
        ("{}查询图像与候选位置之间的对齐", "在查询图像与候选位置之间{}可靠的对齐"),
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


def margin(value: float, clear: bool) -> Phrase:
    """``value``: lead over the best other place, negative where that one scores more."""
    amount = two(abs(value))
    if value < 0:
        en = ("the score is {} below that of the best other place", "this is {} below the best other place")  # fmt: skip
        zh = ("相似度比得分最高的其他位置低 {}", "比得分最高的其他位置低 {}")
        return Phrase(amount, en, amount, zh)
    lead, lead_zh = ("a clear lead", "领先明显") if clear else ("a small lead", "领先不多")
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
    name, name_zh = ("better-ranked", "排名更高的") if better else ("next", "下一个")
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
        (f"the {name} place lies {{}}", f"what else comes close, the {name} place, lies {{}}"),
        f"{shown_zh}，{slot_zh}",
        (f"{name_zh}位置{{}}", f"与之接近的还有{name_zh}位置，{{}}"),
    )


def others(passed: int, total: int) -> Phrase:
    if passed == 0:
        counted, counted_zh = f"none of the {total} other places", f"其他 {total} 处位置均未"
    else:
        counted, counted_zh = f"{passed} of the {total} other places", f"其他 {total} 处位置中有 {passed} 处"  # fmt: skip
    return Phrase(
        counted,
        ("{} passed the geometric check", "{} passed the same geometric check"),
        counted_zh,
        ("{}通过几何核验", "{}通过同样的几何核验"),
    )


def camera(length: tuple[float, str]) -> Phrase:
    return Phrase(
        f"{number(length[0])} {length[1]}",
        ("the candidate lies {} from the position that the camera wrote into the file",),
        f"{number(length[0])} {UNITS_ZH[length[1]]}",
        ("候选位置与相机写入文件的位置相距 {}",),
    )

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
    """One fact in words: a sentence with ``{}`` where the measured value stands, and that value."""

    sentence_en: str
    slot_en: str
    sentence_zh: str
    slot_zh: str


def fill(sentence: str, slot: str) -> str:
    """The sentence with its value, starting with a capital."""
    text = sentence.replace("{}", slot)
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """A number as shown: no trailing zeros, no exponent."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def two(value: float) -> str:
    """Scores and confidences: two decimals."""
    return f"{value:.2f}"


def verdict(name: Verdict, confidence: float) -> Phrase:
    return Phrase(
        "The verdict is {}.",
        f"“{VERDICTS['en'][name]}” with confidence {two(confidence)}",
        "结论为{}。",
        f"“{VERDICTS['zh'][name]}”，置信度 {two(confidence)}",
    )


def inliers(count: int, matches: int, convincing: bool) -> Phrase:
    slot_en, slot_zh = f"{count} of {matches} matched points", f"{matches} 对匹配点中有 {count} 对"
    if convincing:
        return Phrase(
            "{} agree on one alignment of the query with the candidate.",
            slot_en,
            "{}支持查询图像与候选位置的同一种对齐。",
            slot_zh,
        )
    return Phrase(
        "Only {} agree on one alignment, which chance could explain.",
        slot_en,
        "{}支持同一种对齐，数量太少，可能只是巧合。",
        slot_zh,
    )


def no_alignment() -> Phrase:
    return Phrase(
        "{} of the query with the candidate was found.",
        "no alignment",
        "查询图像与候选位置之间{}。",
        "未找到任何对齐",
    )


def residual(value: float, unit: str) -> Phrase:
    return Phrase(
        "Half of these points fit to within {}.",
        f"{number(value)} {unit}",
        "其中半数点的误差不超过 {}。",
        f"{number(value)} {UNITS_ZH[unit]}",
    )


def coverage(percent: int, where: str) -> Phrase:
    zone, zone_zh = _ZONES[where]
    return Phrase(
        f"They span {{}} of the query, {zone}.",
        f"{percent} %",
        f"它们覆盖查询图像面积的 {{}}，{zone_zh}。",
        f"{percent}%",
    )


def ground(width: float, height: float, centimetres: float) -> Phrase:
    size, sampling = f"{number(width)} × {number(height)}", number(centimetres)
    return Phrase(
        "The query covers about {}.",
        f"{size} m of ground at {sampling} cm a pixel",
        "查询图像覆盖地面约 {}。",
        f"{size} 米，每像素 {sampling} 厘米",
    )


def heading(degrees: int) -> Phrase:
    point = round(degrees / 45) % 8
    return Phrase(
        "Its top points to {}.",
        f"{degrees}° ({_POINTS_EN[point]})",
        "图像上方朝向 {}。",
        f"{degrees}°（{_POINTS_ZH[point]}）",
    )


def score(value: float) -> Phrase:
    return Phrase("The similarity score is {}.", two(value), "相似度为 {}。", two(value))


def margin(value: float, clear: bool) -> Phrase:
    """``value``: lead over the best other place, negative where that one scores more."""
    amount = two(abs(value))
    if value < 0:
        return Phrase(
            "That is {} below the best other place.", amount, "比得分最高的其他位置低 {}。", amount
        )
    en = "a clear lead" if clear else "a small lead"
    zh = "领先明显" if clear else "领先不多"
    return Phrase(
        f"That is {{}} above the best other place, {en}.",
        amount,
        f"比得分最高的其他位置高 {{}}，{zh}。",
        amount,
    )


def alternative(
    length: tuple[float, str] | None, value: float, count: int | None, better: bool
) -> Phrase:
    """``length``: distance and its unit; ``count``: agreeing points, None where no alignment was found."""
    name, name_zh = ("better-ranked", "排名更高的") if better else ("next", "下一个")
    parts, parts_zh = [f"a score of {two(value)}"], [f"相似度 {two(value)}"]
    if count is not None:
        parts.append(f"{count} agreeing points")
        parts_zh.append(f"{count} 对一致的匹配点")
    slot, slot_zh = " and ".join(parts), "、".join(parts_zh)
    if length is None:
        return Phrase(f"The {name} place has {{}}.", slot, f"{name_zh}位置的{{}}。", slot_zh)
    shown, shown_zh = f"{number(length[0])} {length[1]}", f"{number(length[0])} {UNITS_ZH[length[1]]}"  # fmt: skip
    return Phrase(
        f"The {name} place lies {{}}.",
        f"{shown} away and has {slot}",
        f"{name_zh}位置{{}}。",
        f"相距 {shown_zh}，{slot_zh}",
    )


def others(passed: int, total: int) -> Phrase:
    counted = f"none of the {total} other places" if passed == 0 else f"{passed} of the {total} other places"  # fmt: skip
    counted_zh = f"其他 {total} 处位置均未" if passed == 0 else f"其他 {total} 处位置中有 {passed} 处"  # fmt: skip
    return Phrase("{} passed the geometric check.", counted, "{}通过几何核验。", counted_zh)


def camera(length: tuple[float, str]) -> Phrase:
    return Phrase(
        "The candidate lies {} from the position that the camera wrote into the file.",
        f"{number(length[0])} {length[1]}",
        "候选位置与相机写入文件的位置相距 {}。",
        f"{number(length[0])} {UNITS_ZH[length[1]]}",
    )

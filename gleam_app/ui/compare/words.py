"""Words of the compare panel, English and Chinese."""

from gleam_app.imagery.query import Query
from gleam_app.retrieval.results import Candidate
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import Lang

WORDS: dict[str, tuple[str, str]] = {
    "side": ("Side by side", "并排"),
    "aligned": ("Aligned", "对齐"),
    "swipe": ("Swipe", "卷帘"),
    "blend": ("Blend", "混合"),
    "lines": ("Matches", "匹配线"),
    "north": ("North up", "正北朝上"),
    "fit": ("Fit", "适合窗口"),
    "slider.swipe": ("Position of the divider", "分隔线位置"),
    "slider.blend": ("Share of the query", "查询图像的比例"),
    "turned": ("turned {degrees}°", "旋转 {degrees}°"),
    "no_geometry": ("no verified geometry", "无已核实的几何关系"),
    "no_tile": ("The tile's picture cannot be read.", "无法读取瓦片图像。"),
    "ground": ("{distance} across", "宽 {distance}"),
    "heading": ("heading {degrees}°", "朝向 {degrees}°"),
    "matches": ("{count} of {all} matches fit", "{all} 个匹配中 {count} 个吻合"),
    "empty.title": ("Nothing to compare yet", "暂无可对比内容"),
    "empty.text": (
        "Choose a candidate to see it beside the query.",
        "选择候选位置后，将与查询图像并排显示。",
    ),
    "canvas": ("Query and candidate", "查询图像与候选位置"),
}


def word(key: str, lang: Lang, **values: object) -> str:
    return WORDS[key][lang == "zh"].format(**values)


def query_caption(query: Query, turn_deg: float, lang: Lang) -> str:
    """Name and size, and how far clockwise the picture is turned on the screen."""
    width, height = query.size
    parts = [query.name, f"{width} × {height}"]
    if round(turn_deg) % 360:
        parts.append(word("turned", lang, degrees=round(turn_deg) % 360))
    return " · ".join(parts)


def candidate_caption(candidate: Candidate, lang: Lang) -> str:
    """Where the picture comes from, its ground size and, once measured, the query's heading."""
    alignment = candidate.alignment
    side_m = candidate.tile.scale_m if alignment is None else alignment.window_side_m
    parts = [candidate.tile.source.replace("\\", "/").rpartition("/")[2]]
    parts.append(word("ground", lang, distance=lengths.length(side_m)))
    if candidate.heading_deg is not None:
        parts.append(word("heading", lang, degrees=f"{candidate.heading_deg % 360:.0f}"))
    if alignment is None:
        parts.append(word("no_geometry", lang))
    else:
        parts.append(
            word("matches", lang, count=len(alignment.query_points), all=alignment.matches)
        )
    return " · ".join(parts)

"""The map's own words; verdicts and other words of the trade come from the window's table."""

from gleam_app.retrieval.results import Candidate
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import TEXT, Lang
from gleam_app.ui.verdicts import confidence_text

_WORDS: dict[str, tuple[str, str]] = {
    "map": ("Map of the loaded imagery", "已加载影像的地图"),
    "zoom_in": ("Zoom in", "放大"),
    "zoom_out": ("Zoom out", "缩小"),
    "fit": ("Show all imagery", "显示全部影像"),
    "north": ("N", "北"),
    "empty_title": ("No imagery loaded", "未加载影像"),
    "empty_text": (
        "Choose a tile set, or drop a GeoTIFF of the area here.",
        "请选择瓦片集，或将该地区的 GeoTIFF 拖到此处。",
    ),
    "tip": (
        "Candidate {rank}: {verdict}, confidence {confidence}",
        "候选 {rank}：{verdict}，置信度 {confidence}",
    ),
    "tip_unrated": ("Candidate {rank}: {verdict}", "候选 {rank}：{verdict}"),
    "radius": (", ±{distance}", "，±{distance}"),
}
# a query is not found, but a candidate is ruled out
_CANDIDATE_WORDS = {"not_found": "ruled_out"}
SIGNS = {"verified": "✓", "strong": "●", "possible": "◐", "unverified": "○", "not_found": "∅"}


def page_words(lang: Lang) -> dict[str, str]:
    """What the page says, by the names that map.js knows."""
    column = 1 if lang == "zh" else 0
    return {"lang": "zh-CN" if lang == "zh" else "en"} | {
        name: pair[column] for name, pair in {**_WORDS, "help": TEXT["guide.help"]}.items()
    }


def candidate_tip(candidate: Candidate, lang: Lang, rated: bool = True) -> str:
    """One line about a candidate, for its tooltip and for screen readers."""
    column = 1 if lang == "zh" else 0
    tip = _WORDS["tip" if rated else "tip_unrated"][column].format(
        rank=candidate.rank,
        verdict=TEXT[f"verdict.{_CANDIDATE_WORDS.get(candidate.verdict, candidate.verdict)}"][
            column
        ],
        confidence=confidence_text(candidate.confidence),
    )
    if candidate.radius_m is not None:
        tip += _WORDS["radius"][column].format(distance=lengths.about(candidate.radius_m))
    return tip

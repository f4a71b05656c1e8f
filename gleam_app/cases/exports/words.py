"""How an export speaks of a place, in both languages."""

from gleam_app.cases.exports.findings import Finding, Place
from gleam_app.cases.report import SIGNS, confidence
from gleam_app.cases.report_words import WORDS, candidate_word
from gleam_app.explain.wording import Lang
from gleam_app.geo.coordinates import format_position

FIXED: dict[Lang, dict[str, str]] = {
    "en": {
        "accepted": "accepted by the analyst",
        "places": "Places",
        "footprints": "Footprints",
        "candidates": "Other candidates",
        "radii": "90 % error radii",
    },
    "zh": {
        "accepted": "分析员已采纳",
        "places": "位置",
        "footprints": "覆盖范围",
        "candidates": "其他候选位置",
        "radii": "90% 误差半径",
    },
}


def title_of(finding: Finding, place: Place) -> str:
    """The query's name; of another candidate with its rank."""
    name = finding.query.name
    return name if place is finding.place else f"{name} #{place.rank}"


def lines(finding: Finding, place: Place, lang: Lang) -> list[tuple[str, str]]:
    """What is known of the place, as (label, value); a label may be empty."""
    words = WORDS[lang]
    found: list[tuple[str, str]] = []
    if place.how == "accepted":
        found.append(("", FIXED[lang]["accepted"]))
    if place.verdict is not None:
        sign = SIGNS[place.verdict]
        found.append((words["verdict"], f"{sign} {candidate_word(place.verdict, lang)}"))
    if place.confidence is not None:
        found.append((words["confidence"], confidence(place.confidence)))
    found.append((words["position"], format_position(place.lat, place.lon)))
    found.append(("MGRS", format_position(place.lat, place.lon, "mgrs")))
    if place.radius_m is not None:
        found.append((words["radius"], f"{place.radius_m:.0f} m"))
    if place.heading_deg is not None:
        found.append((words["heading"], f"{place.heading_deg:.0f}°"))
    if place.source is not None:
        found.append((words["tile_sets"], f"{place.tile_set}: {place.source}"))
    return [*found, (words["hash"], finding.query.sha256)]


def description(finding: Finding, place: Place, lang: Lang) -> str:
    """The same as lines of text."""
    return "\n".join(
        f"{label}: {value}" if label else value for label, value in lines(finding, place, lang)
    )

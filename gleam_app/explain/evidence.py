"""Evidence: what was measured about a query and a candidate, with ids, regions and weights.

Nothing here is an opinion but what a model saw, which says so itself: each other item restates numbers of
``retrieval.results``, rounded once to the digits that are true. The rounded number is the ``value``; text shown anywhere carries that number.
An item keeps its id whatever else is known (E2 is always the matched points), so that explanations
of several candidates can be compared; what was not measured is left out.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

from gleam_app.explain import wording
from gleam_app.explain.measures import (
    Region,
    convex_hull,
    place_in_picture,
    project,
    shown_length,
    significant,
)
from gleam_app.explain.wording import Lang, Phrase
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.views import REFUTABLE_VIEWS
from gleam_app.retrieval.against_file import place_check
from gleam_app.retrieval.calibration import POSSIBLE
from gleam_app.retrieval.results import Alignment, Candidate, Location, Verdict

Weight = Literal["for", "against", "neutral"]

KINDS = (
    "verdict", "inliers", "residual", "coverage", "ground",
    "heading", "score", "margin", "alternative", "others", "camera", "search", "shortfall", "advice", "sight",
)  # fmt: skip
IDS = {kind: f"E{number}" for number, kind in enumerate(KINDS, start=1)}

#: In the first measurement no wrong place reached this many inliers (docs: FACTS).
CONVINCING_INLIERS = 12
CLEAR_MARGIN = 0.05
BETTER: tuple[Verdict, ...] = ("verified", "strong", "possible")
WIDE_COVERAGE_PERCENT, NARROW_COVERAGE_PERCENT = 20, 8
GOOD_RESIDUAL_PX = 4.0


@dataclass(frozen=True)
class Evidence:
    """One measured fact.

    ``value`` is a number, or numbers by name, rounded as shown; ``unit`` is its unit where it has one.
    ``phrase`` holds its words in both languages, see ``text``. Regions are polygons of (x, y) pixels in the query and in the
    candidate's window; empty where the fact has no place.
    """

    id: str
    kind: str
    value: float | str | dict[str, float | str]
    unit: str
    phrase: Phrase
    weight: Weight
    query_region: Region = ()
    tile_region: Region = ()

    @property
    def text_en(self) -> str:
        return self.text("en")

    @property
    def text_zh(self) -> str:
        return self.text("zh")

    def text(self, lang: Lang) -> str:
        """The fact as one sentence."""
        return wording.fill(self.clauses(lang)[0], self.slot(lang), lang)

    def clauses(self, lang: Lang) -> tuple[str, ...]:
        """Ways to say it, with ``{}`` in the place of the measured value; the first stands alone."""
        return self.phrase.clauses_zh if lang == "zh" else self.phrase.clauses_en

    def slot(self, lang: Lang) -> str:
        """The measured value in words and figures, to stand inside a sentence."""
        return self.phrase.slot_zh if lang == "zh" else self.phrase.slot_en

    def label(self, lang: Lang) -> str:
        """What kind of fact this is, for a table's first column."""
        return wording.LABELS[lang][self.kind]

    def to_json(self) -> dict[str, Any]:
        """As in ``gleam.explain/1``; an empty region is null."""
        return {
            "id": self.id,
            "kind": self.kind,
            "value": self.value,
            "unit": self.unit,
            "weight": self.weight,
            "text": {lang: self.text(lang) for lang in wording.LANGS},
            "query_region": [list(point) for point in self.query_region] or None,
            "tile_region": [list(point) for point in self.tile_region] or None,
        }


def shown_verdict(location: Location, candidate: Candidate) -> Verdict:
    """The candidate's verdict; that of the whole answer for its first candidate."""
    return location.verdict if candidate.rank == 1 else candidate.verdict


def build_evidence(location: Location, candidate: Candidate) -> list[Evidence]:
    """The evidence about ``candidate``, in the order of ``KINDS``; kinds without a measurement are left out."""
    items = [
        _verdict(location, candidate),
        *_geometry(location, candidate),
        *_similarity(location, candidate),
        *_camera(location, candidate),
        *_without_answer(location, candidate),
    ]
    return sorted(items, key=lambda item: KINDS.index(item.kind))


def seen_by_model(probability: float) -> Evidence:
    """What a model that compared both pictures makes of them; ``probability`` of one place, calibrated."""
    same = probability >= 0.5
    percent = round(100 * wording.bounded(probability if same else 1 - probability))
    weight: Weight = "for" if same else "against"
    return _item("sight", {"percent": percent}, wording.sight(percent, same), weight, "%")


def _item(
    kind: str,
    value: float | str | dict[str, float | str],
    phrase: Phrase,
    weight: Weight,
    unit: str = "",
    regions: tuple[Region, Region] = ((), ()),
) -> Evidence:
    return Evidence(IDS[kind], kind, value, unit, phrase, weight, *regions)


def _verdict(location: Location, candidate: Candidate) -> Evidence:
    verdict = shown_verdict(location, candidate)
    confidence = location.confidence if candidate.rank == 1 else candidate.confidence
    weights: dict[Verdict, Weight] = {
        "verified": "for",
        "strong": "for",
        "possible": "neutral",
        "unverified": "against",
        "not_found": "against",
    }
    value: dict[str, float | str] = {"verdict": verdict}
    if location.is_rated(candidate):
        value["confidence"] = wording.bounded(confidence)
        phrase = wording.verdict(verdict, confidence)
    else:
        phrase = wording.bare_verdict(verdict)
    return _item("verdict", value, phrase, weights[verdict])


# -- geometry ----------------------------------------------------------------------------------


def _geometry(location: Location, candidate: Candidate) -> list[Evidence]:
    alignment = candidate.alignment
    if alignment is None:
        if not geometry_was_tried(location):
            return []
        weight: Weight = "against" if location.query.view in REFUTABLE_VIEWS else "neutral"
        return [_item("inliers", {"inliers": 0}, wording.no_alignment(), weight)]
    width, height = location.query.size
    hulls = (convex_hull(alignment.query_points), convex_hull(alignment.window_points))
    frame: Region = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    frames = (frame, project(frame, alignment.homography))
    convincing = candidate.inliers >= CONVINCING_INLIERS
    return [
        _item(
            "inliers",
            {"inliers": candidate.inliers, "matches": alignment.matches},
            wording.inliers(candidate.inliers, alignment.matches, convincing),
            "for" if convincing else "against",
            regions=hulls,
        ),
        _residual(alignment, hulls),
        _coverage(alignment, (width, height), hulls),
        *_ground(alignment, frames),
        *_heading(candidate, frames),
    ]


def geometry_was_tried(location: Location) -> bool:
    """Whether the verification stage ran for this answer at all."""
    if not location.complete:
        return False
    found = any(known.alignment or known.inliers for known in location.candidates)
    return found or location.timings_ms.get("verify", 0.0) > 0.0


def window_metres_per_pixel(alignment: Alignment) -> float:
    """Ground size of one pixel of the candidate's window."""
    return alignment.window_side_m / int(alignment.window_rgb.shape[1])


def _residual(alignment: Alignment, hulls: tuple[Region, Region]) -> Evidence:
    per_pixel = window_metres_per_pixel(alignment)
    unit = "m" if per_pixel > 0 else "px"
    shown = significant(alignment.residual_px * (per_pixel or 1.0), 2)
    close = alignment.residual_px <= GOOD_RESIDUAL_PX
    phrase = wording.residual(shown, unit, close)
    return _item("residual", shown, phrase, "for" if close else "neutral", unit, hulls)


def _coverage(
    alignment: Alignment, size: tuple[int, int], hulls: tuple[Region, Region]
) -> Evidence:
    percent = round(100 * alignment.coverage)
    where = place_in_picture(alignment.query_points, size)
    weight: Weight = "neutral"
    if percent >= WIDE_COVERAGE_PERCENT:
        weight = "for"
    elif percent < NARROW_COVERAGE_PERCENT:
        weight = "against"
    value: dict[str, float | str] = {"percent": percent, "where": where}
    return _item("coverage", value, wording.coverage(percent, where, weight), weight, "%", hulls)


def _ground(alignment: Alignment, frames: tuple[Region, Region]) -> list[Evidence]:
    """Footprint sides (means of opposite sides) and the ground size of a query pixel."""
    per_pixel = window_metres_per_pixel(alignment)
    if per_pixel == 0:  # a picture whose ground size nobody knows
        return []
    sides = [
        math.dist(start, end) * per_pixel
        for start, end in zip(frames[1], frames[1][1:] + frames[1][:1], strict=True)
    ]
    step = _step_of(alignment.residual_px * per_pixel)
    width = round((sides[0] + sides[2]) / 2 / step) * step
    height = round((sides[1] + sides[3]) / 2 / step) * step
    centimetres = significant(100 * alignment.metres_per_pixel, 2)
    value: dict[str, float | str] = {"width": width, "height": height, "cm_per_pixel": centimetres}
    phrase = wording.ground(width, height, centimetres)
    return [_item("ground", value, phrase, "neutral", "m", frames)]


def _step_of(error_m: float) -> int:
    """Round lengths to 1, 5, 10, … metres: the first step that is not below the error."""
    for step in (1, 2, 5, 10, 20, 50):
        if error_m <= step:
            return step
    return 100


def _heading(candidate: Candidate, frames: tuple[Region, Region]) -> list[Evidence]:
    if candidate.heading_deg is None:
        return []
    degrees = round(candidate.heading_deg) % 360
    return [_item("heading", degrees, wording.heading(degrees), "neutral", "°", frames)]


# -- similarity and the other candidates -------------------------------------------------------


def _similarity(location: Location, candidate: Candidate) -> list[Evidence]:
    score = round(candidate.score, 2)
    items = [_item("score", score, wording.score(score), "neutral")]
    others = distinct_others(location, candidate)
    if not others:
        return items
    rival = max(others, key=lambda other: other.score)
    # the difference of the two shown scores, so that the reader's own subtraction agrees
    margin = round(score - round(rival.score, 2), 2)
    clear = abs(margin) >= CLEAR_MARGIN
    enough = shown_verdict(location, candidate) in BETTER
    weight: Weight = (
        "neutral" if not (clear and (enough or margin < 0)) else "for" if margin > 0 else "against"
    )
    items.append(_item("margin", margin, wording.margin(margin, clear, enough), weight))
    items.append(_alternative(candidate, others[0]))
    if geometry_was_tried(location):
        passed = sum(1 for other in others if other.alignment and other.verdict in BETTER)
        value: dict[str, float | str] = {"passed": passed, "places": len(others)}
        weight = "for" if passed == 0 and candidate.verdict in BETTER else "neutral"
        items.append(_item("others", value, wording.others(passed, len(others)), weight))
    return items


def distinct_others(location: Location, candidate: Candidate) -> list[Candidate]:
    """Other candidates at another place, best first.

    Overlapping tiles show the same place: one within half a tile of ``candidate``, or of a better
    one already listed, is not another place. Without coordinates every other tile is.
    """
    kept: list[Candidate] = []
    for other in sorted(location.candidates, key=lambda one: one.rank):
        if other.rank == candidate.rank:
            continue
        if all(_apart(other, known) for known in (candidate, *kept)):
            kept.append(other)
    return kept


def _apart(one: Candidate, other: Candidate) -> bool:
    distance = _distance_m(one, other)
    if distance is None:
        return one.tile.id != other.tile.id
    return distance > 0.5 * max(one.tile.scale_m, other.tile.scale_m)


def _distance_m(one: Candidate, other: Candidate) -> float | None:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return None
    from gleam_app.geo.footprint import distance_m

    return float(distance_m(LatLon(one.lat, one.lon), LatLon(other.lat, other.lon)))


def _alternative(candidate: Candidate, other: Candidate) -> Evidence:
    """What else was close: the best-ranked candidate at another place."""
    score = round(other.score, 2)
    value: dict[str, float | str] = {"rank": other.rank, "score": score}
    inliers = other.inliers if other.alignment is not None else None
    if inliers is not None:
        value["inliers"] = inliers
    distance = _distance_m(candidate, other)
    length = None if distance is None else shown_length(distance)
    if length is not None:
        value[f"distance_{length[1]}"] = length[0]
    phrase = wording.alternative(length, score, inliers, better=other.rank < candidate.rank)
    stronger = other.alignment is not None and other.inliers > candidate.inliers
    return _item("alternative", value, phrase, "against" if stronger else "neutral")


def _camera(location: Location, candidate: Candidate) -> list[Evidence]:
    """How far the candidate lies from where the file has the camera, or the ground it looked at."""
    check = place_check(location.query, candidate)
    if check is None:
        return []
    length = shown_length(check.distance_m)
    phrase = wording.camera(length, check.from_aim)
    return [_item("camera", length[0], phrase, "for" if check.agrees else "against", length[1])]


# -- where no place is good enough -------------------------------------------------------------


def _without_answer(location: Location, candidate: Candidate) -> list[Evidence]:
    """What was looked at, how far the best fell short, and what may help; for the best of a poor answer."""
    if candidate.rank != 1 or location.verdict in BETTER or not location.complete:
        return []
    places = (candidate, *distinct_others(location, candidate))
    aligned = sum(1 for place in places if place.alignment is not None)
    searched: dict[str, float | str] = {"places": len(places), "aligned": aligned}
    sides = [significant(place.tile.scale_m, 2) for place in places if place.lat is not None]
    if sides:
        searched |= {"smallest_m": min(sides), "largest_m": max(sides)}
    phrase = wording.search(len(places), aligned, (min(sides), max(sides)) if sides else None)
    found = [_item("search", searched, phrase, "neutral")]
    short = round(POSSIBLE - wording.bounded(location.confidence), 2)
    if short > 0 and location.is_rated(candidate):
        least: dict[str, float | str] = {"short": short, "least": POSSIBLE}
        found.append(_item("shortfall", least, wording.shortfall(short, POSSIBLE), "against"))
    advice = _advice(location, candidate)
    return [*found, _item("advice", advice, wording.advice(advice), "neutral")]


def _advice(location: Location, candidate: Candidate) -> wording.Advice:
    """What is most likely to help, by what is known of the query."""
    if any(item.weight == "against" for item in _camera(location, candidate)):
        return "camera"
    if location.query.view in ("ground", "panorama"):  # geometry has no part in these
        return "ground"
    if not geometry_was_tried(location):
        return "check"
    return "map" if location.query.view == "map" else "imagery"

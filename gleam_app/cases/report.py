"""The report: one self-contained HTML file that can be read, printed and filed without this program."""

import base64
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleam_app import __version__
from gleam_app.cases import drawings
from gleam_app.cases.database import written_whole
from gleam_app.cases.report_words import DECISIONS, VIEWS, WORDS, candidate_word
from gleam_app.errors import GleamError
from gleam_app.explain.claims import Claim
from gleam_app.explain.evidence import build_evidence, shown_verdict
from gleam_app.explain.explainer import Explanation, plain_explanation
from gleam_app.explain.wording import VERDICTS, Lang
from gleam_app.geo.coordinates import PositionStyle, format_position
from gleam_app.home import resources_dir
from gleam_app.imagery.query import Query
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.results import Candidate, Location
from gleam_app.retrieval.support import caution
from gleam_app.retrieval.tiles.tileset import TileSet

if TYPE_CHECKING:
    from PIL.Image import Image

STYLES: tuple[PositionStyle, ...] = ("dd", "dms", "utm", "mgrs")
SIGNS = {"verified": "✓", "strong": "●", "possible": "◐", "unverified": "○", "not_found": "∅"}
_MARK = re.compile(r"\s*\[(E\d{1,2})\]")


@dataclass(frozen=True)
class Point:
    """A place that the analyst set: degrees WGS 84, metres."""

    lat: float
    lon: float
    radius_m: float | None = None


@dataclass(frozen=True)
class Entry:
    """One query of a report: its answer, and what was explained about candidates of it.

    The rest is known of a query of a case: ``rank`` of the candidate that is shown (None: the one
    explained first), what the analyst decided (a state of ``DECISIONS``, and the point where it is no
    candidate's), wrote and tagged, and ``made``, how it was located, as label and value.
    """

    location: Location
    explanations: Sequence[Explanation] = ()
    rank: int | None = None
    decision: str = ""
    point: Point | None = None
    note: str = ""
    tags: Sequence[str] = ()
    made: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Frame:
    """What stands around the entries of a report.

    ``packs``: kind -> "id version"; ``parameters``: label -> value, as shown; ``sources``: the tile sets
    that were searched, as ``tileset.json`` has them; ``written``: the moment that the report is of;
    ``unlocated``: name and reason of queries without an answer. ``langs``: the first is that of headings
    and tables, evidence and explanations come in each.
    """

    packs: Mapping[str, str]
    parameters: Mapping[str, str]
    sources: Sequence[Any]
    written: str
    langs: Sequence[Lang] = ("en",)
    title: str = ""
    unlocated: Sequence[tuple[str, str]] = ()


def write_report(
    path: Path,
    location: Location,
    explanations: Sequence[Explanation],
    tile_sets: Sequence[TileSet],
    packs: Mapping[str, str],
    parameters: Mapping[str, str] | None = None,
    lang: Lang = "en",
) -> None:
    """Write the report of one query; see ``write_entries``."""
    write_entries(path, [Entry(location, explanations)], tile_sets, packs, parameters, lang)


def write_entries(
    path: Path,
    entries: Sequence[Entry],
    tile_sets: Sequence[TileSet],
    packs: Mapping[str, str],
    parameters: Mapping[str, str] | None = None,
    lang: Lang = "en",
) -> None:
    """Write a report of several queries to ``path``, whole or not at all, as of now.

    ``packs``: kind -> "id version"; ``parameters``: how it was located, as shown. ``lang`` is the
    language of headings and tables; explanations keep their own. Raises GleamError if the file
    cannot be written.
    """
    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    sources = [one.info for one in tile_sets]
    frame = Frame(packs, parameters or {}, sources, written, (lang,))
    with written_whole(path) as temporary:
        temporary.write_text(render(entries, tile_sets, frame), "utf-8", newline="\n")


def render(entries: Iterable[Entry], tile_sets: Sequence[TileSet], frame: Frame) -> str:
    """The page. ``tile_sets`` are read for the maps; without them there are none."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources_dir() / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    lang = frame.langs[0]
    return environment.get_template("report.html").render(
        lang=lang,
        words=WORDS[lang],
        decisions=DECISIONS[lang],
        entries=[_entry(entry, tile_sets, frame.langs) for entry in entries],
        colours=drawings.COLOURS,
        signs=SIGNS,
        version=__version__,
        frame=frame,
    )


def _entry(entry: Entry, tile_sets: Sequence[TileSet], langs: Sequence[Lang]) -> dict[str, Any]:
    location, lang = entry.location, langs[0]
    query = location.query
    first = location.candidates[0] if location.candidates else None
    chosen = entry.rank or (entry.explanations[0].rank if entry.explanations else 1)
    candidate = next((one for one in location.candidates if one.rank == chosen), first)
    return {
        "name": query.name,
        "sha256": query.sha256,
        "size": f"{query.size[0]} × {query.size[1]}",
        "view": VIEWS[lang][query.view],
        "caution": caution(location.support, query.view, lang),
        "verdict": location.verdict,
        "verdict_word": VERDICTS[lang][location.verdict],
        "confidence": _confidence(location, first),
        "percent": round(100 * location.confidence),
        "picture": _url(drawings.picture(query.pixels, 900)),
        "candidate": None if candidate is None else _candidate(location, candidate, lang),
        "map": _map(location, candidate, tile_sets),
        "explanations": _explanations(entry, candidate, langs),
        "evidence": []
        if candidate is None
        else [
            {
                "id": item.id,
                "label": item.label(lang),
                "texts": [(one, item.text(one)) for one in langs],
                "weight": item.weight,
            }
            for item in build_evidence(location, candidate)
        ],
        "decision": entry.decision,
        "point": None if entry.point is None else _positions(entry.point.lat, entry.point.lon),
        "point_radius": "" if entry.point is None else _metres(entry.point.radius_m),
        "note": entry.note,
        "tags": entry.tags,
        "made": entry.made,
        "camera": _camera(query, lang),
        "others": [
            _row(location, one, lang) for one in location.candidates if candidate and one.rank != candidate.rank
        ],
    }  # fmt: skip


def _candidate(location: Location, candidate: Candidate, lang: Lang) -> dict[str, Any]:
    alignment = candidate.alignment
    shown = alignment.window_rgb if alignment is not None else candidate.thumbnail
    pixels = location.query.pixels
    verdict = shown_verdict(location, candidate)
    return {
        **_row(location, candidate, lang),
        "verdict": verdict,
        "verdict_word": VERDICTS[lang][verdict],
        "picture": None if shown is None else _url(drawings.picture(shown, 700)),
        "matches": _url(drawings.match_lines(pixels, alignment)) if alignment else None,
        "overlay": _url(drawings.overlay(pixels, alignment)) if alignment else None,
        "source": candidate.tile.source,
        "tile_set": candidate.tile.tile_set,
    }


def _row(location: Location, candidate: Candidate, lang: Lang) -> dict[str, Any]:
    lat, lon = candidate.lat, candidate.lon
    positions = [] if lat is None or lon is None else _positions(lat, lon)
    return {
        "rank": candidate.rank,
        "positions": positions,
        "radius": _metres(candidate.radius_m),
        "heading": "" if candidate.heading_deg is None else f"{candidate.heading_deg:.0f}°",
        "verdict": candidate.verdict,
        "verdict_word": candidate_word(candidate.verdict, lang),
        "confidence": _confidence(location, candidate),
        "score": f"{candidate.score:.2f}",
        "inliers": candidate.inliers,
    }


def _positions(lat: float, lon: float) -> list[str]:
    return [format_position(lat, lon, style) for style in STYLES]


def _metres(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} m"


def _camera(query: Query, lang: Lang) -> list[tuple[str, str]]:
    """What the camera wrote, as label and value."""
    exif, words = query.exif, WORDS[lang]
    found: list[tuple[str, str | None]] = [
        (words["camera"], exif.camera),
        (words["taken"], exif.taken_at),
        (
            words["camera_position"],
            None if exif.lat is None or exif.lon is None else format_position(exif.lat, exif.lon),
        ),
        (words["heading"], None if exif.heading_deg is None else f"{exif.heading_deg:.0f}°"),
    ]
    return [(label, value) for label, value in found if value]


def _confidence(location: Location, candidate: Candidate | None) -> str:
    """The candidate's, in words fit for a table; without a candidate the answer's."""
    if candidate is None:
        return confidence(location.confidence)
    return confidence(candidate.confidence) if location.is_rated(candidate) else "–"


def confidence(value: float) -> str:
    """Two digits, and never a certainty that was not measured."""
    if value < 0.01:
        return "<0.01"
    return ">0.99" if value > 0.99 else f"{value:.2f}"


def _explanations(
    entry: Entry, candidate: Candidate | None, langs: Sequence[Lang]
) -> list[dict[str, Any]]:
    """Those given; in a language that none is in, the plain text of the evidence.

    A report in one language takes any explanation for enough.
    """
    given = list(entry.explanations)
    missing = [lang for lang in langs if lang not in {one.lang for one in given}]
    if candidate is not None and (len(langs) > 1 or not given):
        given += [plain_explanation(entry.location, candidate, lang) for lang in missing]
    words = WORDS[langs[0]]
    return [
        {
            "lang": one.lang,
            "by": words["by_pack"].format(one.pack) if one.pack else words["by_program"],
            "claims": [_claim(claim) for claim in one.claims],
        }
        for one in given
    ]


def _claim(claim: Claim) -> dict[str, Any]:
    """A claim as pieces of text and marks, in turn."""
    pieces = _MARK.split(claim.text)
    return {
        "pieces": list(zip(pieces[::2], [*pieces[1::2], ""], strict=True)),
        "status": claim.status,
        "note": claim.note,
    }


def _map(
    location: Location, candidate: Candidate | None, tile_sets: Sequence[TileSet]
) -> str | None:
    if candidate is None:
        return None
    try:
        sources: list[MapSource] = [source for one in tile_sets for source in one.sources]
        image = drawings.map_picture(sources, location.candidates, candidate)
    except GleamError:  # imagery that is gone by now: the findings are still worth keeping
        return None
    return None if image is None else _url(image)


def _url(image: "Image") -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")

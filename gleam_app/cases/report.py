"""The report: one self-contained HTML file that can be read, printed and filed without this program."""

import base64
import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleam_app import __version__
from gleam_app.cases import drawings
from gleam_app.cases.report_words import VIEWS, WORDS, candidate_word
from gleam_app.errors import GleamError
from gleam_app.explain.claims import Claim
from gleam_app.explain.evidence import build_evidence, shown_verdict
from gleam_app.explain.explainer import Explanation, plain_explanation
from gleam_app.explain.wording import VERDICTS, Lang
from gleam_app.geo.coordinates import PositionStyle, format_position
from gleam_app.home import resources_dir
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.results import Candidate, Location
from gleam_app.retrieval.support import caution
from gleam_app.retrieval.tileset import TileSet

if TYPE_CHECKING:
    from PIL.Image import Image

STYLES: tuple[PositionStyle, ...] = ("dd", "dms", "utm", "mgrs")
SIGNS = {"verified": "✓", "strong": "●", "possible": "◐", "unverified": "○", "not_found": "∅"}
_MARK = re.compile(r"\s*\[(E\d{1,2})\]")


@dataclass(frozen=True)
class Entry:
    """One query of a report: its answer, and what was explained about candidates of it."""

    location: Location
    explanations: Sequence[Explanation] = ()


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
    """Write a report of several queries to ``path``, whole or not at all.

    ``packs``: kind -> "id version"; ``parameters``: how it was located, as shown. ``lang`` is the
    language of headings and tables; explanations keep their own. Raises GleamError if the file
    cannot be written.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources_dir() / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        lang=lang,
        words=WORDS[lang],
        entries=[_entry(entry, tile_sets, lang) for entry in entries],
        colours=drawings.COLOURS,
        signs=SIGNS,
        version=__version__,
        packs=packs,
        parameters=parameters or {},
        tile_sets=[one.info for one in tile_sets],
        written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
    )
    _write_whole(path, page)


def _entry(entry: Entry, tile_sets: Sequence[TileSet], lang: Lang) -> dict[str, Any]:
    location = entry.location
    query = location.query
    first = location.candidates[0] if location.candidates else None
    chosen = entry.explanations[0].rank if entry.explanations else 1
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
        "explanations": _explanations(entry, candidate, lang),
        "evidence": []
        if candidate is None
        else [
            {"id": item.id, "label": item.label(lang), "text": item.text(lang), "weight": item.weight}
            for item in build_evidence(location, candidate)
        ],
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
    positions: list[str] = []
    if lat is not None and lon is not None:
        positions = [format_position(lat, lon, style) for style in STYLES]
    return {
        "rank": candidate.rank,
        "positions": positions,
        "radius": "" if candidate.radius_m is None else f"{candidate.radius_m:.0f} m",
        "heading": "" if candidate.heading_deg is None else f"{candidate.heading_deg:.0f}°",
        "verdict": candidate.verdict,
        "verdict_word": candidate_word(candidate.verdict, lang),
        "confidence": _confidence(location, candidate),
        "score": f"{candidate.score:.2f}",
        "inliers": candidate.inliers,
    }


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


def _explanations(entry: Entry, candidate: Candidate | None, lang: Lang) -> list[dict[str, Any]]:
    """Those given; without any, the plain text of the evidence."""
    given = list(entry.explanations)
    if not given and candidate is not None:
        given = [plain_explanation(entry.location, candidate, lang)]
    return [
        {
            "lang": one.lang,
            "by": WORDS[lang]["by_pack"].format(one.pack)
            if one.pack
            else WORDS[lang]["by_program"],
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


def _write_whole(path: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.chmod(0o644)
            os.replace(temporary, path)  # noqa: PTH105
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise GleamError(
            f"The report could not be written to {path}: {error.strerror or error}.",
            "Choose another folder.",
        ) from None

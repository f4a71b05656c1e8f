"""Answers and explanations as they lie in a case, and back.

Numbers come back bit by bit. Pictures do not: windows and previews are kept as JPEG, those of the lower
ranks small, and are brought to their size again, so that pixel coordinates stay true.
"""

import io
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.claims import Claim
from gleam_app.explain.evidence import Evidence
from gleam_app.explain.explainer import Explanation
from gleam_app.explain.wording import Phrase
from gleam_app.imagery.exif import ExifFacts
from gleam_app.retrieval.results import Alignment, Candidate, TileRef

PREVIEW_PX, PREVIEW_QUALITY = 1024, 85
SHARP_RANKS = 3  # windows of these are kept at their size
SMALL_PX, SMALL_QUALITY = 256, 80


class Blobs(NamedTuple):
    """What of one candidate is kept apart from its numbers."""

    alignment: tuple[Any, ...] | None
    pictures: tuple[tuple[str, bytes], ...]


def jpeg(pixels: NDArray[np.uint8], longest_px: int, quality: int) -> bytes:
    """The picture, uint8 (height, width, 3), at most ``longest_px`` a side."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((longest_px, longest_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def pixels_of(data: bytes, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """A kept JPEG as uint8 (height, width, 3), brought to ``size`` (width, height)."""
    from PIL import Image

    image = Image.open(io.BytesIO(data), formats=["JPEG"]).convert("RGB")
    if size is not None and image.size != size:
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.array(image, np.uint8)


def candidate_row(run: int, one: Candidate, rated: bool) -> tuple[Any, ...]:
    """The values of a row of ``candidate``, in the order of its columns."""
    tile = one.tile
    return (
        run, one.rank, tile.tile_set, safe_text(tile.source), safe_text(tile.id), float(tile.scale_m), tile.lat, tile.lon,
        _real(one.lat), _real(one.lon), _real(one.radius_m), float(one.score), float(one.confidence),
        int(rated), one.verdict, one.method, _real(one.heading_deg), _real(one.turn_deg),
        json.dumps([[float(lat), float(lon)] for lat, lon in one.footprint]), int(one.inliers),
    )  # fmt: skip


def candidate_blobs(one: Candidate) -> Blobs:
    """Alignment and pictures; encoding takes milliseconds, so it is done before the file is held."""
    pictures: list[tuple[str, bytes]] = []
    if one.thumbnail is not None:
        pictures.append(("thumbnail", jpeg(one.thumbnail, max(one.thumbnail.shape), 85)))
    alignment = one.alignment
    if alignment is None:
        return Blobs(None, tuple(pictures))
    window = alignment.window_rgb
    sharp = one.rank <= SHARP_RANKS
    limit, quality = (max(window.shape), 85) if sharp else (SMALL_PX, SMALL_QUALITY)
    pictures.append(("window", jpeg(window, limit, quality)))
    values = (
        alignment.query_points.astype("<f4").tobytes(),
        alignment.window_points.astype("<f4").tobytes(),
        int(window.shape[1]),
        int(window.shape[0]),
        _real(alignment.window_lat),
        _real(alignment.window_lon),
        float(alignment.window_side_m),
        alignment.homography.astype("<f8").tobytes(),
        int(alignment.matches),
        float(alignment.residual_px),
        float(alignment.coverage),
        float(alignment.metres_per_pixel),
    )
    return Blobs(values, tuple(pictures))


def candidate_of(
    row: sqlite3.Row, alignment: sqlite3.Row | None, pictures: Mapping[str, bytes]
) -> Candidate:
    """A candidate from its rows."""
    thumbnail = pictures.get("thumbnail")
    return Candidate(
        rank=row["rank"],
        tile=TileRef(
            row["tile_set"], row["source"], row["tile"], row["scale_m"], row["tile_lat"], row["tile_lon"]
        ),
        lat=row["lat"],
        lon=row["lon"],
        radius_m=row["radius_m"],
        score=row["score"],
        confidence=row["confidence"],
        verdict=row["verdict"],
        method=row["method"],
        heading_deg=row["heading_deg"],
        turn_deg=row["turn_deg"],
        footprint=tuple((lat, lon) for lat, lon in json.loads(row["footprint"])),
        inliers=row["inliers"],
        alignment=None if alignment is None else _alignment_of(alignment, pictures["window"]),
        thumbnail=None if thumbnail is None else pixels_of(thumbnail),
    )  # fmt: skip


def _alignment_of(row: sqlite3.Row, window: bytes) -> Alignment:
    size = row["window_width"], row["window_height"]
    return Alignment(
        query_points=_points(row["query_points"]),
        window_points=_points(row["window_points"]),
        window_rgb=pixels_of(window, size),
        window_lat=row["window_lat"],
        window_lon=row["window_lon"],
        window_side_m=row["window_side_m"],
        homography=np.frombuffer(row["homography"], "<f8").reshape(3, 3).copy(),
        matches=row["matches"],
        residual_px=row["residual_px"],
        coverage=row["coverage"],
        metres_per_pixel=row["metres_per_pixel"],
    )


def _points(data: bytes) -> NDArray[np.float32]:
    return np.frombuffer(data, "<f4").reshape(-1, 2).astype(np.float32)


def safe_text(text: str) -> str:
    """Text that a file can hold: no NUL, no halves of characters (file names can carry them)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def exif_json(exif: ExifFacts) -> str:
    """What the camera wrote, without what it did not."""
    return json.dumps({k: v for k, v in asdict(exif).items() if v is not None})


def exif_of(document: str | None) -> ExifFacts | None:
    """The facts again; names that this version does not know are passed over."""
    if document is None:
        return None
    known = ExifFacts.__dataclass_fields__
    return ExifFacts(**{k: v for k, v in json.loads(document).items() if k in known})


def explanation_json(explanation: Explanation) -> str:
    """Everything of an explanation, the phrases of its evidence included."""
    document = asdict(explanation)
    for item, evidence in zip(document["evidence"], explanation.evidence, strict=True):
        item["phrase"] = evidence.phrase._asdict()
    return json.dumps(document)


def explanation_of(document: str) -> Explanation:
    """An explanation as it was written."""
    values = json.loads(document)
    values["claims"] = tuple(
        Claim(**{**claim, "evidence": tuple(claim["evidence"])}) for claim in values["claims"]
    )
    values["evidence"] = tuple(_evidence_of(item) for item in values["evidence"])
    return Explanation(**values)


def _evidence_of(item: dict[str, Any]) -> Evidence:
    words = item["phrase"]
    phrase = Phrase(
        words["slot_en"],
        tuple(words["clauses_en"]),
        words["slot_zh"],
        tuple(words["clauses_zh"]),
    )
    regions = {
        name: tuple((x, y) for x, y in item[name]) for name in ("query_region", "tile_region")
    }
    return Evidence(**{**item, **regions, "phrase": phrase})


def plain(value: Any) -> Any:
    """``value`` in JSON's own types, for documents made of other layers' dataclasses."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)

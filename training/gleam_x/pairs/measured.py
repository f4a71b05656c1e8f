"""Measured evidence about two pictures: what the app would show, had it found the one for the other."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.evidence import Evidence, build_evidence
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.query import Query
from gleam_app.imagery.sources import Picture
from gleam_app.imagery.views import PLANAR_VIEWS, REFUTABLE_VIEWS, View
from gleam_app.packs.manifest import Pack, PackManifest, read_manifest
from gleam_app.retrieval.calibration import (
    POSSIBLE,
    STRONG,
    Calibration,
    honest,
    verdict_for,
)
from gleam_app.retrieval.matcher import Matcher
from gleam_app.retrieval.results import Candidate, Location, TileRef
from gleam_app.retrieval.search import Match
from gleam_app.retrieval.tiles.tileset import TileSet
from gleam_app.retrieval.verification import (
    QUICK,
    THOROUGH,
    GroundFix,
    QueryFeatures,
    apply,
    picture_corners,
    ring_area,
    verify,
)
from training.data.records import read_pixels
from training.gleam_x.kept import Kept
from training.gleam_x.records import (
    SPLITS,
    PairRecord,
    Split,
    evidence_json,
    read_records,
    write_records,
)

SAY_EVERY = 50
NOT_MEASURED = ("others", "search", "shortfall", "advice")
"""Kinds that speak of places beside the two pictures, which nobody verified here."""


class _Sheet:
    """One picture in the place of a tile set, as verification reads it."""

    pictures = ("tile",)

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels

    def read_window(self, row: int, side_m: float, size_px: int) -> Picture:
        import cv2

        how = cv2.INTER_AREA if size_px < len(self._pixels) else cv2.INTER_CUBIC
        shown = cv2.resize(self._pixels, (size_px, size_px), interpolation=how)
        return Picture(np.asarray(shown, np.uint8), np.ones((size_px, size_px), bool))


class Measurer:
    """Verifies pairs of pictures with a matcher. Use from one thread at a time."""

    def __init__(self, encoder: PackManifest, matcher: Matcher) -> None:
        self._encoder, self._matcher = encoder, matcher
        self._calibration = Calibration.from_packs(
            encoder.calibration, matcher.pack.manifest.calibration
        )

    def of_record(self, record: PairRecord, folder: Path) -> list[Evidence]:
        """The evidence about a record, whose pictures lie in ``folder``. Raises GleamError."""
        hardness = record.hardness
        return self.evidence(
            read_pixels(folder / record.image1),
            read_pixels(folder / record.image2),
            record.view,
            hardness.rank or 1,
            hardness.similarity or 0.0,
            hardness.rivals,
            record.tile_m,
        )

    def evidence(
        self,
        query: NDArray[np.uint8],
        tile: NDArray[np.uint8],
        view: View,
        rank: int,
        similarity: float,
        rivals: Sequence[float],
        tile_m: float | None,
    ) -> list[Evidence]:
        """What is measured about two pictures.

        ``query`` uint8 (H, W, 3), up is north; ``rank`` and ``similarity`` of the tile among the
        others, of which ``rivals`` are the similarities of the best, best first.
        """
        digest = hashlib.sha256(query.tobytes()).hexdigest()
        asked = Query("image 1", None, digest, query, ExifFacts(), view, False)
        fix = self._fix(asked, tile) if view in PLANAR_VIEWS else None
        candidate = self._candidate(asked, fix, rank, similarity, rivals, tile_m)
        others = tuple(
            _bare(number if number < rank else number + 1, score)
            for number, score in enumerate(rivals, start=1)
        )
        location = Location(
            query=asked,
            verdict=candidate.verdict,
            confidence=candidate.confidence,
            candidates=tuple(sorted((candidate, *others), key=lambda one: one.rank)),
            timings_ms={"verify": 1.0} if view in PLANAR_VIEWS else {},
            support=self._encoder.support(view),
        )
        items = build_evidence(location, candidate)
        return [item for item in items if item.kind not in NOT_MEASURED]

    def _fix(self, query: Query, tile: NDArray[np.uint8]) -> GroundFix | None:
        """As the app looks: quickly, and thoroughly where that does not convince and would refute."""
        match = Match(cast(TileSet, _Sheet(tile)), 0, 0.0, 0.0)
        features = QueryFeatures(query, self._matcher)
        fix = verify(features, match, QUICK)
        if query.view not in REFUTABLE_VIEWS:
            return fix if self._confidence(fix) >= POSSIBLE else None
        if self._confidence(fix) < STRONG:
            fix = verify(features, match, THOROUGH)
        return fix

    def _confidence(self, fix: GroundFix | None) -> float:
        if fix is None:
            return 0.0
        alignment = fix.alignment
        return self._calibration.geometric_confidence(
            fix.inliers, alignment.matches, alignment.coverage
        )

    def _candidate(
        self,
        query: Query,
        fix: GroundFix | None,
        rank: int,
        similarity: float,
        rivals: Sequence[float],
        tile_m: float | None,
    ) -> Candidate:
        looked = query.view in REFUTABLE_VIEWS
        confidence = self._confidence(fix)
        trained = self._encoder.support(query.view) == "trained"
        if fix is None and not looked and rank == 1 and trained and rivals:
            confidence = self._calibration.retrieval_confidence(similarity - rivals[0])
        confidence = honest(confidence)
        alignment = None if fix is None else fix.alignment
        if alignment is not None and tile_m is not None:
            pixel_m = tile_m / alignment.window_rgb.shape[1]
            alignment = replace(
                alignment,
                window_side_m=tile_m,
                metres_per_pixel=pixel_m * _scale(alignment.homography, query.size),
            )
        return Candidate(
            rank=rank,
            tile=TileRef("pairs", "image 2", "image 2", tile_m or 0.0, None, None),
            lat=None,
            lon=None,
            radius_m=None,
            score=similarity,
            confidence=confidence,
            verdict=verdict_for(confidence, fix is not None, looked),
            method="geometric" if fix is not None else "retrieval",
            heading_deg=fix.heading_deg if fix is not None and tile_m is not None else None,
            turn_deg=0.0,
            inliers=0 if fix is None else fix.inliers,
            alignment=alignment,
        )


def _scale(homography: NDArray[np.float64], size: tuple[int, int]) -> float:
    """Window pixels a query pixel."""
    return float(
        np.sqrt(ring_area(apply(homography, picture_corners(*size))) / (size[0] * size[1]))
    )


def _bare(rank: int, score: float) -> Candidate:
    """Another candidate, of which nothing but its similarity is known."""
    name = f"other {rank}"
    return Candidate(
        rank=rank,
        tile=TileRef("pairs", name, name, 0.0, None, None),
        lat=None,
        lon=None,
        radius_m=None,
        score=score,
        confidence=0.0,
        verdict="unverified",
        method="retrieval",
    )


def measure(
    path: Path, pack: Path, matcher: Path, splits: Sequence[Split] = SPLITS, most: int | None = None
) -> int:
    """Add evidence to the records of a file that have none; returns how many got it.

    ``pack`` and ``matcher``: folders of the encoder's and the matcher's packs. What was measured is kept
    beside the file, line by line, so that an interrupted run goes on; ``most`` ends a run earlier.
    """
    records = list(read_records(path))
    measurer = Measurer(read_manifest(pack), Matcher(Pack(read_manifest(matcher), matcher)))
    lacking = [r for split in splits for r in records if r.split == split and r.evidence is None]
    kept = Kept(path.with_name("measured.jsonl"))
    fresh = 0
    for number, record in enumerate(lacking):
        if record.id in kept:
            continue
        if most is not None and fresh >= most:
            break
        if fresh % SAY_EVERY == 0:
            print(f"measured {number} of {len(lacking)}", file=sys.stderr, flush=True)
        items = measurer.of_record(record, path.parent)
        kept.put(record.id, [evidence_json(item) for item in items])
        fresh += 1
    found = [
        record.model_copy(update={"evidence": tuple(kept[record.id])})
        if record.evidence is None and record.id in kept
        else record
        for record in records
    ]
    write_records(path, found)
    return sum(1 for old, new in zip(records, found, strict=True) if new is not old)

"""The two pictures of a record as the app's compare panel takes them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.evidence import Evidence
from gleam_app.imagery.query import Query, load_query
from gleam_app.retrieval.results import Alignment, Candidate, TileRef
from gleam_app.retrieval.verification import QUICK, THOROUGH
from gleam_app.ui.compare.geometry import Points
from training.gleam_x.records import PairRecord, evidence_of

WINDOWS_PX = tuple(2 * effort.square_px for effort in (QUICK, THOROUGH))
"""Sides that image 2 may have had, in pixels, when evidence was measured on it."""


def load_pair(
    record: PairRecord, folder: Path, names: tuple[str, str], aligned: bool = True
) -> tuple[Query, Candidate]:
    """Image 1 as a query, image 2 as a candidate. Raises GleamError.

    ``names`` are those to show: those of the files could tell the label. So could the geometry that was
    measured, which is left aside unless ``aligned``.
    """
    query = load_query(folder / record.image1, record.view)
    tile = load_query(folder / record.image2, "uav").pixels
    candidate = Candidate(
        rank=1,
        tile=TileRef("", names[1], "", record.tile_m or 0.0, None, None),
        lat=None,
        lon=None,
        radius_m=None,
        score=0.0,
        confidence=0.0,
        verdict="unverified",
        method="retrieval",
        alignment=_alignment(record, tile) if aligned else None,
        thumbnail=tile,
    )
    return replace(query, name=names[0]), candidate


def tile_region(item: Evidence, record: PairRecord, candidate: Candidate) -> Points | None:
    """Where in image 2 something was measured, float64 (N, 2) of its pixels; None where nobody knows."""
    window_px = measured_window_px(record)
    if window_px is None or candidate.thumbnail is None or not item.tile_region:
        return None
    shrunk: Points = np.array(item.tile_region) * (candidate.thumbnail.shape[1] / window_px)
    return shrunk


def measured_window_px(record: PairRecord) -> int | None:
    """The side that image 2 had when evidence was measured; None where there is no such evidence.

    A record does not hold it, but the outline of image 1 in those pixels and in metres tells which of
    the two possible ones it was.
    """
    ground = _ground(record)
    if ground is None or record.tile_m is None or not isinstance(ground.value, dict):
        return None
    corners = ground.tile_region
    around_px = sum(math.dist(corners[at], corners[(at + 1) % 4]) for at in range(4))
    around_m = 2 * (float(ground.value["width"]) + float(ground.value["height"]))
    guess = record.tile_m * around_px / around_m
    nearest = min(WINDOWS_PX, key=lambda side: abs(side - guess))
    return nearest if abs(nearest - guess) < 0.15 * nearest else None


def _ground(record: PairRecord) -> Evidence | None:
    for item in evidence_of(record):
        outlined = len(item.query_region) == 4 and len(item.tile_region) == 4
        if item.kind == "ground" and outlined:
            return item
    return None


def _alignment(record: PairRecord, tile: NDArray[np.uint8]) -> Alignment | None:
    """How image 1 lies on image 2, where that was measured. Single matches are not known any more."""
    ground, window_px = _ground(record), measured_window_px(record)
    if ground is None or window_px is None or record.tile_m is None:
        return None
    import cv2

    homography = cv2.getPerspectiveTransform(
        np.array(ground.query_region, np.float32),
        np.array(ground.tile_region, np.float32) * (tile.shape[1] / window_px),
    )
    none = np.empty((0, 2), np.float32)
    return Alignment(
        query_points=none,
        window_points=none,
        window_rgb=tile,
        window_lat=None,
        window_lon=None,
        window_side_m=record.tile_m,
        homography=np.asarray(homography, np.float64),
        matches=0,
        residual_px=0.0,
        coverage=0.0,
        metres_per_pixel=0.0,
    )

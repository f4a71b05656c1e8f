"""Locating a query: search, then verify, then say how sure."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.imagery.query import Query
from gleam_app.imagery.views import PLANAR_VIEWS, REFUTABLE_VIEWS
from gleam_app.jobs.work import Work
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.calibration import (
    POSSIBLE,
    STRONG,
    Calibration,
    honest,
    verdict_for,
)
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.matcher import Matcher
from gleam_app.retrieval.regions import EVERYWHERE, Region
from gleam_app.retrieval.results import Candidate, Location, TileRef
from gleam_app.retrieval.search import (
    Match,
    TileIndex,
    best_of_tiles,
    distinct_places,
    same_place,
)
from gleam_app.retrieval.tiles.scales import scales_to_search
from gleam_app.retrieval.tiles.tileset import TileSet
from gleam_app.retrieval.turning import query_pictures, turns_for
from gleam_app.retrieval.verification import (
    QUICK,
    THOROUGH,
    GroundFix,
    QueryFeatures,
    verify,
)

PLACES = 24  # places taken from retrieval into verification, one as often as its turns differ
TURNS_APART_DEG = 45.0
# a strong fix ends the search once so many places were looked at, so that a double would be noticed
RIVALS_CHECKED = 8
THUMBNAIL_PX = 96


@dataclass(frozen=True)
class LocateOptions:
    """``region``: where to search; ``heading_deg`` clockwise from north if known."""

    heading_deg: float | None = None
    region: Region = EVERYWHERE
    top: int = 10
    verify: bool = True


@dataclass(frozen=True)
class _Proposal:
    """A place on its way to become a candidate."""

    match: Match
    fix: GroundFix | None
    looked: bool  # by geometry, which would have found it


class Locator:
    """Encoder and matcher, loaded once. Use from one thread at a time."""

    def __init__(self, encoder: Encoder, matcher: Matcher) -> None:
        self.encoder = encoder
        self.matcher = matcher
        self.calibration = Calibration.from_packs(
            encoder.pack.manifest.calibration, matcher.pack.manifest.calibration
        )
        self._indexes: dict[str, TileIndex] = {}

    @classmethod
    def from_packs(cls, packs: PackStore) -> "Locator":
        """Load the default encoder and matcher. Raises GleamError if one is missing or damaged."""
        return cls(Encoder(packs.default("gleam-c")), Matcher(packs.default("matcher")))

    @property
    def pack_labels(self) -> dict[str, str]:
        """Kind -> "id version", as in the JSON contract."""
        return {"gleam-c": self.encoder.pack.label, "matcher": self.matcher.pack.label}

    def locate(
        self,
        query: Query,
        tile_sets: list[TileSet],
        options: LocateOptions | None = None,
        work: Work | None = None,
        on_first: Callable[[Location], None] | None = None,
    ) -> Location:
        """Find where ``query`` was taken.

        ``on_first`` hears the candidates of retrieval alone before they are verified; those of a view
        that no plane carries (ground, panorama) stay as they are. Raises GleamError for a tile set of
        another encoder, Cancelled when asked to stop.
        """
        options, work = options or LocateOptions(), work or Work()
        for tile_set in tile_sets:
            self.check_encoder(tile_set)
        options.region.check_sources(tile_sets)
        timings: dict[str, float] = {}
        work.report("Comparing with the tiles")
        clock = time.perf_counter()
        turns = turns_for(query.view, options.heading_deg)
        pictures = query_pictures(query.pixels, query.view, turns, self.encoder.input_px)
        vectors = self.encoder.embed(pictures)
        timings["embed"] = _since(clock)
        clock = time.perf_counter()
        matches: list[Match] = []
        for tile_set in tile_sets:
            scales = scales_to_search(query.view, tile_set.info.scales_m)
            index = self._index(tile_set, work)
            matches += index.search_turns(vectors, turns, options.region, scales)
        matches.sort(key=lambda match: -match.score)
        places = distinct_places(best_of_tiles(matches), max(PLACES, options.top))
        timings["search"] = _since(clock)
        proposals = [_Proposal(match, None, False) for match in places]
        verifiable = options.verify and query.view in PLANAR_VIEWS
        first = self._location(query, proposals, options, timings, complete=not verifiable)
        if on_first is not None:
            on_first(first)
        if not verifiable:
            return first
        clock = time.perf_counter()
        tries = distinct_places(matches, PLACES, TURNS_APART_DEG)
        tried = self._verify(query, [_Proposal(match, None, False) for match in tries], work)
        proposals = tried + proposals
        timings["verify"] = _since(clock)
        return self._location(query, proposals, options, timings, complete=True)

    def check_encoder(self, tile_set: TileSet) -> None:
        """Raise GleamError if the tile set was embedded by another pack than the loaded one."""
        tile_set.info.require(self.encoder.pack)

    def _index(self, tile_set: TileSet, work: Work) -> TileIndex:
        key = str(tile_set.folder)
        known = self._indexes.get(key)
        if known is None or known.tile_set is not tile_set:
            known = self._indexes[key] = TileIndex(tile_set, work)
        return known

    def _verify(self, query: Query, proposals: list[_Proposal], work: Work) -> list[_Proposal]:
        """Look at every place quickly; where that convinces nowhere, at every place thoroughly.

        For a view that geometry cannot refute, a quick look has to do, and what it did not find is nothing.
        """
        features = QueryFeatures(query, self.matcher)
        refutable = query.view in REFUTABLE_VIEWS
        for effort in (QUICK, THOROUGH) if refutable else (QUICK,):
            looked: list[_Proposal] = []
            certain = False
            for number, proposal in enumerate(proposals):
                if certain and number >= RIVALS_CHECKED:
                    break
                work.report("Verifying candidates", number, len(proposals))
                fix = verify(features, proposal.match, effort)
                if not refutable and self._confidence(fix) < POSSIBLE:
                    fix = None
                looked.append(_Proposal(proposal.match, fix, refutable))
                certain = certain or self._confidence(fix) >= STRONG
            if any(self._confidence(proposal.fix) >= STRONG for proposal in looked):
                break
        return looked + proposals[len(looked) :]

    def _confidence(self, fix: GroundFix | None, rival_inliers: int = 0) -> float:
        if fix is None:
            return 0.0
        alignment = fix.alignment
        return self.calibration.geometric_confidence(
            fix.inliers, alignment.matches, alignment.coverage, rival_inliers
        )

    def _location(
        self,
        query: Query,
        proposals: list[_Proposal],
        options: LocateOptions,
        timings: dict[str, float],
        complete: bool,
    ) -> Location:
        merged = _merge_same_place(proposals)
        margin = _margin(distinct_places([proposal.match for proposal in proposals], 2))
        lead = proposals[0].match if proposals else None
        support = self.encoder.pack.manifest.support(query.view)
        rated: list[tuple[float, _Proposal]] = []
        for proposal in merged:
            if proposal.fix is not None:
                confidence = self._confidence(proposal.fix, _rival(proposal, merged))
            elif proposal.match is lead and not proposal.looked and support == "trained":
                # fitted on views with real pictures: it says nothing about the others
                confidence = self.calibration.retrieval_confidence(margin)
            else:
                confidence = 0.0
            rated.append((honest(confidence), proposal))
        rated.sort(key=lambda pair: (-pair[0], -_inliers(pair[1]), -pair[1].match.score))
        candidates = tuple(
            _candidate(proposal, confidence, rank)
            for rank, (confidence, proposal) in enumerate(rated[: options.top], start=1)
        )
        best = candidates[0] if candidates else None
        return Location(
            query,
            best.verdict if best else "not_found",
            best.confidence if best else 0.0,
            candidates,
            dict(timings),
            complete,
            support,
        )


def _merge_same_place(proposals: list[_Proposal]) -> list[_Proposal]:
    """What landed on one another is one candidate: the one with more inliers, or a tile once."""
    kept: list[_Proposal] = []
    for proposal in sorted(proposals, key=lambda proposal: -_inliers(proposal)):
        if not any(
            _same_place(proposal, other) or same_place(proposal.match, other.match)
            for other in kept
        ):
            kept.append(proposal)
    return kept


def _same_place(a: _Proposal, b: _Proposal) -> bool:
    """Does ``a`` lie within the middle of what the fix ``b`` covers?"""
    here, middle = _where(a), _where(b)
    if b.fix is None or not b.fix.footprint or here is None or middle is None:
        return False
    diagonal_m = distance_m(LatLon(*b.fix.footprint[0]), LatLon(*b.fix.footprint[2]))
    return distance_m(here, middle) < 0.3 * diagonal_m


def _where(proposal: _Proposal) -> LatLon | None:
    """Where the query's centre would lie; None without coordinates."""
    fix = proposal.fix
    if fix is not None:
        return None if fix.lat is None or fix.lon is None else LatLon(fix.lat, fix.lon)
    position = proposal.match.tile_set.position(proposal.match.row)
    return LatLon(*position) if position else None


def _rival(proposal: _Proposal, others: list[_Proposal]) -> int:
    return max((_inliers(other) for other in others if other is not proposal), default=0)


def _inliers(proposal: _Proposal) -> int:
    return proposal.fix.inliers if proposal.fix else 0


def _margin(matches: list[Match]) -> float:
    return matches[0].score - matches[1].score if len(matches) > 1 else 0.0


def _candidate(proposal: _Proposal, confidence: float, rank: int) -> Candidate:
    match, fix = proposal.match, proposal.fix
    tile_set, row = match.tile_set, match.row
    position = tile_set.position(row)
    scale_m = float(tile_set.table[row]["scale_m"])
    lat, lon = position if position else (None, None)
    tile = TileRef(
        tile_set.info.name, tile_set.source_path(row), tile_set.tile_id(row), scale_m, lat, lon
    )
    thumbnail = tile_set.read_window(row, scale_m, THUMBNAIL_PX).shown
    if fix is None:
        return Candidate(
            rank=rank,
            tile=tile,
            lat=lat,
            lon=lon,
            radius_m=scale_m / np.sqrt(2) if position else None,
            score=match.score,
            confidence=confidence,
            verdict=verdict_for(confidence, False, proposal.looked),
            method="retrieval",
            turn_deg=match.turn_deg,
            thumbnail=thumbnail,
        )
    verdict = verdict_for(confidence, True, True)
    return Candidate(
        rank=rank,
        tile=tile,
        lat=lat if fix.lat is None else fix.lat,
        lon=lon if fix.lon is None else fix.lon,
        radius_m=fix.radius_m,
        score=match.score,
        confidence=confidence,
        verdict=verdict,
        method="geometric",
        heading_deg=fix.heading_deg if fix.lat is not None else None,
        turn_deg=match.turn_deg,
        footprint=fix.footprint,
        inliers=fix.inliers,
        alignment=fix.alignment,
        thumbnail=thumbnail,
    )


def _since(clock: float) -> float:
    return (time.perf_counter() - clock) * 1000.0

"""GeoJSON (RFC 7946): a point for each query, its footprint beside it."""

import json
from pathlib import Path
from typing import Any

from gleam_app import __version__
from gleam_app.cases.exports.facts import facts_of
from gleam_app.cases.exports.findings import Finding, Findings, Place
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.rings import split_ring


def write_geojson(path: Path, findings: Findings) -> None:
    """One feature a line. ``kind``: ``place``, ``candidate`` or ``footprint``; a query without a place
    has no geometry (null), and is there all the same."""
    features = [feature for one in findings.findings for feature in _features(one)]
    facts = findings.facts
    head = {
        "type": "FeatureCollection",
        "gleam": {
            "schema": "gleam.export/1",
            "case": facts.id,
            "title": facts.title,
            "changed": facts.changed,
            "software": __version__,
            "packs": {pack.kind: pack.label for pack in findings.packs},
        },
    }
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    path.write_text(f'{opening}, "features": [\n{lines}\n]}}\n', "utf-8", newline="\n")


def _features(finding: Finding) -> list[dict[str, Any]]:
    name = f"q{finding.query.id}"
    features = [_feature(name, "place", finding, finding.place)]
    if finding.place is not None and finding.place.footprint:
        features.append(_footprint(f"{name}-footprint", finding, finding.place))
    features += [
        _feature(f"{name}-c{place.rank}", "candidate", finding, place) for place in finding.others
    ]
    return features


def _feature(name: str, kind: str, finding: Finding, place: Place | None) -> dict[str, Any]:
    geometry = None
    if place is not None:
        geometry = {"type": "Point", "coordinates": _position(LatLon(place.lat, place.lon))}
    return {
        "type": "Feature",
        "id": name,
        "geometry": geometry,
        "properties": {"kind": kind, **facts_of(finding, place)},
    }


def _footprint(name: str, finding: Finding, place: Place) -> dict[str, Any]:
    parts = [
        [[_position(corner) for corner in [*ring, ring[0]]]] for ring in split_ring(place.footprint)
    ]
    geometry: dict[str, Any] | None = None
    if len(parts) == 1:
        geometry = {"type": "Polygon", "coordinates": parts[0]}
    elif parts:
        geometry = {"type": "MultiPolygon", "coordinates": parts}
    return {
        "type": "Feature",
        "id": name,
        "geometry": geometry,
        "properties": {"kind": "footprint", **facts_of(finding, place)},
    }


def _position(at: LatLon) -> list[float]:
    """Longitude first, 1e-7 degrees (a centimetre)."""
    return [round(at.lon, 7), round(at.lat, 7)]

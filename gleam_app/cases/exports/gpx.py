"""GPX 1.1: a waypoint for each place."""

import xml.etree.ElementTree as ET
from pathlib import Path

from gleam_app import __version__
from gleam_app.cases.exports.findings import Finding, Findings, Place
from gleam_app.cases.exports.words import description, title_of
from gleam_app.cases.exports.xml import child, write_document

_NAMESPACE = "http://www.topografix.com/GPX/1/1"


def write_gpx(path: Path, findings: Findings) -> None:
    """Waypoints of places, then of other candidates; elements in the schema's order."""
    root = ET.Element(
        "gpx", {"xmlns": _NAMESPACE, "version": "1.1", "creator": f"GLEAM Desktop {__version__}"}
    )
    metadata = child(root, "metadata")
    child(metadata, "name", findings.facts.title)
    child(metadata, "time", findings.facts.changed)
    for finding, place in findings.located:
        _waypoint(root, findings, finding, place)
    for finding in findings.findings:
        for place in finding.others:
            _waypoint(root, findings, finding, place)
    write_document(path, root)


def _waypoint(root: ET.Element, findings: Findings, finding: Finding, place: Place) -> None:
    point = child(root, "wpt", None, {"lat": f"{place.lat:.7f}", "lon": _longitude(place.lon)})
    child(point, "time", finding.at)
    child(point, "name", title_of(finding, place))
    if finding.query.note:
        child(point, "cmt", finding.query.note)
    child(point, "desc", description(finding, place, findings.lang))
    child(point, "src", f"GLEAM Desktop {__version__}")
    child(point, "type", place.how)


def _longitude(lon: float) -> str:
    """GPX allows -180 <= longitude < 180."""
    shown = f"{lon:.7f}"
    return "-180.0000000" if float(shown) >= 180.0 else shown

"""Cursor-on-Target: an event for each place, as team awareness programs take them.

One place is one ``event`` document. Several are either an ``events`` element around them, or, where the
file is called .zip, a data package: an event a file, with the manifest that these programs import.
"""

import uuid
import xml.etree.ElementTree as ET
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

from gleam_app.cases.drawings import COLOURS, LINE
from gleam_app.cases.exports.archive import put
from gleam_app.cases.exports.findings import Finding, Findings, Place
from gleam_app.cases.exports.words import description
from gleam_app.cases.exports.xml import child, document, write_document

_SPOT = "b-m-p-s-m"  # a point marked on a map
_FROM_IMAGERY, _BY_HAND = "m-i", "h-e"  # mensurated, human estimate
_UNKNOWN = "9999999.0"  # the schema's word for a height or an error that nobody knows
STALE_DAYS = 365


def write_cot(path: Path, findings: Findings, packaged: bool) -> None:
    """``packaged``: as a data package. Heights are unknown; ``ce`` is the 90 % error radius in metres.

    An event is of the time at which its query was located, and stale a year later.
    """
    events = [_event(findings, finding, place) for finding, place in findings.located]
    if packaged:
        _write_package(path, findings, events)
    elif len(events) == 1:
        write_document(path, events[0])
    else:
        root = ET.Element("events")
        root.extend(events)
        write_document(path, root)


def _event(findings: Findings, finding: Finding, place: Place) -> ET.Element:
    at = datetime.fromisoformat(finding.at)
    stale = (at + timedelta(days=STALE_DAYS)).isoformat(timespec="milliseconds")
    root = ET.Element(
        "event",
        {
            "version": "2.0",
            "uid": _uid(findings, finding.query.sha256),
            "type": _SPOT,
            "how": _BY_HAND if place.rank is None else _FROM_IMAGERY,
            "time": finding.at,
            "start": finding.at,
            "stale": stale.replace("+00:00", "Z"),
        },
    )
    radius = _UNKNOWN if place.radius_m is None else f"{place.radius_m:.1f}"
    where = {"lat": f"{place.lat:.7f}", "lon": f"{place.lon:.7f}"}
    child(root, "point", None, {**where, "hae": _UNKNOWN, "ce": radius, "le": _UNKNOWN})
    detail = child(root, "detail")
    child(detail, "contact", None, {"callsign": finding.query.name})
    child(detail, "color", None, {"argb": str(_argb(place))})
    note = f"\n{finding.query.note}" if finding.query.note else ""
    child(detail, "remarks", description(finding, place, findings.lang) + note)
    return root


def _argb(place: Place) -> int:
    """The verdict's colour as the signed 32-bit number that these programs use."""
    colour = LINE if place.verdict is None else COLOURS[place.verdict]
    value = 0xFF000000 | int(colour[1:], 16)
    return value - (1 << 32)


def _uid(findings: Findings, name: str) -> str:
    """The same for the same query of the same case, so that a later export moves the mark."""
    return str(uuid.uuid5(uuid.UUID(findings.facts.id), name))


def _write_package(path: Path, findings: Findings, events: list[ET.Element]) -> None:
    manifest = ET.Element("MissionPackageManifest", {"version": "2"})
    configuration = child(manifest, "Configuration")
    uid = _uid(findings, "package")
    child(configuration, "Parameter", None, {"name": "uid", "value": uid})
    child(configuration, "Parameter", None, {"name": "name", "value": findings.facts.title})
    contents = child(manifest, "Contents")
    for event in events:
        uid = event.attrib["uid"]
        entry = child(
            contents, "Content", None, {"ignore": "false", "zipEntry": f"{uid}/{uid}.cot"}
        )
        child(entry, "Parameter", None, {"name": "uid", "value": uid})
    with zipfile.ZipFile(path, "w") as archive:
        put(archive, "MANIFEST/manifest.xml", document(manifest))
        for event in events:
            uid = event.attrib["uid"]
            put(archive, f"{uid}/{uid}.cot", document(event))

"""KML 2.2 and KMZ: places, footprints and error radii, styled by verdict; KMZ with thumbnails."""

import html
import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from gleam_app.cases import codec
from gleam_app.cases.drawings import COLOURS, LINE, PAPER
from gleam_app.cases.exports.archive import put
from gleam_app.cases.exports.facts import facts_of
from gleam_app.cases.exports.findings import Finding, Findings, Place
from gleam_app.cases.exports.words import FIXED, lines, title_of
from gleam_app.cases.exports.xml import child, document, write_document
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import destination
from gleam_app.geo.rings import split_ring

_NAMESPACE = "http://www.opengis.net/kml/2.2"
THUMBNAIL_PX, ICON_PX, CIRCLE_CORNERS = 320, 64, 48
_ACCEPTED = "accepted"

Preview = Callable[[int], bytes | None]
"""The JPEG of a query by its id, if there is one."""


def write_kml(path: Path, findings: Findings) -> None:
    """One document that needs no other file."""
    write_document(path, _document(findings, {}))


def write_kmz(path: Path, findings: Findings, preview: Preview) -> None:
    """The document with a thumbnail of each query and its own icons; nothing is fetched to show it."""
    thumbnails: dict[int, bytes] = {}
    for finding in findings.findings:
        data = preview(finding.query.id)
        if data is not None:
            thumbnails[finding.query.id] = codec.jpeg(codec.pixels_of(data), THUMBNAIL_PX, 82)
    names = {query: f"files/q{query}.jpg" for query in thumbnails}
    root = _document(findings, names, icons=True)
    with zipfile.ZipFile(path, "w") as archive:
        put(archive, "doc.kml", document(root))
        for style, colour in _styles().items():
            put(archive, f"icons/{style}.png", _icon(colour, ring=style == _ACCEPTED))
        for query, data in thumbnails.items():
            put(archive, names[query], data)


def _document(findings: Findings, pictures: dict[int, str], icons: bool = False) -> ET.Element:
    words = FIXED[findings.lang]
    root = ET.Element("kml", {"xmlns": _NAMESPACE})
    whole = child(root, "Document")
    child(whole, "name", findings.facts.title)
    child(whole, "open", 1)
    for style, colour in _styles().items():
        _style(whole, style, colour, f"icons/{style}.png" if icons else None)
    places = _folder(whole, words["places"])
    for finding, place in findings.located:
        picture = pictures.get(finding.query.id)
        _point(places, findings, finding, place, picture)
    footprints = [(finding, place) for finding, place in findings.located if place.footprint]
    _outlines(whole, words["footprints"], [(f, p, p.footprint) for f, p in footprints])
    radii = [(f, p, _circle(p)) for f, p in findings.located if p.radius_m]
    _outlines(whole, words["radii"], radii)
    others = [(finding, place) for finding in findings.findings for place in finding.others]
    if others:
        folder = _folder(whole, words["candidates"], visible=False)
        for finding, place in others:
            _point(folder, findings, finding, place, None, visible=False)
    return root


def _styles() -> dict[str, str]:
    return {str(verdict): colour for verdict, colour in COLOURS.items()} | {_ACCEPTED: LINE}


def _style(parent: ET.Element, name: str, colour: str, icon: str | None) -> None:
    style = child(parent, "Style", None, {"id": name})
    mark = child(style, "IconStyle")
    if icon is None:
        child(mark, "color", _kml_colour(colour))
    else:
        child(mark, "scale", "0.8")
        child(child(mark, "Icon"), "href", icon)
    line = child(style, "LineStyle")
    child(line, "color", _kml_colour(colour))
    child(line, "width", 2)
    fill = child(style, "PolyStyle")
    child(fill, "color", _kml_colour(colour, "26"))


def _kml_colour(colour: str, opacity: str = "ff") -> str:
    """``#RRGGBB`` as KML's aabbggrr."""
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return f"{opacity}{blue}{green}{red}".lower()


def _folder(parent: ET.Element, name: str, visible: bool = True) -> ET.Element:
    folder = child(parent, "Folder")
    child(folder, "name", name)
    if not visible:
        child(folder, "visibility", 0)
    return folder


def _point(
    folder: ET.Element,
    findings: Findings,
    finding: Finding,
    place: Place,
    picture: str | None,
    visible: bool = True,
) -> None:
    mark = child(folder, "Placemark", None, {"id": _id(finding, place)})
    child(mark, "name", title_of(finding, place))
    if not visible:
        child(mark, "visibility", 0)
    child(mark, "description", _balloon(findings, finding, place, picture))
    child(child(mark, "TimeStamp"), "when", finding.at)
    child(mark, "styleUrl", f"#{_style_of(place)}")
    data = child(mark, "ExtendedData")
    for name, value in facts_of(finding, place).items():
        if value is not None:
            child(child(data, "Data", None, {"name": name}), "value", value)
    child(child(mark, "Point"), "coordinates", f"{place.lon:.7f},{place.lat:.7f}")


def _balloon(findings: Findings, finding: Finding, place: Place, picture: str | None) -> str:
    """HTML, as viewers take it: everything in it is escaped once for HTML, and once more by XML."""
    rows = "".join(
        f"<tr><td>{html.escape(label)}</td><td>{html.escape(value)}</td></tr>"
        for label, value in lines(finding, place, findings.lang)
    )
    shown = "" if picture is None else f'<p><img src="{picture}" alt=""></p>'
    note = html.escape(finding.query.note).replace("\n", "<br>")
    return f"{shown}<table>{rows}</table>" + (f"<p>{note}</p>" if note else "")


def _outlines(
    parent: ET.Element,
    name: str,
    outlines: Sequence[tuple[Finding, Place, Sequence[tuple[float, float]]]],
) -> None:
    if not outlines:
        return
    folder = _folder(parent, name)
    for finding, place, ring in outlines:
        mark = child(folder, "Placemark")
        child(mark, "name", title_of(finding, place))
        child(mark, "styleUrl", f"#{_style_of(place)}")
        geometry = child(mark, "MultiGeometry")
        for part in split_ring(ring):
            polygon = child(geometry, "Polygon")
            child(polygon, "tessellate", 1)
            boundary = child(child(polygon, "outerBoundaryIs"), "LinearRing")
            corners = " ".join(f"{lon:.7f},{lat:.7f}" for lat, lon in [*part, part[0]])
            child(boundary, "coordinates", corners)


def _circle(place: Place) -> list[LatLon]:
    assert place.radius_m is not None
    return [
        destination(place.lat, place.lon, 360.0 * corner / CIRCLE_CORNERS, place.radius_m)
        for corner in range(CIRCLE_CORNERS)
    ]


def _style_of(place: Place) -> str:
    return _ACCEPTED if place.verdict is None else place.verdict


def _id(finding: Finding, place: Place) -> str:
    name = f"q{finding.query.id}"
    return name if place is finding.place else f"{name}-c{place.rank}"


def _icon(colour: str, ring: bool) -> bytes:
    """A disc in the verdict's colour with a white rim; the analyst's own points have a dark one."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (ICON_PX, ICON_PX))
    rim = "#1B1F24" if ring else PAPER
    box = (6, 6, ICON_PX - 7, ICON_PX - 7)
    ImageDraw.Draw(image).ellipse(box, fill=colour, outline=rim, width=6)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

"""Still pictures for reports: match lines, the overlay, the map with footprints. PIL images, RGB."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.geo.frame import LocalFrame
from gleam_app.imagery.sources import MapSource
from gleam_app.retrieval.results import Alignment, Candidate, Verdict

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

#: The light theme's colours of the verdicts.
COLOURS: dict[Verdict, str] = {
    "verified": "#1A7F37",
    "strong": "#0F7B83",
    "possible": "#9A6700",
    "unverified": "#6E7781",
    "not_found": "#57606A",
}
LINE, PAPER = "#FFC53D", "#FFFFFF"
PAIR_HEIGHT, GAP = 420, 12
MAX_LINES = 60
MAP_PX, MIN_MAP_M, MAX_MAP_M = 900, 300.0, 5000.0


def picture(pixels: NDArray[np.uint8], longest_px: int) -> "Image":
    """The pixels, uint8 (height, width, 3), as an image of at most ``longest_px`` a side."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((longest_px, longest_px))
    return image


def match_lines(query: NDArray[np.uint8], alignment: Alignment) -> "Image":
    """Query and window side by side, inliers joined (evenly thinned to ``MAX_LINES``)."""
    from PIL import Image, ImageDraw

    left = _of_height(query, PAIR_HEIGHT)
    right = _of_height(alignment.window_rgb, PAIR_HEIGHT)
    canvas = Image.new("RGB", (left.width + GAP + right.width, PAIR_HEIGHT), PAPER)
    canvas.paste(left, (0, 0))
    canvas.paste(right, (left.width + GAP, 0))
    draw = ImageDraw.Draw(canvas)
    a = PAIR_HEIGHT / query.shape[0]
    b = PAIR_HEIGHT / alignment.window_rgb.shape[0]
    count = len(alignment.query_points)
    for index in np.unique(np.linspace(0, count - 1, min(count, MAX_LINES)).astype(int)):
        x0, y0 = (float(value) * a for value in alignment.query_points[index])
        x1, y1 = (float(value) * b for value in alignment.window_points[index])
        x1 += left.width + GAP
        draw.line((x0, y0, x1, y1), fill=LINE, width=1)
        for x, y in ((x0, y0), (x1, y1)):
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), outline="#1B1F24", fill=LINE)
    return canvas


def overlay(query: NDArray[np.uint8], alignment: Alignment) -> "Image":
    """The query laid over the candidate's window, its left half see-through, its outline drawn."""
    from PIL import Image, ImageDraw

    window = Image.fromarray(alignment.window_rgb)
    inverse = np.linalg.inv(alignment.homography)
    inverse = inverse / inverse[2, 2]
    coefficients = tuple(float(value) for value in inverse.ravel()[:8])
    warp = Image.Transform.PERSPECTIVE
    laid = Image.fromarray(query).transform(
        window.size, warp, coefficients, Image.Resampling.BILINEAR
    )
    height, width = query.shape[:2]
    strength = np.full((height, width), 255, np.uint8)
    strength[:, : width // 2] = 110
    mask = Image.fromarray(strength).transform(window.size, warp, coefficients)
    window.paste(laid, (0, 0), mask)
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float)
    mapped = corners @ alignment.homography.T
    outline = [(float(x / w), float(y / w)) for x, y, w in mapped]
    ImageDraw.Draw(window).line([*outline, outline[0]], fill=LINE, width=3, joint="curve")
    return window.resize((PAIR_HEIGHT, PAIR_HEIGHT))


def map_picture(
    sources: Sequence[MapSource], candidates: Sequence[Candidate], centre: Candidate
) -> "Image | None":
    """The loaded imagery around ``centre`` with the candidates' footprints, north up; None without a position."""
    from PIL import Image, ImageDraw

    if centre.lat is None or centre.lon is None or not sources:
        return None
    middle, side_m = _map_view(sources, candidates, LatLon(centre.lat, centre.lon))
    canvas = Image.new("RGB", (MAP_PX, MAP_PX), "#EDEFF1")
    for source in sources:
        part = source.read_square(*middle, side_m, MAP_PX)
        canvas.paste(Image.fromarray(part.rgb), (0, 0), Image.fromarray(part.mask))
    draw = ImageDraw.Draw(canvas)
    frame = LocalFrame(*middle)
    for candidate in sorted(candidates, key=lambda one: -one.rank):
        if candidate.lat is not None and candidate.lon is not None:
            _draw_candidate(draw, frame, candidate, side_m)
    _draw_scale(draw, side_m)
    return canvas


def _map_view(
    sources: Sequence[MapSource], candidates: Sequence[Candidate], centre: LatLon
) -> tuple[LatLon, float]:
    """Middle and side (metres) of the map: room for the three best candidates, within reason.

    Where the imagery around ``centre`` is smaller than that, all of it.
    """
    reach = [
        distance_m(centre, (one.lat, one.lon))
        for one in candidates[:3]
        if one.lat is not None and one.lon is not None
    ]
    side_m = min(max([2.4 * value for value in reach] + [MIN_MAP_M]), MAX_MAP_M)
    for source in sources:
        box = source.bounds
        inside = box.south <= centre.lat <= box.north and box.west <= centre.lon <= box.east
        middle = LatLon((box.south + box.north) / 2, (box.west + box.east) / 2)
        width = distance_m((middle.lat, box.west), (middle.lat, box.east))
        height = distance_m((box.south, middle.lon), (box.north, middle.lon))
        if inside and 1.3 * max(width, height) < side_m + max(reach, default=0.0):
            return middle, 1.3 * max(width, height)
    return centre, side_m


def _to_pixels(
    frame: LocalFrame, positions: Iterable[tuple[float, float]], side_m: float
) -> list[tuple[float, float]]:
    lats, lons = zip(*positions, strict=True)
    east, north = frame.to_metres(np.array(lats), np.array(lons))
    scale = MAP_PX / side_m
    return [
        (MAP_PX / 2 + float(x) * scale, MAP_PX / 2 - float(y) * scale)
        for x, y in zip(np.atleast_1d(east), np.atleast_1d(north), strict=True)
    ]


def _draw_candidate(
    draw: "ImageDraw", frame: LocalFrame, candidate: Candidate, side_m: float
) -> None:
    from PIL import ImageFont

    colour = COLOURS[candidate.verdict]
    assert candidate.lat is not None and candidate.lon is not None
    ((x, y),) = _to_pixels(frame, [(candidate.lat, candidate.lon)], side_m)
    if candidate.footprint:
        ring = _to_pixels(frame, candidate.footprint, side_m)
        draw.line([*ring, ring[0]], fill=PAPER, width=6, joint="curve")
        draw.line([*ring, ring[0]], fill=colour, width=3, joint="curve")
        draw.line(ring[:2], fill=LINE, width=4)  # the picture's upper edge
    draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill=colour, outline=PAPER, width=2)
    draw.text((x, y), str(candidate.rank), fill=PAPER, anchor="mm", font=ImageFont.load_default(15))


def _draw_scale(draw: "ImageDraw", side_m: float) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(15)
    length_m = _round_length(side_m / 5)
    width = length_m * MAP_PX / side_m
    y = MAP_PX - 24
    draw.rectangle((12, y - 26, 36 + width, y + 14), fill=PAPER)
    draw.line((24, y, 24 + width, y), fill="#1B1F24", width=3)
    shown = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    draw.text((24, y - 21), shown, fill="#1B1F24", font=font)
    draw.rectangle((MAP_PX - 44, 12, MAP_PX - 12, 64), fill=PAPER)
    draw.polygon(
        [(MAP_PX - 28, 18), (MAP_PX - 20, 42), (MAP_PX - 28, 37), (MAP_PX - 36, 42)], fill="#1B1F24"
    )
    draw.text((MAP_PX - 28, 53), "N", fill="#1B1F24", font=font, anchor="mm")


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def _of_height(pixels: NDArray[np.uint8], height: int) -> "Image":
    from PIL import Image

    image = Image.fromarray(pixels)
    return image.resize((max(1, round(image.width * height / image.height)), height))

"""What a text means as a position, in words that say the order. No widgets."""

from collections.abc import Callable
from dataclasses import dataclass

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon, other_order, parse_position
from gleam_app.ui.messages.translate import in_one_line
from gleam_app.ui.strings import tr

Inside = Callable[[LatLon], bool]
"""Whether a position lies in the loaded imagery."""


@dataclass(frozen=True)
class Reading:
    """``other``: where the numbers would lie the other way around, if that is as likely or likelier."""

    position: LatLon | None = None
    words: str = ""
    trouble: str = ""
    other: LatLon | None = None


def read(text: str, inside: Inside) -> Reading:
    """Read a position in any format; latitude first unless the text says otherwise."""
    if not text.strip():
        return Reading(words=tr("goto.hint"))
    other = other_order(text)
    try:
        position = parse_position(text)
    except GleamError as error:
        if other is not None:
            return Reading(trouble=tr("goto.swap.only"), other=other)
        return Reading(trouble=in_one_line(error))
    words = _in_words(position)
    if other is not None and inside(other) and not inside(position):
        return Reading(position, tr("goto.swap.inside"), other=other)
    return Reading(position, words)


def _in_words(position: LatLon) -> str:
    lat = tr("goto.lat_s" if position.lat < 0 else "goto.lat_n", degrees=f"{abs(position.lat):.6f}")
    lon = tr("goto.lon_w" if position.lon < 0 else "goto.lon_e", degrees=f"{abs(position.lon):.6f}")
    return tr("goto.read", lat=lat, lon=lon)

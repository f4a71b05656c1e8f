"""CRSs and the ways between them, made once: PROJ takes milliseconds for each."""

import functools
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text

if TYPE_CHECKING:
    import pyproj

_KEPT = 64
_local = threading.local()
EXAMPLE = "Such as EPSG:32631 (UTM zone 31 north), or a PROJ or WKT text."


@functools.lru_cache(maxsize=256)
def read_crs(text: str) -> "pyproj.CRS":
    """The CRS of a code, PROJ or WKT text. Raises GleamError for what is none, or none of a map."""
    import pyproj
    from pyproj.exceptions import CRSError

    shown = clean_text(text, 60)
    try:
        crs = pyproj.CRS.from_user_input(text.strip())
    except CRSError:
        raise GleamError(f"“{shown}” is not a CRS this program understands.", EXAMPLE) from None
    if not (crs.is_geographic or crs.is_projected):
        raise GleamError(f"“{shown}” is not the CRS of a map.", EXAMPLE)
    return crs


def short_name(crs: "pyproj.CRS") -> str:
    """``EPSG:32617``, else the name in the CRS."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else clean_text(crs.name, 60)


def transformer(source: str, target: str) -> "pyproj.Transformer":
    """From one CRS to another, both as text, (x, y) order; one a thread, for PROJ contexts are not shared."""
    cache: OrderedDict[tuple[str, str], Any] | None = getattr(_local, "transformers", None)
    if cache is None:
        cache = _local.transformers = OrderedDict()
    key = (source, target)
    if key not in cache:
        import pyproj

        cache[key] = pyproj.Transformer.from_crs(source, target, always_xy=True)
        if len(cache) > _KEPT:
            cache.popitem(last=False)
    cache.move_to_end(key)
    found: pyproj.Transformer = cache[key]
    return found

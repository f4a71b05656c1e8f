"""The records every data set is read into: images, splits, pairs.

A ``Split`` is the one form: queries, a gallery, and which gallery images are right for each query.
Evaluation ranks the gallery; training takes ``Split.pairs()``. Nothing is decoded until
``read_pixels``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.imagery.exif import clean_text
from gleam_app.imagery.views import View


@dataclass(frozen=True, order=True)
class Crop:
    """A window inside a large raster, in its pixels: ``x``, ``y`` of its upper left corner, then its size."""

    path: Path
    x: int
    y: int
    width: int
    height: int


Image = Path | Crop


@dataclass(frozen=True)
class Pair:
    """One training pair.

    ``satellite`` is the best satellite image of the query; ``more_satellites`` are as right as it is.
    ``semi_positives`` show part of the place: neither positives nor fair negatives. ``place`` is the id
    by which a batch is kept free of false negatives. ``overlaps``, if any, are the shares (IoU, 0..1)
    of ``satellites`` that the query sees. ``lat``, ``lon`` in degrees, WGS 84.
    """

    query: Image
    view: View
    satellite: Image
    place: str
    lat: float | None = None
    lon: float | None = None
    semi_positives: tuple[Image, ...] = ()
    more_satellites: tuple[Image, ...] = ()
    overlaps: tuple[float, ...] = ()

    @property
    def satellites(self) -> tuple[Image, ...]:
        """All right satellite images, the best one first."""
        return self.satellite, *self.more_satellites


@dataclass(frozen=True, eq=False)
class Split:
    """Queries, a gallery, and what is right.

    ``view`` is that of the queries, None where the queries are the satellite images (the gallery then
    holds the other view). ``places`` names each query's place: the unit that intervals are resampled by.
    ``gold[i]`` are the gallery indices that are right for query i, the best first;
    ``semi_positives[i]`` those that are neither right nor wrong. Per-query tuples that a data set does
    not know are empty. ``query_metres`` and ``gallery_metres`` are (x, y) on a map of the set's own.
    ``protocol`` names the evaluation (training.gleam_c.evaluation.PROTOCOLS) the set
    is published with. ``missing`` counts entries left out because a picture was not there.
    """

    name: str
    view: View | None
    queries: tuple[Image, ...]
    places: tuple[str, ...]
    gallery: tuple[Image, ...]
    gold: tuple[tuple[int, ...], ...]
    protocol: str
    semi_positives: tuple[tuple[int, ...], ...] = ()
    positions: tuple[LatLon | None, ...] = ()
    overlaps: tuple[tuple[float, ...], ...] = ()
    query_metres: tuple[tuple[float, float], ...] = ()
    gallery_metres: tuple[tuple[float, float], ...] = ()
    missing: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where the parts do not fit together: a defect of an adapter."""
        count = len(self.queries)
        lengths = [len(self.places), len(self.gold)]
        known = (self.semi_positives, self.positions, self.overlaps, self.query_metres)
        optional = [len(values) for values in known]
        if any(length != count for length in lengths) or any(
            length not in (0, count) for length in optional
        ):
            raise ValueError(f"{self.name}: per-query tuples differ in length")
        if len(self.gallery_metres) not in (0, len(self.gallery)):
            raise ValueError(f"{self.name}: not every gallery image has a position")
        for indices in (*self.gold, *self.semi_positives):
            if any(not 0 <= index < len(self.gallery) for index in indices):
                raise ValueError(f"{self.name}: an index points outside the gallery")

    def pairs(self) -> tuple[Pair, ...]:
        """The queries with their satellite images; queries without any are left out.

        Raises GleamError where the queries are the satellite side.
        """
        if self.view is None:
            raise GleamError(
                f"{self.name} has satellite images as queries and makes no training pairs.",
                "Open the split in the other direction.",
            )
        return tuple(self._pair(i, self.view) for i, gold in enumerate(self.gold) if gold)

    def _pair(self, i: int, view: View) -> Pair:
        position = self.positions[i] if self.positions else None
        best, *more = (self.gallery[index] for index in self.gold[i])
        semi = self.semi_positives[i] if self.semi_positives else ()
        return Pair(
            query=self.queries[i],
            view=view,
            satellite=best,
            place=self.places[i],
            lat=position.lat if position else None,
            lon=position.lon if position else None,
            semi_positives=tuple(self.gallery[index] for index in semi),
            more_satellites=tuple(more),
            overlaps=self.overlaps[i] if self.overlaps else (),
        )


def gold_by_place(
    places: Sequence[str], gallery_places: Sequence[str]
) -> tuple[tuple[int, ...], ...]:
    """For each query the gallery indices of the same place, ascending."""
    found: dict[str, list[int]] = {}
    for index, place in enumerate(gallery_places):
        found.setdefault(place, []).append(index)
    indices = {place: tuple(members) for place, members in found.items()}
    return tuple(indices.get(place, ()) for place in places)


def held_out(place: str, one_in: int = 10) -> bool:
    """Whether a place belongs to validation: a fixed choice by its name, about one in ``one_in``."""
    return int.from_bytes(hashlib.sha256(place.encode()).digest()[:8], "big") % one_in == 0


def read_pixels(image: Image) -> NDArray[np.uint8]:
    """Decode to uint8 (height, width, 3) RGB, EXIF orientation applied.

    Raises GleamError naming the file that cannot be read.
    """
    path = image.path if isinstance(image, Crop) else image
    try:
        return _read_crop(image) if isinstance(image, Crop) else _read_whole(image)
    except Exception as error:  # decoders raise OSError, SyntaxError, RasterioIOError ...
        raise GleamError(
            f"{clean_text(path)} cannot be read: {clean_text(error, 100)}.",
            "Download the file again; a data set with damaged pictures cannot be used.",
        ) from None


def _read_whole(path: Path) -> NDArray[np.uint8]:
    from PIL import Image as PillowImage
    from PIL import ImageOps

    with PillowImage.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)


def _read_crop(crop: Crop) -> NDArray[np.uint8]:
    import rasterio
    from rasterio.windows import Window

    with rasterio.open(crop.path) as source:
        window = Window(crop.x, crop.y, crop.width, crop.height)
        bands = [1, 2, 3] if source.count >= 3 else [1, 1, 1]
        pixels = source.read(bands, window=window)
    return np.ascontiguousarray(np.moveaxis(pixels, 0, -1), np.uint8)

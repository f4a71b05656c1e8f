"""What is to be embedded: for a new tile set, for one that is there already, or for one embedded anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gleam_app.errors import GleamError
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import ring_bounds
from gleam_app.imagery.sources import MapSource
from gleam_app.imagery.views import View
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.tiles.blocks import Blocks, Steps
from gleam_app.retrieval.tiles.plan import (
    Plan,
    area_of,
    plan_maps,
    plan_of,
    plan_pictures,
    refuse_too_many,
)
from gleam_app.retrieval.tiles.scales import DEFAULT_VIEWS
from gleam_app.retrieval.tiles.source_records import SourceChanged, SourceRecord
from gleam_app.retrieval.tiles.staging import Purpose, Request
from gleam_app.retrieval.tiles.tileset import TileSet, TileSetInfo, quoted


@dataclass(frozen=True)
class Asked:
    """What the user named: tile sides (metres), a table of coordinates, views; or nothing of them."""

    scales_m: tuple[float, ...] = ()
    coords: Path | None = None
    views: tuple[View, ...] = DEFAULT_VIEWS

    def or_else(self, begun: Request) -> "Asked":
        """What is not named as it was when that was begun."""
        return Asked(
            self.scales_m or tuple(begun.asked_scales_m),
            self.coords or (Path(begun.coords) if begun.coords else None),
            self.views if self.scales_m else begun.views,
        )


def is_same(
    begun: Request, records: list[SourceRecord], asked: Asked, base: TileSet | None
) -> bool:
    """Whether what was begun is what is asked for now, of these sources."""
    if base is None:
        chosen = _Chosen(list(range(len(records))), [], [])
        named = asked.scales_m == begun.asked_scales_m and asked.views == begun.views
    else:
        chosen = _missing(base, records, asked)
        named = begun.purpose == "join" and chosen.scales_m == begun.scales_m
    coords = str(asked.coords.resolve()) if asked.coords else ""
    same = [(records[n].path, records[n].sha256, records[n].crs) for n in chosen.numbers]
    there = [(record.path, record.sha256, record.crs) for record in begun.sources]
    return named and same == there and coords == begun.coords


def for_new(
    records: list[SourceRecord], opened: list[MapSource], asked: Asked, encoder: Encoder
) -> tuple[Request, Plan]:
    """Everything given, at the scales named or those that serve the views."""
    if not opened:
        from gleam_app.imagery.pictures import read_coords

        coords = read_coords(asked.coords) if asked.coords else {}
        plan = plan_pictures(Path(records[0].path), coords)
        return _request("new", records, [0], [[]], plan, asked, encoder, 1), plan
    plan = plan_maps(opened, asked.scales_m or None, steps_of(encoder), asked.views)
    places, scales = list(range(len(records))), [plan.scales_m] * len(records)
    return _request("new", records, places, scales, plan, asked, encoder, 1), plan


def for_joining(
    base: TileSet,
    records: list[SourceRecord],
    opened: list[MapSource],
    asked: Asked,
    encoder: Encoder,
) -> tuple[Request, Plan] | None:
    """What the set does not hold yet, if anything: new sources, or further scales of known ones.

    Raises GleamError for a set or an addition of plain pictures, and for a source that changed.
    """
    if "pictures" in {record.kind for record in (*base.info.sources, *records)}:
        raise GleamError(
            f"Tile set {base.info.name!r} cannot be joined with plain pictures.",
            "Make another tile set: several can be searched together.",
        )
    chosen = _missing(base, records, asked)
    if not chosen.numbers:
        return None
    plan = _plan([opened[n] for n in chosen.numbers], chosen.scales_m, steps_of(encoder))
    taken = [records[n] for n in chosen.numbers]
    generation = base.info.generation + 1
    return _request(
        "join", taken, chosen.places, chosen.scales_m, plan, asked, encoder, generation
    ), plan


def for_replacing(
    info: TileSetInfo,
    base: TileSet | None,
    records: list[SourceRecord],
    opened: list[MapSource],
    encoder: Encoder,
) -> tuple[Request, Plan]:
    """The set's sources, as they are now, at the same scales; pictures keep their positions.

    ``base`` None: its tables are damaged; then every source gets every scale of the set.
    """
    generation = info.generation + 1
    if not opened:
        placed = {} if base is None else _placed(base)
        plan = plan_pictures(Path(records[0].path), placed)
        return _request("replace", records, [0], [[]], plan, Asked(), encoder, generation), plan
    scales = [
        (scales_of(base, place) if base else []) or info.scales_m for place in range(len(records))
    ]
    plan = _plan(opened, scales, steps_of(encoder))
    places = list(range(len(records)))
    return _request("replace", records, places, scales, plan, Asked(), encoder, generation), plan


def _placed(base: TileSet) -> dict[str, LatLon]:
    """Where the pictures of a set lie that have a place, and are still there."""
    folder = Path(base.info.sources[0].path)
    return {
        name: LatLon(*place)
        for row, name in enumerate(base.pictures)
        if (place := base.position(row)) is not None and (folder / name).is_file()
    }


def steps_of(encoder: Encoder) -> Steps:
    return Steps.of(encoder.input_px, encoder.cell_px)


def scales_of(base: TileSet, place: int) -> list[float]:
    """The sides (metres) of a source's tiles in the set, ascending."""
    own = np.unique(base.table["scale_m"][base.table["source"] == place])
    return [scale for scale in base.info.scales_m if np.float32(scale) in own]


@dataclass(frozen=True)
class _Chosen:
    """Of the sources given: their numbers, their places in the set, the scales to embed them at."""

    numbers: list[int]
    places: list[int]
    scales_m: list[list[float]]


def _missing(base: TileSet, records: list[SourceRecord], asked: Asked) -> _Chosen:
    chosen = _Chosen([], [], [])
    end = len(base.info.sources)
    for number, record in enumerate(records):
        place = _held(base, record)
        if place is None:
            scales = list(asked.scales_m or base.info.scales_m)
        else:
            there = scales_of(base, place)
            scales = [scale for scale in asked.scales_m if scale not in there]
        if not scales or record.sha256 in [records[n].sha256 for n in chosen.numbers]:
            continue
        chosen.numbers.append(number)
        chosen.places.append(end if place is None else place)
        chosen.scales_m.append(scales)
        end += place is None
    return chosen


def _held(base: TileSet, record: SourceRecord) -> int | None:
    """The number of the source in the set.

    Raises SourceChanged if it was another then, GleamError if it was placed by another CRS.
    """
    for place, known in enumerate(base.info.sources):
        if (known.sha256, known.crs) == (record.sha256, record.crs):
            return place
    for known in base.info.sources:
        if (known.path, known.sha256) == (record.path, record.sha256):
            raise GleamError(
                f"The imagery {known.name} was added to tile set {base.info.name!r} "
                f"{f'with --crs {known.crs}' if known.crs else 'without --crs'}.",
                "Name the same CRS, or make another tile set.",
            )
        if known.path == record.path:
            raise SourceChanged(
                f"The imagery {known.name} has changed since tile set {base.info.name!r} was made.",
                f"Embed it anew: gleam tiles reembed {quoted(base.info.name)}",
            )
    return None


def _plan(opened: Sequence[MapSource], scales_m: list[list[float]], steps: Steps) -> Plan:
    """The grid over every source at its own scales."""
    if all(own == scales_m[0] for own in scales_m):
        return plan_maps(opened, scales_m[0], steps)
    grids = [
        (number, Blocks.over(outline, scale, steps))
        for number, (source, own) in enumerate(zip(opened, scales_m, strict=True))
        for scale in own
        for outline in source.outlines
    ]
    every = sorted({scale for own in scales_m for scale in own})
    counts = dict.fromkeys(every, 0)
    for _, grid in grids:
        counts[grid.scale_m] += int(grid.counts.sum())
    refuse_too_many(counts)
    corners = [corner for source in opened for outline in source.outlines for corner in outline]
    return plan_of(grids, every, area_of(opened), ring_bounds(corners))


def _request(
    purpose: Purpose,
    records: list[SourceRecord],
    places: list[int],
    scales_m: list[list[float]],
    plan: Plan,
    asked: Asked,
    encoder: Encoder,
    generation: int,
) -> Request:
    return Request(
        purpose=purpose,
        sources=records,
        places=places,
        scales_m=scales_m,
        asked_scales_m=asked.scales_m,
        coords=str(asked.coords.resolve()) if asked.coords else "",
        views=asked.views,
        pack=encoder.pack.label,
        pack_hash=encoder.pack.hash,
        dimension=encoder.dimension,
        generation=generation,
        tiles=len(plan.table),
        area_km2=plan.area_km2,
    )

"""Build pair records: take matches, let GLEAM-C make its mistakes, and write it all down.

``OUT/pairs.jsonl`` and ``OUT/pictures/``; ``OUT/work/`` keeps what was made, so that an interrupted
build goes on where it was, and one with other counts uses what is there. The same arguments always give
the same records.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.explain.scene_facts import Fact, SceneFacts, scene_facts
from gleam_app.imagery.views import VIEWS, View
from gleam_app.packs.files import write_whole
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.encoder import Encoder
from training.data.records import held_out, read_pixels
from training.gleam_c.augment import resized
from training.gleam_x.kept import Kept
from training.gleam_x.pairs.mining import (
    QUARTERS,
    TURNED_SHARE,
    Chosen,
    matches,
    mistakes,
    rivals,
    similarities,
)
from training.gleam_x.pairs.shots import FromWorld, Shot, ShotSource, open_shots
from training.gleam_x.pairs.worlds import STREET_VIEWS, query_facts, tile_facts
from training.gleam_x.records import RECORDS, SPLITS, Hardness, PairRecord, Split, write_records

SHARES: dict[View, int] = {"uav": 10, "map": 10, "panorama": 3, "ground": 3}
AT_A_TIME = 32
SAY_EVERY = 200


@dataclass(frozen=True)
class Wanted:
    """What to build. ``data`` holds a folder for each set of ``sets``; in ``held`` every place is held out."""

    data: Path
    held: Path | None
    sets: tuple[str, ...]
    counts: dict[Split, int]
    seed: int


@dataclass(frozen=True)
class Group:
    """Shots that are each other's gallery: of one source, split and view."""

    source: str
    split: Split
    view: View
    shots: tuple[tuple[ShotSource, int], ...]

    @property
    def name(self) -> str:
        return f"{self.split}-{self.view}-{self.source}"


def build(wanted: Wanted, pack: Path, out: Path) -> int:
    """Build all records; returns how many. Raises GleamError."""
    manifest = read_manifest(pack)
    _same_settings(out / "work" / "settings.json", wanted, manifest.id + " " + manifest.version)
    encoder = Encoder(Pack(manifest, pack))
    records: list[PairRecord] = []
    for group in groups_of(wanted):
        say(f"{group.name}: {len(group.shots)} matches")
        records += _Builder(group, out, wanted.seed).records(encoder)
    order = np.random.default_rng(wanted.seed).permutation(len(records))
    return write_records(out / RECORDS, (records[i] for i in order))


def _same_settings(path: Path, wanted: Wanted, pack: str) -> None:
    """Raise GleamError where a folder holds work on other pairs, which would be taken for these."""
    given = {
        "data": str(wanted.data.resolve()),
        "held": str(wanted.held.resolve()) if wanted.held else None,
        "sets": list(wanted.sets),
        "seed": wanted.seed,
        "pack": pack,
    }
    if path.exists() and json.loads(path.read_text("utf-8")) != given:
        raise GleamError(
            f"{path.parent.parent.name} holds pairs made with other settings.",
            f"Name another folder, or delete {path.parent.name} and pictures in this one.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(given, indent=1))


def groups_of(wanted: Wanted) -> Iterator[Group]:
    """The shots of each group: views by their shares, sources in turn until they run dry."""
    pools: dict[tuple[Split, View], dict[str, list[tuple[ShotSource, int]]]] = {}
    for name in wanted.sets:
        for split, source in _opened(wanted, name):
            for number, view in enumerate(source.views):
                where = split_of(source.towns[number], split)
                pools.setdefault((where, view), {}).setdefault(name, []).append((source, number))
    for split in SPLITS:
        for view in VIEWS:
            pool = pools.get((split, view), {})
            count = round(wanted.counts[split] / 2 * SHARES[view] / sum(SHARES.values()))
            for name, size in shared_out(count, {n: len(p) for n, p in pool.items()}).items():
                chance = np.random.default_rng([wanted.seed, *f"{split} {view} {name}".encode()])
                chosen = [pool[name][i] for i in chance.permutation(len(pool[name]))[:size]]
                if chosen:
                    yield Group(name, split, view, tuple(chosen))


def _opened(wanted: Wanted, name: str) -> Iterator[tuple[Split | None, ShotSource]]:
    """The sources of a set with the split of their places, None where that goes by place."""
    folder = wanted.data / name
    if name in ("orthophotos", "streetmaps"):
        yield "train", open_shots(name, folder, "train")
        yield "test", open_shots(name, folder, "val")
    else:
        yield None, open_shots(name, folder, "train")
    if wanted.held is not None and (wanted.held / name).is_dir():
        yield "test", open_shots(name, wanted.held / name, "train")


def split_of(town: str, known: Split | None) -> Split:
    """The split of a town, by its name alone: GLEAM-C's own held-out places are val and test in halves."""
    if known == "train":
        return "train"
    if known is None and not held_out(f"sim{town.removeprefix('simworld/')}"):
        return "train"
    return "val" if held_out(f"val {town}", 2) else "test"


def shared_out(count: int, sizes: dict[str, int]) -> dict[str, int]:
    """How many of each source: equal parts, what one lacks from the others."""
    given = dict.fromkeys(sizes, 0)
    left = count
    while left > 0 and (open_ := [name for name in sizes if given[name] < sizes[name]]):
        part = max(1, left // len(open_))
        for name in open_:
            more = min(part, sizes[name] - given[name], left)
            given[name] += more
            left -= more
    return given


class _Builder:
    """The records of one group."""

    def __init__(self, group: Group, out: Path, seed: int) -> None:
        self._group, self._out, self._seed = group, out, seed
        self._pictures = out / "pictures" / group.name
        self._work = out / "work" / group.name
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._work.mkdir(parents=True, exist_ok=True)
        self._suffix = ".png" if group.view == "map" else ".jpg"

    def records(self, encoder: Encoder) -> list[PairRecord]:
        taken = self._taken()
        kept = [number for number, shot in enumerate(taken) if shot["taken"]]
        queries, tiles = self._vectors(encoder, kept)
        left_out = self._left_out(kept)
        towns = [self._of(number)[0].towns[self._of(number)[1]] for number in kept]
        chance = np.random.default_rng([self._seed, *self._group.name.encode()])
        turnable = chance.random(len(kept)) < TURNED_SHARE
        chosen = matches(queries, tiles, left_out)
        chosen += mistakes(queries, tiles, left_out, towns, turnable)
        best, _ = similarities(queries, tiles)
        for pair in chosen:
            self._save_turned(kept, pair)
        facts = self._facts(kept, taken, chosen)
        return [
            self._record(kept, taken, pair, rivals(best, left_out, pair), found)
            for pair, found in zip(chosen, facts, strict=True)
        ]

    def _of(self, number: int) -> tuple[ShotSource, int]:
        return self._group.shots[number]

    def _facts(
        self, kept: list[int], taken: list[dict[str, Any]], chosen: list[Chosen]
    ) -> list[SceneFacts | None]:
        """The scene facts of each pair; each scene is read once."""
        sides: list[tuple[dict[int, list[Fact]], list[Fact]]] = []
        for row, number in enumerate(kept):
            source, index = self._of(number)
            scene = taken[number]["scene"]
            if scene is None or not isinstance(source, FromWorld):
                return [None] * len(chosen)
            if row % SAY_EVERY == 0:
                say(f"  facts: {row} of {len(kept)}")
            view, place = self._group.view, source.folder(index)
            quarters = tuple({pair.quarters for pair in chosen if pair.query == row})
            queries = query_facts(view, place, scene, quarters)
            sides.append((queries, tile_facts(view, place, scene)))
        same_extent = self._group.view not in STREET_VIEWS
        return [
            scene_facts(sides[p.query][0][p.quarters], sides[p.tile][1], same_extent)
            for p in chosen
        ]

    def _shot(self, number: int) -> Shot | None:
        source, index = self._of(number)
        return source.take(index, self._seed)

    def _taken(self) -> list[dict[str, Any]]:
        """What is known of each shot, its pictures on disk; those that are there are not taken again."""
        known = Kept(self._work / "shots.jsonl")
        count = len(self._group.shots)
        for number in range(count):
            if str(number) not in known:
                if number % SAY_EVERY == 0:
                    say(f"  {number} of {count}")
                known.put(str(number), self._take(number))
        return [known[str(number)] for number in range(count)]

    def _take(self, number: int) -> dict[str, Any]:
        shot = self._shot(number)
        if shot is None:
            return {"taken": False}
        _save(self._query_path(number, 0), shot.query)
        _save(self._tile_path(number), shot.tile)
        return {
            "taken": True,
            "tile_m": shot.tile_m,
            "heading_deg": shot.heading_deg,
            "scene": shot.scene,
        }

    def _save_turned(self, kept: Sequence[int], pair: Chosen) -> None:
        """The query of a mistake as it lies on the wrong tile, from its own pixels, not from a JPEG."""
        path = self._query_path(kept[pair.query], pair.quarters)
        if not path.exists() and (shot := self._shot(kept[pair.query])) is not None:
            _save(path, quarter_turned(shot.query, self._group.view, pair.quarters))

    def _vectors(
        self, encoder: Encoder, kept: list[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, turns, D) of the queries, (N, D) of the tiles."""
        view = self._group.view
        quarters = QUARTERS.get(view, (0,))
        path = self._work / "vectors.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as known:
                if known["shots"].tolist() == kept:
                    return known["queries"], known["tiles"]
        side = encoder.input_px
        wide = 2 if view == "panorama" else 1

        def query(number: int) -> NDArray[np.uint8]:
            pixels = resized(read_pixels(self._query_path(number, 0)), (side, wide * side))
            return np.stack([quarter_turned(pixels, view, turn) for turn in quarters])

        queries = _embedded(encoder, [lambda n=n: query(n) for n in kept], len(quarters))  # type: ignore[misc]
        tiles = _embedded(
            encoder,
            [
                lambda n=n: resized(read_pixels(self._tile_path(n)), (side, side))[None]  # type: ignore[misc]
                for n in kept
            ],
            1,
        )[:, 0]
        staged = path.with_suffix(".new.npz")
        np.savez(staged, queries=queries, tiles=tiles, shots=np.array(kept))
        staged.replace(path)
        return queries, tiles

    def _left_out(self, kept: list[int]) -> NDArray[np.bool_]:
        """(N, N): tiles that are neither right nor wrong for a query."""
        places = [self._of(n)[0].places[self._of(n)[1]] for n in kept]
        columns: dict[str, list[int]] = {}
        for column, place in enumerate(places):
            columns.setdefault(place, []).append(column)
        found = np.zeros((len(kept), len(kept)), bool)
        for row, number in enumerate(kept):
            source, index = self._of(number)
            for place in (*source.near(index), places[row]):
                found[row, columns.get(place, [])] = True
        np.fill_diagonal(found, False)
        return found

    def _query_path(self, number: int, quarters: int) -> Path:
        turned = f"-{90 * quarters}" if quarters else ""
        return self._pictures / f"{number:05d}-query{turned}{self._suffix}"

    def _tile_path(self, number: int) -> Path:
        return self._pictures / f"{number:05d}-tile.jpg"

    def _paths(self, kept: Sequence[int], pair: Chosen) -> tuple[Path, Path]:
        return self._query_path(kept[pair.query], pair.quarters), self._tile_path(kept[pair.tile])

    def _record(
        self,
        kept: list[int],
        taken: list[dict[str, Any]],
        pair: Chosen,
        rivals: tuple[float, ...],
        facts: SceneFacts | None,
    ) -> PairRecord:
        group = self._group
        first, second = kept[pair.query], kept[pair.tile]
        places = [self._of(n)[0].places[self._of(n)[1]] for n in (first, second)]
        query, tile = self._paths(kept, pair)
        heading = taken[first]["heading_deg"]
        turned = 90.0 * pair.quarters if group.view in QUARTERS or group.view == "map" else None
        kind = "match" if first == second else "other"
        return PairRecord(
            id=f"{group.name}-{first:05d}-{kind}",
            image1=query.relative_to(self._out).as_posix(),
            image2=tile.relative_to(self._out).as_posix(),
            view=group.view,
            match=first == second,
            place=places[0],
            place2=places[1],
            split=group.split,
            source=group.source,
            hardness=Hardness(rank=pair.rank, similarity=pair.similarity, rivals=rivals),
            heading_deg=None if heading is None else (heading - (turned or 0.0)) % 360,
            turned_deg=turned,
            tile_m=taken[second]["tile_m"],
            facts=facts,
        )


def quarter_turned(pixels: NDArray[np.uint8], view: View, quarters: int) -> NDArray[np.uint8]:
    """A query turned clockwise by quarters; a panorama is rolled as ``retrieval.turning.rolled`` does."""
    if view == "panorama":
        return np.roll(pixels, quarters * pixels.shape[1] // 4, axis=1)
    return np.ascontiguousarray(np.rot90(pixels, -quarters))


def _embedded(
    encoder: Encoder, pictures: list[Callable[[], NDArray[np.uint8]]], turns: int
) -> NDArray[np.float32]:
    """(N, turns, D); ``pictures`` give (turns, H, W, 3) each."""
    step = max(1, AT_A_TIME // turns)
    parts = [
        encoder.embed(np.concatenate([make() for make in pictures[start : start + step]]))
        for start in range(0, len(pictures), step)
    ]
    return np.concatenate(parts).reshape(len(pictures), turns, -1)


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    staged = path.with_name(f".{path.name}")
    Image.fromarray(pixels).save(
        staged,
        **({"format": "PNG"} if path.suffix == ".png" else {"format": "JPEG", "quality": 90}),
    )
    staged.replace(path)


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)

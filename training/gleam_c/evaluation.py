"""Evaluating an encoder on a split of a public benchmark, by its published protocol.

What published numbers differ in is named in the result: the tie rule, whether distractors stay in the
gallery, which average precision, which "R@1%". Run it as::

    python -m training.gleam_c.evaluation university1652 FOLDER --pack starter --distractors removed
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from training.data import DATA_SETS, open_dataset, splits_of
from training.data.records import Image, Split, read_pixels
from training.gleam_c.metrics import (
    OnePercent,
    Ranking,
    Ties,
    average_precision_plain,
    average_precision_trapezoid,
    bootstrap_by_place,
    cmc,
    distances,
    mean_distance,
    one_percent_rank,
    rank,
    recall_at,
    spatial_distance_measure,
)

SCHEMA = "gleam.retrieval/1"
CONVENTIONS: tuple[OnePercent, ...] = get_args(OnePercent)
DISTANCE_RANKS = (1, 3, 5)  # of SDM and Dis, where the split has positions in metres
CMC_LENGTH = 100  # ranks of the matching curve that are written down
BATCH = 64  # images given to the encoder at a time

Embed = Callable[[Sequence[Image]], NDArray[np.float32]]
Distractors = Literal["kept", "removed"]


@dataclass(frozen=True)
class Protocol:
    """How a ranking becomes numbers.

    ``distractors`` are the gallery images that are right or semi-positive for no query. ``one_percent``
    and ``average_precision`` name the conventions that the set's published numbers use; all of them are
    reported. ``source`` is where the protocol was read.
    """

    name: str
    source: str
    ties: Ties = "pessimistic"
    distractors: Distractors = "kept"
    one_percent: OnePercent = "university"
    average_precision: Literal["trapezoid", "plain"] = "trapezoid"
    ranks: tuple[int, ...] = (1, 5, 10)


# layumi keeps the 250 distractor buildings of University-1652; Sample4Geo, and DAC, CAMP, MEAN after it,
# mark every gallery image whose building is no query's as junk (dataset/university.py), which removes
# them. VIGOR's and Sample4Geo's ranks count the references strictly greater: ties favour the method.
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("university", "layumi/University1652-Baseline evaluate_gpu.py"),
        Protocol(
            "sues", "Reza-Zhu/SUES-200-Benchmark: University's code, gallery of all 200 places"
        ),
        Protocol(
            "vigor",
            "VIGOR; Sample4Geo evaluate/vigor.py (its R@1% is sample4geo, the original's is vigor)",
            ties="optimistic",
            one_percent="sample4geo",
        ),
        Protocol(
            "sample4geo",
            "Sample4Geo evaluate/cvusa_and_cvact.py",
            ties="optimistic",
            one_percent="sample4geo",
        ),
        Protocol("own", "no published code: ours", one_percent="vigor", average_precision="plain"),
        Protocol("gtauav", "Yux1angJi/GTA-UAV game4loc/evaluate/gta.py", average_precision="plain"),
    )
}


def evaluate_split(
    embed: Embed,
    split: Split,
    protocol: Protocol | None = None,
    *,
    embed_gallery: Embed | None = None,
    resamples: int = 1000,
    seed: int = 0,
    block_bytes: int = 64 * 2**20,
    work: Work | None = None,
) -> dict[str, Any]:
    """Embed a split, rank, measure: the ``gleam.retrieval/1`` document, ready for JSON.

    ``embed`` takes up to ``BATCH`` images and returns float32 (N, D) of unit length; ``embed_gallery``
    does so for the gallery where the two sides need different preparation. ``protocol`` is the split's
    own unless given. Figures are shares, 0..1 (``dis@k m``: metres), with 95 % intervals from resampling whole places.
    Raises GleamError for an unreadable picture, an empty split, or vectors that are none.
    """
    work = work or Work()
    protocol = protocol or PROTOCOLS[split.protocol]
    if not split.queries or not split.gallery:
        raise GleamError(f"{split.name} has no queries or no gallery.", "Choose another split.")
    clock = time.perf_counter()
    kept = _kept(split, protocol.distractors)
    numbers = {index: row for row, index in enumerate(kept)}
    gallery = [split.gallery[index] for index in kept]
    query_vectors = embed_all(embed, split.queries, "Embedding queries", work)
    vectors = embed_all(embed_gallery or embed, gallery, "Embedding the gallery", work)
    if vectors.shape[1] != query_vectors.shape[1]:
        raise GleamError(
            f"Queries have {query_vectors.shape[1]} numbers, gallery images {vectors.shape[1]}.",
            "Both sides must come from one embedding space.",
        )
    embedded = time.perf_counter()
    work.report("Ranking")
    ranking = rank(
        query_vectors,
        vectors,
        [[numbers[index] for index in indices] for indices in split.gold],
        [[numbers[index] for index in indices] for indices in split.semi_positives],
        protocol.ties,
        block_bytes,
        top=max(DISTANCE_RANKS) if split.query_metres and split.gallery_metres else 0,
    )
    names, values = _values(split, ranking, protocol, kept)
    low, high = bootstrap_by_place(values, split.places, resamples, seed)
    return {
        "schema": SCHEMA,
        "split": split.name,
        "view": split.view or "satellite",
        "protocol": {
            "name": protocol.name,
            "source": protocol.source,
            "ties": protocol.ties,
            "distractors": protocol.distractors,
            "average_precision": protocol.average_precision,
            "one_percent": protocol.one_percent,
            "one_percent_k": {c: _one_percent(c, split, len(kept)) for c in CONVENTIONS},
        },
        "counts": {
            "queries": len(split.queries),
            "places": len(set(split.places)),
            "gallery": len(kept),
            "gallery_before_removal": len(split.gallery),
            "queries_without_gold": sum(not gold for gold in split.gold),
            "queries_with_ties": int(ranking.tied.sum()),
            "missing_files": split.missing,
        },
        "metrics": {
            name: {"value": _figure(mean), "low": _figure(below), "high": _figure(above)}
            for name, mean, below, above in zip(names, values.mean(0), low, high, strict=True)
        },
        "cmc": [_figure(share) for share in cmc(ranking.rows, min(CMC_LENGTH, len(kept)))],
        "interval": {
            "level": 0.95,
            "method": "percentile bootstrap over places",
            "resamples": resamples,
            "seed": seed,
        },
        "seconds": {
            "embed": round(embedded - clock, 3),
            "rank": round(time.perf_counter() - embedded, 3),
        },
    }


def embed_all(embed: Embed, images: Sequence[Image], what: str, work: Work) -> NDArray[np.float32]:
    """Vectors of all images, float32 (N, D), a batch at a time.

    Raises GleamError unless the encoder gives one finite vector of unit length for each image.
    """
    vectors: NDArray[np.float32] | None = None
    for start in range(0, len(images), BATCH):
        work.report(what, start, len(images))
        part = images[start : start + BATCH]
        found = np.asarray(embed(part), np.float32)
        if found.ndim != 2 or len(found) != len(part):
            raise _bad_vectors(f"an array of shape {found.shape} for {len(part)} images")
        if not np.isfinite(found).all():
            raise _bad_vectors("numbers that are not finite")
        if np.abs(np.linalg.norm(found, axis=1) - 1.0).max() > 1e-3:
            raise _bad_vectors("vectors that are not of unit length")
        if vectors is None:
            vectors = np.empty((len(images), found.shape[1]), np.float32)
        vectors[start : start + len(part)] = found
    work.report(what, len(images), len(images))
    assert vectors is not None  # the caller has checked that there are images
    return vectors


def _bad_vectors(what: str) -> GleamError:
    return GleamError(
        f"The encoder gave {what}.", "It must give one unit vector an image: check its weights."
    )


def _kept(split: Split, distractors: Distractors) -> list[int]:
    """Gallery indices that are ranked, ascending."""
    if distractors == "kept":
        return list(range(len(split.gallery)))
    wanted = {i for indices in (*split.gold, *split.semi_positives) for i in indices}
    if not wanted:
        raise GleamError(
            f"Without distractors nothing is left of the gallery of {split.name}.",
            "Check that queries and gallery are of the same places.",
        )
    return sorted(wanted)


def _one_percent(convention: OnePercent, split: Split, kept: int) -> int:
    """University's N is the gallery before removal, the others' what is ranked."""
    return one_percent_rank(convention, len(split.gallery) if convention == "university" else kept)


def _values(
    split: Split, ranking: Ranking, protocol: Protocol, kept: list[int]
) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the metrics, and (Q, M) values of which they are the means.

    Queries without a right image count as failures in every one of them.
    """
    rows = ranking.rows
    columns = {f"recall@{k}": recall_at(rows, k) for k in protocol.ranks}
    for convention in CONVENTIONS:
        k = _one_percent(convention, split, len(kept))
        columns[f"recall@1% {convention}"] = recall_at(rows, k)
    columns["ap trapezoid"] = np.array([average_precision_trapezoid(found) for found in rows])
    columns["ap plain"] = np.array([average_precision_plain(found) for found in rows])
    if split.semi_positives:
        columns["hit rate"] = ranking.hit.astype(np.float64)
    if ranking.top.shape[1]:
        gallery = np.asarray(split.gallery_metres, np.float64)[kept]
        metres = distances(ranking.top, np.asarray(split.query_metres, np.float64), gallery)
        for k in DISTANCE_RANKS:
            columns[f"sdm@{k}"] = spatial_distance_measure(metres, k)
            columns[f"dis@{k} m"] = mean_distance(metres, k)
    return list(columns), np.stack(list(columns.values()), axis=1)


def _figure(value: float) -> float:
    return round(float(value), 6)


def measured_splits(data_set: str) -> tuple[str, ...]:
    """The splits that the data set is measured on: SUES-200 by height, VIGOR by area, and so on."""
    parts = {"test", "val"}
    return tuple(split for split in splits_of(data_set) if parts & set(split.split("-")))


def summary_lines(document: dict[str, Any]) -> list[str]:
    """The document for people."""
    protocol, counts = document["protocol"], document["counts"]
    lines = [
        f"{document['split']}: {counts['queries']} queries of {counts['places']} places, "
        f"gallery {counts['gallery']} (distractors {protocol['distractors']}), "
        f"ties {protocol['ties']}"
    ]
    for name, figure in document["metrics"].items():
        lines.append(
            f"  {name:22} {figure['value']:.4f}  [{figure['low']:.4f}, {figure['high']:.4f}]"
        )
    return lines


def pack_embedder(pack_id: str, panorama: bool = False) -> Embed:
    """An ``Embed`` of an installed or bundled encoder pack; panoramas keep their 2:1 form."""
    import cv2

    from gleam_app.home import gleam_home, resources_dir
    from gleam_app.packs.store import PackStore
    from gleam_app.retrieval.encoder import Encoder

    encoder = Encoder(PackStore(gleam_home(), resources_dir() / "packs").get(pack_id))
    size = (encoder.input_px * (2 if panorama else 1), encoder.input_px)

    def embed(images: Sequence[Image]) -> NDArray[np.float32]:
        resized = [
            cv2.resize(read_pixels(image), size, interpolation=cv2.INTER_AREA) for image in images
        ]
        return encoder.embed(np.stack(resized).astype(np.uint8))

    return embed


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: print the figures, optionally write the documents as JSON lines."""
    parser = argparse.ArgumentParser(description="Evaluate an encoder pack on a public benchmark.")
    parser.add_argument("data_set", choices=DATA_SETS)
    parser.add_argument("root", type=Path, help="folder of the data set")
    parser.add_argument("--split", action="append", help="default: every test split")
    parser.add_argument("--pack", default="starter")
    parser.add_argument("--distractors", choices=get_args(Distractors))
    parser.add_argument("--ties", choices=get_args(Ties))
    parser.add_argument("--out", type=Path, help="write one JSON document a line")
    options = parser.parse_args(arguments)
    changes = {k: v for k in ("distractors", "ties") if (v := getattr(options, k)) is not None}
    documents = []
    try:
        for name in options.split or measured_splits(options.data_set):
            split = open_dataset(options.data_set, options.root, name)
            document = evaluate_split(
                pack_embedder(options.pack, panorama=split.view == "panorama"),
                split,
                replace(PROTOCOLS[split.protocol], **changes),
                embed_gallery=pack_embedder(options.pack),
            )
            documents.append(document)
            print("\n".join(summary_lines(document)), flush=True)
    except GleamError as error:
        print(f"{error} {error.hint}", file=sys.stderr)
        return error.exit_code
    if options.out:
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        part = options.out.with_name(options.out.name + ".part")
        part.write_text(lines, "utf-8")
        part.replace(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

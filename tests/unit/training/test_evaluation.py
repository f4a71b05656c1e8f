"""The evaluator on tiny splits with encoders whose mistakes are known."""

import json
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Work
from tests.unit.training.data import fakes
from training.data import DATA_SETS, open_dataset
from training.data.records import Image, Split
from training.gleam_c import evaluation
from training.gleam_c.evaluation import BATCH, PROTOCOLS, evaluate_split, measured_splits
from training.gleam_c.metrics import rank


def unit(vectors: Sequence[Sequence[float]]) -> np.ndarray[Any, Any]:
    array = np.asarray(vectors, np.float32)
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), np.float32)


def by_name(table: dict[str, Sequence[float]], key: Callable[[Path], str]) -> evaluation.Embed:
    """An encoder that knows each picture by its file name or folder."""

    def embed(images: Sequence[Image]) -> np.ndarray[Any, Any]:
        return unit([table[key(image)] for image in images if isinstance(image, Path)])

    return embed


def value(document: dict[str, Any], name: str) -> float:
    return float(document["metrics"][name]["value"])


def university(tmp_path: Path) -> Split:
    return open_dataset("university1652", fakes.university(tmp_path), "test-drone")


# The second building looks like the distractor 0003, then like itself.
CONFUSED = {"0001": (1.0, 0.0), "0002": (0.8, 0.6), "0003": (0.0, 1.0)}
GALLERY = {"0001": (1.0, 0.0), "0002": (0.0, 1.0), "0003": (0.8, 0.6)}


def test_distractors_kept_and_removed_are_two_numbers(tmp_path: Path) -> None:
    split = university(tmp_path)
    embed, gallery = (by_name(t, lambda p: p.parent.name) for t in (CONFUSED, GALLERY))
    kept = evaluate_split(embed, split, embed_gallery=gallery)
    easier = replace(PROTOCOLS["university"], distractors="removed")
    removed = evaluate_split(embed, split, easier, embed_gallery=gallery)
    assert value(kept, "recall@1") == 0.5  # 0002 comes third: after 0003 and 0001
    assert kept["counts"]["gallery"] == 3
    assert value(kept, "ap trapezoid") == pytest.approx((1 + (0 + 1 / 3) / 2) / 2, abs=1e-6)
    assert value(kept, "ap plain") == pytest.approx((1 + 1 / 3) / 2, abs=1e-6)
    assert kept["cmc"] == [0.5, 0.5, 1.0]
    assert removed["counts"]["gallery"] == 2
    assert removed["counts"]["gallery_before_removal"] == 3
    assert value(removed, "ap plain") == pytest.approx((1 + 1 / 2) / 2)
    assert (kept["protocol"]["distractors"], removed["protocol"]["distractors"]) == (
        "kept",
        "removed",
    )


def test_one_percent_of_university_counts_the_gallery_before_removal() -> None:
    """951 satellites of which 701 are shown: k is 11, not 8."""
    images = tuple(Path(f"{i}.jpg") for i in range(951))
    split = Split(
        "s", "uav", images[:701], tuple(map(str, range(701))), images,
        tuple((i,) for i in range(701)), "university",
    )  # fmt: skip
    table = unit(np.random.default_rng(0).normal(size=(951, 8)))

    def embed(part: Sequence[Image]) -> np.ndarray[Any, Any]:
        return table[[int(image.stem) for image in part if isinstance(image, Path)]]

    protocol = replace(PROTOCOLS["university"], distractors="removed")
    document = evaluate_split(embed, split, protocol, resamples=10)
    ranks = document["protocol"]["one_percent_k"]
    assert ranks == {"university": 11, "sample4geo": 7, "vigor": 8}
    assert document["counts"]["gallery"] == 701
    assert value(document, "recall@1") == 1.0


def test_vigor_hit_rate_forgives_the_semi_positives() -> None:
    """One query is beaten by its semi-positive, one by another image, one by nothing."""
    table = {
        "q0": (1.0, 0.1), "q1": (0.1, 1.0), "q2": (-1.0, 0.0),
        "right": (1.0, 1.0), "semi": (1.0, 0.0), "wrong": (0.0, 1.0), "own": (-1.0, 0.0),
    }  # fmt: skip
    split = Split(
        name="s",
        view="panorama",
        queries=(Path("q0"), Path("q1"), Path("q2")),
        places=("a", "a", "b"),
        gallery=(Path("right"), Path("semi"), Path("wrong"), Path("own")),
        gold=((0,), (0,), (3,)),
        protocol="vigor",
        semi_positives=((1,), (1,), ()),
    )
    document = evaluate_split(by_name(table, lambda path: path.name), split)
    assert value(document, "recall@1") == pytest.approx(1 / 3, abs=1e-6)
    assert value(document, "hit rate") == pytest.approx(2 / 3, abs=1e-6)
    assert document["protocol"]["ties"] == "optimistic"  # strictly greater


def test_a_collapsed_encoder_is_seen_by_its_ties(tmp_path: Path) -> None:
    split = university(tmp_path)

    def collapsed(images: Sequence[Image]) -> np.ndarray[Any, Any]:
        return np.tile(np.float32([0, 1]), (len(images), 1))

    document = evaluate_split(collapsed, split)
    assert value(document, "recall@1") == 0.0
    assert document["counts"]["queries_with_ties"] == 4
    generous = evaluate_split(collapsed, split, replace(PROTOCOLS["university"], ties="optimistic"))
    assert value(generous, "recall@1") == 1.0


def test_queries_without_a_right_image_stay_in_the_denominator() -> None:
    images = (Path("a"), Path("b"))
    split = Split("s", "uav", images, ("a", "b"), (Path("a"),), ((0,), ()), "university")
    document = evaluate_split(lambda part: unit([(1, 0)] * len(part)), split)
    assert value(document, "recall@1") == value(document, "ap plain") == 0.5
    assert document["counts"]["queries_without_gold"] == 1


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_document_is_what_plain_loops_find(data: st.DataObject) -> None:
    count, size = data.draw(st.integers(1, 5)), data.draw(st.integers(12, 30))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    gold = [sorted(data.draw(st.sets(st.integers(0, size - 1), max_size=4))) for _ in range(count)]
    queries = tuple(Path(f"q{i}") for i in range(count))
    gallery = tuple(Path(f"g{i}") for i in range(size))
    vectors = {path: unit(rng.normal(size=(1, 4)))[0] for path in (*queries, *gallery)}
    places = tuple(str(i % 2) for i in range(count))
    split = Split("s", "uav", queries, places, gallery, tuple(map(tuple, gold)), "gtauav")
    document = evaluate_split(
        lambda part: np.stack([vectors[image] for image in part]), split, resamples=20
    )
    hits, precisions = {1: 0, 5: 0, 10: 0}, []
    for query, right in zip(queries, gold, strict=True):
        order = sorted(range(size), key=lambda j: -float(vectors[gallery[j]] @ vectors[query]))
        rows = [row for row, j in enumerate(order) if j in right]
        for k in hits:
            hits[k] += any(row < k for row in rows)
        sums = [sum(r <= row for r in rows) / (row + 1) for row in rows]
        precisions.append(sum(sums) / len(rows) if rows else 0.0)
    for k, hit in hits.items():
        assert value(document, f"recall@{k}") == pytest.approx(hit / count, abs=1e-6)
    assert value(document, "ap plain") == pytest.approx(np.mean(precisions), abs=1e-6)
    for figure in document["metrics"].values():
        assert 0 <= figure["low"] <= figure["high"] <= 1


def test_distances_are_reported_where_the_set_has_positions(tmp_path: Path) -> None:
    split = open_dataset("gtauav", fakes.gta(tmp_path), "cross-test")
    names = [path.name for path in (*split.queries, *split.gallery) if isinstance(path, Path)]
    table = {name: np.random.default_rng(i).normal(size=3) for i, name in enumerate(names)}
    document = evaluate_split(by_name(table, lambda path: path.name), split)
    first = []
    for query, where in zip(split.queries, split.query_metres, strict=True):
        assert isinstance(query, Path)
        scores = [
            float(unit([table[query.name]])[0] @ unit([table[image.name]])[0])
            for image in split.gallery
            if isinstance(image, Path)
        ]
        first.append(np.hypot(*np.subtract(split.gallery_metres[int(np.argmax(scores))], where)))
    assert value(document, "dis@1 m") == pytest.approx(np.mean(first), rel=1e-6)
    assert value(document, "sdm@1") == pytest.approx(
        np.mean(np.exp(-0.001 * np.array(first))), abs=1e-6
    )
    assert 0 < value(document, "sdm@3") < 1


def test_ranking_never_holds_all_scores() -> None:
    queries = unit(np.random.default_rng(0).normal(size=(300, 4)))
    gallery = unit(np.random.default_rng(1).normal(size=(5000, 4)))
    tracemalloc.start()
    try:
        rank(queries, gallery, [[i] for i in range(300)], block_bytes=200_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300 * 5000 * 4 / 4  # the whole matrix would be 6 MB


def test_the_encoder_is_given_batches_and_its_document_is_json() -> None:
    sizes = []
    images = tuple(Path(f"{i}") for i in range(BATCH + 3))

    def embed(part: Sequence[Image]) -> np.ndarray[Any, Any]:
        sizes.append(len(part))
        return unit([(1, float(str(image))) for image in part])

    gold = tuple((i,) for i in range(len(images)))
    split = Split("s", "map", images, tuple(map(str, images)), images, gold, "sample4geo")
    document = evaluate_split(embed, split)
    assert sizes == [BATCH, 3, BATCH, 3]
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert "hit rate" not in document["metrics"]
    assert any("recall@1 " in line for line in evaluation.summary_lines(document))


@pytest.mark.parametrize(
    ("vectors", "says"),
    [
        (np.ones((3, 2), np.float32), "unit length"),
        (np.full((3, 2), np.nan, np.float32), "not finite"),
        (np.ones((2, 1), np.float32), "3 images"),
        (np.ones(3, np.float32), "shape"),
    ],
)
def test_vectors_that_are_none_are_refused(vectors: Any, says: str) -> None:
    images = tuple(Path(str(i)) for i in range(3))
    split = Split("s", "uav", images, ("a", "b", "c"), images, ((0,), (1,), (2,)), "university")
    with pytest.raises(GleamError, match=says):
        evaluate_split(lambda part: vectors, split)


def test_two_embedding_spaces_are_refused() -> None:
    split = Split("s", "uav", (Path("q"),), ("a",), (Path("g"),), ((0,),), "university")
    with pytest.raises(GleamError, match="2 numbers, gallery images 3"):
        evaluate_split(
            lambda part: unit([(1, 0)]), split, embed_gallery=lambda part: unit([(1, 0, 0)])
        )


def test_evaluation_can_be_cancelled() -> None:
    work = Work()
    split = Split("s", "uav", (Path("q"),), ("a",), (Path("g"),), ((0,),), "university")

    def embed(part: Sequence[Image]) -> np.ndarray[Any, Any]:
        work.cancel()
        return unit([(1, 0)])

    with pytest.raises(Cancelled):
        evaluate_split(embed, split, work=work)


def test_every_data_set_has_splits_to_measure_and_a_known_protocol(tmp_path: Path) -> None:
    assert all(measured_splits(name) for name in DATA_SETS if name != "uavvisloc")
    assert measured_splits("uavvisloc") == ("test",)
    heights = {split.split("-")[1] for split in measured_splits("sues200")}
    assert heights == {"150", "200", "250", "300"}
    assert open_dataset("gtauav", fakes.gta(tmp_path), "cross-test").protocol in PROTOCOLS


def mean_colour(images: Sequence[Image]) -> np.ndarray[Any, Any]:
    """A poor but real encoder."""
    pixels = [evaluation.read_pixels(image).reshape(-1, 3).mean(0) for image in images]
    return unit(np.asarray(pixels) + 1.0)


def test_command_line_writes_a_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluation, "pack_embedder", lambda *a, **k: mean_colour)
    root, out = fakes.street_maps(tmp_path / "maps", 12), tmp_path / "result.jsonl"
    arguments = ["streetmaps", str(root), "--split", "all", "--ties", "stable", "--out", str(out)]
    assert evaluation.main(arguments) == 0
    document = json.loads(out.read_text())
    assert document["counts"]["queries"] == 12
    assert document["protocol"]["ties"] == "stable"
    assert "streetmaps/all: 12 queries" in capsys.readouterr().out


def test_command_line_says_in_one_line_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluation, "pack_embedder", lambda *a, **k: mean_colour)
    assert evaluation.main(["cvusa", str(tmp_path)]) == 3
    assert "val-19zl.csv" in capsys.readouterr().err.strip()

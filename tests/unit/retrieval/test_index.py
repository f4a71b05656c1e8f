import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval import index as index_module
from gleam_app.retrieval import index_file
from gleam_app.retrieval.exact import nearest
from gleam_app.retrieval.index import AT, VectorIndex, is_small, sample_queries
from gleam_app.retrieval.index_file import KEY, build_index, open_index
from gleam_app.retrieval.tiles.tileset import STAGING
from tests.landscape import landscape

COUNT, DIMENSION = 8_000, 32
Vectors = NDArray[np.float16]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Vectors]]:
    """A set that counts as large, with its index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "EXACT_VALUES", 60_000)
        patch.setattr(index_module, "QUERIES", 100)
        folder = tmp_path_factory.mktemp("tiles") / "set"
        folder.mkdir()
        vectors = landscape(folder / "vectors.f16", COUNT, DIMENSION)
        build_index(folder, vectors, folder.parent, Work())
        yield folder, vectors


@pytest.fixture
def copy(built: tuple[Path, Vectors], tmp_path: Path) -> tuple[Path, Vectors]:
    """One to be spoilt."""
    folder, vectors = built
    other = tmp_path / "tiles" / "set"
    other.mkdir(parents=True)
    for path in (folder / "index.json", folder / "index.faiss"):
        (other / path.name).write_bytes(path.read_bytes())
    (other.parent / KEY).write_bytes((folder.parent / KEY).read_bytes())
    return other, vectors


def shares(index: VectorIndex, queries: Any, rows: Any = None) -> float:
    """Recall, one query at a time."""
    found = 0
    for query in queries[:, None]:
        truth = nearest(index.vectors, query, AT, rows)[1]
        found += len(np.intersect1d(index.search(query, AT, rows)[1], truth))
    return found / (len(queries) * AT)


def test_what_was_measured_holds_for_other_queries(built: tuple[Path, Vectors]) -> None:
    index = open_index(*built)
    found = index.description
    assert index.kind == "ivf-pq" and found is not None
    assert found.recall_at_50 >= 0.99 and found.probes < found.lists
    assert shares(index, sample_queries(index.vectors, seed=5)) >= 0.98


def test_scores_are_exact_and_each_query_has_its_own(built: tuple[Path, Vectors]) -> None:
    index = open_index(*built)
    queries = sample_queries(index.vectors, seed=6)[:5]
    scores, rows = index.search(queries, 20)
    for query, of_query, where in zip(queries, scores, rows, strict=True):
        plain = np.asarray(index.vectors[where], np.float32) @ query
        assert np.allclose(of_query, plain, atol=1e-5)
        assert np.all(np.diff(of_query) <= 0) and len(set(where.tolist())) == 20


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_large_part_is_searched_as_well(built: tuple[Path, Vectors], share: float) -> None:
    index = open_index(*built)
    rows = np.flatnonzero(np.random.default_rng(3).random(COUNT) < share)
    assert not is_small(len(rows), DIMENSION)
    queries = sample_queries(index.vectors, seed=7)
    assert np.isin(index.search(queries, 200, rows)[1], rows).all()
    assert shares(index, queries, rows) >= 0.98


def test_a_small_part_is_searched_exactly(built: tuple[Path, Vectors]) -> None:
    index = open_index(*built)
    rows = np.arange(50, 1050)
    queries = sample_queries(index.vectors)[:3]
    ours, plain = index.search(queries, 30, rows), nearest(index.vectors, queries, 30, rows)
    assert np.array_equal(ours[1], plain[1])
    nowhere = index.search(queries, 30, np.zeros(0, np.int64))
    assert nowhere[0].shape == nowhere[1].shape == (3, 0)


def test_a_second_look_builds_nothing(
    built: tuple[Path, Vectors], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index_file, "choose", None)
    assert open_index(*built).kind == "ivf-pq"
    assert not caplog.records


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)


def change(folder: Path, **values: Any) -> None:
    document = json.loads((folder / "index.json").read_text("utf-8"))
    (folder / "index.json").write_text(json.dumps(document | values), "utf-8")


SPOILT = {
    "a byte": (lambda f: flip(f / "index.faiss", 5000), "is damaged"),
    "half": (lambda f: (f / "index.faiss").write_bytes(b"IwPf"), "is damaged"),
    "gone": (lambda f: (f / "index.faiss").unlink(), "is damaged"),
    "no json": (lambda f: (f / "index.json").write_bytes(b"\xff{"), "is damaged"),
    "a list": (lambda f: (f / "index.json").write_text("[1]"), "is damaged"),
    "a stranger's key": (lambda f: flip(f.parent / KEY, 3), "was not made on this computer"),
    "no key": (lambda f: (f.parent / KEY).unlink(), "was not made on this computer"),
    "a short key": (lambda f: (f.parent / KEY).write_bytes(b"x"), "was not made on this computer"),
    "a changed setting": (lambda f: change(f, probes=1), "was not made on this computer"),
    "a seal that is none": (lambda f: change(f, seal="\ud800"), "was not made on this computer"),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_index_is_never_parsed_and_built_anew(
    copy: tuple[Path, Vectors],
    spoil: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder, vectors = copy
    whole = open_index(folder, vectors)
    chosen = whole.description, whole._lists
    monkeypatch.setattr(index_file, "choose", lambda *_: chosen)  # as the last time, but at once
    how, told = SPOILT[spoil]
    how(folder)
    parsed: list[bool] = []
    read = faiss.read_index

    def reads(*arguments: Any) -> Any:
        parsed.append((folder / "index.json").stat().st_mtime_ns > spoilt_at)
        return read(*arguments)

    spoilt_at = max(path.stat().st_mtime_ns for path in folder.iterdir())
    monkeypatch.setattr(faiss, "read_index", reads)
    assert open_index(folder, vectors).kind == "ivf-pq"
    assert parsed == [True], "only what was written since"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and told in record.getMessage()
    caplog.clear()
    assert open_index(folder, vectors).kind == "ivf-pq"
    assert not caplog.records


def test_an_index_of_other_vectors_is_not_used(
    copy: tuple[Path, Vectors], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, _ = copy
    others = landscape(tmp_path / "others.f16", COUNT, DIMENSION, seed=1)
    index = open_index(folder, others)
    query = np.asarray(others[77:78], np.float32)
    assert index.search(query, 1)[1].tolist() == [[77]]
    assert "belongs to other vectors" in caplog.text


def test_an_old_set_gets_its_index_when_first_searched(
    copy: tuple[Path, Vectors], caplog: pytest.LogCaptureFixture
) -> None:
    folder, vectors = copy
    (folder / "index.json").unlink()
    (folder / "index.faiss").unlink()
    told: list[Progress] = []
    assert open_index(folder, vectors, Work(told.append)).kind == "ivf-pq"
    assert {"Arranging the vectors", "Indexing the vectors"} <= {p.what for p in told}
    assert sorted(path.name for path in folder.iterdir()) == ["index.faiss", "index.json"]
    assert not caplog.records


def test_where_nothing_can_be_written_all_are_compared(
    copy: tuple[Path, Vectors], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, vectors = copy
    flip(folder / "index.faiss", 9)

    def full(*_: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index_file, "_write", full)
    index = open_index(folder, vectors)
    assert index.kind == "exact"
    queries = sample_queries(vectors)[:2]
    assert np.array_equal(index.search(queries, 9)[1], nearest(vectors, queries, 9)[1])
    (record,) = caplog.records
    assert "without an index" in record.getMessage()


def test_while_another_process_builds_it_all_are_compared(
    copy: tuple[Path, Vectors], caplog: pytest.LogCaptureFixture
) -> None:
    folder, vectors = copy
    (folder / "index.json").unlink()
    lock = folder.parent / STAGING / "set.index.lock"
    with only_process(lock, GleamError("held by this test")):
        assert open_index(folder, vectors).kind == "exact"
    (record,) = caplog.records
    assert "another window or command is building it" in record.getMessage()
    assert not (folder / "index.json").exists()


@pytest.mark.parametrize("when", ["Arranging the vectors", "Indexing the vectors"])
def test_cancelling_leaves_nothing_behind(
    copy: tuple[Path, Vectors], tmp_path: Path, when: str
) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    work = Work()

    def stop(progress: Progress) -> None:
        if progress.what == when:
            work.cancel()

    work.on_progress = stop
    with pytest.raises(Cancelled):
        build_index(folder, copy[1], copy[0].parent, work)
    assert list(folder.iterdir()) == []


def test_cancelling_while_writing_leaves_nothing_behind(
    copy: tuple[Path, Vectors], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, work = tmp_path / "fresh", Work()
    folder.mkdir()
    chosen = index_file.choose

    def choose(*arguments: Any) -> Any:
        found = chosen(*arguments)
        work.cancel()
        return found

    monkeypatch.setattr(index_file, "choose", choose)
    with pytest.raises(Cancelled):
        build_index(folder, copy[1], copy[0].parent, work)
    assert list(folder.iterdir()) == []


def test_where_no_kind_finds_enough_all_are_compared(
    copy: tuple[Path, Vectors], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder, vectors = copy
    monkeypatch.setattr(index_module, "LADDER", ((1, 20),))
    build_index(folder, vectors, folder.parent, Work())
    assert [path.name for path in folder.iterdir()] == ["index.json"]
    monkeypatch.setattr(index_file, "choose", None)  # that is known now
    assert open_index(folder, vectors).kind == "exact"
    assert not caplog.records


def test_a_coarse_kind_gives_way_to_a_finer_one(
    copy: tuple[Path, Vectors], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, vectors = copy
    monkeypatch.setattr(index_module, "LADDER", ((128, 60),))  # too few for 4 bits
    build_index(folder, vectors, folder.parent, Work())
    index = open_index(folder, vectors)
    assert index.kind == "ivf-sq8"
    assert shares(index, sample_queries(vectors, seed=5)) >= 0.98


def test_small_sets_need_no_index(tmp_path: Path) -> None:
    vectors = np.eye(1, 8, dtype=np.float16)
    build_index(tmp_path, vectors, tmp_path, Work())
    assert list(tmp_path.iterdir()) == []
    scores, rows = open_index(tmp_path, vectors).search(np.eye(1, 8, dtype=np.float32), 200)
    assert scores.tolist() == [[1.0]] and rows.tolist() == [[0]]


@pytest.mark.parametrize(("dimension", "parts"), [(256, 128), (1280, 256), (768, 256), (7, 1)])
def test_parts_divide_the_dimension(dimension: int, parts: int) -> None:
    assert index_module._parts(dimension) == parts

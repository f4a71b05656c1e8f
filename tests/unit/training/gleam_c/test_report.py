"""The report: figures against naive ones, geometry against pictures, and the command on a tiny world."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.home import resources_dir
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.encoder import Encoder
from gleam_app.retrieval.turning import query_pictures
from training.__main__ import main
from training.data.records import held_out
from training.gleam_c.report import corruptions
from training.gleam_c.report.bench import Bench
from training.gleam_c.report.cuts import Cut, grid, whole
from training.gleam_c.report.figures import Figure, Row, ranks, recalls
from training.gleam_c.report.heldout import near_rows
from training.gleam_c.report.poses import Pose, draw, take, with_overlap
from training.gleam_c.report.table import markdown
from training.gleam_c.report.trials import Asked, Trial, thinned

STARTER = resources_dir() / "packs" / "starter"


def unit(rng: np.random.Generator, *shape: int) -> np.ndarray:
    vectors = rng.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A picture of 400 x 320 pixels that looks different everywhere."""
    rng = np.random.default_rng(1)
    blocks = rng.integers(0, 256, (16, 20, 3), np.uint8)
    path = tmp_path / "town.png"
    cv2.imwrite(str(path), cv2.resize(blocks, (400, 320), interpolation=cv2.INTER_CUBIC))
    return path


def test_ranks_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(0)
    gallery = unit(rng, 30, 4)
    gallery[7] = gallery[3]  # a tie
    queries = unit(rng, 12, 3, 4)
    queries[0, 0] = gallery[3]
    right = [(3,), *[tuple(rng.choice(30, 2, replace=False).tolist()) for _ in range(11)]]
    left_out = [tuple(set(rng.integers(8, 30, 4).tolist()) - set(rows)) for rows in right]
    found = ranks(queries, gallery, right, left_out)
    for i, turned in enumerate(queries):
        scores = [max(float(turn @ tile) for turn in turned) for tile in gallery]
        best = max(scores[row] for row in right[i])
        wrong = set(range(30)) - set(right[i]) - set(left_out[i])
        assert found[i] == 1 + sum(scores[row] >= best - 1e-7 for row in wrong)
    assert found[0] == 2  # the equal wrong one stands before it


def test_recalls_have_intervals_by_place() -> None:
    figures = recalls(np.array([1, 1, 4, 20]), ["a", "a", "b", "c"])
    assert [figures[f"recall@{k}"].value for k in (1, 5, 10)] == [0.5, 0.75, 0.75]
    assert figures["recall@1"].low == 0.0 and figures["recall@1"].high == 1.0


def test_a_window_is_its_tile_and_the_context_around(town: Path) -> None:
    tile = Cut(town, 200, 160, 96)
    plain, wide = tile.window(96), tile.window(96, 32)
    assert plain.shape == (96, 96, 3) and wide.shape == (160, 160, 3)
    np.testing.assert_array_equal(wide[32:-32, 32:-32], plain)
    pixels = cv2.imread(str(town))[..., ::-1]
    np.testing.assert_array_equal(wide, pixels[80:240, 120:280])
    edge = Cut(town, 48, 160, 96).window(96, 32)  # beyond the left edge its mirror image
    np.testing.assert_array_equal(edge[:, :32], edge[:, 64:32:-1])


def test_a_grid_stays_inside(town: Path) -> None:
    cuts = list(grid(town, 100, 50))
    assert len(cuts) == len(set(cuts)) == 7 * 5
    assert all(50 <= cut.x <= 350 and 50 <= cut.y <= 270 for cut in cuts)
    assert whole(town) == Cut(town, 200, 160, 320)


def test_near_tiles_are_right_or_left_out(town: Path) -> None:
    tiles = [Cut(town, 100 + dx, 100, 100) for dx in (0, 20, 50, 74, 80)]
    tiles.append(Cut(town.with_name("other.png"), 100, 100, 100))
    assert near_rows(tiles[0], tiles, list(range(6))) == ((0, 1), (2, 3))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1])


@pytest.mark.parametrize("heading", [0.0, 37.0, 90.0, 250.0])
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3])
def test_a_photo_turned_by_its_heading_shows_its_ground(
    town: Path, heading: float, scale: float
) -> None:
    tile = Cut(town, 190, 150, 120)
    pose = Pose(0.1, -0.05, scale, heading, 0.0, 60.0)
    photo = take(town, tile, pose)
    query = query_pictures(photo, "uav", np.array([heading]), 96)[0]
    assert likeness(query, pose.shown(tile).window(96)) > 0.97
    astray = query_pictures(photo, "uav", np.array([heading + 60]), 96)[0]
    assert likeness(astray, pose.shown(tile).window(96)) < 0.6


def test_a_tilted_photo_still_shows_the_tile_at_its_centre(town: Path) -> None:
    tile = Cut(town, 200, 160, 120)
    photo = take(town, tile, Pose(0, 0, 1.0, 20.0, 35.0, 60.0))
    query = query_pictures(photo, "uav", np.array([20.0]), 96)[0]
    assert likeness(query[32:64, 32:64], tile.window(96)[32:64, 32:64]) > 0.8


def test_overlap_is_the_share_asked_for(town: Path) -> None:
    tile = Cut(town, 80, 160, 100)
    pose = with_overlap(draw(np.random.default_rng(3), 0.1, 1.2), 0.3, tile)
    seen = pose.shown(tile)
    common = np.clip(100 - abs(seen.x - tile.x), 0, None) * np.clip(
        100 - abs(seen.y - tile.y), 0, None
    )
    assert common / 100**2 == pytest.approx(0.3)
    assert seen.x > tile.x and pose.share_inside(tile) == pytest.approx(
        1.0
    )  # away from the near edge
    assert Pose(0, 0, 4.0, 0, 0, 60).share_inside(tile) == pytest.approx(280 * 320 / 400**2)


def test_drawn_poses_stay_within_their_limits() -> None:
    rng = np.random.default_rng(0)
    poses = [draw(rng, 0.15, 1.4, 0.5) for _ in range(200)]
    assert all(abs(p.east) <= 0.15 and abs(p.south) <= 0.15 for p in poses)
    assert all(1 / 1.4 <= p.scale <= 1.4 and 0 <= p.heading < 360 and p.tilt <= 35 for p in poses)
    assert 0.35 < np.mean([p.tilt > 0 for p in poses]) < 0.65


@pytest.mark.parametrize("name", corruptions.CORRUPTIONS)
def test_corruptions_change_the_photo_in_the_same_way_each_time(town: Path, name: str) -> None:
    photo = np.asarray(cv2.imread(str(town)), np.uint8)
    before = photo.copy()
    first, again = (
        corruptions.CORRUPTIONS[name](photo, np.random.default_rng(5)) for _ in range(2)
    )
    assert first.shape == photo.shape and first.dtype == np.uint8
    assert (first != photo).any()
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(photo, before)
    if name.startswith("holes"):
        assert 0.3 <= (first == 0).all(axis=2).mean() < 0.4


def test_the_table_sets_packs_side_by_side() -> None:
    def row(condition: str, value: float) -> Row:
        figures = {f"recall@{k}": Figure(value, value - 0.1, value + 0.1) for k in (1, 5, 10)}
        return Row("uav", condition, 7, 9, figures)

    one, two = row("heading known", 0.5), row("heading known", 0.75)
    assert Row.from_json(json.loads(json.dumps(one.to_json()))) == one
    text = markdown({"A 1": [one, row("heading unknown", 0.25)], "B 2": [two]})
    lines = text.splitlines()[2:]
    assert lines[0] == "| measurement | condition | queries / gallery | A 1 | B 2 |"
    assert "| 0.500 [0.40, 0.60] / 0.500 / 0.500 | 0.750 [0.65, 0.85]" in lines[2]
    assert lines[3].endswith("|  |")


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Two held-out street maps, coarse and fine; the satellite pictures are the maps themselves."""
    stems = [s for s in (f"{i:04}" for i in range(200)) if held_out(s)][:2]
    for stem, cells in zip(stems, (4, 30), strict=True):
        blocks = np.random.default_rng(cells).integers(0, 256, (cells, cells, 3), np.uint8)
        pixels = cv2.resize(blocks, (128, 128), interpolation=cv2.INTER_NEAREST)
        for side, picture in (("map", pixels), ("satellite", pixels)):
            path = tmp_path / "data" / "streetmaps" / side / f"{stem}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)
    return tmp_path


def test_the_command_measures_writes_and_goes_on(
    maps: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = maps / "report.json"
    command = ["gleam-c", "report", "--pack", str(STARTER), "--data", str(maps / "data")]
    command += ["--open", str(maps), "--sheffield", str(maps), "--work", str(maps / "work")]
    command += ["--out", str(out), "--only", "c"]
    assert main(command) == 0
    first = json.loads(out.read_text("utf-8"))
    (pack,) = first["packs"].values()
    assert [row["condition"] for row in pack["rows"]] == ["heading known", "heading unknown"] * 2
    assert pack["rows"][0]["figures"]["recall@1"]["value"] == 1.0
    assert pack["rows"][0]["queries"] == pack["rows"][0]["gallery"] == 2
    assert capsys.readouterr().out == out.with_suffix(".md").read_text("utf-8")

    def never(*_: object) -> None:
        raise AssertionError("embedded again")

    monkeypatch.setattr(Encoder, "embed", never)
    assert main(command) == 0
    assert json.loads(out.read_text("utf-8")) == first
    assert main([*command[:-1], "c,x"]) != 0

    copy = maps / "starter"
    shutil.copytree(STARTER, copy)
    before = read_manifest(copy)
    for _ in range(2):  # a second record replaces the first
        assert main(["gleam-c", "record", str(out), str(copy)]) == 0
    after = read_manifest(copy)
    recorded = [one for one in after.evaluation if one.command.endswith("gleam-c report")]
    assert len(recorded) == 4 and recorded[0].figures["recall@1"][0] == 1.0
    assert Pack(after, copy).hash == Pack(before, copy).hash
    changed = json.loads((copy / "pack.json").read_text("utf-8"))
    changed["files"][0]["sha256"] = "0" * 64
    (copy / "pack.json").write_text(json.dumps(changed), "utf-8")
    assert main(["gleam-c", "record", str(out), str(copy)]) != 0
    assert "no part 'x'" in capsys.readouterr().err


def test_a_thinned_trial_asks_the_same_of_fewer_tiles(town: Path) -> None:
    tiles = tuple(Cut(town, 50 + i, 160, 100) for i in range(9))
    asked = (Asked("a", 0.0, (1,), (2, 3)), Asked("b", 0.0, (7,), (6,)))
    trial = Trial("t", "t", "uav", asked, lambda i: np.zeros((4, 4, 3), np.uint8), tiles, "t")
    thin = thinned(trial, 3)
    assert thin.tiles == tuple(tiles[row] for row in (0, 1, 3, 6, 7))
    for before, after in zip(asked, thin.asked, strict=True):
        assert [thin.tiles[row] for row in after.right] == [tiles[row] for row in before.right]
    assert [one.left_out for one in thin.asked] == [(2,), (3,)]


def test_vectors_grow_on_behind_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(STARTER, tmp_path)
    rng = np.random.default_rng(0)
    things = rng.integers(0, 256, (40, 2, 96, 96, 3), np.uint8)
    asked: list[int] = []

    def pictures(number: int) -> np.ndarray:
        asked.append(number)
        if len(asked) == 25:
            raise KeyboardInterrupt
        return things[number]

    with pytest.raises(KeyboardInterrupt):
        bench.vectors("t", "k", 40, 2, pictures)
    with next(tmp_path.glob("*/t-k.part")).open("ab") as file:
        file.write(b"torn")
    found = bench.vectors("t", "k", 40, 2, pictures)
    assert asked[25:] == list(range(16, 40))  # sixteen things make one batch
    for number in (0, 15, 16, 39):
        np.testing.assert_allclose(found[number], bench.encoder.embed(things[number]), atol=1e-5)
    monkeypatch.setattr(Encoder, "embed", None)
    np.testing.assert_array_equal(bench.vectors("t", "k", 40, 2, pictures), found)
    assert not list(tmp_path.glob("*/*.part"))

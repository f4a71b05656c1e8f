"""Heads for scene facts: what they learn, from which score on they are heard, and the pack they end in."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gleam_app.errors import GleamError
from gleam_app.explain.engine import Engine, ModelFiles
from gleam_app.explain.montage import SIDE
from gleam_app.explain.prompts import data_url
from gleam_app.explain.scene_facts import SOME, Fact
from gleam_app.explain.tower import Tower, pooled_panels
from gleam_app.home import resources_dir
from tests.factories import make_pixels
from training.gleam_x.model import heads as room
from training.gleam_x.model.aerial import aerial_pictures, is_held_out, known_of
from training.gleam_x.model.bars import Told, confirmed, fit_bars, name_of, told
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Comparer, ComparerShape, Judge
from training.gleam_x.model.heads import (  # fmt: skip
    FACTS,
    Heads,
    Pictures,
    answers,
    crossed,
    fit_heads,
    scores_of,
)
from training.gleam_x.model.tower_file import write_tower

WOOD, NO_WOOD = FACTS.index(("wood", "present")), FACTS.index(("wood", "none"))


def pictures(count: int, seed: int = 0) -> Pictures:
    """Half of them wooded, which one feature tells; half simulated, half real; every view from above."""
    chance = np.random.default_rng(seed)
    wooded = chance.random(count) < 0.5
    features = chance.normal(size=(count, 8)).astype(np.float32)
    features[:, 3] += np.where(wooded, 4, -4)
    facts = np.full((count, len(FACTS)), np.nan, np.float32)
    facts[:, WOOD], facts[:, NO_WOOD] = wooded, ~wooded
    names = np.array([f"picture {n}" for n in range(count)])
    real = np.arange(count) % 2 == 0
    return Pictures(features, facts, names, names, real, np.where(np.arange(count) % 4 < 2, "uav", "tile"))  # fmt: skip


def test_learns_what_can_be_seen_and_bars_let_it_through() -> None:
    every = pictures(1200)
    scores = crossed(every, 1)
    bars = fit_bars(scores, every)
    assert set(bars) == {"uav", "tile"}
    assert set(bars["uav"]) == {name_of(FACTS[WOOD]), name_of(FACTS[NO_WOOD])}
    others = pictures(400, seed=7)
    found = told(scores_of(fit_heads(every, 1), others), others, WOOD, bars["tile"]["wood present"], others.real)  # fmt: skip
    assert found.true >= 0.95 * found.told and found.true >= 0.9 * found.wanted


def test_a_bar_must_hold_on_other_pictures_too() -> None:
    every, others = pictures(1200), pictures(400, seed=7)
    bars = fit_bars(crossed(every, 1), every)
    again = scores_of(fit_heads(every, 1), others)
    assert confirmed(bars, again, others) == bars
    others.facts[:40, WOOD] = 0  # one in ten is none after all
    assert set(confirmed(bars, again, others)["uav"]) == {"wood none"}


def test_no_bar_for_what_nobody_can_tell() -> None:
    every = pictures(600)
    guessed = np.random.default_rng(3).random((600, len(FACTS))).astype(np.float32)
    assert fit_bars(guessed, every) == {}


def test_no_bar_where_only_simulated_pictures_speak_for_it() -> None:
    every = pictures(1200)
    every.facts[every.real] = np.nan
    assert fit_bars(crossed(every, 1), every) == {}


def test_scores_are_by_heads_that_did_not_see_the_place() -> None:
    every = pictures(300)
    asked: list[set[str]] = []
    fit = room.fit_heads

    def spied(part: Pictures, seed: int) -> Heads:
        asked.append(set(part.places.tolist()))
        return fit(part, seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "fit_heads", spied)
        room.crossed(every, 1)
    assert len(asked) == room.FOLDS
    assert not set.intersection(*asked), "each place is left out once"


def test_a_picture_that_stands_twice_counts_once() -> None:
    every = pictures(8)
    every.names[:] = "the same"
    every.facts[:, WOOD] = 1
    scores = np.full(every.facts.shape, 0.9, np.float32)
    assert told(scores, every, WOOD, 0.5, np.ones(8, bool)) == Told(1, 1, 1)


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert Told(59, 59, 59).bound == pytest.approx(0.05 ** (1 / 59))  # nothing wrong: p ** n = 0.05
    assert Told(0, 0, 4).bound == 0.0 and Told(50, 59, 59).bound < 0.85


def test_answers_leave_open_what_nobody_knows() -> None:
    found = answers([Fact(id="A1", kind="buildings", value="few"), Fact(id="A2", kind="wood", value="none")])  # fmt: skip
    by = dict(zip(FACTS, found.tolist(), strict=True))
    assert by["buildings", "few"] == by["buildings", SOME] == by["wood", "none"] == 1
    assert by["buildings", "many"] == by["wood", "present"] == 0
    assert np.isnan(by["water", "present"])


def test_classes_of_aerial_pictures(tmp_path: Path) -> None:
    assert known_of("forest")["wood", "present"] and known_of("forest")["buildings", "none"]
    assert not known_of("denseresidential")["field", "present"]
    assert ("wood", "present") not in known_of("river")
    assert is_held_out(Path("forest/forest80.jpg")) and not is_held_out(Path("forest/forest79.jpg"))
    with pytest.raises(GleamError):
        aerial_pictures(tmp_path)


def test_the_app_scores_as_training_does(tmp_path: Path) -> None:
    body = Body(resources_dir() / "packs" / "starter")
    torch.manual_seed(0)
    judge = Judge(Comparer(body.channels, ComparerShape(32, 64, 1))).eval()
    heads = Heads(4 * body.channels).eval()
    file = tmp_path / "tower.safetensors"
    write_tower(file, body, judge, heads=heads)
    picture = make_pixels(SIDE, SIDE)
    with torch.no_grad():
        features = body.features([picture]).float()
        wanted = heads(pooled_panels(features)[0]).sigmoid().numpy()
        verdict = judge(features).item()
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": data_url(picture, exact=True)}}]}]  # fmt: skip
    engine = Engine(ModelFiles(None, tower=file))
    found = engine.scores(messages)
    for side, told_of in zip(wanted, found, strict=True):
        assert list(told_of) == list(FACTS)
        assert np.allclose(side, list(told_of.values()), atol=0.01)
    assert engine.judge(messages, "Yes.", "No.") == pytest.approx(verdict, abs=0.05)
    assert engine.pid is None  # no process was needed
    with pytest.raises(ValueError, match="no language model"):
        Tower(file).tokens(picture)

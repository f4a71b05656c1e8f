from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from training.data import DATA_SETS, splits_of
from training.gleam_c.recipe import RECIPES, PhaseRecipe, read_recipe
from training.gleam_c.schedule import learning_rate
from training.gleam_c.sources import MADE

NAMES = ("starter-cpu", "convnext-b", "dinov2-adapters", "pe-core")


@pytest.mark.parametrize("name", NAMES)
def test_shipped_recipes_are_whole_and_name_real_splits(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert len(recipe.phases) == 2
    assert recipe.phases[1].equal_views
    for phase in recipe.phases:
        assert phase.batch_pairs % 8 == 0  # eight GPUs
        for data in phase.data:
            assert data.name in (*DATA_SETS, *MADE)
            if data.name in DATA_SETS:
                assert {data.split} | ({data.validation} - {""}) <= set(splits_of(data.name))
                assert "test" not in data.split + data.validation  # nothing is picked on test


def test_no_recipe_is_left_out() -> None:
    assert {file.stem for file in RECIPES.glob("*.toml")} == set(NAMES)


def test_sample4geo_numbers_are_in_the_convnext_recipe() -> None:
    recipe = read_recipe("convnext-b")
    phase = recipe.phases[0]
    assert (phase.epochs, phase.batch_pairs, phase.learning_rate) == (40, 128, 1e-3)
    assert (phase.neighbour_range, phase.neighbour_select, phase.refresh_epochs) == (128, 64, 4)
    assert (recipe.loss.label_smoothing, recipe.loss.highest_scale) == (0.1, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("seed = 7", "seed = 'seven'"), "seed"),
        (("seed = 7", "seed = "), "TOML"),
        (("epochs = 4", "epoch = 4"), "epoch"),
        (("mirror = 0.5", "mirror = 0.5\nturn_queries = ['uav']"), "opposite"),
        (("epoch_pairs = 4480", ""), "equal_views needs epoch_pairs"),
        (("neighbour_select = 8", "neighbour_select = 80"), "neighbour_select"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = (RECIPES / "starter-cpu.toml").read_text("utf-8").replace(*change)
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(GleamError, match=says):
        read_recipe(str(path))


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(GleamError) as caught:
        read_recipe("nonesuch")
    assert "starter-cpu" in caught.value.hint


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    phase = read_recipe("convnext-b").phases[0]
    assert learning_rate(phase, 0.0) == 0.0
    assert learning_rate(phase, 0.5) == pytest.approx(5e-4)
    assert learning_rate(phase, 1.0) == pytest.approx(1e-3)
    assert learning_rate(phase, 20.5) == pytest.approx(5e-4)
    assert learning_rate(phase, 40.0) == pytest.approx(0.0, abs=1e-12)
    floor = PhaseRecipe.model_validate({**phase.model_dump(), "last_rate_share": 0.1})
    assert learning_rate(floor, 40.0) == pytest.approx(1e-4)

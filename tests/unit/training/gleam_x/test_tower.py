"""The encoder rewritten for llama.cpp computes what the encoder computes; the comparer learns and resumes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gleam_app.errors import GleamError
from gleam_app.explain.montage import PANEL, SIDE, montage
from gleam_app.retrieval.efficientnet_lite import ConvNorm, EfficientNetLite
from training.gleam_x.model.assemble import assemble
from training.gleam_x.model.body import Body, LocalEmbedding
from training.gleam_x.model.comparer import Comparer, ComparerShape, Judge, Projector
from training.gleam_x.model.convnext import Eye, features, tokens
from training.gleam_x.model.port import Ported, highest, port
from training.gleam_x.model.recipe import Recipe, read_recipe
from training.gleam_x.model.tower import Labelled, TowerFit, balanced, figures
from training.gleam_x.records import PairRecord


def network(seed: int = 0) -> EfficientNetLite:
    """Random, with statistics under which some features pass the bound of ReLU6 and some do not."""
    torch.manual_seed(seed)
    made = EfficientNetLite("lite0", "zeros").eval()
    for layer in made.modules():
        if isinstance(layer, ConvNorm):
            assert isinstance(layer.norm, nn.BatchNorm2d)
            nn.init.normal_(layer.conv.weight, std=layer.conv.weight[0].numel() ** -0.5)
            nn.init.uniform_(layer.norm.weight, 0.8, 2.0)
            nn.init.normal_(layer.norm.bias, std=0.5)
            layer.norm.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
            layer.norm.running_mean.normal_(std=0.2)  # type: ignore[union-attr]
    return made


def as_eye(ported: Ported, side: int) -> Eye:
    nothing = torch.zeros(1, ported.layout.width), torch.zeros(1), torch.zeros(1, 1), torch.zeros(1)
    return Eye(
        side, (0.5,) * 3, (0.5,) * 3, ported.patches, ported.patch_bias, ported.patch_norm,
        ported.stages, nothing,
    )  # fmt: skip


@pytest.mark.parametrize("bounded", [True, False])
def test_port_computes_the_same(bounded: bool) -> None:
    made = network()
    pictures = torch.rand(2, 3, 64, 96) * 2 - 1
    with torch.inference_mode():
        wanted = made.first(pictures, len(made.blocks))
        tops = None if bounded else highest(made, [pictures])
        ported = port(made, tops)
        found = features(pictures, as_eye(ported, 64).tensors())[:, : ported.features]
    assert found.shape == wanted.shape == (2, 320, 2, 3)
    scale = wanted.abs().mean()
    assert (found - wanted).abs().mean() < 0.01 * scale
    # no luck: a network with other weights is far off
    other = network(1).first(pictures, len(made.blocks))
    assert (found - other).abs().mean() > 0.5 * scale


def test_units_that_never_reach_the_bound_are_left_out() -> None:
    made = network()
    tops = highest(made, [torch.rand(1, 3, 64, 64)])
    assert len(tops) == 1 + sum(1 + isinstance(b.expand, ConvNorm) for b in made.blocks) + 1
    assert not any(layer.linear for layer in (made.stem, made.head))

    def hidden(ported: Ported) -> int:
        return sum(len(block.up_bias) for stage in ported.stages for block in stage.blocks)

    assert hidden(port(made, tops)) < hidden(port(made))


@pytest.fixture(scope="module")
def body() -> Body:
    from gleam_app.home import resources_dir

    return Body(resources_dir() / "packs" / "starter")


def test_whole_tower_is_what_was_trained(body: Body) -> None:
    """Encoder, comparer and projector by themselves, against the one tower made of them."""
    torch.manual_seed(3)
    comparer = Comparer(body.channels, ComparerShape(544, 1024, 2), body.local_embedding())
    for block in comparer.blocks:
        nn.init.normal_(block.down.weight, std=0.1)  # type: ignore[union-attr, arg-type]
        nn.init.normal_(block.gain, std=0.5)  # type: ignore[arg-type]
        nn.init.normal_(block.offset, std=0.5)  # type: ignore[arg-type]
    projector = Projector(544, 64, 24)
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)
    picture = montage(*coarse.repeat(30, 1).repeat(30, 2))
    with torch.inference_mode():
        seen = body.features([picture]).float()
        comparer.entry.scale_on(seen)
        wanted = projector(comparer(seen))
        eye = assemble(body, comparer, projector)
        found = tokens(body.prepared([picture]), eye.tensors())
    assert found.shape == wanted.shape == (1, 64, 24)
    assert (found - wanted).abs().mean() < 0.05 * wanted.std()
    with pytest.raises(ValueError, match="room is for"):
        assemble(body, Comparer(body.channels, ComparerShape(2000, 8, 1)), projector)


def test_entry_begins_as_gleam_c() -> None:
    torch.manual_seed(1)
    first = LocalEmbedding(torch.randn(20, 6), torch.randn(20), torch.randn(4, 20), torch.randn(4))
    comparer = Comparer(6, ComparerShape(10, 16, 2), first)
    x = torch.randn(3, 6, 8, 8)
    cells = comparer.entry(x).flatten(2).transpose(1, 2)
    for n, row, column in [(0, 0, 0), (2, 3, 7)]:
        head = (first.head @ x[n, :, row, column] + first.head_bias).clamp(0, 6)
        wanted = first.projection @ head + first.projection_bias
        got = cells[n, row * 8 + column]
        torch.testing.assert_close(got[:8], wanted.repeat(2), atol=1e-4, rtol=1e-4)
        assert (got[8:] == 0).all()


def test_judge_begins_as_similarity_of_both_panels() -> None:
    """Before any step its verdicts rank pairs as the plain product of the panels' mean vectors does."""
    torch.manual_seed(2)
    own = 8
    first = LocalEmbedding(
        torch.randn(20, 6), torch.randn(20), torch.randn(own, 20) / 4, torch.randn(own) / 4
    )
    judge = Judge(Comparer(6, ComparerShape(20, 40, 2), first))
    x = torch.randn(200, 6, 8, 8)
    x[:100, ..., 4:] = x[:100, ..., :4] + 0.5 * torch.randn(100, 6, 8, 4)
    with torch.no_grad():
        judge.begin_on(x)
        found = judge(x)
        cells = judge.comparer.entry(x)[:, :own]
        product = sum(
            (cells[:, :, rows, :4].mean(dim=(2, 3)) * cells[:, :, rows, 4:7].mean(dim=(2, 3))).sum(
                1
            )
            for rows in (slice(0, 4), slice(4, 8))
        )
    assert isinstance(product, torch.Tensor)
    assert torch.corrcoef(torch.stack([found, product]))[0, 1] > 0.75
    with pytest.raises(GleamError, match="hidden units"):
        Comparer(6, ComparerShape(20, 20, 2), first)


def test_montage_places_its_panels() -> None:
    query = np.full((300, 400, 3), 10, np.uint8)
    query[75:225, 100:300] = 20  # exactly the middle
    tile = np.full((50, 50, 3), 30, np.uint8)
    canvas = montage(query, tile)
    assert canvas.shape == (SIDE, SIDE, 3)
    assert (canvas[:, PANEL:] == 30).all()
    assert (canvas[PANEL:, :PANEL] == 20).all()
    assert (canvas[0, :PANEL] == 10).all() and canvas[PANEL // 2, PANEL // 2, 0] == 20
    wide = np.zeros((100, 200, 3), np.uint8)
    wide[:, 100:] = 255
    halves = montage(wide, tile)
    assert (halves[:PANEL, :PANEL] == 0).all() and (halves[PANEL:, :PANEL] == 255).all()


def record(number: int, match: bool, split: str = "train") -> PairRecord:
    return PairRecord.model_validate(
        {
            "id": f"r{number}", "image1": "a.jpg", "image2": "b.jpg", "view": "uav", "match": match,
            "place": f"p{number}", "place2": f"p{number + (not match)}", "split": split,
            "source": "test",
        }
    )  # fmt: skip


def labelled(count: int, channels: int, seed: int, variants: int = 2) -> Labelled:
    """Pairs whose halves are alike in a match: nothing but a comparison tells."""
    rng = np.random.default_rng(seed)
    match = np.arange(count) % 2 == 0
    left = rng.normal(size=(count, variants, channels, 8, 4))
    right = np.where(match[:, None, None, None, None], left, rng.normal(size=left.shape))
    found = np.concatenate([left, right], axis=-1).astype(np.float16)
    return Labelled(found, match, [record(i, bool(m)) for i, m in enumerate(match)])


def quick(**tower: object) -> Recipe:
    whole = read_recipe("small")
    usual = {"width": 32, "hidden": 64, "blocks": 1, "epochs": 2, "batch_pairs": 16, "variants": 2}
    return whole.model_copy(update={"tower": whole.tower.model_copy(update=usual | tower)})


class Blind(Body):
    """What the fit asks of a body, without one."""

    channels = 6  # type: ignore[assignment]

    def __init__(self) -> None:
        pass

    def local_embedding(self) -> LocalEmbedding:
        rng = torch.Generator().manual_seed(0)
        parts = [torch.randn(*s, generator=rng) for s in ((20, 6), (20,), (8, 20), (8,))]
        return LocalEmbedding(*parts)


def test_tower_fit_goes_on_as_if_never_stopped(tmp_path: Path) -> None:
    training, validation = labelled(64, 6, 1), labelled(32, 6, 2, 1)
    whole = TowerFit(quick(), Blind(), tmp_path / "whole")
    whole.run(training, validation)
    first = TowerFit(quick(epochs=1), Blind(), tmp_path / "parts")
    first.recipe = quick()  # the schedule is that of the whole run

    class Enough(Exception):
        pass

    def stop(_: Labelled) -> None:
        first._save()
        raise Enough

    first._validate = stop  # type: ignore[assignment, method-assign]
    with pytest.raises(Enough):
        first.run(training, validation)
    second = TowerFit(quick(), Blind(), tmp_path / "parts")
    second.resume()
    assert 0 < second.step < whole.step
    second.run(training, validation)
    for name, tensor in whole.judge.state_dict().items():
        assert torch.equal(tensor, second.judge.state_dict()[name]), name
    other = TowerFit(quick(width=24), Blind(), tmp_path / "parts")
    with pytest.raises(GleamError, match="differs"):
        other.resume()


def test_judge_can_learn_to_compare() -> None:
    torch.manual_seed(0)
    pairs = labelled(64, 6, 3, 1)
    judge = Judge(Comparer(6, ComparerShape(32, 64, 2), Blind().local_embedding()))
    x, y = torch.from_numpy(pairs.features[:, 0]).float(), torch.from_numpy(pairs.match).float()
    judge.begin_on(x)
    optimiser = torch.optim.AdamW(judge.parameters(), 3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(judge(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert figures(judge(x).detach().double().numpy(), pairs.match).accuracy > 0.95


def test_figures_against_plain_counting() -> None:
    rng = np.random.default_rng(4)
    logits, match = rng.normal(size=60).round(1), rng.random(60) < 0.4
    found = figures(logits, match)
    wins = [
        1.0 if yes > no else 0.5 if yes == no else 0.0
        for yes in logits[match]
        for no in logits[~match]
    ]
    assert found.area == pytest.approx(np.mean(wins))
    assert found.accuracy == pytest.approx(
        np.mean([(value > 0) == truth for value, truth in zip(logits, match, strict=True)]),
        abs=0.05,
    )
    chance = 1 / (1 + np.exp(-logits))
    assert found.loss == pytest.approx(-np.log(np.where(match, chance, 1 - chance)).mean())


def test_balanced_rows_change_but_stay_even() -> None:
    match = np.array([True] * 3 + [False] * 9)
    first, second = balanced(match, [1, 0]), balanced(match, [1, 1])
    assert len(first) == 6 and match[first].sum() == 3
    assert set(first.tolist()) != set(second.tolist())
    with pytest.raises(GleamError, match="all matches"):
        balanced(np.array([True, True]), [0])

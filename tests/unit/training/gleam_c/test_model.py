import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import ConvNextConfig, Dinov2Config, ViTConfig

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack, read_manifest
from gleam_app.retrieval.efficientnet_lite import ConvNorm, EfficientNetLite
from gleam_app.retrieval.encoder import Encoder, gem
from tests.unit.training.gleam_c.tiny import recipe
from training.gleam_c.checkpoint import Checkpoint, write_checkpoint
from training.gleam_c.fit import export
from training.gleam_c.model import GleamC, LowRank, build_model
from training.gleam_c.trainer import CHECKPOINT

PX = 64
LITE = {
    "family": "efficientnet-lite",
    "variant": "lite0",
    "pooling": "gem",
    "freeze_batch_norm": True,
}
VIT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": PX,
    "patch_size": 16,
}
FORMS = {
    "convnext pooler": (ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 12, 16]), "pooler"),
    "convnext gem": (ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 12, 16]), "gem"),
    "dinov2 mean": (Dinov2Config(**VIT), "mean"),
    "vit cls": (ViTConfig(**VIT, intermediate_size=32), "cls"),
}


def _pictures(count: int = 3, px: int = PX) -> np.ndarray:
    chance = np.random.default_rng(0)
    blocks = chance.integers(0, 256, (count, 4, 4, 3), np.uint8)
    return np.kron(blocks, np.ones((1, px // 4, px // 4, 1), np.uint8))


def _unsettled(model: GleamC) -> None:
    """Weights that no default hides, nothing one or zero; as exact as a pack keeps them."""
    torch.manual_seed(1)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):  # signals neither fade nor explode
                nn.init.kaiming_normal_(module.weight)
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            if name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
        for tensor in model.backbone.state_dict().values():
            tensor.copy_(tensor.half())
        model.centre.normal_(0, 0.05)


def _vectors_of_the_pack(
    model: GleamC, whole: Any, work: Path, pictures: np.ndarray | None = None
) -> np.ndarray:
    """Export from a run's checkpoint, and embed with the app's encoder."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    state = {"recipe": whole.model_dump(mode="json")}
    write_checkpoint(work / CHECKPOINT, Checkpoint(tensors, state))
    manifest = export(work, work / "pack")
    assert manifest.preprocessing["dimension"] == model.dimension
    return Encoder(Pack(read_manifest(work / "pack"), work / "pack")).embed(
        _pictures() if pictures is None else pictures
    )


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
def test_the_app_computes_what_was_trained(tmp_path: Path, padding: str) -> None:
    whole = recipe(model={**LITE, "padding": padding})
    pictures = _pictures(3, 96)  # reflection needs three cells of 32 px
    model = build_model(whole.model)
    _unsettled(model)
    model.centre_on(iter([torch.from_numpy(pictures)]))  # what is left tells the pictures apart
    model.centre *= 0.95
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(pictures)).numpy()
    found = _vectors_of_the_pack(model, whole, tmp_path, pictures)
    assert found.shape == (3, 16)
    assert (found * expected).sum(1) == pytest.approx(1.0, abs=1e-4)
    assert np.abs((found @ found.T)[0, 1]) < 0.999  # and the vectors tell pictures apart


def test_fixed_batch_norms_fold_into_convolutions_that_still_learn() -> None:
    layer = ConvNorm(4, 6, 3, padding="reflect").eval()
    with torch.no_grad():
        for tensor in (*layer.parameters(), *layer.buffers()):
            tensor.copy_(torch.rand(tensor.shape) + 0.5)
    pictures = torch.randn(2, 4, 8, 8)
    found = layer(pictures)
    found.pow(2).sum().backward()
    gradients = [parameter.grad for parameter in layer.parameters()]
    layer.zero_grad()
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="reflect")
    expected = functional.relu6(layer.norm(layer.conv(padded)))
    expected.pow(2).sum().backward()
    assert torch.allclose(found, expected, atol=1e-5)
    for ours, parameter in zip(gradients, layer.parameters(), strict=True):
        assert ours is not None and parameter.grad is not None
        assert torch.allclose(ours, parameter.grad, rtol=1e-4, atol=1e-4)


def test_frozen_blocks_keep_their_weights() -> None:
    model = build_model(recipe(model={**LITE, "frozen_blocks": 4}).model).train()
    vectors = model(torch.from_numpy(_pictures(2, 96)))
    vectors[:, 0].sum().backward()
    assert isinstance(model.backbone, EfficientNetLite)
    learned = [any(p.grad is not None for p in b.parameters()) for b in model.backbone.blocks]
    assert learned == [False] * 4 + [True] * (len(learned) - 4)
    assert all(p.grad is None for p in model.backbone.stem.parameters())


def test_what_tiles_share_is_cut_from_the_window() -> None:
    """Naively: the first blocks over the window, the middle cut out, the rest on that alone."""
    model = build_model(recipe(model={**LITE, "padding": "reflect", "frozen_blocks": 2}).model)
    _unsettled(model.eval())
    backbone = model.backbone
    assert isinstance(backbone, EfficientNetLite)
    window = torch.from_numpy(_pictures(2, 160))
    found = model(window, 32, 9)
    x = (window.permute(0, 3, 1, 2).float() - model.mean) / model.std
    with torch.no_grad():
        shared = backbone.first(x, 9)
        assert shared.shape[-1] == 160 // backbone.stride(9) == 10
        pooled = gem(backbone.rest(shared[..., 2:-2, 2:-2], 9), 3.0)
        expected = functional.normalize(model.project(pooled), dim=1)
        assert torch.allclose(found, expected, atol=1e-5)
        alone = model(window[:, 32:-32, 32:-32])
        assert (found * alone).sum(1).min() < 0.9999  # the context makes a difference


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dimension", [0, 8])
def test_transformers_backbones_too(tmp_path: Path, form: str, dimension: int) -> None:
    config, pooling = FORMS[form]
    config.architectures = None
    config.save_pretrained(tmp_path)
    whole = recipe(
        model={
            "family": "transformers",
            "input_px": PX,
            "pooling": pooling,
            "dimension": dimension,
            "padding": "zeros",
        }
    )
    model = build_model(whole.model, tmp_path)
    _unsettled(model)
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(_pictures())).numpy()
    found = _vectors_of_the_pack(model, whole, tmp_path)
    assert found.shape == (3, dimension or 16)
    assert (found * expected).sum(1) == pytest.approx(1.0, abs=1e-3)


def test_adapters_learn_alone_and_merge_into_the_pack(tmp_path: Path) -> None:
    Dinov2Config(**VIT).save_pretrained(tmp_path)
    whole = recipe(
        model={
            "family": "transformers", "input_px": PX, "pooling": "mean", "adapter_rank": 2,
            "adapted": ("q_proj", "fc1"), "centre_pictures": 0,
        }
    )  # fmt: skip
    model = build_model(whole.model, tmp_path)
    learned = {name.rpartition(".")[2] for name, p in model.named_parameters() if p.requires_grad}
    assert learned == {"down", "up", "weight"}
    assert model.projection is not None and model.projection.weight.requires_grad
    adapters = [module for module in model.modules() if isinstance(module, LowRank)]
    assert len(adapters) == 4
    with torch.no_grad():
        before = model.eval()(torch.from_numpy(_pictures()))
        for adapter in adapters:
            adapter.up.normal_(0, 0.5)
        expected = model(torch.from_numpy(_pictures()))
    assert (before - expected).abs().max() > 1e-3
    found = _vectors_of_the_pack(model, whole, tmp_path)
    assert (found * expected.numpy()).sum(1) == pytest.approx(1.0, abs=1e-3)


def test_a_margin_is_seen_but_not_pooled() -> None:
    model = build_model(recipe(model=LITE).model).eval()
    picture = torch.from_numpy(_pictures(1, 128))
    with torch.no_grad():
        inner = model.pooled(picture, 32)
        features = model.backbone((picture.permute(0, 3, 1, 2).float() - model.mean) / model.std)
        middle = features[..., 1:3, 1:3].clamp(min=1e-6).pow(3).mean((-2, -1)).pow(1 / 3)
    torch.testing.assert_close(inner, middle)


def test_frozen_batch_norm_stays_as_it_is() -> None:
    frozen, free = (
        build_model(recipe(model={**LITE, "freeze_batch_norm": choice}).model)
        for choice in (True, False)
    )
    assert free.uses_batch_statistics and not frozen.uses_batch_statistics
    for model, same in ((frozen, True), (free, False)):
        before = {name: b.clone() for name, b in model.named_buffers() if "running" in name}
        model.train()(torch.from_numpy(_pictures(4)))
        after = dict(model.named_buffers())
        assert all(torch.equal(after[name], b) for name, b in before.items()) == same


def test_the_centre_is_the_mean_of_satellite_features() -> None:
    model = build_model(recipe(model=LITE).model)
    pictures = torch.from_numpy(_pictures(5))
    model.centre_on(iter(pictures.split(2)))
    with torch.no_grad():
        torch.testing.assert_close(model.centre, model.eval().pooled(pictures).mean(0))


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="variant"):
        build_model(recipe(model={**LITE, "variant": "lite9"}).model)
    transformers = {"family": "transformers", "hub_model": "some/model"}
    with pytest.raises(GleamError, match="some/model"):
        build_model(recipe(model=transformers).model, tmp_path)
    ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 8, 8]).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "convnext"
    with pytest.raises(GleamError, match="no linear layer"):
        build_model(
            recipe(model={**transformers, "adapter_rank": 2, "adapted": ("nonesuch",)}).model,
            tmp_path,
        )

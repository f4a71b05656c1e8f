import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack, PackManifest
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from gleam_app.retrieval.encoder import Encoder, gem
from gleam_app.retrieval.matcher import Matcher


def test_fusing_batch_norm_changes_nothing() -> None:
    torch.manual_seed(0)
    network = EfficientNetLite("lite0").eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2.0)
    x = torch.randn(2, 3, 65, 96)
    with torch.inference_mode():
        plain = network(x)
        fused = network.fuse()(x)
    assert plain.shape == (2, 1280, 3, 3)
    torch.testing.assert_close(plain, fused, atol=1e-3, rtol=1e-3)


def test_gem_agrees_with_its_definition() -> None:
    features = torch.rand(2, 3, 4, 5)
    expected = [
        [(sum(float(v) ** 3 for v in features[n, c].flatten()) / 20) ** (1 / 3) for c in range(3)]
        for n in range(2)
    ]
    torch.testing.assert_close(gem(features, 3.0), torch.tensor(expected))


def test_vectors_are_unit_length_and_independent_of_the_batch(encoder: Encoder) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (5, encoder.input_px, encoder.input_px, 3), dtype=np.uint8)
    together = encoder.embed(pictures)
    alone = np.concatenate([encoder.embed(pictures[i : i + 1]) for i in range(5)])
    assert together.shape == (5, encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-4)


def make_pack(
    folder: Path,
    architecture: dict[str, Any],
    preprocessing: dict[str, Any],
    tensors: dict[str, torch.Tensor],
) -> Pack:
    weights = folder / "weights.safetensors"
    save_file(tensors, weights)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    manifest = PackManifest.model_validate(
        {
            "id": "test-pack",
            "version": "1.0",
            "kind": "gleam-c",
            "title": "test",
            "licence": "MIT",
            "origin": [{"what": "random", "from": "this test", "licence": "MIT"}],
            "use": "tests",
            "architecture": architecture,
            "preprocessing": preprocessing,
            "files": [
                {"path": "weights.safetensors", "role": "weights", "size": 1, "sha256": sha256}
            ],
        }
    )
    return Pack(manifest, folder)


PREPROCESSING = {"size": 32, "mean": [0.5] * 3, "std": [0.5] * 3, "dimension": 16}


def test_any_transformers_vision_model_is_an_encoder(tmp_path: Path) -> None:
    from transformers import ConvNextConfig, ConvNextModel

    config = ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], image_size=32)
    model = ConvNextModel(config).eval()
    config.save_pretrained(tmp_path)
    pack = make_pack(
        tmp_path,
        {"family": "transformers"},
        {**PREPROCESSING, "pooling": "pooler"},
        dict(model.state_dict()),
    )
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(model(x).pooler_output, dim=1)
    np.testing.assert_allclose(Encoder(pack).embed(pictures), expected.numpy(), atol=1e-5)


def test_a_pack_that_does_not_fit_is_told(tmp_path: Path) -> None:
    tensors = {"stem.conv.weight": torch.zeros(1)}
    lite = {"family": "efficientnet-lite", "variant": "lite0"}
    with pytest.raises(GleamError, match="test-pack"):
        Encoder(make_pack(tmp_path, lite, PREPROCESSING, tensors))
    with pytest.raises(GleamError, match="test-pack"):
        Encoder(make_pack(tmp_path, lite, {}, tensors))
    with pytest.raises(GleamError, match="architecture family"):
        Encoder(make_pack(tmp_path, {"family": "oracle"}, PREPROCESSING, tensors))


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_damaged_weights_are_told_and_never_used(
    packs: PackStore, tmp_path: Path, damage: str
) -> None:
    """A flipped bit would load as well: only the hash tells."""
    for pack, kind in ((packs.get("starter"), Encoder), (packs.get("xfeat"), Matcher)):
        folder = tmp_path / pack.id
        shutil.copytree(pack.folder, folder)
        file = max(folder.glob("*.safetensors"), key=lambda path: path.stat().st_size)
        data = bytearray(file.read_bytes())
        data[-1000] ^= 1
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(data if damage == "flip" else data[:5000])
        with pytest.raises(GleamError, match=f"{pack.label} is damaged: {file.name}"):
            kind(Pack(pack.manifest, folder))


def test_a_pack_of_another_kind_is_told(packs: PackStore) -> None:
    with pytest.raises(GleamError, match=r"xfeat 0\.1\.0 is of another kind, not an encoder"):
        Encoder(packs.get("xfeat"))

"""The network in integers, against itself in floating point and against arithmetic in plain loops."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gleam_app.errors import GleamError
from gleam_app.imagery.sources import open_source
from gleam_app.packs.manifest import Pack
from gleam_app.retrieval import efficientnet_int8
from gleam_app.retrieval.efficientnet_int8 import (
    IntegerConv,
    IntegerLite,
    Levels,
    rounded_weights,
    supported,
)
from gleam_app.retrieval.efficientnet_lite import ConvNorm
from gleam_app.retrieval.encoder import Encoder

needs_integers = pytest.mark.skipif(not supported(), reason="no fast 8-bit integers here")


@pytest.fixture(scope="module")
def exact(encoder: Encoder) -> Encoder:
    return Encoder(encoder.pack, exact=True)


@pytest.fixture(scope="module")
def pictures(demo_map: Path) -> Any:
    """uint8 (6, 192, 192, 3) of the demo map."""
    source = open_source(demo_map)
    try:
        west, south, east, north = source.bounds
        lat, lon = (south + north) / 2, (west + east) / 2
        read = [source.read_square(lat, lon + step * 2e-4, 48.0, 192).rgb for step in range(-3, 3)]
    finally:
        source.close()
    return np.stack(read)


def test_levels_hold_nought_and_both_ends() -> None:
    for low, high in ((-3.0, 5.0), (0.0, 6.0), (-7.5, 0.1), (2.0, 4.0)):
        levels = Levels.between(low, high)
        values = (np.arange(256) - levels.zero) * levels.scale
        assert 0.0 in values
        assert abs(values[0] - min(low, 0)) <= levels.scale
        assert abs(values[-1] - max(high, 0)) <= levels.scale


def test_weights_are_rounded_to_a_neighbour_and_small_filters_keep_their_sum() -> None:
    torch.manual_seed(0)
    for shape, keeps in (((40, 1, 5, 5), True), ((24, 3, 3, 3), True), ((40, 30, 1, 1), False)):
        weight = torch.randn(shape)
        weight[3] = 0.0
        scales, rounded = rounded_weights(weight)
        off = rounded * scales.view(-1, 1, 1, 1) - weight
        assert (off.abs().flatten(1).amax(1) <= scales * 1.001).all()
        assert rounded[3].eq(0).all() and rounded.min() >= -127
        if keeps:
            assert (off.sum((1, 2, 3)).abs() <= scales * 0.51).all()


@needs_integers
@pytest.mark.parametrize("groups", [1, 4])
def test_a_layer_computes_what_its_integers_say(groups: int) -> None:
    """Each output by hand: sums of products of integers, times the scales."""
    torch.manual_seed(1)
    layer = ConvNorm(4, 8, 3, stride=2, groups=groups, padding="reflect").eval()
    layer.norm.running_mean.uniform_(-1, 1)  # type: ignore[union-attr,operator]
    layer.fuse()
    inputs, x = Levels(0.02, 7), torch.randint(0, 256, (1, 4, 6, 6), dtype=torch.uint8)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = IntegerConv(layer, inputs, None)(layer.padded(x))[0]
        scales, rounded = rounded_weights(layer.conv.weight)
        window = layer.padded(x)[0].int() - inputs.zero
        bias = layer.conv.bias
        assert bias is not None
        each = 4 // groups
        for channel, row, column in product(range(8), range(3), range(3)):
            group = channel // (8 // groups)
            total = 0
            for i, a, b in product(range(each), range(3), range(3)):
                value = int(window[group * each + i, 2 * row + a, 2 * column + b])
                total += value * int(rounded[channel, i, a, b])
            expected = total * float(scales[channel]) * inputs.scale + float(bias[channel])
            assert float(found[channel, row, column]) == pytest.approx(expected, abs=1e-4)


@needs_integers
def test_vectors_hardly_differ_from_exact_ones(
    encoder: Encoder, exact: Encoder, pictures: Any
) -> None:
    assert encoder.integers and not exact.integers
    alike = (encoder.embed(pictures) * exact.embed(pictures)).sum(1)
    assert alike.min() > 0.99
    others = exact.embed(pictures) @ exact.embed(pictures[:, ::-1]).T
    assert others.max() < 0.95  # what another picture is like


@needs_integers
def test_parts_give_what_the_whole_gives_and_leave_their_input_alone(
    encoder: Encoder, pictures: Any
) -> None:
    network = encoder.network
    assert isinstance(network, IntegerLite)
    with torch.inference_mode():
        whole = network(encoder.prepared(pictures))
        for blocks in (0, 3, 9, 15, 20, 21):
            features = network.first(encoder.prepared(pictures), blocks)
            assert features.dtype == torch.uint8
            before = features.clone()
            assert torch.equal(network.rest(features, blocks), whole)
            assert torch.equal(features, before)


@needs_integers
def test_wide_features_padded_early_are_the_same(
    encoder: Encoder, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for early in (0, 1000):
        monkeypatch.setattr(efficientnet_int8, "EARLY_PX", early)
        found.append(encoder.embed(pictures[:2]))
    np.testing.assert_array_equal(*found)


def test_where_integers_are_slow_or_wrong_vectors_are_exact(
    encoder: Encoder, exact: Encoder, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(efficientnet_int8, "supported", lambda: False)
    other = Encoder(encoder.pack)
    assert not other.integers
    np.testing.assert_array_equal(other.embed(pictures[:2]), exact.embed(pictures[:2]))


def test_other_processors_and_other_torches_are_not_supported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = supported.__wrapped__
    with monkeypatch.context() as patch:
        patch.setattr(efficientnet_int8.platform, "machine", lambda: "arm64")
        assert not ask()
    with monkeypatch.context() as patch:
        patch.setattr(efficientnet_int8.platform, "machine", lambda: "x86_64")
        patch.setattr(efficientnet_int8, "_exact", lambda groups: groups == 1)
        assert not ask()

        def missing(groups: int) -> bool:
            raise AttributeError("qconv2d_pointwise")

        patch.setattr(efficientnet_int8, "_exact", missing)
        assert not ask()


@needs_integers
@pytest.mark.parametrize(
    "ranges", [[[-1.0, 1.0]], [[0.0, 0.0]] * 21, [[-1.0]] * 21, [["a", "b"]] * 21, 7]
)
def test_ranges_that_do_not_fit_are_told(encoder: Encoder, ranges: Any) -> None:
    manifest = encoder.pack.manifest
    changed = manifest.model_copy(
        update={"architecture": {**manifest.architecture, "ranges": ranges}}
    )
    with pytest.raises(GleamError, match="cannot be loaded"):
        Encoder(Pack(changed, encoder.pack.folder))

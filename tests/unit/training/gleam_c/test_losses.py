import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tests.unit.training.gleam_c.naive import info_nce_in_loops
from training.gleam_c.losses import (
    FIRST_SCALE,
    Columns,
    Exclusions,
    LogitScale,
    info_nce,
    softened,
)


@given(
    count=st.integers(1, 6),
    extra=st.integers(0, 4),
    masked=st.booleans(),
    smooth=st.sampled_from(["none", "same", "each"]),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=40, deadline=None)
def test_loss_and_gradients_are_those_of_plain_loops(
    count: int, extra: int, masked: bool, smooth: str, seed: int
) -> None:
    chance = torch.Generator().manual_seed(seed)
    raw = [torch.randn(n, 5, generator=chance, dtype=torch.float64) for n in (count, count, extra)]
    scale = torch.tensor(3.0, dtype=torch.float64)
    leaves = [tensor.requires_grad_() for tensor in (*raw, scale)]
    queries, references, negatives = (functional.normalize(r, dim=1) for r in raw)
    some = negatives if extra else None
    out = torch.rand(3, count, max(count, extra), generator=chance) < (0.4 if masked else 0.0)
    exclusions = Exclusions(
        out[0, :, :count], out[1, :, :count], out[2, :, :extra] if extra else None
    )
    each = torch.rand(count, generator=chance, dtype=torch.float64)
    smoothing = {"none": 0.0, "same": 0.1, "each": each}[smooth]
    loss = info_nce(
        queries,
        references,
        scale,
        Columns(queries, references, negatives=some),
        exclusions if masked else None,
        smoothing,
    )
    expected = info_nce_in_loops(
        queries,
        references,
        scale,
        smoothing.tolist() if isinstance(smoothing, torch.Tensor) else [smoothing] * count,
        some,
        exclusions.queries if masked else None,
        exclusions.references if masked else None,
        exclusions.negatives if masked and extra else None,
    )
    # the loss takes its softmax in single precision
    torch.testing.assert_close(loss.double(), expected, atol=2e-5, rtol=2e-5)
    ours = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
    theirs = torch.autograd.grad(expected, leaves, allow_unused=True)
    for mine, other in zip(ours, theirs, strict=True):
        if other is None or mine is None:
            assert (mine is None or not mine.any()) and (other is None or not other.any())
        else:
            torch.testing.assert_close(mine, other, atol=2e-5, rtol=2e-4)


def test_without_extras_it_is_cross_entropy_both_ways() -> None:
    queries, references = (functional.normalize(torch.randn(7, 4), dim=1) for _ in range(2))
    logits = 10.0 * queries @ references.T
    right = torch.arange(7)
    expected = (
        functional.cross_entropy(logits, right, label_smoothing=0.1)
        + functional.cross_entropy(logits.T, right, label_smoothing=0.1)
    ) / 2
    torch.testing.assert_close(info_nce(queries, references, 10.0, smoothing=0.1), expected)


def test_the_right_column_counts_even_where_it_is_excluded() -> None:
    vectors = functional.normalize(torch.randn(3, 4), dim=1)
    everything = torch.ones(3, 3, dtype=torch.bool)
    loss = info_nce(vectors, vectors, 5.0, exclusions=Exclusions(everything, everything))
    assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_rows_of_two_ranks_average_to_the_loss_of_one() -> None:
    queries, references = (functional.normalize(torch.randn(6, 4), dim=1) for _ in range(2))
    whole = info_nce(queries, references, 8.0, smoothing=0.1)
    parts = [
        info_nce(
            queries[start : start + 3],
            references[start : start + 3],
            8.0,
            Columns(queries, references, offset=start),
            smoothing=0.1,
        )
        for start in (0, 3)
    ]
    torch.testing.assert_close(sum(parts) / 2, whole)


def test_less_overlap_means_a_softer_target() -> None:
    smoothing = softened(0.05, torch.tensor([0.0, 0.3, 1.0]), 5.0)
    assert smoothing.tolist() == sorted(smoothing.tolist(), reverse=True)
    assert smoothing[0].item() == pytest.approx(1 - 0.95 / 2)


def test_the_scale_starts_at_clip_and_keeps_its_bound() -> None:
    assert LogitScale()().item() == pytest.approx(1 / 0.07, rel=1e-6)
    assert LogitScale(first=9.0, highest=math.log(100))().item() == pytest.approx(100.0, rel=1e-5)
    assert LogitScale(first=9.0)().item() == pytest.approx(math.exp(9.0), rel=1e-5)
    assert pytest.approx(2.659, abs=1e-3) == FIRST_SCALE

import numpy as np
import pytest
import torch

from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from training.gleam_c import ranges
from training.gleam_c.ranges import block_ranges


def test_ranges_leave_out_the_rarest_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against sorted values, block by block."""
    monkeypatch.setattr(ranges, "BEYOND", 0.01)
    torch.manual_seed(0)
    network = EfficientNetLite("lite0", "reflect").eval().requires_grad_(False).fuse()
    batches = [torch.randn(2, 3, 96, 96), torch.randn(1, 3, 128, 128) * 2]
    found = block_ranges(network, batches)
    assert len(found) == len(network.blocks)
    for number in (0, 5, len(found) - 1):
        ends = []
        with torch.inference_mode():
            for x in batches:
                values = np.sort(network.first(x, number + 1).numpy().ravel())
                few = max(1, round(0.01 * len(values)))
                ends.append([values[few - 1], values[-few]])
        assert found[number] == pytest.approx(np.mean(ends, axis=0), abs=0.0051)

"""The loss again, in plain loops: the reference for training.gleam_c.losses."""

import torch
from torch import Tensor


def info_nce_in_loops(
    queries: Tensor,
    references: Tensor,
    scale: Tensor | float,
    smoothing: list[float],
    negatives: Tensor | None = None,
    out_queries: Tensor | None = None,
    out_references: Tensor | None = None,
    out_negatives: Tensor | None = None,
) -> Tensor:
    """One rank holding the whole batch."""
    count = len(queries)
    total = torch.zeros((), dtype=queries.dtype)
    for i in range(count):
        for rows, others, out, with_negatives in (
            (queries, references, out_queries, False),
            (references, queries, out_references, True),
        ):
            scores = []
            for j in range(count):
                if j == i or out is None or not out[i, j]:
                    scores.append((j == i, scale * (rows[i] * others[j]).sum()))
            if with_negatives and negatives is not None:
                for k in range(len(negatives)):
                    if out_negatives is None or not out_negatives[i, k]:
                        scores.append((False, scale * (rows[i] * negatives[k]).sum()))
            bottom = torch.stack([score.exp() for _, score in scores]).sum()
            for is_right, score in scores:
                target = smoothing[i] / len(scores) + (1 - smoothing[i]) * is_right
                total = total - target * torch.log(score.exp() / bottom) / (2 * count)
    return total

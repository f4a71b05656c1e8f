"""Symmetric InfoNCE over pairs of query and satellite vectors.

The loss of Sample4Geo (arXiv 2303.11851) and CLIP (arXiv 2103.00020): each query has to find its
reference among all references of the batch, and each reference its query. Ours are the exclusions
(pairs that are neither right nor wrong leave the softmax) and the extra negatives. A rank computes the
rows of its own pairs against the columns of all ranks (``training.gleam_c.gather``).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

FIRST_SCALE = math.log(1 / 0.07)
HIGHEST_SCALE = math.log(100.0)  # CLIP's bound, where a recipe asks for one


class LogitScale(nn.Module):
    """The learnable factor before the softmax, kept as its logarithm. ``highest``: its upper bound."""

    def __init__(self, first: float = FIRST_SCALE, highest: float | None = None) -> None:
        super().__init__()
        self.log = nn.Parameter(torch.tensor(first))
        self.highest = highest

    def forward(self) -> Tensor:
        bounded = self.log if self.highest is None else self.log.clamp(max=self.highest)
        return bounded.exp()


@dataclass(frozen=True)
class Columns:
    """What the rows of this rank are compared with: the vectors of all ranks, B pairs in all.

    ``queries`` and ``references``: (B, D), unit length; this rank's rows begin at ``offset``.
    ``negatives``: (E, D), vectors that are right for no reference, such as wrongly turned queries.
    """

    queries: Tensor
    references: Tensor
    offset: int = 0
    negatives: Tensor | None = None


@dataclass(frozen=True)
class Exclusions:
    """Pairs that are neither right nor wrong, True where a column is left out of a row's softmax.

    ``queries``: (b, B), rows are queries; ``references``: (b, B), rows are references;
    ``negatives``: (b, E), rows are references.
    """

    queries: Tensor
    references: Tensor
    negatives: Tensor | None = None


def softened(label_smoothing: float, overlaps: Tensor, steepness: float) -> Tensor:
    """Label smoothing of each pair by how much of the reference its query shows.

    After the weighted InfoNCE of Game4Loc (arXiv 2409.16925): the right column keeps the share
    (1 - ``label_smoothing``) * sigmoid(``steepness`` * overlap) of the target, so a pair that
    overlaps little is pulled together less. ``overlaps``: (b,), 0..1. Returns (b,).
    """
    return 1.0 - (1.0 - label_smoothing) * torch.sigmoid(steepness * overlaps)


def info_nce(
    queries: Tensor,
    references: Tensor,
    scale: Tensor | float,
    columns: Columns | None = None,
    exclusions: Exclusions | None = None,
    smoothing: Tensor | float = 0.0,
) -> Tensor:
    """Mean over this rank's pairs of the loss in both directions; a scalar.

    ``queries`` and ``references``: (b, D), unit length, pair by pair; ``columns`` default to them (one
    rank). ``smoothing`` is the label smoothing, one number or one for each pair (b,).
    """
    columns = columns or Columns(queries, references)
    rows = len(queries)
    right = torch.arange(rows, device=queries.device) + columns.offset
    backward_columns, back_out = columns.queries, exclusions.references if exclusions else None
    if columns.negatives is not None:
        backward_columns = torch.cat([columns.queries, columns.negatives])
        back_out = _with_negatives(exclusions, rows, columns, right.device)
    forth = _cross_entropy(
        scale * (queries @ columns.references.T),
        right,
        exclusions.queries if exclusions else None,
        smoothing,
    )
    back = _cross_entropy(scale * (references @ backward_columns.T), right, back_out, smoothing)
    return (forth + back) / 2


def _with_negatives(
    exclusions: Exclusions | None, rows: int, columns: Columns, device: torch.device
) -> Tensor | None:
    if exclusions is None or columns.negatives is None:
        return None
    extra = exclusions.negatives
    if extra is None:
        extra = torch.zeros(rows, len(columns.negatives), dtype=torch.bool, device=device)
    return torch.cat([exclusions.references, extra], dim=1)


def _cross_entropy(
    logits: Tensor, right: Tensor, left_out: Tensor | None, smoothing: Tensor | float
) -> Tensor:
    """Mean cross-entropy of rows; the smoothed part is spread over the columns that count."""
    logits = logits.float()  # under autocast the softmax wants full precision
    if left_out is not None:
        left_out = left_out.scatter(1, right[:, None], False)  # the right column always counts
        logits = logits.masked_fill(left_out, -math.inf)
    log_shares = logits.log_softmax(dim=1)
    hit = -log_shares.gather(1, right[:, None]).squeeze(1)
    if isinstance(smoothing, float) and smoothing == 0.0:
        return hit.mean()
    if left_out is None:
        spread = -log_shares.mean(dim=1)
    else:
        counted = (~left_out).sum(dim=1)
        spread = -log_shares.masked_fill(left_out, 0.0).sum(dim=1) / counted
    return ((1.0 - smoothing) * hit + smoothing * spread).mean()

"""Put body, comparer and projector together as the one tower that llama.cpp runs."""

import torch
from torch import Tensor, nn

from gleam_app.explain.montage import SIDE
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Block as LearntBlock
from training.gleam_x.model.comparer import Comparer, Entry, Projector
from training.gleam_x.model.convnext import Block, Eye, Stage
from training.gleam_x.model.port import MIDDLE, BlockMaker, Highest, Layout, port


def assemble(
    body: Body, comparer: Comparer, projector: Projector, tops: Highest | None = None
) -> Eye:
    """The whole tower; the comparer's cells take the place of the encoder's last work channels.

    ``tops``: what ``highest`` found on the body's network. Raises ValueError where they do not fit there.
    """
    found = port(body.network, tops)
    layout = found.layout
    width = comparer.shape.width
    if width > layout.expanded:
        raise ValueError(f"the comparer is {width} channels wide, room is for {layout.expanded}")
    with torch.no_grad():
        learnt = [_entry(comparer.entry, layout, found.stale)]
        learnt += [_learnt(block, layout) for block in comparer.blocks]  # type: ignore[arg-type]
        *before, last = found.stages
        stage = Stage((*last.blocks, *learnt), last.halve, last.halve_bias, last.halve_norm)
        maker = BlockMaker(layout)
        up = maker.read(layout.work, projector.up.weight)
        return Eye(
            SIDE,
            body.mean,
            body.std,
            found.patches,
            found.patch_bias,
            found.patch_norm,
            (*before, stage),
            (up, projector.up.bias.detach(), projector.down.weight, projector.down.bias),
        )


def _entry(entry: Entry, layout: Layout, stale: int) -> Block:
    """Features -> cells, in the place of what the encoder's last bottleneck left."""
    maker = BlockMaker(layout)
    rows = maker.read(0, entry.head.weight.flatten(1))
    cells = maker.put(layout.work, entry.project.weight.flatten(1))
    every = torch.ones(len(rows), dtype=torch.bool)
    maker.clipped(rows, _bias(entry.head), cells, every)
    maker.add(layout.work, _bias(entry.project))
    maker.wipe(layout.work, stale, signed=False)
    return maker.block()


def _learnt(block: LearntBlock, layout: Layout) -> Block:
    """A block as it was trained: its own GELU and its own response norm."""
    maker = BlockMaker(layout)
    kernels = block.depthwise.weight[:, 0].detach()
    maker.convolve(layout.work, kernels, _bias(block.depthwise), -MIDDLE)
    maker.add(layout.work, block.down.bias)
    rows = maker.read(layout.work, block.up.weight)
    outputs = maker.put(layout.work, block.down.weight)
    response = block.gain.detach(), block.offset.detach()
    return maker.learnt(rows, block.up.bias, outputs, response)


def _bias(layer: nn.Conv2d) -> Tensor:
    return torch.as_tensor(layer.bias).detach()

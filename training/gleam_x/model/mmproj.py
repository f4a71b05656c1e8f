"""Write a tower as the GGUF file that llama.cpp loads beside a language model."""

import os
from pathlib import Path

import numpy as np

from training.gleam_x.model.convnext import EPS, Eye

PROJECTOR = "yasa2"


def write_mmproj(path: Path, eye: Eye, name: str) -> None:
    """The whole file or none: matrices in half precision, biases and norms in single."""
    from gguf import GGUFWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    writer = GGUFWriter(staged, "clip")
    try:
        writer.add_type("mmproj")
        writer.add_name(name)
        writer.add_bool("clip.has_vision_encoder", True)
        writer.add_string("clip.projector_type", PROJECTOR)
        for key, value in _numbers(eye).items():
            writer.add_uint32(f"clip.vision.{key}", value)
        writer.add_float32("clip.vision.attention.layer_norm_epsilon", EPS)
        writer.add_array("clip.vision.image_mean", list(eye.mean))
        writer.add_array("clip.vision.image_std", list(eye.std))
        for tensor_name, tensor in eye.tensors().items():
            exact = tensor.dim() == 1
            kind = np.float32 if exact else np.float16
            writer.add_tensor(tensor_name, tensor.detach().numpy().astype(kind))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def _numbers(eye: Eye) -> dict[str, int]:
    """What llama.cpp reads of every tower; this kind has no heads, and finds its blocks by name."""
    width = eye.stages[-1].blocks[-1].depthwise.shape[0]
    return {
        "image_size": eye.side_px,
        "patch_size": eye.patches.shape[-1],
        "embedding_length": width,
        "feed_forward_length": 4 * width,
        "block_count": 0,  # of a ViT
        "projection_dim": eye.projector[2].shape[0],
        "attention.head_count": 1,
    }

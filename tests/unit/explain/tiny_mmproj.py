"""A tiny random vision tower for llama.cpp: what a pack that sees needs, small enough for a test.

It knows nothing, but what it makes of a picture reaches the language model, so a picture that changes
changes what the model writes. Shape: LLaVA 1.5's, a CLIP ViT and two linear layers. Names of tensors
and metadata are those that llama.cpp's ``tools/mtmd/clip-impl.h`` reads.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE, PATCH, WIDTH, HEADS, LAYERS = 56, 14, 64, 4, 2
INNER = 2 * WIDTH


def write_mmproj(path: Path, hidden: int, seed: int = 0) -> Path:
    """Write the tower for a language model of ``hidden`` features a token."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "clip")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    for name, value in {
        "image_size": SIDE,
        "patch_size": PATCH,
        "embedding_length": WIDTH,
        "feed_forward_length": INNER,
        "block_count": LAYERS,
        "projection_dim": hidden,
        "attention.head_count": HEADS,
    }.items():
        writer.add_uint32(f"clip.vision.{name}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    for name, values in _tensors(hidden, np.random.default_rng(seed)).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tensors(hidden: int, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Weights by name, (out, in) as in PyTorch; each layer keeps the size of what goes through it."""

    def random(*shape: int) -> NDArray[np.float32]:
        spread = 1.0 / np.sqrt(np.prod(shape[1:]))
        return (spread * rng.standard_normal(shape)).astype(np.float32)

    tensors = {
        "v.class_embd": random(WIDTH, 1)[:, 0],
        "v.patch_embd.weight": random(WIDTH, 3, PATCH, PATCH),
        "v.position_embd.weight": random((SIDE // PATCH) ** 2 + 1, WIDTH),
    }

    def linear(name: str, out: int, into: int) -> None:
        tensors[f"{name}.weight"] = random(out, into)
        tensors[f"{name}.bias"] = np.zeros(out, np.float32)

    def norm(name: str) -> None:
        tensors[f"{name}.weight"] = np.ones(WIDTH, np.float32)
        tensors[f"{name}.bias"] = np.zeros(WIDTH, np.float32)

    norm("v.pre_ln")
    for layer in range(LAYERS):
        block = f"v.blk.{layer}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            linear(f"{block}.{part}", WIDTH, WIDTH)
        linear(f"{block}.ffn_up", INNER, WIDTH)
        linear(f"{block}.ffn_down", WIDTH, INNER)
        norm(f"{block}.ln1")
        norm(f"{block}.ln2")
    linear("mm.0", hidden, WIDTH)
    linear("mm.2", hidden, hidden)
    return tensors

"""The tiny random text model as a GGUF file that llama.cpp loads."""

from pathlib import Path

import numpy as np

from tests.unit.training.gleam_x import tiny_text
from tests.unit.training.gleam_x.tiny_text import CHAT, HIDDEN, tiny_model, tiny_tokenizer
from training.gleam_x.model.export import LAYERS

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    **LAYERS,
}


def write_tiny_gguf(path: Path) -> Path:
    """Two layers, one token a byte, in single precision."""
    from gguf import GGUFWriter, TokenType

    tokenizer = tiny_tokenizer()
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    model = tiny_model(len(words))
    writer = GGUFWriter(path, "qwen2")
    writer.add_context_length(4096)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(tiny_text.LAYERS)
    writer.add_feed_forward_length(model.config.intermediate_size)
    writer.add_head_count(model.config.num_attention_heads)
    writer.add_head_count_kv(model.config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(model.config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    marks = [TokenType.CONTROL if word.startswith("<|") else TokenType.NORMAL for word in words]
    writer.add_token_types(marks)
    writer.add_array("tokenizer.ggml.merges", ["Ġ t"])  # an empty list cannot be written
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_chat_template(CHAT)
    for name, tensor in model.state_dict().items():
        writer.add_tensor(_name(name), tensor.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _name(name: str) -> str:
    place, _, kind = name.rpartition(".")
    if place in NAMES:
        return f"{NAMES[place]}.{kind}"
    _, _, number, layer = place.split(".", 3)
    return f"blk.{number}.{NAMES[layer]}.{kind}"

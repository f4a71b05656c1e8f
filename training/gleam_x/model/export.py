"""Make what llama.cpp runs of what torch learnt: adapter, tower, whole models, quantised ones, packs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.packs.files import sha256_of
from gleam_app.packs.manifest import PackManifest, read_manifest
from training.gleam_x.model.recipe import PackRecipe, Recipe
from training.pack_export import ExportFile, write_pack

LAYERS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
STRAIGHT = ("qwen2", "qwen3")  # families whose heads GGUF does not reorder
MODEL, MMPROJ, ADAPTER = "model.gguf", "mmproj.gguf", "adapter.gguf"
TOWER = "tower.safetensors"


def write_adapter(path: Path, family: str, adapter: Mapping[str, Tensor], alpha: float) -> int:
    """A low-rank adapter as GGUF; returns how many layers it changes.

    ``adapter``: peft's tensors by name, ``...layers.3.self_attn.q_proj.lora_A.default.weight`` (r, in)
    and ``lora_B`` (out, r). Raises GleamError for a family or layer whose GGUF form is another.
    """
    from gguf import GGUFWriter

    if family not in STRAIGHT:
        raise GleamError(
            f"An adapter for a {family!r} model cannot be written as it is.",
            "Merge it and convert the whole model: gleam-x convert.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    writer = GGUFWriter(staged, family)
    try:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", alpha)
        for name, tensor in sorted(adapter.items()):
            writer.add_tensor(_adapter_name(name), tensor.detach().numpy().astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    return len(adapter) // 2


def _adapter_name(name: str) -> str:
    _, _, place = name.rpartition("layers.")
    number, _, rest = place.partition(".")
    layer, _, which = rest.partition(".lora_")
    if layer not in LAYERS or which[:2] not in ("A.", "B."):
        raise GleamError(f"An adapter of the layer {name} has no counterpart in GGUF.")
    return f"blk.{number}.{LAYERS[layer]}.weight.lora_{which[0].lower()}"


def convert(model: Path, converter: Path, out: Path, mmproj: bool = False) -> None:
    """A merged Hugging Face model in a folder as GGUF in half precision, by llama.cpp's own script.

    ``converter``: ``convert_hf_to_gguf.py`` in its source tree, which brings its own gguf-py. With
    ``mmproj`` the part that sees is written, else the one that speaks. Raises GleamError.
    """
    if not converter.is_file():
        raise GleamError(
            f"{converter.name} is not there.",
            "It lies in vendor/llama.cpp of the source package of llama-cpp-python "
            "(pip download --no-binary :all: --no-deps llama-cpp-python).",
        )
    staged = out.with_name(f".{out.stem}.{os.getpid()}.gguf")
    command = [sys.executable, str(converter), str(model), "--outfile", str(staged)]
    command += ["--outtype", "f16", *(["--mmproj"] if mmproj else [])]
    path = os.pathsep.join([str(converter.parent / "gguf-py"), os.environ.get("PYTHONPATH", "")])
    found = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False
    )
    # with --mmproj the script may put a word of its own before the name
    made = next((p for p in out.parent.glob(f"*{staged.name.lstrip('.')}") if p.exists()), staged)
    if found.returncode or not made.exists():
        said = (found.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise GleamError(f"{model.name} could not be converted: {said[:200]}.")
    made.replace(out)


def quantise(model: Path, out: Path, kind: str, threads: int = 2, again: bool = False) -> None:
    """A GGUF model at fewer bits; ``kind`` as llama.cpp names it, "Q8_0", "Q4_K_M". Raises GleamError.

    ``again``: also one that is quantised already, which loses more than from the original.
    """
    import llama_cpp

    number = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}", None)
    if number is None:
        raise GleamError(f"llama.cpp knows no quantisation {kind!r}.", "For instance Q8_0, Q4_K_M.")
    settings: Any = llama_cpp.llama_model_quantize_default_params()
    settings.ftype, settings.nthread, settings.allow_requantize = number, threads, again
    staged = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        failed = llama_cpp.llama_model_quantize(
            str(model).encode(), str(staged).encode(), llama_cpp.ctypes.byref(settings)
        )
        if failed or not staged.exists():
            raise GleamError(f"{model.name} could not be quantised to {kind}.")
        staged.replace(out)
    finally:
        staged.unlink(missing_ok=True)


def pack_small(
    recipe: Recipe, base: Path, base_pack: Path, tower: Path, adapter: Path, out: Path
) -> PackManifest:
    """The pack of our own model: it ships tower and adapter, and fetches its base by hash.

    ``base_pack``: the folder of the text model's pack, whose sources the base is fetched from. Raises
    GleamError if ``base`` is not that pack's model.
    """
    known = next(file for file in read_manifest(base_pack).files if file.role == "model")
    if base.stat().st_size != known.size or sha256_of(base, Work()) != known.sha256:
        raise GleamError(f"{base.name} is not the model of {base_pack.name}.")
    files = [
        ExportFile(MODEL, "model", base, tuple(known.sources), ship=False),
        ExportFile(TOWER, "tower", tower),
        ExportFile(ADAPTER, "adapter", adapter),
    ]
    return write_pack(
        out,
        pack_fields(recipe.pack)
        | {
            "architecture": {
                "family": "gguf",
                "context": recipe.pack.context,
                "chat": "gguf",
                "pictures": "montage",
            }
        },
        files,
    )


def pack_seeing(
    pack: PackRecipe, tower: Path, bars: Mapping[str, Mapping[str, float]], out: Path
) -> PackManifest:
    """The pack of a tower that needs no language model: it judges, and tells the facts above their ``bars``."""
    fields = {
        "architecture": {"family": "tower", "pictures": "montage"},
        "calibration": {"facts": bars},
    }
    return write_pack(out, pack_fields(pack) | fields, [ExportFile(TOWER, "tower", tower)])


def pack_fields(pack: PackRecipe) -> dict[str, Any]:
    """What the recipe says of its pack, as fields of ``pack.json``."""
    return {
        "id": pack.id,
        "version": pack.version,
        "kind": "gleam-x",
        "title": pack.title,
        "description": pack.description,
        "licence": pack.licence,
        "use": pack.use,
        "preference": pack.preference,
        "views": list(pack.views),
        "origin": [
            {"from": origin.source, **origin.model_dump(exclude={"source"})}
            for origin in pack.origin
        ],
    }

"""A pack that knows nothing, of a family that transformers brings: proves that its parts are all there.

``python _tiny_pack.py FILE.gleampack`` runs in the build environment. The encoder is a ConvNeXt of four
blocks with weights by chance.
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

ID = "tiny"


def make(folder: Path) -> None:
    """Fill ``folder`` with the pack's files."""
    import torch
    from safetensors.torch import save_file
    from transformers import ConvNextConfig, ConvNextModel

    torch.manual_seed(0)
    config = ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], image_size=32)
    config.save_pretrained(folder)
    save_file(dict(ConvNextModel(config).state_dict()), folder / "weights.safetensors")
    manifest = {
        "schema": "gleam.pack/1",
        "id": ID,
        "version": "1.0",
        "kind": "gleam-c",
        "title": "proves that models of transformers load",
        "licence": "MIT",
        "origin": [{"what": "chance", "from": "this program", "licence": "MIT"}],
        "use": "proving a build",
        "architecture": {"family": "transformers"},
        "preprocessing": {
            "size": 32, "mean": [0.5] * 3, "std": [0.5] * 3, "dimension": 16, "pooling": "pooler"
        },
        "files": [
            _file(folder / "config.json", "config"), _file(folder / "weights.safetensors", "weights")
        ],
    }  # fmt: skip
    (folder / "pack.json").write_text(json.dumps(manifest), "utf-8")


def zip_folder(folder: Path, target: Path) -> None:
    """A pack's folder as a ``.gleampack``."""
    with zipfile.ZipFile(target, "w") as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))


def _file(path: Path, role: str) -> dict[str, object]:
    data = path.read_bytes()
    return {
        "path": path.name, "role": role, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()
    }  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        make(Path(scratch))
        zip_folder(Path(scratch), Path(sys.argv[1]))

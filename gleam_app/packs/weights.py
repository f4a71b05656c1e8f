"""Weights of a pack, read only if they are what its manifest lists."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack, PackKind

if TYPE_CHECKING:
    from torch import Tensor

KIND_WORDS: dict[PackKind, str] = {
    "gleam-c": "an encoder",
    "matcher": "a matcher",
    "gleam-x": "a language model",
}


def load_tensors(pack: Pack, role: str) -> "dict[str, Tensor]":
    """Name -> tensor of the safetensors file with this role, its SHA-256 checked.

    A flipped bit in a weight would load as well and only make every answer a little wrong. Raises
    ``GleamError`` naming the pack if the file cannot be read, or is not the one it should be.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    file = next((file for file in pack.manifest.files if file.role == role), None)
    path = pack.path(role)
    try:
        data = path.read_bytes()
        if file is None or hashlib.sha256(data).hexdigest() != file.sha256:
            raise _damaged(pack, path.name)
        tensors: dict[str, Tensor] = load(data)
        return tensors
    except (OSError, SafetensorError, ValueError, KeyError):
        raise _damaged(pack, path.name) from None


@contextmanager
def loading(pack: Pack, kind: PackKind) -> Iterator[None]:
    """Around the making of a network from ``pack``: whatever does not fit is a ``GleamError``."""
    if pack.kind != kind:
        raise GleamError(
            f"Pack {pack.label} is of another kind, not {KIND_WORDS[kind]}.",
            "`gleam packs list` shows what each is.",
        )
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise GleamError(
            f"Pack {pack.label} cannot be loaded: its description and its weights do not fit.",
            "Install the pack again, or another one.",
        ) from error


def _damaged(pack: Pack, name: str) -> GleamError:
    return GleamError(
        f"Pack {pack.label} is damaged: {name} is not the file it should be.",
        "Install the pack again, or the program if the pack came with it.",
    )

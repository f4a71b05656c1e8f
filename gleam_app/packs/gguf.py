"""Make a pack of a GGUF language model that somebody brought without ``pack.json``."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.packs.files import link_or_copy, require_space, sha256_of, write_whole
from gleam_app.packs.manifest import MANIFEST_NAME, Origin, PackFile, PackManifest

MAGIC = b"GGUF"
MAX_TEXT = 1 << 20
MAX_ENTRIES = 4096
CONTEXT = 4096  # tokens; what an explanation needs, though many models could hold more

# value type -> struct format, as in the GGUF specification (8 is text, 9 an array)
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_TEXT = 8
_ARRAY = 9
_SPLIT = re.compile(r"-\d{5}-of-\d{5}$")


@dataclass(frozen=True)
class _Model:
    path: Path
    facts: dict[str, str | float]

    @property
    def sees(self) -> bool:
        """Whether this is the part that turns pictures into tokens, not a language model."""
        return self.facts.get("general.architecture") == "clip"

    @property
    def title(self) -> str:
        return str(self.facts.get("general.name") or self.path.stem)[:120]

    @property
    def licence(self) -> str:
        return str(self.facts.get("general.license") or "not stated in the file")[:200]


def is_gguf(path: Path) -> bool:
    """Whether ``path`` is a GGUF file, or a folder with one in it."""
    if path.is_dir():
        return any(is_gguf(file) for file in path.glob("*.gguf") if file.is_file())
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def adopt(path: Path, into: Path, work: Work) -> PackManifest:
    """Make a ``gleam-x`` pack in the empty folder ``into`` of a GGUF file or a folder of them.

    A folder may hold one model (or its splits) and the projector that lets it see pictures. Raises
    ``GleamError`` if it holds anything else.
    """
    files = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    found = [_Model(file, read_facts(file)) for file in files]
    models = [model for model in found if not model.sees]
    eyes = [model for model in found if model.sees]
    splits = {_SPLIT.sub("", model.path.stem) for model in models}
    if len(splits) != 1 or len(eyes) > 1:
        raise GleamError(
            f"{path.name} holds {len(splits)} language models and {len(eyes)} projectors.",
            hint="Give one model, or a folder with one model and at most one mmproj file for it.",
        )
    (stem,) = splits
    wanted = [("model", model) for model in models] + [("mmproj", model) for model in eyes]
    manifest = PackManifest(
        id=_slug(stem),
        version="1.0",
        kind="gleam-x",
        title=models[0].title,
        description="Brought by the user as GGUF.",
        licence=models[0].licence,
        origin=[
            Origin.model_validate(
                {"what": model.path.name, "from": "a file the user gave", "licence": model.licence}
            )
            for _, model in wanted
        ],
        use="As its licence says.",
        architecture={
            "family": "gguf",
            "context": int(min(CONTEXT, _context(models[0]))),
            "chat": "gguf",
        },
        files=_bring(wanted, into, work),
    )
    write_whole(into / MANIFEST_NAME, manifest.to_json())
    return manifest


def _bring(wanted: list[tuple[str, _Model]], into: Path, work: Work) -> list[PackFile]:
    total = sum(model.path.stat().st_size for _, model in wanted)
    require_space(into, total)
    entries, done = [], 0
    for role, model in wanted:
        target = into / f"{_slug(model.path.stem)}.gguf"
        if target.exists():
            raise GleamError(f"Two of the files would both be called {target.name}.")
        size = model.path.stat().st_size

        def report(have: int, name: str = target.name, before: int = done) -> None:
            work.report(f"Copying {name}", before + have, total)

        link_or_copy(model.path, target, report)
        digest = sha256_of(target, work, done=done, total=total)
        entries.append(PackFile(path=target.name, role=role, size=size, sha256=digest))
        done += size
    return entries


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:60].strip("-._") or "model"


def _context(model: _Model) -> float:
    value = model.facts.get(f"{model.facts.get('general.architecture')}.context_length", CONTEXT)
    return value if isinstance(value, int | float) and value > 0 else CONTEXT


def read_facts(path: Path) -> dict[str, str | float]:
    """The plain entries of a GGUF file's header, up to its tokenizer.

    Raises ``GleamError`` if it is not a GGUF file of version 2 or 3, or broken.
    """
    facts: dict[str, str | float] = {}
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise ValueError("it does not begin like one")
            version = _number(file, "I")
            if version not in (2, 3):
                raise ValueError(f"version {version:.0f} is unknown")
            _number(file, "Q")  # how many tensors
            for _ in range(int(min(_number(file, "Q"), MAX_ENTRIES))):
                key = _text(file)
                kind = int(_number(file, "I"))
                if key.startswith("tokenizer."):  # long, and nothing of it is wanted
                    break
                if kind == _ARRAY:
                    _skip_array(file)
                else:
                    facts[key] = _value(file, kind)
    except ValueError as error:
        raise GleamError(f"{path.name} is not a readable GGUF model: {error}.") from None
    except OSError as error:
        raise GleamError(f"{path} cannot be read: {error.strerror or error}.") from None
    return facts


def _value(file: BinaryIO, kind: int) -> str | float:
    if kind == _TEXT:
        return _text(file)
    if kind not in _NUMBERS:
        raise ValueError("its header is damaged")
    return _number(file, _NUMBERS[kind])


def _skip_array(file: BinaryIO) -> None:
    kind, count = int(_number(file, "I")), int(_number(file, "Q"))
    if count > MAX_TEXT:
        raise ValueError("its header is damaged")
    for _ in range(count):
        _value(file, kind)


def _number(file: BinaryIO, form: str) -> float:
    data = file.read(struct.calcsize("<" + form))
    try:
        value: float = struct.unpack("<" + form, data)[0]
    except struct.error:
        raise ValueError("it ends in its header") from None
    return value


def _text(file: BinaryIO) -> str:
    length = int(_number(file, "Q"))
    if length > MAX_TEXT:
        raise ValueError("its header is damaged")
    return file.read(length).decode("utf-8", errors="replace")

"""Write a pack: every exporter of weights ends here."""

import hashlib
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam_app.packs.manifest import MANIFEST_NAME, PackFile, PackManifest, Source


@dataclass(frozen=True)
class ExportFile:
    """A file for a pack: where it lies now, and its path and role in the pack.

    With ``sources`` and ``ship`` false only its size and hash go in: it will be fetched.
    """

    path: str
    role: str
    origin: Path
    sources: tuple[Source, ...] = ()
    ship: bool = True


def write_pack(
    folder: Path, manifest_fields: Mapping[str, Any], files: list[ExportFile]
) -> PackManifest:
    """Write the pack ``folder`` (replacing it as a whole) and return its manifest.

    ``manifest_fields`` are those of ``pack.json`` without ``schema`` and ``files``; sizes and
    hashes are computed here. Raises ``pydantic.ValidationError`` for a manifest that readers would
    refuse, ``ValueError`` for a file that is neither shipped nor fetchable.
    """
    for file in files:
        if not file.ship and not file.sources:
            raise ValueError(f"{file.path} is neither shipped nor has sources")
    described = [
        PackFile(
            path=file.path,
            role=file.role,
            size=file.origin.stat().st_size,
            sha256=_sha256(file.origin),
            sources=list(file.sources),
        )
        for file in files
    ]
    manifest = PackManifest.model_validate({**manifest_fields, "files": described})
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}"
    old = staging.with_name(staging.name + ".old")
    try:
        for file in files:
            if file.ship:
                target = staging / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.origin, target)
        staging.mkdir(exist_ok=True)
        (staging / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        if folder.exists():
            folder.replace(old)
        staging.replace(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

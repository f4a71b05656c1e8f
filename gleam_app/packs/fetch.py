"""Put a pack together from its sources, in a staging folder that outlives an interruption.

The environment variable ``GLEAM_PACK_CACHE`` names a folder that is looked through first: any file
in it with the right size and SHA-256 is taken, whatever its name.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.packs.download import from_url
from gleam_app.packs.fetchstate import StateWriter
from gleam_app.packs.files import link_or_copy, require_space, sha256_of, write_whole
from gleam_app.packs.manifest import (
    MANIFEST_NAME,
    PackFile,
    PackManifest,
    PathSource,
    Source,
    UrlSource,
)
from gleam_app.packs.sources import SourceFailed, from_path, name_of
from gleam_app.packs.wheels import from_packages

CACHE_VARIABLE = "GLEAM_PACK_CACHE"


def fetch_files(
    manifest: PackManifest,
    folder: Path,
    staging: Path,
    offered: list[Path],
    use_sources: bool,
    work: Work,
) -> Path:
    """Bring all files of the pack together; returns the folder in ``staging`` that holds them.

    ``folder`` is where ``pack.json`` and the shipped files lie, ``offered`` are files that may be
    some of those wanted. With ``use_sources`` false nothing is looked for elsewhere. The caller
    holds the fetch lock. Raises ``GleamError`` naming every source that was tried; what has
    arrived by then is kept for the next time.
    """
    job = _Fetch(manifest, folder, staging, offered, use_sources, work)
    work.on_progress = job.note
    try:
        return job.run()
    except OSError as error:
        raise GleamError(
            f"Pack {manifest.id} cannot be written: {error.strerror or error}.",
            hint="Check the disk that holds the program's data folder.",
        ) from None
    finally:
        work.on_progress = job.listener
        job.state.clear()


class _Fetch:
    def __init__(
        self,
        manifest: PackManifest,
        folder: Path,
        staging: Path,
        offered: list[Path],
        use_sources: bool,
        work: Work,
    ) -> None:
        self.manifest = manifest
        self.folder = folder
        self.staging = staging
        self.target = staging / "pack"
        self.partial = staging / "partial"
        self.offered = offered
        self.use_sources = use_sources
        self.state = StateWriter(staging)
        self.work = work
        self.listener = work.on_progress
        self.done = 0

    def run(self) -> Path:
        self.target.mkdir(parents=True, exist_ok=True)
        self.partial.mkdir(exist_ok=True)
        arrived = sum(path.stat().st_size for path in self.staging.rglob("*") if path.is_file())
        require_space(self.target, self.manifest.size - arrived)
        for file in self.manifest.files:
            self._bring(file)
            self.done += file.size
        wanted = {self.target / file.path for file in self.manifest.files}
        for path in list(self.target.rglob("*")):  # left by a killed process or another version
            if path.is_file() and path not in wanted:
                path.unlink()
        write_whole(self.target / MANIFEST_NAME, self.manifest.to_json())
        return self.target

    def note(self, progress: Progress) -> None:
        self.state.write(progress)
        if self.listener is not None:
            self.listener(progress)

    def _report(self, file: PackFile, what: str = "Fetching") -> Callable[[int], None]:
        def report(have: int) -> None:
            arrived = self.done + min(have, file.size)
            self.work.report(f"{what} {file.path}", arrived, self.manifest.size)

        return report

    def _bring(self, file: PackFile) -> None:
        target = self.target / file.path
        shipped = self.folder / file.path
        for path in (target, shipped, *self.offered, *_cached()):
            if self._is(file, path):
                if path != target:
                    link_or_copy(path, target, self._report(file, "Copying"))
                return
        tried: list[str] = []
        for number, source in enumerate(file.sources if self.use_sources else []):
            # one part file a source: what a source left behind is no start for another
            part = self.partial / f"{file.sha256[:16]}-{number}"
            try:
                self._from(source, file, part)
            except SourceFailed as failure:
                tried.append(f"{name_of(source)} ({failure})")
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
                return
        raise self._failed(file, tried)

    def _from(self, source: Source, file: PackFile, part: Path) -> None:
        """One source; wrong content is thrown away, and if it was resumed, got anew once."""
        report = self._report(file)
        resumed = part.exists()
        report(part.stat().st_size if resumed else 0)
        if isinstance(source, PathSource):
            from_path(source, self.folder, part, file.size, report)
        elif isinstance(source, UrlSource):
            from_url(source, part, file.size, report)
        else:
            from_packages(source, part, file.size, report)
        if self._is(file, part):
            return
        size = part.stat().st_size
        part.unlink()
        part.with_name(part.name + ".json").unlink(missing_ok=True)
        if resumed:
            return self._from(source, file, part)
        wrong = "other content" if size == file.size else f"{size:,} bytes, not {file.size:,}"
        raise SourceFailed(f"gave {wrong}: the SHA-256 differs")

    def _is(self, file: PackFile, path: Path) -> bool:
        if not path.is_file() or path.stat().st_size != file.size:
            return False
        what = f"Checking {file.path}"
        return sha256_of(path, self.work, what, self.done, self.manifest.size) == file.sha256

    def _failed(self, file: PackFile, tried: list[str]) -> GleamError:
        pack_id = self.manifest.id
        if not file.sources:
            return GleamError(
                f"{file.path} of pack {pack_id} is damaged or missing and cannot be fetched.",
                hint="Install the pack again with `gleam packs install FILE`.",
            )
        if not self.use_sources:
            return GleamError(
                f"Pack {pack_id} still lacks {file.path}: no file given has its SHA-256 "
                f"({file.sha256[:12]}…).",
                hint="Check that the file was copied whole; its size and hash are in pack.json.",
            )
        return GleamError(
            f"{file.path} of pack {pack_id} could not be fetched. Tried: {'; '.join(tried)}.",
            hint=(
                f"Without a connection: get {file.path} ({file.size / 1e6:,.0f} MB) on another "
                "machine, then `gleam packs install FILE`. With one, fetch again: it goes on where "
                "it stopped."
            ),
        )


def _cached() -> Iterable[Path]:
    folder = os.environ.get(CACHE_VARIABLE)
    if not folder or not Path(folder).is_dir():
        return []
    return sorted(Path(folder).iterdir())

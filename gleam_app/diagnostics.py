"""``gleam doctor``: what is installed, and whether the parts the program needs are sound."""

import importlib
import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from gleam_app import __version__
from gleam_app.errors import disk_trouble
from gleam_app.jobs.work import Work
from gleam_app.services import Services

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
        Check("program", True, f"GLEAM Desktop {__version__}, Python {platform.python_version()}"),
        Check("system", True, f"{platform.platform()}, {os.cpu_count()} cores"),
        _home(services),
    ]
    for name, module in LIBRARIES.items():
        work.report("Checking", len(checks) - 3, len(LIBRARIES))
        checks.append(_library(name, module))
    work.check()
    try:
        checks += [
            Check(f"pack {status.id}", status.state != "corrupt", _pack_words(status))
            for status in services.packs.list()
        ]
        checks += [
            Check(
                f"tile set {info.name}",
                info.state != "damaged",
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


def _library(distribution: str, module: str) -> Check:
    try:
        importlib.import_module(module)
        version = "bundled" if hasattr(sys, "_MEIPASS") else metadata.version(distribution)
    except (ImportError, OSError, RuntimeError) as error:
        return Check(distribution, False, str(error).splitlines()[0])
    return Check(distribution, True, version)


def _pack_words(status: Any) -> str:
    views = status.manifest.views_line if status.manifest else ""
    return f"{status.state}{f': {status.detail}' if status.detail else ''}{f' ({views})' if views else ''}"

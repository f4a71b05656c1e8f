"""Where user data and bundled resources lie."""

import json
import os
import sys
from pathlib import Path

import platformdirs

_ROOT = Path(__file__).resolve().parent.parent


def gleam_home() -> Path:
    """Folder of all user data: ``$GLEAM_HOME``, else the platform's data folder. Not created here."""
    override = os.environ.get("GLEAM_HOME")
    if override:
        return Path(override).expanduser().resolve()
    return Path(platformdirs.user_data_dir("gleam", appauthor=False))


def packs_folder(home: Path) -> Path:
    """Where packs are installed: the folder chosen in the settings, else ``<home>/packs``."""
    try:
        chosen = json.loads((home / "settings.json").read_text(encoding="utf-8"))["packs_folder"]
    except (OSError, ValueError, KeyError, TypeError):
        chosen = ""
    return Path(chosen) if isinstance(chosen, str) and chosen else home / "packs"


def resources_dir() -> Path:
    """The ``resources/`` folder: beside the package in a checkout, inside the bundle when frozen."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        return Path(frozen) / "resources"
    return _ROOT / "resources"

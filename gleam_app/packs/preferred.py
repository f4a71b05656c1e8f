"""Which pack of a kind the user prefers, where he chose: ``preferred-packs.json`` in the home."""

import json
from pathlib import Path

from gleam_app.packs.files import write_whole

FILE_NAME = "preferred-packs.json"


def read_preferred(home: Path) -> dict[str, str]:
    """Kind -> pack id; empty where nothing was chosen or the file cannot be read."""
    try:
        stored = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {kind: one for kind, one in stored.items() if isinstance(one, str)}


def write_preferred(home: Path, kind: str, pack_id: str) -> None:
    """Remember the choice; ``OSError`` if it cannot be written."""
    home.mkdir(parents=True, exist_ok=True)
    chosen = {**read_preferred(home), kind: pack_id}
    write_whole(home / FILE_NAME, json.dumps(chosen, indent=2) + "\n")

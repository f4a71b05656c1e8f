"""The user's choices in one readable file that holds only what differs from the defaults."""

import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from gleam_app.geo.coordinates import PositionStyle
from gleam_app.ui.strings import Lang
from gleam_app.ui.theme import ThemeChoice

log = logging.getLogger(__name__)

COORDINATE_STYLES = get_args(PositionStyle)


@dataclass(frozen=True)
class Choices:
    """What a user can choose. ``language`` empty: as the desktop; ``tile_sets``: those in use.

    ``recent_crs``: those named for imagery without one, the latest first. ``recent_cases``: files, the
    latest first; ``last_case``: the one open at the end. ``packs_folder``: where packs are
    installed, empty: in the home.
    """

    language: str = ""
    theme: ThemeChoice = "system"
    coordinates: PositionStyle = "dd"
    tile_sets: tuple[str, ...] = ()
    recent_crs: tuple[str, ...] = ()
    recent_cases: tuple[str, ...] = ()
    last_case: str = ""
    tour_seen: bool = False
    packs_folder: str = ""


_ALLOWED = {
    "language": ("", *get_args(Lang)),
    "theme": get_args(ThemeChoice),
    "coordinates": COORDINATE_STYLES,
}
_LISTS = ("tile_sets", "recent_crs", "recent_cases")


class Settings:
    """``settings.json`` in the program's home; a change is on disk at once."""

    def __init__(self, home: Path) -> None:
        self._file = home / "settings.json"
        self.choices = _read(self._file)

    def change(self, **changes: Any) -> None:
        """Take over the named choices and save."""
        self.choices = replace(self.choices, **changes)
        defaults = asdict(Choices())
        kept = {
            name: value for name, value in asdict(self.choices).items() if value != defaults[name]
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            staged = self._file.with_suffix(".json.new")
            staged.write_text(
                json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            staged.replace(self._file)
        except OSError as error:  # a full disk must not take the window down
            log.error("settings not saved: %s", error)


def _read(file: Path) -> Choices:
    """The file's choices; what is missing, unknown or out of range keeps its default."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Choices()
    except (OSError, ValueError) as error:
        log.info("settings not read: %s", error)
        return Choices()
    if not isinstance(stored, dict):
        return Choices()
    good: dict[str, Any] = {}
    for name in (field.name for field in fields(Choices)):
        value = stored.get(name)
        if name in _LISTS:
            if isinstance(value, list) and all(isinstance(one, str) for one in value):
                good[name] = tuple(value)
        elif isinstance(value, str) and value in _ALLOWED.get(name, (value,)):
            good[name] = value
    return Choices(**good)

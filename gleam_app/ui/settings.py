"""The user's choices in one readable file that holds only what differs from the defaults."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from gleam_app.geo.coordinates import POSITION_STYLES, PositionStyle
from gleam_app.geo.measure import UNITS, Units
from gleam_app.ui.strings import Lang
from gleam_app.ui.theme import ThemeChoice

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choices:
    """What a user can choose. ``language`` empty: as the desktop; ``tile_sets``: those in use.

    ``threads``: how many compute; 0: as the program thinks best. ``shortcuts``: keys by command, where
    they are not those of the table. ``recent_crs``: those named for imagery without one, the latest
    first. ``recent_cases``: files, the latest first; ``last_case``: the one open at the end.
    ``packs_folder``: where packs are installed, empty: in the home. ``recent_commands``: what was run
    from the palette, the latest first. ``explainer``: who explains, as ``gleam explain --model``.
    """

    language: str = ""
    theme: ThemeChoice = "system"
    coordinates: PositionStyle = "dd"
    units: Units = "metric"
    threads: int = 0
    shortcuts: Mapping[str, str] = field(default_factory=dict)
    tile_sets: tuple[str, ...] = ()
    recent_crs: tuple[str, ...] = ()
    recent_cases: tuple[str, ...] = ()
    last_case: str = ""
    tour_seen: bool = False
    packs_folder: str = ""
    recent_commands: tuple[str, ...] = ()
    explainer: str = ""


_ALLOWED = {
    "language": ("", *get_args(Lang)),
    "theme": get_args(ThemeChoice),
    "coordinates": POSITION_STYLES,
    "units": UNITS,
}
MOST_THREADS = 256


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
    defaults = asdict(Choices())
    return Choices(
        **{
            name: _taken(stored[name], default)
            for name, default in defaults.items()
            if name in stored and _is_good(name, stored[name], default)
        }
    )


def _is_good(name: str, value: object, default: object) -> bool:
    """Whether a stored value is of the kind of its default, and within its range."""
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if isinstance(default, dict):
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if type(value) is not type(default):
        return False
    if name == "threads":
        return isinstance(value, int) and 0 <= value <= MOST_THREADS
    return value in _ALLOWED.get(name, (value,))


def _taken(value: Any, default: object) -> Any:
    return tuple(value) if isinstance(default, tuple) else value

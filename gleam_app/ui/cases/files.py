"""Dialogs and the list of recent cases."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from gleam_app.ui.cases.desk import Desk
from gleam_app.ui.cases.untitled import SUFFIX
from gleam_app.ui.settings import Settings
from gleam_app.ui.strings import tr

RECENT = 8


def ask_open(parent: QWidget) -> Path | None:
    """A case to open; None if the person thinks better of it."""
    wanted = f"{tr('case.filter')} (*{SUFFIX})"
    name, _ = QFileDialog.getOpenFileName(parent, tr("case.open_title"), "", wanted)
    return Path(name) if name else None


def ask_save(parent: QWidget, desk: Desk) -> Path | None:
    """Where to save the case to."""
    wanted = f"{tr('case.filter')} (*{SUFFIX})"
    known = desk.case
    start = "" if known is None or desk.untitled else str(known.path)
    name, _ = QFileDialog.getSaveFileName(parent, tr("case.save_title"), start or SUFFIX, wanted)
    if not name:
        return None
    path = Path(name)
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


def remember_recent(settings: Settings, desk: Desk) -> None:
    """The open case comes first in the list, if it has a name."""
    case = desk.case
    if case is not None and not desk.untitled:
        here = str(case.path)
        others = [one for one in settings.choices.recent_cases if one != here]
        if settings.choices.recent_cases[:1] != (here,):
            settings.change(recent_cases=(here, *others)[:RECENT])


def fill_recent(menu: QMenu, settings: Settings, chosen: Callable[[Path], None]) -> None:
    """Made anew each time it opens."""
    menu.clear()
    for name in settings.choices.recent_cases:
        path = Path(name)
        words = f"{path.stem.replace('&', '&&')}\t{path.parent.name.replace('&', '&&')}"
        menu.addAction(words).triggered.connect(lambda *_, path=path: chosen(path))
    if not settings.choices.recent_cases:
        menu.addAction(tr("case.no_recent")).setEnabled(False)

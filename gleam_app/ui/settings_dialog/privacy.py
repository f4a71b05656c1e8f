"""What connected since the start, and what ever could: nothing is looked up before it is asked for."""

import time
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout

from gleam_app.services import Services
from gleam_app.ui.jobs import Jobs
from gleam_app.ui.settings_dialog.parts import Page, reword, text_label
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.theme import SPACE_2
from gleam_app.ui.tile_sets.entries import size_text


@dataclass(frozen=True)
class Possible:
    """A pack that could be fetched: from where, and how many bytes."""

    title: str
    hosts: tuple[str, ...]
    size: int


def possible_connections(services: Services) -> list[Possible]:
    """What fetching each pack that is not here would connect to. Runs pip: not on the GUI thread."""
    from gleam_app.packs.connections import connections_of

    found = []
    for status in services.packs.list():
        if status.manifest is None or status.state == "ready":
            continue
        reached = connections_of(status.manifest, status.folder)
        if reached.hosts:
            found.append(Possible(status.title, reached.hosts, reached.size))
    return found


class PrivacyPage(Page):
    def __init__(self, services: Services, jobs: Jobs) -> None:
        super().__init__("settings.privacy")
        self._services, self._jobs = services, jobs
        self._possible: list[Possible] | None = None
        self._asking = False
        self.connected: dict[object, str] = {}  # task -> when and what
        self.refused = 0
        self.add_text("settings.privacy.promise")
        self.add_heading("settings.privacy.so_far")
        self.so_far = self.add_text("")
        self.add_heading("settings.privacy.could")
        self.add_text("settings.privacy.could.hint")
        self.could = QVBoxLayout()
        self.could.setSpacing(SPACE_2)
        self.column.addLayout(self.could)
        self.ask = QPushButton()
        bind_text(self.ask, self.ask.setText, "settings.privacy.ask")
        self.ask.clicked.connect(self._ask)
        self.column.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)
        self.add_heading("settings.privacy.others")
        self.add_text("settings.privacy.others.text")
        self.end()
        jobs.changed.connect(self._note)
        reword(self, self._show)

    def count_refused(self, address: str) -> None:
        """The map's page asked for something outside, and was refused."""
        self.refused += 1
        self._show()

    def _note(self) -> None:
        """Remember what uses the network, for as long as the program runs."""
        fresh = [
            task for task in self._jobs.running if task.connects and task not in self.connected
        ]
        for task in fresh:
            self.connected[task] = f"{time.strftime('%H:%M')}  {task.title}"
        if fresh:
            self._show()

    def _ask(self) -> None:
        self._asking = True
        self._show()
        self._jobs.start(
            tr("settings.privacy.could"),
            lambda work: possible_connections(self._services),
            done=self._take,
            quiet=True,
        )

    def _take(self, possible: list[Possible]) -> None:
        self._possible, self._asking = possible, False
        self._show()

    def _show(self) -> None:
        lines = list(self.connected.values()) or [tr("settings.privacy.nothing_yet")]
        lines.append(tr("settings.privacy.refused", count=self.refused))
        self.so_far.setText("\n".join(lines))
        self.ask.setVisible(self._possible is None)
        self.ask.setEnabled(not self._asking)
        while (item := self.could.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if self._possible is None:
            return
        for one in self._possible:
            words = tr(
                "settings.privacy.pack",
                title=one.title,
                hosts=", ".join(one.hosts),
                size=size_text(one.size),
            )
            self.could.addWidget(_said(words))
        if not self._possible:
            self.could.addWidget(_said(tr("settings.privacy.none")))


def _said(words: str) -> QLabel:
    label = text_label(role="secondary")
    label.setText(words)
    return label

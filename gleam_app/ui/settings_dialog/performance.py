"""Threads, what computes, and the memory in use."""

import os

from PySide6.QtWidgets import QLabel, QPushButton

from gleam_app.ui.jobs import Jobs
from gleam_app.ui.preferences import Preferences
from gleam_app.ui.settings_dialog.machine import Machine, examine_machine, memory_in_use
from gleam_app.ui.settings_dialog.parts import Choice, Page, reword, text_label
from gleam_app.ui.strings import bind_text, tr
from gleam_app.ui.tile_sets.entries import size_text


class PerformancePage(Page):
    def __init__(self, preferences: Preferences, jobs: Jobs) -> None:
        super().__init__("settings.performance")
        self._preferences, self._jobs = preferences, jobs
        self._machine: Machine | None = None
        self._asked = False
        self._memory: tuple[int, int] | None = None
        counts = _counts(os.cpu_count() or 1, preferences.settings.choices.threads)
        options = {"0": "settings.threads.auto"} | {str(one): str(one) for one in counts}
        self.threads = Choice(options, lambda count: preferences.choose_threads(int(count)))
        self.add_row(
            "settings.threads", self.threads, text_label("settings.threads.hint", "secondary")
        )
        self.add_heading("settings.device")
        self.processor = self.add_text("")
        self.graphics = self.add_text("")
        self.add_heading("settings.memory")
        self.memory = self.add_text("")
        again = QPushButton()
        bind_text(again, again.setText, "settings.memory.again")
        again.clicked.connect(self._measure)
        self.add_row("settings.memory.measure", again)
        self.end()
        preferences.changed.connect(self._show)
        reword(self, self._show)

    def refresh(self) -> None:
        self._show()
        self._measure()
        if not self._asked:
            self._asked = True
            self._jobs.start(
                tr("settings.device"),
                lambda work: examine_machine(),
                done=self._take_machine,
                quiet=True,
            )

    def _take_machine(self, machine: Machine) -> None:
        self._machine = machine
        self._show()

    def _measure(self) -> None:
        self._jobs.start(
            tr("settings.memory"),
            lambda work: memory_in_use(),
            done=self._take_memory,
            quiet=True,
        )

    def _take_memory(self, memory: tuple[int, int]) -> None:
        self._memory = memory
        self._show()

    def _show(self) -> None:
        self.threads.show_value(str(self._preferences.settings.choices.threads))
        machine = self._machine
        if machine is None:
            _say(self.processor, tr("settings.looking"))
            _say(self.graphics, "")
        else:
            way = tr("settings.integers" if machine.integers else "settings.floats")
            known = {"name": machine.processor, "cores": machine.cores, "way": way}
            _say(self.processor, tr("settings.processor", **known))
            if machine.graphics:
                names = ", ".join(machine.graphics)
                _say(self.graphics, tr("settings.graphics.unused", names=names))
            else:
                _say(self.graphics, tr("settings.graphics.none", torch=machine.torch))
        if self._memory is None or not self._memory[0]:
            _say(
                self.memory, tr("settings.looking" if self._memory is None else "settings.unknown")
            )
        else:
            own, children = (size_text(part) for part in self._memory)
            _say(self.memory, tr("settings.memory.use", own=own, children=children))


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def _counts(cores: int, chosen: int) -> list[int]:
    """Numbers to choose from: all of few, then in steps; the one chosen is always there."""
    few = [one for one in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128) if one < cores]
    return sorted({*few, cores, *([chosen] if chosen else [])})

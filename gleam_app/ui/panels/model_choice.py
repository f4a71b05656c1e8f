"""Who explains: the preferred language model, another one that is ready, or the measured evidence alone."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox

from gleam_app.ui.buttons import ChoiceBox
from gleam_app.ui.strings import bind_text, language, tr

AUTOMATIC, EVIDENCE = "", "evidence"  # as ``gleam explain --model``
SHOWN_LETTERS, SPARED_LETTERS = 12, 7  # the latter where there is little room


class ModelChoice(ChoiceBox):
    """``chosen``: the person took another one, by a pack's id, ``AUTOMATIC`` or ``EVIDENCE``."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._packs: list[tuple[str, str]] = []
        self._wanted = AUTOMATIC
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(SHOWN_LETTERS)
        bind_text(self, self.setAccessibleName, "explain.model")
        bind_text(self, self.setToolTip, "explain.model.hint")
        self.activated.connect(self._take)
        language.changed.connect(self._fill)
        self._fill()

    def minimumSizeHint(self) -> QSize:
        spared = SPARED_LETTERS * self.fontMetrics().averageCharWidth()
        return super().minimumSizeHint() - QSize(spared, 0)

    @property
    def who(self) -> str:
        """What is chosen, as far as it is there; else ``AUTOMATIC``."""
        return str(self.currentData() or AUTOMATIC)

    def set_models(self, packs: Sequence[tuple[str, str]]) -> None:
        """The language models that are ready: id and title."""
        self._packs = list(packs)
        self._fill()

    def want(self, model: str) -> None:
        """Show a choice made earlier; it counts once its pack is there."""
        self._wanted = model
        self._fill()

    def _fill(self) -> None:
        self.clear()
        self.addItem(tr("explain.model.automatic"), AUTOMATIC)
        for pack_id, title in self._packs:
            self.addItem(title, pack_id)
        self.addItem(tr("explain.model.evidence"), EVIDENCE)
        self.setCurrentIndex(max(0, self.findData(self._wanted)))

    def _take(self) -> None:
        self._wanted = self.who
        self.chosen.emit(self._wanted)

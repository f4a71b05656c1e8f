"""What can be done with one candidate besides deciding on it."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from gleam_app.ui.panels.candidates import CandidateModel
from gleam_app.ui.session import Session
from gleam_app.ui.strings import tr


class CandidateCommands(QObject):
    """``said``: a short confirmation."""

    said = Signal(str)

    def __init__(self, session: Session, model: CandidateModel) -> None:
        super().__init__(session)
        self._session, self._model = session, model

    def copy_selected(self) -> None:
        """The position of the selected candidate, in the format in use."""
        self.copy(self._session.rank)

    def copy(self, rank: int | None) -> None:
        """The position of the candidate of that rank, if it has one."""
        row = self._model.row_of(rank)
        candidate = self._model.candidates[row] if row >= 0 else None
        if candidate is not None and candidate.lat is not None:
            position = self._model.position(candidate)
            QGuiApplication.clipboard().setText(position)
            self.said.emit(tr("candidates.copied", position=position))

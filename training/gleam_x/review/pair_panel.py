"""The app's compare panel, with captions for a pair under review."""

from gleam_app.retrieval.results import Candidate
from gleam_app.ui.compare.panel import ComparePanel
from gleam_app.ui.compare.words import query_caption, word
from gleam_app.ui.lengths import lengths
from gleam_app.ui.strings import language


class PairPanel(ComparePanel):
    """A record keeps no single matches, so none are drawn or counted."""

    def toggle_aligned(self) -> None:
        """Lay one picture over the other, or side by side again; nothing where no geometry is known."""
        over = self._buttons["aligned"].isChecked()
        self._buttons["side" if over else "aligned"].click()

    def _apply_mode(self) -> None:
        super()._apply_mode()
        self._lines.hide()

    def _write_captions(self) -> None:
        left, right = self._captions
        turn = self.canvas.query_turn_deg
        left.setText(query_caption(self._query, turn, language.code) if self._query else "")
        right.setText(_caption(self._candidate) if self._candidate else "")


def _caption(candidate: Candidate) -> str:
    parts = [candidate.tile.source]
    if candidate.tile.scale_m:
        parts.append(word("ground", language.code, distance=lengths.length(candidate.tile.scale_m)))
    if candidate.alignment is None:
        parts.append(word("no_geometry", language.code))
    return " · ".join(parts)

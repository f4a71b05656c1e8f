"""The menu of the list: its order, and which queries it shows."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import get_args

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from gleam_app.ui.cases.listing import Filter, ListedQueries, SortBy
from gleam_app.ui.cases.signs import VERDICTS
from gleam_app.ui.strings import tr

LEAST = (0.0, 0.5, 0.8, 0.95)
DECISIONS = ("open", "accepted", "rejected")


def fill_list_menu(menu: QMenu, listed: ListedQueries, changed: Callable[[], None]) -> None:
    """Made anew each time it opens; ``changed`` is called after a choice."""
    menu.clear()

    def choose_filter(name: str, value: object) -> None:
        listed.choose_filter(**{name: value})
        changed()

    def choose_order(sort_by: SortBy) -> None:
        listed.choose_order(sort_by)
        changed()

    menu.addSection(tr("queries.sort"))
    for sort_by in get_args(SortBy):
        _choice(
            menu,
            tr(f"queries.sort.{sort_by}"),
            sort_by == listed.sort_by,
            partial(choose_order, sort_by),
        )
    chosen = listed.filter
    verdicts = menu.addMenu(tr("queries.filter.verdict"))
    names = {one: tr(f"verdict.{one}") for one in VERDICTS}
    names |= {one: tr(f"queries.state.{one}") for one in ("waiting", "failed")}
    _boxes(verdicts, names.items(), chosen.verdicts, lambda new: choose_filter("verdicts", new))
    least = menu.addMenu(tr("queries.filter.confidence"))
    for value in LEAST:
        words = (
            tr("queries.filter.least", value=f"{value:.2f}") if value else tr("queries.filter.any")
        )
        _choice(least, words, value == chosen.least, partial(choose_filter, "least", value))
    decisions = menu.addMenu(tr("queries.filter.decision"))
    words_of = [(one, tr(f"queries.decision.{one}")) for one in DECISIONS]
    _boxes(decisions, words_of, chosen.decisions, lambda new: choose_filter("decisions", new))
    menu.addSeparator()
    everything = menu.addAction(tr("queries.all"))
    everything.setEnabled(chosen.active)
    everything.triggered.connect(lambda: show_all(listed, changed))


def show_all(listed: ListedQueries, changed: Callable[[], None]) -> None:
    """No filter any more."""
    none = Filter()
    listed.choose_filter(verdicts=none.verdicts, decisions=none.decisions, least=none.least)
    changed()


def _choice(menu: QMenu, words: str, on: bool, chosen: Callable[[], None]) -> QAction:
    action = menu.addAction(words)
    action.setCheckable(True)
    action.setChecked(on)
    action.triggered.connect(lambda *_: chosen())
    return action


def _boxes(
    menu: QMenu,
    named: Iterable[tuple[str, str]],
    chosen: frozenset[str],
    changed: Callable[[frozenset[str]], None],
) -> None:
    for value, words in named:
        _choice(menu, words, value in chosen, partial(changed, chosen ^ {value}))

"""When a command can be used, and what is missing when it cannot."""

from collections.abc import Callable

from gleam_app.ui.session import Session

Missing = Callable[[Session], str]
"""The key of the words that say what is missing; empty: nothing is."""


def nothing(_: Session) -> str:
    return ""


def all_of(*conditions: Missing) -> Missing:
    """What the first of them misses."""
    return lambda session: next((why for one in conditions if (why := one(session))), "")


def a_query(session: Session) -> str:
    return "" if session.query is not None else "why.no_query"


def a_gps_position(session: Session) -> str:
    """In the query's file."""
    if session.query is None:
        return "why.no_query"
    return "" if session.query.exif.lat is not None else "why.no_gps"


def queries(session: Session) -> str:
    return "" if session.query_count > 0 else "why.no_queries"


def a_tile_set(session: Session) -> str:
    return "" if session.tile_sets else "why.no_tile_set"


def no_locating(session: Session) -> str:
    return "why.locating" if session.locating else ""


def no_explaining(session: Session) -> str:
    return "why.explaining" if session.explain.running else ""


def work(session: Session) -> str:
    return "" if session.locating or session.explain.running else "why.idle"


def a_candidate(session: Session) -> str:
    return "" if session.candidate is not None else "why.no_candidate"


def a_place(session: Session) -> str:
    """The selected candidate has coordinates."""
    candidate = session.candidate
    if candidate is None:
        return "why.no_candidate"
    return "" if candidate.lat is not None else "why.no_place"


def an_alignment(session: Session) -> str:
    """Query and candidate can be laid over each other."""
    candidate = session.candidate
    if candidate is None:
        return "why.no_candidate"
    return "" if candidate.alignment is not None else "why.not_aligned"


def a_case_to_write(session: Session) -> str:
    if session.read_only:
        return "why.read_only"
    return "" if session.record is not None else "why.no_query"


def the_answer_of_the_case(session: Session) -> str:
    """What is shown must be the answer that the case holds."""
    record = session.record
    known = record is not None and session.run is not None and record.run == session.run
    return "" if known else "why.not_in_case"


def a_decision(session: Session) -> str:
    """One to take back; of several queries each may have one."""
    record = session.record
    decided = record is not None and record.decision.state != "open"
    return "" if decided or session.query_count > 1 else "why.undecided"


def a_step_back(session: Session) -> str:
    return "" if session.undo_name else "why.nothing_to_undo"


def a_step_forward(session: Session) -> str:
    return "" if session.redo_name else "why.nothing_to_redo"


def queries_waiting(session: Session) -> str:
    return "" if session.can_batch else "why.none_waiting"


can_locate = all_of(a_query, a_tile_set, no_locating)
can_explain = all_of(a_candidate, no_locating, no_explaining)
can_edit = a_case_to_write
can_accept = all_of(can_edit, a_candidate, the_answer_of_the_case)
can_reopen = all_of(can_edit, a_decision)

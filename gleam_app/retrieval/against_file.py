"""How a candidate fits what its query's file says: one rule, for the window and for the evidence."""

from gleam_app.imagery.doubts import HeadingCheck, PositionCheck, check_heading, check_position
from gleam_app.imagery.implied import imply
from gleam_app.imagery.query import Query
from gleam_app.retrieval.results import Candidate


def place_check(query: Query, candidate: Candidate) -> PositionCheck | None:
    """The candidate's place against the file's; None where one of the two is not known."""
    if candidate.lat is None or candidate.lon is None:
        return None
    radius_m = candidate.radius_m or candidate.tile.scale_m
    implied = imply(query.exif, query.full_size)
    place = (candidate.lat, candidate.lon)
    return check_position(query.exif, implied, query.view, place, radius_m)


def heading_check(query: Query, candidate: Candidate) -> HeadingCheck | None:
    """The measured heading against the file's; None where no sound alignment measured one.

    Where somebody entered the file's heading before the search it is still a measurement, though no
    alignment is looked for far from a heading that was entered (``verification.MAX_TURN_ERROR_DEG``).
    """
    heading = candidate.heading_deg if candidate.alignment is not None else None
    if heading is None or candidate.verdict in ("unverified", "not_found"):
        return None
    return check_heading(query.exif, query.view, heading)

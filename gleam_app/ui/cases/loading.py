"""Everything the window shows of one query, read from the case. The slow part; runs off the GUI thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gleam_app.errors import GleamError
from gleam_app.imagery.query import Query
from gleam_app.jobs.work import Work
from gleam_app.retrieval.results import Location
from gleam_app.ui.images import Pyramid, make_pyramid
from gleam_app.ui.strings import Lang

if TYPE_CHECKING:
    from gleam_app.cases.case import Case
    from gleam_app.cases.model import QueryRecord
    from gleam_app.explain.explainer import Explanation


@dataclass(frozen=True)
class Answer:
    """A kept answer: ``run`` its number, ``explanations`` of it by rank, ``searched`` the tile sets."""

    location: Location
    run: int
    explanations: "Mapping[int, Explanation]" = field(default_factory=dict)
    searched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """``query`` and ``pyramid`` are None where there is no picture; ``trouble`` says why."""

    record: "QueryRecord"
    query: Query | None
    pyramid: Pyramid | None
    answer: Answer | None
    trouble: GleamError | None = None


def keep_picture(case: "Case", query: Query, data: bytes | None = None) -> int:
    """The picture's query in the case, added if it is new; ``data``: its bytes if it is no file.

    Raises GleamError where the case cannot be changed and does not hold it.
    """
    from gleam_app.cases.pictures import NewPicture

    if case.read_only:
        for record in case.queries():
            if record.sha256 == query.sha256:
                return record.id
    return case.add([NewPicture.from_query(query, data)])[0]


def load(
    case: "Case", query_id: int, lang: Lang, work: Work, opened: Query | None = None
) -> Loaded:
    """Read one query with its answer. ``opened``: its picture, where that is known already.

    Raises GleamError if the case cannot be read.
    """
    record = case.query(query_id)
    picture, trouble = opened, None
    if picture is None:
        try:
            picture = case.open_query(query_id)
        except GleamError as error:
            trouble = error
    work.check()
    answer = load_answer(case, record, picture, lang)
    if picture is None and answer is not None:  # the small one in the case stands for it
        picture = answer.location.query
    if picture is not None and record.view is not None:
        picture = replace(picture, view=record.view, view_guessed=False)
    work.check()
    pyramid = None if picture is None else make_pyramid(picture.pixels)
    return Loaded(case.query(query_id), picture, pyramid, answer, trouble)


def load_answer(
    case: "Case", record: "QueryRecord", picture: Query | None, lang: Lang
) -> Answer | None:
    """The answer that counts; None if there is none. Without a ``picture`` the preview stands for it."""
    if record.run is None:
        return None
    if picture is None:
        location = case.location(record.id, original=False)
    else:
        seen = replace(picture, view=case.answers.view_of(record.run))
        location = case.answers.location(record.run, seen)
    if location is None:
        return None
    other: Lang = "zh" if lang == "en" else "en"
    explanations = {
        one.rank: one
        for known in (other, lang)  # in the language in use where there is one
        for one in case.answers.explanations(record.run, (known,))
    }
    run = case.answers.run(record.run)
    searched = tuple(use.name for use in run.facts.tile_sets)
    return Answer(location, record.run, explanations, searched)

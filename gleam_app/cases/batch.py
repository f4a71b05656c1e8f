"""Locating the waiting queries of a case, one after another, while the analyst works.

Which ones are left is read from the case before each, so that queries may be added, sorted, removed or
queued again meanwhile, and a batch that was killed goes on where it stopped: begin it again.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from gleam_app.cases.case import Case
from gleam_app.cases.codec import plain
from gleam_app.cases.model import PackUse, QueryRecord, RunFacts, TileSetUse
from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Work
from gleam_app.retrieval.results import Location

if TYPE_CHECKING:
    from gleam_app.retrieval.locate import LocateOptions, Locator
    from gleam_app.retrieval.tiles.tileset import TileSet

log = logging.getLogger(__name__)

WHAT = "Locating queries"

Locate = Callable[[QueryRecord, Work], tuple[Location, RunFacts]]
"""Finds where one query was taken. Raises GleamError where it cannot, Cancelled when asked to stop."""


@dataclass(frozen=True)
class BatchSummary:
    """How many queries a batch located, and how many it could not."""

    done: int
    failed: int


def run_batch(case: Case, locate: Locate, work: Work | None = None) -> BatchSummary:
    """Locate every waiting query of the case in the analyst's order.

    One that fails is recorded with its reason and the rest goes on. Progress counts queries.
    Raises Cancelled when asked to stop (the query at hand waits again), GleamError when the case
    itself cannot be written.
    """
    work = work or Work()
    done: list[bool] = []
    while waiting := case.waiting():
        work.report(WHAT, len(done), len(done) + len(waiting))
        done.append(locate_one(case, waiting[0], locate, work))
    return BatchSummary(sum(done), len(done) - sum(done))


def locate_one(case: Case, query: int, locate: Locate, work: Work) -> bool:
    """Locate one query and keep what came of it: True for an answer, False for a reason why not.

    A window that runs a batch as one job a query lets other questions in between.
    """
    case.set_locating(query)
    try:
        # its own progress is left out: people count queries, and the time left follows from these
        location, facts = locate(case.query(query), work.part())
    except Cancelled:
        raise
    except GleamError as error:
        case.record_failure(query, error)
        return False
    except Exception as error:  # a defect, but of this picture; the others still count
        log.exception("locating a query of a case failed")
        kind = type(error).__name__
        case.record_failure(query, GleamError(f"Something went wrong ({kind})."))
        return False
    else:
        case.answers.record(query, location, facts)
        return True
    finally:
        case.set_locating(None)


def locate_with(
    case: Case,
    locator: "Locator",
    tile_sets: "list[TileSet]",
    options: "LocateOptions",
) -> Locate:
    """The locate function of a batch: the case's picture, its view and heading, these tile sets.

    Raises GleamError at once for what would fail with every query: a tile set of another encoder, a
    region of sources that are not there.
    """
    for tile_set in tile_sets:
        locator.check_encoder(tile_set)
    options.region.check_sources(tile_sets)

    def locate(record: QueryRecord, work: Work) -> tuple[Location, RunFacts]:
        query = case.open_query(record.id)
        heading = options.heading_deg if record.heading_deg is None else record.heading_deg
        chosen = replace(options, heading_deg=heading)
        location = locator.locate(query, tile_sets, chosen, work)
        return location, run_facts(locator, tile_sets, chosen)

    return locate


def run_facts(locator: "Locator", tile_sets: "list[TileSet]", options: "LocateOptions") -> RunFacts:
    """How a query is located, as a case keeps it."""
    packs = [locator.encoder.pack, locator.matcher.pack]
    return RunFacts(
        plain(asdict(options)),
        tuple(TileSetUse(one.info.name, plain(asdict(one.info))) for one in tile_sets),
        tuple(PackUse(pack.manifest.kind, pack.label, pack.hash) for pack in packs),
    )

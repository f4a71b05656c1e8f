"""Taking a case out: one way in for every format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from gleam_app.cases.case import Case
from gleam_app.cases.database import written_whole
from gleam_app.cases.exports.cot import write_cot
from gleam_app.cases.exports.findings import Findings, gather
from gleam_app.cases.exports.geojson import write_geojson
from gleam_app.cases.exports.gpkg import write_gpkg
from gleam_app.cases.exports.gpx import write_gpx
from gleam_app.cases.exports.html import write_html
from gleam_app.cases.exports.kml import write_kml, write_kmz
from gleam_app.cases.exports.pdf import write_pdf
from gleam_app.cases.exports.table import write_csv, write_history
from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from gleam_app.jobs.work import Work
from gleam_app.retrieval.tiles.tileset import TileSetStore

Format = Literal["geojson", "kml", "kmz", "gpx", "csv", "gpkg", "cot", "html", "pdf", "history"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[Format, str] = {
    "geojson": ".geojson",
    "kml": ".kml",
    "kmz": ".kmz",
    "gpx": ".gpx",
    "csv": ".csv",
    "gpkg": ".gpkg",
    "cot": ".cot",
    "html": ".html",
    "pdf": ".pdf",
    "history": ".csv",
}
_PLAIN: dict[Format, Callable[[Path, Findings], None]] = {
    "geojson": write_geojson,
    "kml": write_kml,
    "gpx": write_gpx,
    "csv": write_csv,
    "gpkg": write_gpkg,
}


@dataclass(frozen=True)
class Exported:
    """What was written: of how many ``queries``, how many have a place."""

    path: Path
    queries: int
    places: int


def export_case(
    case: Case,
    format: str,
    out: Path,
    *,
    queries: Sequence[int] | None = None,
    candidates: bool = False,
    langs: Sequence[Lang] = ("en",),
    store: TileSetStore | None = None,
    work: Work | None = None,
) -> Exported:
    """Write ``queries`` of the case (None: all) to ``out``, whole or not at all.

    ``candidates`` adds the other candidates of each query. ``langs``: words are in the first; the report (HTML,
    PDF) explains in each, and draws its maps from the searched tile sets that ``store`` still has.
    ``history`` is the list of actions as CSV. Cursor-on-Target becomes a data package where ``out`` ends in .zip.

    The same case gives the same bytes (with the same imagery and versions of the program and its
    libraries); the times inside are the case's. Raises GleamError for an unknown format or a file that
    cannot be written, Cancelled when asked to stop.
    """
    if format not in FORMATS:
        raise GleamError(f"There is no format {format!r}.", f"Choose one of: {', '.join(FORMATS)}.")
    chosen: Format = format
    if out.resolve() == case.path:
        raise GleamError("That is the case itself.", "Choose another name for the export.")
    findings = gather(case, queries, candidates, langs[0])
    work = work or Work()

    def write_page(path: Path) -> None:
        write_html(path, case, findings, langs, store, work)

    with written_whole(out) as temporary:
        if chosen == "html":
            write_page(temporary)
        elif chosen == "pdf":
            write_pdf(temporary, write_page, findings.facts.changed, work)
        elif chosen == "history":
            write_history(temporary, case)
        elif chosen == "kmz":
            write_kmz(temporary, findings, case.preview)
        elif chosen == "cot":
            write_cot(temporary, findings, packaged=out.suffix.lower() == ".zip")
        else:
            _PLAIN[chosen](temporary, findings)
    if not case.read_only:
        case.journal.record("export", format=chosen, file=out.name, queries=len(findings.findings))
    return Exported(out, len(findings.findings), len(findings.located))

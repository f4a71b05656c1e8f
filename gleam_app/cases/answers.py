"""What was found: the answers of each query, and their explanations, with all numbers and parameters."""

import json
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from typing import cast

from gleam_app import __version__
from gleam_app.cases import codec
from gleam_app.cases.database import Database
from gleam_app.cases.journal import Journal, now
from gleam_app.cases.model import PackUse, RunFacts, RunRecord, TileSetUse
from gleam_app.errors import GleamError
from gleam_app.explain.explainer import Explanation
from gleam_app.explain.wording import Lang
from gleam_app.imagery.query import Query, View
from gleam_app.retrieval.results import Candidate, Location


class Answers:
    """The answers in one open case."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def record(self, query: int, location: Location, facts: RunFacts) -> int:
        """Keep an answer; it becomes the one that counts. The number of the run."""
        blobs = [codec.candidate_blobs(one) for one in location.candidates]
        preview = codec.jpeg(location.query.pixels, codec.PREVIEW_PX, codec.PREVIEW_QUALITY)
        with self._journal.change(
            "locate",
            [query],
            verdict=location.verdict,
            confidence=location.confidence,
            candidates=len(location.candidates),
            options=facts.options,
            tile_sets=[one.name for one in facts.tile_sets],
            packs={one.kind: one.label for one in facts.packs},
        ) as connection:
            run = _insert_run(connection, query, location, facts)
            _insert_uses(connection, run, facts)
            for one, (alignment, pictures) in zip(location.candidates, blobs, strict=True):
                _insert(
                    connection, "candidate", codec.candidate_row(run, one, location.is_rated(one))
                )
                if alignment is not None:
                    _insert(connection, "alignment", (run, one.rank, *alignment))
                for kind, data in pictures:
                    _insert(connection, "candidate_picture", (run, one.rank, kind, data))
            note_opened(connection, query, location.query, preview)
            connection.execute(
                "UPDATE query SET run = ?, queued = 0, error = NULL, hint = NULL WHERE id = ?",
                (run, query),
            )
        return run

    def runs(self, query: int) -> list[RunRecord]:
        """Every locating of the query, the oldest first."""
        rows = self._database.rows("SELECT * FROM run WHERE query = ? ORDER BY id", (query,))
        return [self._run_of(row) for row in rows]

    def run(self, run: int) -> RunRecord:
        """One locating. Raises GleamError if there is none of that number."""
        return self._run_of(self._run_row(run))

    def candidates(self, run: int) -> list[Candidate]:
        """The candidates of a run with pictures and alignments, best first."""
        alignments = {
            row["rank"]: row
            for row in self._database.rows("SELECT * FROM alignment WHERE run = ?", (run,))
        }
        pictures: dict[int, dict[str, bytes]] = {}
        for row in self._database.rows("SELECT * FROM candidate_picture WHERE run = ?", (run,)):
            pictures.setdefault(row["rank"], {})[row["kind"]] = row["jpeg"]
        return [
            codec.candidate_of(row, alignments.get(row["rank"]), pictures.get(row["rank"], {}))
            for row in self.numbers(run)
        ]

    def numbers(self, run: int, rank: int | None = None) -> list[sqlite3.Row]:
        """The rows of ``candidate`` of a run, best first, or of one rank: no pictures, no alignments."""
        return self._database.rows(
            "SELECT * FROM candidate WHERE run = ?1 AND (?2 IS NULL OR rank = ?2) ORDER BY rank",
            (run, rank),
        )

    def location(self, run: int, query: Query) -> Location:
        """The answer as it was given; ``query`` is the picture that it was given for."""
        row = self._run_row(run)
        return Location(
            query,
            row["verdict"],
            row["confidence"],
            tuple(self.candidates(run)),
            json.loads(row["timings_ms"]),
            bool(row["complete"]),
            row["support"],
        )

    def view_of(self, run: int) -> View:
        """The view that the query was taken for."""
        return cast(View, self._run_row(run)["view"])

    def record_explanation(self, run: int, explanation: Explanation) -> None:
        """Keep an explanation; it takes the place of an older one of that candidate and language."""
        document = codec.explanation_json(explanation)
        query = self._run_row(run)["query"]
        with self._journal.change(
            "explain",
            [query],
            run=run,
            rank=explanation.rank,
            lang=explanation.lang,
            pack=explanation.pack,
        ) as connection:
            connection.execute(
                "INSERT INTO explanation (run, rank, lang, at, document) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (run, rank, lang) DO UPDATE SET at = excluded.at,"
                " document = excluded.document",
                (run, explanation.rank, explanation.lang, now(), document),
            )

    def explanations(self, run: int, langs: Sequence[Lang] = ("en", "zh")) -> list[Explanation]:
        """The explanations of a run by rank, then in the order of ``langs``."""
        rows = self._database.rows(
            "SELECT rank, lang, document FROM explanation WHERE run = ?", (run,)
        )
        wanted = [row for row in rows if row["lang"] in langs]
        wanted.sort(key=lambda row: (row["rank"], list(langs).index(row["lang"])))
        return [codec.explanation_of(row["document"]) for row in wanted]

    def tile_sets(self) -> list[TileSetUse]:
        """Every tile set that was searched for an answer that still counts."""
        return _tile_sets(
            self._database.rows(
                "SELECT DISTINCT tile_set.* FROM tile_set JOIN run_tile_set ON tile_set = tile_set.id"
                " JOIN query USING (run) WHERE NOT removed ORDER BY name, tile_set.id"
            )
        )

    def packs(self) -> list[PackUse]:
        """Every pack that took part in an answer that still counts."""
        return _packs(
            self._database.rows(
                "SELECT DISTINCT pack.* FROM pack JOIN run_pack ON pack = pack.id"
                " JOIN query USING (run) WHERE NOT removed ORDER BY kind, label, pack.id"
            )
        )

    def _run_row(self, run: int) -> sqlite3.Row:
        row = self._database.row("SELECT * FROM run WHERE id = ?", (run,))
        if row is None:
            raise GleamError("That answer is not in the case.", "Locate the query again.")
        return row

    def _run_of(self, row: sqlite3.Row) -> RunRecord:
        tile_sets = self._database.rows(
            "SELECT tile_set.* FROM tile_set JOIN run_tile_set ON tile_set = tile_set.id"
            " WHERE run = ? ORDER BY tile_set.id",
            (row["id"],),
        )
        packs = self._database.rows(
            "SELECT pack.* FROM pack JOIN run_pack ON pack = pack.id WHERE run = ? ORDER BY kind",
            (row["id"],),
        )
        return RunRecord(
            id=row["id"],
            query=row["query"],
            at=row["at"],
            software=row["software"],
            verdict=row["verdict"],
            confidence=row["confidence"],
            timings_ms=json.loads(row["timings_ms"]),
            facts=RunFacts(
                json.loads(row["options"]), tuple(_tile_sets(tile_sets)), tuple(_packs(packs))
            ),
        )


def note_opened(
    connection: sqlite3.Connection, query: int, opened: Query, preview: bytes | None = None
) -> None:
    """Keep what became known when the picture was opened."""
    if preview is None:
        preview = codec.jpeg(opened.pixels, codec.PREVIEW_PX, codec.PREVIEW_QUALITY)
    width, height = opened.size
    connection.execute(
        "UPDATE query SET width = ?, height = ?, exif = ?,"
        " guessed_view = coalesce(?, guessed_view) WHERE id = ?",
        (
            width, height, codec.exif_json(opened.exif),
            opened.view if opened.view_guessed else None, query,
        ),
    )  # fmt: skip
    connection.execute("INSERT OR REPLACE INTO picture VALUES (?, 'preview', ?)", (query, preview))


def _insert_run(
    connection: sqlite3.Connection, query: int, location: Location, facts: RunFacts
) -> int:
    number = connection.execute(
        "INSERT INTO run (query, at, software, view, verdict, confidence, support, complete,"
        " candidates, options, timings_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            query, now(), __version__, location.query.view, location.verdict,
            float(location.confidence), location.support, int(location.complete),
            len(location.candidates),
            json.dumps(codec.plain(facts.options)), json.dumps(codec.plain(location.timings_ms)),
        ),
    ).lastrowid  # fmt: skip
    assert number is not None
    return number


def _insert_uses(connection: sqlite3.Connection, run: int, facts: RunFacts) -> None:
    for use in facts.tile_sets:
        document = json.dumps(codec.plain(use.document), sort_keys=True)
        digest = sha256(document.encode("utf-8", "replace")).hexdigest()
        connection.execute(
            "INSERT OR IGNORE INTO tile_set (sha256, name, document) VALUES (?, ?, ?)",
            (digest, use.name, document),
        )
        connection.execute(
            "INSERT OR IGNORE INTO run_tile_set SELECT ?, id FROM tile_set WHERE sha256 = ?",
            (run, digest),
        )
    for pack in facts.packs:
        values = (pack.kind, pack.label, pack.sha256)
        connection.execute(
            "INSERT OR IGNORE INTO pack (kind, label, sha256) VALUES (?, ?, ?)", values
        )
        connection.execute(
            "INSERT OR IGNORE INTO run_pack"
            " SELECT ?, id FROM pack WHERE kind = ? AND label = ? AND sha256 = ?",
            (run, *values),
        )


def _insert(connection: sqlite3.Connection, table: str, values: Sequence[object]) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def _tile_sets(rows: Sequence[sqlite3.Row]) -> list[TileSetUse]:
    return [TileSetUse(row["name"], json.loads(row["document"])) for row in rows]


def _packs(rows: Sequence[sqlite3.Row]) -> list[PackUse]:
    return [PackUse(row["kind"], row["label"], row["sha256"]) for row in rows]

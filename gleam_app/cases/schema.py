"""What a case file is inside: a SQLite database of this layout, known by its header.

Times are UTC, ISO 8601 with milliseconds. Columns called ``document`` hold JSON. What the user can edit
are plain columns of ``facts`` and ``query``: an edit is the column, its value before and after, so that
undoing one needs no knowledge of what it meant.
"""

APPLICATION_ID = 0x474C4D43  # "GLMC"
VERSION = 1

TABLES = """
CREATE TABLE facts (                    -- one row
  id INTEGER PRIMARY KEY CHECK (id = 1),
  case_id TEXT NOT NULL,
  created TEXT NOT NULL,
  software TEXT NOT NULL,               -- the version that made the file
  title TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE query (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: the history speaks of it
  sha256 TEXT NOT NULL UNIQUE,          -- of the picture file's bytes
  name TEXT NOT NULL,
  path TEXT,                            -- where it was; NULL for a pasted picture
  added TEXT NOT NULL,
  width INTEGER, height INTEGER,        -- working pixels, upright; NULL until it was opened
  guessed_view TEXT,
  exif TEXT,                            -- JSON; NULL until it was opened
  queued INTEGER NOT NULL DEFAULT 1,    -- 1: to be located
  error TEXT, hint TEXT,                -- why the last try failed
  run INTEGER REFERENCES run (id),      -- the answer that counts: the last one
  -- what the user edits:
  position INTEGER NOT NULL,
  view TEXT,                            -- NULL: as guessed
  heading_deg REAL,
  decision TEXT NOT NULL DEFAULT '{"state": "open"}',
  note TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]',
  removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX query_by_position ON query (position, id);

CREATE TABLE picture (                  -- apart from query, so that listing reads no pixels
  query INTEGER NOT NULL REFERENCES query (id),
  kind TEXT NOT NULL CHECK (kind IN ('preview', 'original')),
  bytes BLOB NOT NULL,
  PRIMARY KEY (query, kind)
) STRICT;

CREATE TABLE tile_set (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,          -- of the document
  name TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;

CREATE TABLE pack (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  sha256 TEXT NOT NULL,                 -- '' where it is not known
  UNIQUE (kind, label, sha256)
) STRICT;

CREATE TABLE run (                      -- one locating of one query
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  query INTEGER NOT NULL REFERENCES query (id),
  at TEXT NOT NULL,
  software TEXT NOT NULL,
  view TEXT NOT NULL,
  verdict TEXT NOT NULL,
  confidence REAL NOT NULL,
  support TEXT NOT NULL,
  complete INTEGER NOT NULL,
  candidates INTEGER NOT NULL,          -- how many there are
  options TEXT NOT NULL,                -- JSON
  timings_ms TEXT NOT NULL              -- JSON
) STRICT;
CREATE INDEX run_by_query ON run (query);

CREATE TABLE run_tile_set (
  run INTEGER NOT NULL REFERENCES run (id), tile_set INTEGER NOT NULL REFERENCES tile_set (id),
  PRIMARY KEY (run, tile_set)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_pack (
  run INTEGER NOT NULL REFERENCES run (id), pack INTEGER NOT NULL REFERENCES pack (id),
  PRIMARY KEY (run, pack)
) STRICT, WITHOUT ROWID;

CREATE TABLE candidate (
  run INTEGER NOT NULL REFERENCES run (id),
  rank INTEGER NOT NULL,
  tile_set TEXT NOT NULL, source TEXT NOT NULL, tile TEXT NOT NULL, scale_m REAL NOT NULL,
  tile_lat REAL, tile_lon REAL,
  lat REAL, lon REAL, radius_m REAL,
  score REAL NOT NULL, confidence REAL NOT NULL,
  rated INTEGER NOT NULL,               -- 0: its confidence is none, see Location.is_rated
  verdict TEXT NOT NULL, method TEXT NOT NULL,
  heading_deg REAL, turn_deg REAL,
  footprint TEXT NOT NULL,              -- JSON: [[lat, lon], ...]
  inliers INTEGER NOT NULL,
  PRIMARY KEY (run, rank)
) STRICT;

CREATE TABLE alignment (                -- how the query lies on the candidate's window
  run INTEGER NOT NULL, rank INTEGER NOT NULL,
  query_points BLOB NOT NULL, window_points BLOB NOT NULL,  -- little-endian float32 (x, y) in turn
  window_width INTEGER NOT NULL, window_height INTEGER NOT NULL,
  window_lat REAL, window_lon REAL, window_side_m REAL NOT NULL,
  homography BLOB NOT NULL,             -- 9 little-endian float64, row by row
  matches INTEGER NOT NULL, residual_px REAL NOT NULL, coverage REAL NOT NULL,
  metres_per_pixel REAL NOT NULL,
  PRIMARY KEY (run, rank),
  FOREIGN KEY (run, rank) REFERENCES candidate (run, rank)
) STRICT;

CREATE TABLE candidate_picture (
  run INTEGER NOT NULL, rank INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('thumbnail', 'window')),
  jpeg BLOB NOT NULL,
  PRIMARY KEY (run, rank, kind),
  FOREIGN KEY (run, rank) REFERENCES candidate (run, rank)
) STRICT;

CREATE TABLE explanation (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL, rank INTEGER NOT NULL,
  lang TEXT NOT NULL,
  at TEXT NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (run, rank, lang),
  FOREIGN KEY (run, rank) REFERENCES candidate (run, rank)
) STRICT;

CREATE TABLE action (                   -- one step of undo and redo
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE edit (
  action INTEGER NOT NULL REFERENCES action (id) ON DELETE CASCADE,
  query INTEGER REFERENCES query (id),  -- NULL: of the case
  field TEXT NOT NULL,
  before ANY, after ANY
) STRICT;
CREATE INDEX edit_by_action ON edit (action);

CREATE TABLE history (                  -- only ever grows
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  what TEXT NOT NULL,
  query INTEGER REFERENCES query (id),
  document TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_query ON history (query);
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
  BEGIN SELECT RAISE (ABORT, 'the history is not changed'); END;
CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
  BEGIN SELECT RAISE (ABORT, 'the history is not deleted'); END;

CREATE TABLE remembered (               -- where one left: selection, map, filters
  name TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
"""

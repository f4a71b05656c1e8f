"""Evaluation rows of a manifest as a table: views, samples and intervals are found, nothing is invented."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gleam_app.packs.manifest import Evaluation, parse_manifest
from gleam_app.ui.packs.measured import by_view, columns, measurements

ROOT = Path(__file__).resolve().parents[3]


def rows_of(pack_id: str) -> list[Evaluation]:
    path = ROOT / "resources" / "packs" / pack_id / "pack.json"
    return parse_manifest(path.read_text(encoding="utf-8"), pack_id).evaluation


def test_the_starter_pack() -> None:
    given_rows = rows_of("starter")
    rows = measurements(given_rows)
    assert len(rows) == len(given_rows)
    grouped = by_view(rows)
    assert sum(len(group) for group in grouped.values()) == len(rows)
    assert next(iter(grouped)) == "uav" and {"map", "panorama", "ground"} <= grouped.keys()
    assert columns(rows) == ["recall@1", "recall@5", "recall@10"]
    source, row = next(
        (one, row) for one, row in zip(given_rows, rows, strict=True) if "Sheffield" in one.what
    )
    value, low, high = source.figures["recall@1"]
    assert row.queries == "88" and row.tiles == "344" and row.view == "uav"
    assert row.figures["recall@1"] == f"{100 * value:.0f} % ({100 * low:.0f}–{100 * high:.0f})"
    assert "queries" not in row.what and "Sheffield" in row.what


def test_a_pack_that_measures_other_things() -> None:
    (row,) = measurements(rows_of("xfeat"))
    assert row.view == "" and row.queries == ""
    assert row.figures["own place inliers median"] == "143"


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=3), inside),
    max_leaves=6,
)


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_whatever_a_manifest_says_can_be_shown(what: str, figures: dict[str, object]) -> None:
    (row,) = measurements([Evaluation(what=what, figures=figures, command="x")])
    assert all(isinstance(one, str) for one in row.figures.values())
    json.dumps(row.figures)

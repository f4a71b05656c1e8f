from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.retrieval.evaluation import (
    Outcome,
    calibration_error,
    measure,
    read_truth,
    share,
)


def outcome(rank: int | None, verdict: str, confidence: float) -> Outcome:
    return Outcome("q.jpg", rank, 1.0 if rank == 1 else 90.0, verdict, confidence, None, 2.0)


def test_shares_have_wilsons_interval() -> None:
    # R: prop.test(9, 10, correct = FALSE)
    figure = share(9, 10)
    assert figure is not None
    assert figure["low"] == pytest.approx(0.5958, abs=1e-4)
    assert figure["high"] == pytest.approx(0.9821, abs=1e-4)
    assert share(0, 0) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_agrees_with_plain_loops(pairs: list[tuple[float, bool]]) -> None:
    total = 0.0
    for index in range(10):
        bucket = [(c, r) for c, r in pairs if min(int(c * 10), 9) == index]
        if bucket:
            confidence = sum(c for c, _ in bucket) / len(bucket)
            accuracy = sum(r for _, r in bucket) / len(bucket)
            total += len(bucket) / len(pairs) * abs(confidence - accuracy)
    confidences, right = (np.array(column, float) for column in zip(*pairs, strict=True))
    assert calibration_error(confidences, right) == pytest.approx(total)


def test_measuring_counts_what_it_says() -> None:
    document = measure(
        [
            outcome(1, "verified", 0.99),
            outcome(1, "strong", 0.9),
            outcome(3, "possible", 0.4),
            outcome(None, "not_found", 0.0),
            outcome(None, "verified", 0.97),
        ]
    )
    assert document["recall@1"]["value"] == 0.4
    assert document["recall@5"]["value"] == 0.6
    assert document["coverage"]["value"] == 0.6
    assert document["precision"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert document["median_error_m"]["value"] == 90.0


def test_a_truth_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("query,lat,lon,radius_m,view,heading_deg\na.jpg,28.1,-82.5,5,uav,90\n", "utf-8")
    (truth,) = read_truth(file)
    assert truth.path == tmp_path / "a.jpg"
    assert (truth.lat, truth.lon, truth.radius_m) == (28.1, -82.5, 5.0)
    assert (truth.view, truth.heading_deg, truth.tile) == ("uav", 90.0, None)
    file.write_text("query,tile\nb.jpg,tile-7\n", "utf-8")
    assert read_truth(file)[0].tile == "tile-7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no lines"),
        ("query,lat,lon,radius_m\n", "has no lines"),
        ("query,lat,lon,radius_m\na.jpg,200,0,5\n", "Line 2"),
        ("query,lat,lon,radius_m\na.jpg,1,1,5\nb.jpg,x,1,5\n", "Line 3"),
        ("query,lat,lon\na.jpg,1,1\n", "Line 2"),
        ("query,tile,view\na.jpg,t,moon\n", "Line 2"),
    ],
)
def test_a_wrong_truth_file_names_its_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(GleamError, match=says):
        read_truth(file)


def test_a_missing_truth_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="cannot be read"):
        read_truth(tmp_path / "none.csv")

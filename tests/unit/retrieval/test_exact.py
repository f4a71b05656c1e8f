from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.retrieval import exact
from gleam_app.retrieval.exact import nearest, widened


def test_widening_changes_no_number() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 16)
    assert np.array_equal(widened(finite), finite.astype(np.float32))
    assert widened(finite[:0]).shape == (0, 16)


@given(
    st.integers(1, 40), st.integers(1, 4), st.integers(1, 50), st.integers(1, 9),
    st.booleans(), st.integers(0, 2**32 - 1), st.integers(9, 30),
)  # fmt: skip
def test_the_nearest_are_those_of_plain_loops(
    count: int, asked: int, depth: int, block: int, restricted: bool, seed: int, at_once: int
) -> None:
    rng = np.random.default_rng(seed)
    # eighths are summed without rounding, and often equal
    vectors = (rng.integers(-3, 4, (count, 3)) / 8).astype(np.float16)
    queries = (rng.integers(-3, 4, (asked, 3)) / 8).astype(np.float32)
    rows = np.flatnonzero(rng.random(count) < 0.5) if restricted else None
    with mock.patch.multiple(exact, BLOCK=block, ONE_BLOCK=at_once):
        scores, found = nearest(vectors, queries, depth, rows)
    for number, query in enumerate(queries):
        ranking = sorted(
            (-sum(float(a) * float(b) for a, b in zip(vector, query, strict=True)), row)
            for row, vector in enumerate(vectors)
        )
        allowed = [(s, r) for s, r in ranking if rows is None or r in rows.tolist()][:depth]
        assert found[number].tolist() == [row for _, row in allowed]
        assert scores[number].tolist() == [-score for score, _ in allowed]

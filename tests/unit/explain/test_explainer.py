"""The explainer's answers that need no model."""

import shutil
from pathlib import Path

import pytest

from gleam_app.errors import GleamError
from gleam_app.explain.explainer import Explainer, match_of, plain_explanation
from gleam_app.jobs.work import Progress
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.results import Verdict
from tests.factories import make_location


def test_without_a_pack_the_error_says_what_to_do(tmp_path: Path) -> None:
    location = make_location("verified")
    explainer = Explainer(PackStore(tmp_path / "home", tmp_path / "bundled"))
    with pytest.raises(GleamError) as caught:
        explainer.explain(location, location.candidates[0])
    assert "language model" in str(caught.value) and caught.value.hint
    explainer.close()


def test_while_a_pack_is_fetched_the_error_says_how_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gleam_app.home import resources_dir

    text_model = resources_dir() / "packs" / "qwen2.5-coder-0.5b"
    shutil.copytree(text_model, tmp_path / "bundled" / text_model.name)
    packs = PackStore(tmp_path, tmp_path / "bundled")
    monkeypatch.setattr(packs, "fetch_progress", lambda _: Progress("Fetching", 41, 100, None))
    location = make_location("verified")
    with pytest.raises(GleamError, match=r"41 %"):
        Explainer(packs).explain(location, location.candidates[0])


@pytest.mark.parametrize(
    ("verdict", "rank", "match"),
    [
        ("verified", 1, True),
        ("strong", 1, True),
        ("possible", 1, None),
        ("unverified", 1, None),
        ("not_found", 1, False),
        ("verified", 2, False),
        ("possible", 2, None),
    ],
)
def test_match_follows_geometry(verdict: Verdict, rank: int, match: bool | None) -> None:
    location = make_location(verdict)
    assert match_of(location, location.candidates[rank - 1]) is match


def test_the_document_follows_the_contract() -> None:
    location = make_location("verified")
    document = plain_explanation(location, location.candidates[0], "en").to_json()
    assert document["schema"] == "gleam.explain/1"
    assert set(document) >= {
        "lang", "verdict", "match", "confidence", "text", "claims", "evidence", "pack", "timings_ms",
    }  # fmt: skip
    assert set(document["claims"][0]) >= {"text", "evidence", "supported"}
    assert set(document["evidence"][0]) >= {"id", "kind", "value", "query_region", "tile_region"}

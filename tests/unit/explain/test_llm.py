"""The real model: streams, is stopped, says only what was measured."""

import re
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.explain.explainer import Explainer, Explanation
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.home import gleam_home, resources_dir
from gleam_app.jobs.work import Work
from gleam_app.packs.store import PackStore
from tests.factories import make_location

pytestmark = pytest.mark.llm
HOME = gleam_home()  # the user's own, before each test gets a fresh one


SMALL = "qwen2.5-coder-0.5b"


@pytest.fixture
def explain() -> Iterator[Callable[..., Explanation]]:
    """Asks the small model, for speed."""
    packs = PackStore(HOME, resources_dir() / "packs")
    try:
        packs.get(SMALL)
    except GleamError as error:
        pytest.skip(f"{error} {error.hint}")
    made = Explainer(packs)
    yield partial(made.explain, model=SMALL)
    made.close()


@pytest.mark.parametrize("lang", LANGS)
def test_text_is_streamed_and_supported(explain: Callable[..., Explanation], lang: Lang) -> None:
    location = make_location("verified")
    pieces: list[str] = []
    explanation = explain(location, location.candidates[0], lang, on_text=pieces.append)
    assert "".join(pieces).strip() == explanation.text
    assert len(pieces) > 10
    assert [claim for claim in explanation.claims if not claim.supported] == []
    cited = {mark for claim in explanation.claims for mark in claim.evidence}
    assert cited == {item.id for item in explanation.evidence}
    assert bool(re.search(r"[\u4e00-\u9fff]", explanation.text)) == (lang == "zh")
    assert explanation.match is True and explanation.pack.startswith(SMALL)


def test_stop_stops_and_the_next_explanation_is_reproducible(
    explain: Callable[..., Explanation],
) -> None:
    location = make_location("not_found")
    work = Work()
    with pytest.raises(Cancelled):
        explain(location, location.candidates[0], "en", work, lambda _: work.cancel())
    began = time.monotonic()
    texts = {explain(location, location.candidates[0], "en").text for _ in range(2)}
    assert len(texts) == 1
    assert time.monotonic() - began < 300

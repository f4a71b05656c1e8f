"""Language models that are ready in the user's home: reading, first token, speed, memory; and what it saves to
look at a picture once."""

import time

import numpy as np
import pytest

from gleam_app.explain.engine import Engine, ModelFiles
from gleam_app.explain.explainer import model_files, sees
from gleam_app.explain.montage import SIDE
from gleam_app.explain.pair import WORDS, pair_grammar, pair_messages
from gleam_app.explain.tower import Tower
from gleam_app.home import gleam_home, resources_dir
from gleam_app.packs.manifest import Pack
from gleam_app.packs.store import PackStore
from tests.benchmarks.harness import Bench
from training.gleam_x.model.levels import peak_mb, timed_writing

STORE = PackStore(gleam_home(), resources_dir() / "packs")  # before each test gets a fresh home
PICTURE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
TOKENS = 40


def packs() -> list[Pack]:
    return [STORE.get(s.id) for s in STORE.by_preference("gleam-x") if s.state == "ready"]


@pytest.mark.llm
def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    """Absolute figures, printed: they hold for this machine and its load."""
    models = [pack for pack in packs() if pack.has("model")]
    if not models:
        pytest.skip("no language model is ready: gleam packs fetch ID")
    for pack in models:
        said = measured(model_files(pack), sees(pack))
        with capsys.disabled():
            print(f"\n{pack.label} ({pack.path('model').stat().st_size / 1e6:.0f} MB): {said}")


def measured(files: ModelFiles, pictured: bool) -> str:
    engine = Engine(files)
    messages = pair_messages([], "en", PICTURE)
    if not pictured:
        messages[1]["content"] = messages[1]["content"][1]["text"]
    try:
        clock = time.perf_counter()
        engine.judge(messages, WORDS["en"].yes, WORDS["en"].no)
        cold = time.perf_counter() - clock
        messages[0]["content"] += " "  # another question about the same picture
        first, pace = timed_writing(engine, messages, pair_grammar([], "en"), TOKENS)
        assert engine.pid is not None
        return (
            f"loaded and judged {cold:.1f} s, next first token {first:.2f} s, {pace:.1f} tokens/s, "
            f"peak {peak_mb(engine.pid):.0f} MB"
        )
    finally:
        engine.close()


def test_a_picture_is_looked_at_once(bench: Bench) -> None:
    """Our tower: what it sees on a montage asked for again, against computed again."""
    pack = next((one for one in packs() if one.has("tower")), None)
    if pack is None:
        pytest.skip("no pack with a tower is ready")
    tower = Tower(pack.path("tower"))
    assert tower.odds(PICTURE) == tower._seen(PICTURE).odds
    bench.compare(
        "what is seen on a montage, asked for again",
        lambda: tower.odds(PICTURE),
        lambda: tower._seen(PICTURE),
        "looked at again",
        budget_s=10,
    )

"""Both pictures reach a real model: a real text model with a tiny random vision tower in front."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.explain.engine import Engine
from gleam_app.explain.explainer import Explainer, Explanation, model_files, writes_freely
from gleam_app.explain.prompts import data_url, free_messages
from gleam_app.explain.reading import Reader
from gleam_app.explain.wording import Lang
from gleam_app.home import gleam_home, resources_dir
from gleam_app.packs.manifest import Pack
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.results import Location
from tests.factories import make_location, make_pixels
from tests.unit.explain.tiny_mmproj import write_mmproj

pytestmark = pytest.mark.llm
HOME = gleam_home()  # the user's own, before each test gets a fresh one
BASE, HIDDEN = "qwen2.5-coder-0.5b", 896


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> PackStore:
    """A home whose only gleam-x pack has a model and an mmproj file."""
    pytest.importorskip("gguf")
    try:
        model = PackStore(HOME, resources_dir() / "packs").get(BASE).path("model")
    except GleamError as error:
        pytest.skip(f"{error} {error.hint}")
    home = tmp_path_factory.mktemp("home")
    folder = home / "packs" / "tiny-vl"
    folder.mkdir(parents=True)
    try:
        os.link(model, folder / "model.gguf")
    except OSError:  # another disk
        shutil.copyfile(model, folder / "model.gguf")
    write_mmproj(folder / "mmproj.gguf", HIDDEN)
    manifest = {
        "schema": "gleam.pack/1",
        "id": "tiny-vl",
        "version": "1.0.0",
        "kind": "gleam-x",
        "title": "A test's model that sees",
        "licence": "Apache-2.0",
        "origin": [{"what": "a test", "from": "a test", "licence": "Apache-2.0"}],
        "use": "Tests.",
        "architecture": {"family": "gguf", "context": 4096},
        "files": [_file(folder / "model.gguf", "model"), _file(folder / "mmproj.gguf", "mmproj")],
    }
    (folder / "pack.json").write_text(json.dumps(manifest))
    return PackStore(home, home / "bundled")


def _file(path: Path, role: str) -> dict[str, object]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"path": path.name, "role": role, "size": path.stat().st_size, "sha256": digest}


@pytest.fixture
def pack(seeing: PackStore) -> Pack:
    return seeing.default("gleam-x")


@pytest.fixture
def engine(pack: Pack) -> Iterator[Engine]:
    made = Engine(model_files(pack))
    yield made
    made.close()


LOCATION = make_location("verified")
SOFT, BLACK = make_pixels(640, 480), np.zeros((480, 640, 3), np.uint8)
COARSE = np.random.default_rng(5).integers(0, 256, (8, 8, 3), dtype=np.uint8)
BLOCKS = COARSE.repeat(60, axis=0).repeat(80, axis=1)


def describe(engine: Engine, query: NDArray[np.uint8], window: NDArray[np.uint8]) -> str:
    """What the model says of two pictures when asked nothing else."""
    messages = free_messages([], "en", (query, window))
    content = [*messages[1]["content"][:2], {"type": "text", "text": "Describe both pictures."}]
    message = {"role": "user", "content": content}
    return engine.write([message], 'root ::= ([a-zA-Z]+ [,.]? " ")+', max_tokens=24)


def test_each_picture_changes_what_is_written(engine: Engine) -> None:
    pairs = [(SOFT, SOFT), (BLOCKS, SOFT), (SOFT, BLOCKS), (BLACK, BLOCKS)]
    texts = [describe(engine, *pair) for pair in pairs]
    assert len(set(texts)) == len(pairs), texts
    assert describe(engine, *pairs[0]) == texts[0]  # only the pictures made the difference


def explain(packs: PackStore, location: Location, lang: Lang) -> Explanation:
    explainer = Explainer(packs)
    try:
        return explainer.explain(location, location.candidates[0], lang)
    finally:
        explainer.close()


def with_window(pixels: NDArray[np.uint8]) -> Location:
    """The same answer, but for the picture of the candidate's window."""
    first, *others = LOCATION.candidates
    assert first.alignment is not None
    first = replace(first, alignment=replace(first.alignment, window_rgb=pixels))
    return replace(LOCATION, candidates=(first, *others))


def outside_slots(explanation: Explanation) -> str:
    """The model's own words."""
    text, gap = explanation.text, "" if explanation.lang == "zh" else " "
    for item in explanation.evidence:
        value = re.escape(f"{item.slot(explanation.lang)}{gap}[{item.id}]")
        text = re.sub(value, "", text, flags=re.IGNORECASE)
    return text


def test_explanations_see_and_keep_the_numbers(seeing: PackStore, pack: Pack) -> None:
    assert writes_freely(pack)
    explanations = [
        explain(seeing, LOCATION, "en"),
        explain(seeing, with_window(BLOCKS), "en"),
        explain(seeing, LOCATION, "zh"),
    ]
    assert explanations[0].text != explanations[1].text
    for explanation in explanations:
        assert explanation.pack == "tiny-vl 1.0.0" and explanation.claims
        assert not re.search(r"\d", outside_slots(explanation))  # only measured values were put in


def test_a_picture_is_encoded_once_and_nothing_else_changes(pack: Pack) -> None:
    import llama_cpp

    files = model_files(pack)
    llm = llama_cpp.Llama(str(files.model), n_ctx=1024, n_threads=1, seed=0, verbose=False)
    reader = Reader(llm, str(files.mmproj))
    assert reader.sight is not None
    rules = 'root ::= ([a-zA-Z]+ [,.]? " ")+'

    def ask(text: str, *pictures: NDArray[np.uint8]) -> tuple[list[float], str]:
        images = [{"type": "image_url", "image_url": {"url": data_url(p)}} for p in pictures]
        content = [*images, {"type": "text", "text": text}]
        reader.read([{"role": "user", "content": content}])
        odds = reader.odds(["Yes.", "No."])
        return odds, "".join(piece.text for piece in reader.write(rules, 12))

    questions = [("Same place?", SOFT, BLOCKS), ("Describe them.", SOFT, BLOCKS)]
    fresh = []
    for one in questions:
        reader.sight._kept.clear()
        fresh.append(ask(*one))
    assert reader.sight.encoded == 4
    assert [ask(*one) for one in questions] == fresh  # to the last bit
    assert ask(*questions[0]) == fresh[0]
    assert reader.sight.encoded == 4
    llm.close()

"""Models trained on montages are asked as they were trained, and their files reach the engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gleam_app.explain.evidence import build_evidence
from gleam_app.explain.explainer import compares_montages, model_files
from gleam_app.explain.montage import PANEL, SIDE
from gleam_app.explain.pair import WORDS, pair_grammar, pair_messages, pair_picture
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.packs.manifest import Pack, PackManifest
from tests.factories import make_location, make_pixels
from training.gleam_x.model.dialogue import drawn
from training.gleam_x.model.recipe import DialogueRecipe
from training.gleam_x.records import PairRecord

LOCATION = make_location("verified")


@pytest.mark.parametrize("lang", LANGS)
def test_app_asks_as_training_asked(lang: Lang) -> None:
    evidence = build_evidence(LOCATION, LOCATION.candidates[0])
    said = {
        "text": "x",
        "claims": [{"text": "x", "facts": ["V1"]}],
        "teacher": "test",
        "verdict": "match",
    }
    record = PairRecord.model_validate(
        {
            "id": "r", "image1": "a", "image2": "b", "view": "uav", "match": True, "place": "p",
            "place2": "p", "split": "train", "source": "s",
            "evidence": [item.to_json() for item in evidence], "explanations": {lang: said},
        }
    )  # fmt: skip
    recipe = DialogueRecipe(languages={lang: 1}, explained=1.0, evidence=1.0)
    turn = drawn(record, recipe, np.random.default_rng(0))
    system, user = pair_messages(evidence, lang, np.zeros((SIDE, SIDE, 3), np.uint8))
    picture, text = user["content"]
    assert system["content"] == turn.system
    assert text["text"] == turn.question and "{E2}" in turn.question
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("lang", LANGS)
def test_grammar_is_one_that_llama_cpp_takes(lang: Lang) -> None:
    from llama_cpp import LlamaGrammar

    evidence = build_evidence(LOCATION, LOCATION.candidates[0])
    grammar = pair_grammar(evidence, lang)
    assert LlamaGrammar.from_string(grammar, verbose=False)
    assert grammar.startswith(f'root ::= ("{WORDS[lang].yes}" | "{WORDS[lang].no}")')


def test_picture_is_query_and_tile() -> None:
    """The tile is the middle of the window, as large as the tile on the ground."""
    first = LOCATION.candidates[0]
    assert first.alignment is not None
    window = np.zeros((400, 400, 3), np.uint8)
    window[100:300, 100:300] = 255
    aligned = replace(first.alignment, window_rgb=window, window_side_m=2 * first.tile.scale_m)
    query = np.full((300, 400, 3), 90, np.uint8)
    shown = pair_picture(query, "uav", replace(first, alignment=aligned))
    assert shown is not None and (shown[:, PANEL:] == 255).all()
    assert (shown[:, :PANEL] == 90).all()
    thumbnail = make_pixels(96, 96)
    shown = pair_picture(query, "map", replace(first, alignment=None, thumbnail=thumbnail))
    assert shown is not None and (shown[:, PANEL:] != 255).any()
    assert pair_picture(query, "uav", replace(first, alignment=None, thumbnail=None)) is None


def test_query_is_turned_as_it_was_found() -> None:
    first = replace(LOCATION.candidates[0], alignment=None, thumbnail=make_pixels(96, 96))
    query = np.zeros((200, 200, 3), np.uint8)
    query[:, 100:] = 255  # bright on its right
    halves = {0.0: np.s_[:, PANEL // 2 + 2 :], 90.0: np.s_[PANEL // 2 + 2 :, :]}
    for turn, bright in halves.items():
        shown = pair_picture(query, "uav", replace(first, heading_deg=None, turn_deg=turn))
        assert shown is not None
        whole = shown[:PANEL, :PANEL]
        assert (whole[bright] == 255).all() and whole.mean() < 140


def test_adapter_and_tower_reach_the_engine() -> None:
    def file(role: str) -> dict[str, object]:
        return {"path": f"{role}.gguf", "role": role, "size": 1, "sha256": "0" * 64}

    def pack(*roles: str, pictures: str = "") -> Pack:
        manifest = PackManifest.model_validate(
            {
                "schema": "gleam.pack/1", "id": "x", "version": "1", "kind": "gleam-x", "title": "x",
                "licence": "MIT", "origin": [{"what": "x", "from": "x", "licence": "MIT"}],
                "use": "x", "architecture": {"family": "gguf", "pictures": pictures},
                "files": [file(role) for role in roles],
            }
        )  # fmt: skip
        return Pack(manifest, Path("folder"))

    ours = pack("model", "mmproj", "adapter", pictures="montage")
    files = model_files(ours)
    assert files.adapter is not None and files.adapter.name == "adapter.gguf"
    assert compares_montages(ours)
    other = pack("model", "mmproj")
    assert model_files(other).adapter is None and not compares_montages(other)
    assert not compares_montages(pack("model", pictures="montage"))

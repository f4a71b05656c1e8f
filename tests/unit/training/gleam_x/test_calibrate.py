"""Fitting how sure a model must be: against what is known by construction."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.explain.sureness import Sentence, Sureness
from gleam_app.packs.manifest import Pack, read_manifest
from tests.unit.training.gleam_x.scenes import fact, record
from training.gleam_x.evaluate import calibrate
from training.gleam_x.evaluate.calibrate import (
    SILENT,
    Told,
    area,
    bar_line,
    fit_bar,
    fit_verdict,
)
from training.gleam_x.records import write_records


def test_scale_is_found_again() -> None:
    """Odds stretched by 3 and shifted: the fit undoes both."""
    chance = np.random.default_rng(0)
    true = chance.normal(0, 2, 20000)
    match = chance.random(len(true)) < 1 / (1 + np.exp(-true))
    scale = fit_verdict(3 * true - 6, match)
    assert scale.temperature == pytest.approx(3, rel=0.05)
    assert scale.bias == pytest.approx(2, rel=0.08)


def test_separable_odds_stay_humble_and_senseless_ones_are_refused() -> None:
    match = np.array([True] * 5 + [False] * 5)
    odds = np.where(match, 1.0, -1.0)
    assert fit_verdict(odds, match).probability(1.0) < 0.9
    with pytest.raises(GleamError, match="do not tell"):
        fit_verdict(-odds, match)


def told(values: list[float], true: list[bool]) -> list[Told]:
    return [Told(Sentence("x", (v,)), t) for v, t in zip(values, true, strict=True)]


def test_bar_is_the_lowest_with_the_wanted_precision() -> None:
    values = [-0.1 * number for number in range(40)]  # sure first
    true = [number < 20 or number % 2 == 0 for number in range(40)]
    bar = fit_bar(told(values, true), 0.9)
    shown = [t for v, t in zip(values, true, strict=True) if v >= bar.threshold]
    assert sum(shown) / len(shown) >= 0.9
    lower = [t for v, t in zip(values, true, strict=True) if v >= bar.threshold - 0.15]
    assert sum(lower) / len(lower) < 0.9
    assert fit_bar(told(values, [False] * 40), 0.9).threshold == SILENT


def test_the_measure_that_separates_best_is_chosen() -> None:
    """A false sentence has one bad token; its mean is as good as another's."""
    good = [Told(Sentence("x", (-1.0, -1.0, -1.0, -1.0)), True)] * 20
    bad = [Told(Sentence("x", (-0.2, -0.2, -0.2, -3.4)), False)] * 20
    assert fit_bar([*good, *bad], 0.95).measure in ("least", "low")


def test_area_against_counting_pairs() -> None:
    chance = np.random.default_rng(1)
    values, true = chance.integers(0, 6, 60).astype(float), chance.random(60) < 0.4
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in values[true] for b in values[~true]]
    assert area(values, true) == pytest.approx(np.mean(wins))


class Looks:
    """A model whose odds follow the label and which is sure of what is true."""

    asked = 0

    def __init__(
        self, engine: Any, sureness: Sureness, picture: Any, evidence: Any, lang: str
    ) -> None:
        self._bright = picture[:, 128:].mean() > 100

    def odds(self) -> float:
        type(self).asked += 1
        return 4.0 if self._bright else -3.0

    def sentences(self, same: bool) -> list[Sentence]:
        return [
            Sentence("The first image shows water.", (-0.1,)),
            Sentence("The second image shows a railway.", (-3.0,)),
        ]


def test_the_command_writes_the_packs_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    manifest = {
        "schema": "gleam.pack/1", "id": "ours", "version": "1", "kind": "gleam-x", "title": "x",
        "licence": "MIT", "origin": [{"what": "x", "from": "x", "licence": "MIT"}], "use": "x",
        "architecture": {"family": "gguf", "pictures": "montage"}, "calibration": {"other": 1},
        "files": [{"path": n, "role": n, "size": 1, "sha256": "0" * 64} for n in ("model", "tower")],
    }  # fmt: skip
    (pack / "pack.json").write_text(json.dumps(manifest))
    pairs = []
    for number in range(12):
        match = number % 2 == 0
        for name, grey in (("a", 60), ("b", 200 if match else 20)):
            picture = np.full((64, 64, 3), grey, np.uint8)
            Image.fromarray(picture).save(tmp_path / f"{name}{number}.png")
        facts = [fact("water", "present"), fact("railway", "none")]
        made = record(facts, facts, match)
        names = {
            "image1": f"a{number}.png",
            "image2": f"b{number}.png",
            "id": str(number),
            "split": "val",
        }
        pairs.append(made.model_copy(update=names))
    write_records(tmp_path / "pairs.jsonl", pairs)
    monkeypatch.setattr(calibrate, "Looker", Looks)
    arguments = argparse.Namespace(
        pairs=tmp_path / "pairs.jsonl", pack=str(pack), work=tmp_path / "work", split="val",
        langs="en", limit=None, texts=12, precision=0.95,
    )  # fmt: skip
    said = calibrate.run(arguments)
    assert "12 pairs" in said and "1.000 of 12 true" in said
    written = read_manifest(pack).calibration
    assert written["other"] == 1
    found = Sureness.model_validate(written)
    assert found.probability(4.0, "en") > 0.8 > 0.2 > found.probability(-3.0, "en")
    assert found.sentences["en"].threshold == pytest.approx(-0.1)
    asked = Looks.asked
    assert calibrate.run(arguments) == said and Looks.asked == asked  # answers were kept
    assert Pack(read_manifest(pack), pack).hash


def test_evidence_adds_to_what_is_seen_as_far_as_it_departs_from_the_usual() -> None:
    chance = np.random.default_rng(5)
    match = chance.random(4000) < 0.5
    odds = chance.normal(np.where(match, 0.5, -0.5), 1.0)
    measured = chance.normal(np.where(match, -2.0, -4.0), 1.0)
    measured[::3] = np.nan
    scale = fit_verdict(odds, match, measured)
    assert scale.measured > 0.5 and -4 < scale.usual < -2
    assert scale.probability(0.0, -5.0) < scale.probability(0.0) < scale.probability(0.0, -1.0)
    blind = fit_verdict(odds, match)
    assert blind.measured == 0 and blind.probability(0.7, 3.0) == blind.probability(0.7)


def test_a_model_of_whose_sentences_none_is_decided_is_not_heard() -> None:
    bar = fit_bar([], 0.95)
    assert bar.threshold == SILENT
    assert bar_line(bar, []) == "no sentence is decided by facts, so none is shown"

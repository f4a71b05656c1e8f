"""``gleam-x calibrate``: fit to a pack's model how sure it must be, on pairs that nothing was learnt from.

The verdict's odds become a probability by Platt's scaling (temperature and bias, per language). Sentences
get a bar: of the measures of sureness the one that best tells true sentences from false ones, as scene
facts and evidence decide, and the lowest threshold above which the wanted share of them is true.
"""

import argparse
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.explain.engine import Engine
from gleam_app.explain.explainer import compares_montages, model_files
from gleam_app.explain.looking import Looker, measured_odds
from gleam_app.explain.montage import montage
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.sureness import (
    MEASURES,
    Measure,
    Sentence,
    SentenceBar,
    Sureness,
    VerdictScale,
)
from gleam_app.explain.wording import Lang
from gleam_app.packs.files import write_whole
from gleam_app.packs.manifest import MANIFEST_NAME, Pack, read_manifest
from training.gleam_x.evaluate.desk import say
from training.gleam_x.evaluate.opening import open_pack
from training.gleam_x.evaluate.questions import Question, choose, question
from training.gleam_x.evaluate.texts import judged_sentence
from training.gleam_x.kept import Kept
from training.gleam_x.records import read_records
from training.gleam_x.teachers.apply import check_choice

FEWEST = 8  # sentences above a bar, below which its share of true ones says nothing
SILENT = 0.0  # a bar that no sentence passes: a logarithm of a probability is below it
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """A sentence of the model and whether it is true of its pair."""

    sentence: Sentence
    true: bool


def run(arguments: argparse.Namespace) -> str:
    """Ask, fit, write the pack's manifest; returns what was found. Raises GleamError; the same command goes
    on after an interruption."""
    langs: tuple[Lang, ...] = tuple(arguments.langs.split(","))
    check_choice(langs, ())
    pack = open_pack(arguments.pack)
    if not compares_montages(pack):
        raise GleamError(f"{pack.label} compares no pictures: there is nothing to calibrate.")
    records = [r for r in read_records(arguments.pairs) if r.split == arguments.split]
    records = choose(records, arguments.limit)
    if not records:
        raise GleamError(f"{arguments.pairs.name} has no pairs of the split {arguments.split}.")
    arguments.work.mkdir(parents=True, exist_ok=True)
    kept = Kept(arguments.work / f"calibration-{pack.id}.jsonl")
    engine = Engine(model_files(pack))
    lines, verdict, bars = [], dict[Lang, VerdictScale](), dict[Lang, SentenceBar]()
    try:
        for lang in langs:
            asked = [
                question(record, lang, arguments.pairs.parent, number < arguments.texts)
                for number, record in enumerate(records)
            ]
            answers = [_asked(engine, pack, one, kept) for one in asked]
            odds = np.array([answer["odds"] for answer in answers])
            match = np.array([one.match for one in asked])
            told_odds = [measured_odds(one.evidence) for one in asked]
            measured = np.array([np.nan if one is None else one for one in told_odds], np.float64)
            verdict[lang] = fit_verdict(odds, match, measured)
            told = [t for one, a in zip(asked, answers, strict=True) for t in _told(one, a)]
            line = f"{lang}: {verdict_line(verdict[lang], odds, match, measured)}"
            if arguments.texts:
                bars[lang] = fit_bar(told, arguments.precision)
                line += f"; {bar_line(bars[lang], told)}"
            say(line)
            lines.append(line)
    finally:
        engine.close()
    sureness = Sureness(verdict=verdict, sentences=bars)
    manifest = read_manifest(pack.folder)
    calibration = {**manifest.calibration, **sureness.model_dump(mode="json", exclude={"facts"})}
    written = manifest.model_copy(update={"calibration": calibration})
    write_whole(pack.folder / MANIFEST_NAME, written.to_json())
    return "\n".join(lines)


def _asked(engine: Engine, pack: Pack, asked: Question, kept: Kept) -> dict[str, Any]:
    """The odds, and the sentences where words are wanted, as the model gives them."""
    looker = Looker(engine, Sureness(), montage(*asked.pictures()), asked.evidence, asked.lang)
    named = f"{pack.hash} {asked.record.id} {asked.lang} {asked.explain} {len(asked.evidence)}"
    key = hashlib.sha256(named.encode()).hexdigest()
    if key not in kept:
        odds = looker.odds()
        said = looker.sentences(odds >= 0) if asked.explain else []
        kept.put(key, {"odds": odds, "said": [[s.text, *s.log_probabilities] for s in said]})
    found: dict[str, Any] = kept[key]
    return found


def _told(asked: Question, answer: dict[str, Any]) -> list[Told]:
    """The sentences of which facts or evidence decide whether they are true."""
    found = []
    for text, *tokens in answer["said"]:
        filler = SlotFiller(asked.evidence, asked.lang)
        shown = filler.feed(text) + filler.end()
        standing = judged_sentence(shown, asked).standing
        if standing in ("supported", "contradicted"):
            found.append(Told(Sentence(text, tuple(tokens)), standing == "supported"))
    return found


def fit_verdict(
    odds: Values, match: NDArray[np.bool_], measured: Values | None = None
) -> VerdictScale:
    """Platt's scaling by Newton's steps, its targets softened as he does (1999), so that few pairs never
    make it certain. ``measured``: the odds by evidence, nan where there is none; they add to the model's as
    far as they depart from their mean. Raises GleamError where the odds say nothing, or the opposite."""
    yes, no = int(match.sum()), int((~match).sum())
    target = np.where(match, (yes + 1) / (yes + 2), 1 / (no + 2))
    spread = float(odds.std()) or 1.0
    known = np.full(len(odds), np.nan) if measured is None else measured
    usual = 0.0 if np.isnan(known).all() else float(np.nanmean(known))
    departing = np.nan_to_num(known - usual)
    x = np.stack([odds / spread, np.ones_like(odds), departing], axis=1)
    weights = np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ weights)))
        curve = x.T @ (x * (p * (1 - p))[:, None]) + 1e-6 * np.eye(3)
        step = np.linalg.solve(curve, x.T @ (target - p))
        weights = weights + step * min(1.0, 4.0 / max(1e-12, float(np.abs(step).max())))
    slope = float(weights[0]) / spread
    if not yes or not no or slope <= 1e-6:
        raise GleamError(
            "The model's odds do not tell matches from mistakes.",
            "Train it longer, or on more pairs.",
        )
    return VerdictScale(
        temperature=1 / slope, bias=float(weights[1]), measured=float(weights[2]), usual=usual
    )


def fit_bar(told: Sequence[Told], precision: float) -> SentenceBar:
    """The measure that tells true from false best, and the lowest threshold with ``precision`` above it; one
    that nothing passes where there is none."""
    true = np.array([one.true for one in told], bool)
    sureness = {name: _sureness(told, name) for name in MEASURES}
    name = max(MEASURES, key=lambda measure: area(sureness[measure], true))
    values = sureness[name]
    for threshold in np.unique(values):
        above = values >= threshold
        if above.sum() < FEWEST:
            break
        if true[above].mean() >= precision:
            return SentenceBar(measure=name, threshold=float(threshold))
    return SentenceBar(measure=name, threshold=SILENT)


def area(values: Values, true: NDArray[np.bool_]) -> float:
    """Under the ROC curve; ties count half, 0.5 where there is only one kind."""
    yes, no = values[true], np.sort(values[~true])
    if not len(yes) or not len(no):
        return 0.5
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.sum() / 2 / (len(yes) * len(no)))


def _sureness(told: Sequence[Told], measure: Measure) -> Values:
    return np.array([one.sentence.sureness(measure) for one in told])


def verdict_line(
    scale: VerdictScale, odds: Values, match: NDArray[np.bool_], measured: Values
) -> str:
    """What the scale does to the pairs it was fitted on."""
    before = ((odds >= 0) == match).mean()
    told = [None if np.isnan(one) else float(one) for one in measured]
    chance = np.array([scale.probability(float(o), m) for o, m in zip(odds, told, strict=True)])
    after = ((chance >= 0.5) == match).mean()
    loss = -np.log(np.where(match, chance, 1 - chance).clip(1e-9)).mean()
    return (
        f"{len(match)} pairs, temperature {scale.temperature:.3g}, bias {scale.bias:+.3g}, weight of evidence {scale.measured:.3g}: accuracy "
        f"{before:.3f} -> {after:.3f}, log loss {loss:.3f} ({math.log(2):.3f} for a coin)"
    )


def bar_line(bar: SentenceBar, told: Sequence[Told]) -> str:
    """What the bar lets pass of the sentences it was fitted on."""
    if not told:
        return "no sentence is decided by facts, so none is shown"
    true = np.array([one.true for one in told], bool)
    values = _sureness(told, bar.measure)
    above = values >= bar.threshold
    shown = f"{true[above].mean():.3f} of {above.sum()} true" if above.any() else "none shown"
    return (
        f"{len(told)} sentences decided, {true.mean():.3f} true; by {bar.measure} (area "
        f"{area(values, true):.2f}) from {bar.threshold:.3f} on: {shown}, {above[true].mean() if true.any() else 0:.2f} of the true ones kept"
    )

"""How far reviewers agree, what they changed, and what they discarded."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.wording import Lang
from training.gleam_x.records import PairRecord
from training.gleam_x.review.answers import Answer
from training.gleam_x.review.distance import edit_distance
from training.gleam_x.review.folder import Review, Reviewer
from training.gleam_x.teachers.filters import cleaned

RESAMPLES = 2000


@dataclass(frozen=True)
class Judgement:
    """One yes-or-no question that two people answered. ``duo`` names them, ``pair`` the pair of pictures."""

    duo: tuple[str, str]
    pair: str
    first: bool
    second: bool


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance. ``kappa`` and ``interval`` (95 %) are None where chance alone explains all
    (both always said the same); ``agreed`` is the plain share (0..1), ``count`` how many judgements."""

    count: int
    agreed: float
    kappa: float | None
    interval: tuple[float, float] | None


def cohens_kappa(judgements: Sequence[Judgement], seed: int = 0) -> Kappa | None:
    """Cohen's kappa (Cohen, 1960) with its percentile bootstrap interval; None for no judgements.

    Of more than one duo, chance is each duo's own: expected agreement is the mean of the duos', weighted
    by their judgements. Resampled are pairs of pictures, for two languages of one pair go together; draws in which
    kappa is undefined are left out of the interval.
    """
    if not judgements:
        return None
    tables = _tables(judgements)
    table = tables.sum(axis=0)
    weights = np.random.default_rng(seed).multinomial(
        len(tables), np.full(len(tables), 1 / len(tables)), size=RESAMPLES
    )
    resampled = _kappas(np.einsum("bp,pdij->bdij", weights, tables))
    known = resampled[np.isfinite(resampled)]
    kappa = float(_kappas(table[None])[0])
    agreed = float(table[:, 0, 0].sum() + table[:, 1, 1].sum()) / len(judgements)
    if not np.isfinite(kappa):
        return Kappa(len(judgements), agreed, None, None)
    low, high = np.percentile(known, (2.5, 97.5))
    return Kappa(len(judgements), agreed, kappa, (float(low), float(high)))


def _tables(judgements: Sequence[Judgement]) -> NDArray[np.float64]:
    """Counts (pair, duo, first's answer, second's answer)."""
    pairs = {pair: at for at, pair in enumerate(dict.fromkeys(one.pair for one in judgements))}
    duos = {duo: at for at, duo in enumerate(dict.fromkeys(one.duo for one in judgements))}
    tables = np.zeros((len(pairs), len(duos), 2, 2))
    for one in judgements:
        tables[pairs[one.pair], duos[one.duo], int(one.first), int(one.second)] += 1
    return tables


def _kappas(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of each of (N, duo, 2, 2) tables; NaN where chance leaves nothing to agree on."""
    sizes = tables.sum(axis=(2, 3))
    total = sizes.sum(axis=1)
    by_chance = (tables.sum(axis=3) * tables.sum(axis=2)).sum(axis=2)  # sum of products of margins
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(sizes > 0, by_chance / sizes, 0.0).sum(axis=1) / total
        observed = (tables[:, :, 0, 0] + tables[:, :, 1, 1]).sum(axis=1) / total
        kappa = (observed - expected) / (1 - expected)
    return np.where(1 - expected > 1e-12, kappa, np.nan)


def measure(review: Review) -> dict[str, Any]:
    """The whole report, as JSON: ``gleam.review-agreement/1``."""
    people = review.reviewers()
    records = {record.id: record for record in review.records}
    seated = [one for one in people if one.seat is not None]
    langs = review.plan.langs
    groups = [("all", list(records.values()), langs)]
    groups += [(lang, list(records.values()), (lang,)) for lang in langs]
    for view in sorted({record.view for record in review.records}):
        groups.append((view, [one for one in review.records if one.view == view], langs))
    return {
        "schema": "gleam.review-agreement/1",
        "pairs": len(records),
        "blind": review.plan.blind,
        "reviewers": [_progress(review, one) for one in people],
        "groups": {
            name: _group(review, seated, {one.id: one for one in members}, spoken)
            for name, members, spoken in groups
        },
    }


def _progress(review: Review, one: Reviewer) -> dict[str, Any]:
    langs = review.plan.langs
    done = [answer for answer in one.answers.values() if answer.decided(langs)]
    given = None if one.seat is None else len(review.queue(one.seat))
    return {"name": one.name, "third": one.seat is None, "given": given, "decided": len(done)}


def _group(
    review: Review,
    people: Sequence[Reviewer],
    records: dict[str, PairRecord],
    langs: tuple[Lang, ...],
) -> dict[str, Any]:
    def decisions(record: PairRecord, answer: Answer) -> list[bool | None]:
        said = [answer.of(lang).decision for lang in langs]
        return [None if one is None else one == "accept" for one in said]

    def label(record: PairRecord, answer: Answer) -> list[bool | None]:
        done = answer.decided(review.plan.langs)
        return [record.match != answer.label_wrong if done else None]

    texts = [
        (records[pair], lang, answer)
        for one in people
        for pair, answer in one.answers.items()
        if pair in records
        for lang in langs
        if answer.of(lang).decision is not None
    ]
    rejected = Counter(answer.of(lang).reason for _, lang, answer in texts)
    rejected.pop(None, None)
    distances, shares = [], []
    for record, lang, answer in texts:
        changed = answer.of(lang).text
        if changed is not None:
            before = record.explanations[lang].text
            distances.append(edit_distance(before, cleaned(changed, lang)))
            shares.append(distances[-1] / max(1, len(before)))
    return {
        "texts": len(texts),
        "accept": _kappa_json(_judgements(people, records, decisions)),
        "label": _kappa_json(_judgements(people, records, label)),
        "blind_label": _kappa_json(_judgements(people, records, lambda _, answer: [answer.judged])),
        "edited": len(distances),
        "edited_share": len(distances) / len(texts) if texts else None,
        "edit_distance": float(np.median(distances)) if distances else None,
        "edit_distance_share": float(np.median(shares)) if shares else None,
        "rejected": dict(sorted(rejected.items(), key=lambda item: str(item[0]))),
    }


def _judgements(
    people: Sequence[Reviewer],
    records: dict[str, PairRecord],
    ask: Callable[[PairRecord, Answer], list[bool | None]],
) -> list[Judgement]:
    """What every two people said to the same question; None is no answer."""
    found = []
    for one, other in combinations(people, 2):
        for pair in sorted(one.answers.keys() & other.answers.keys() & records.keys()):
            said = (ask(records[pair], person.answers[pair]) for person in (one, other))
            found += [
                Judgement((one.name, other.name), pair, first, second)
                for first, second in zip(*said, strict=True)
                if first is not None and second is not None
            ]
    return found


def _kappa_json(judgements: Sequence[Judgement]) -> dict[str, Any] | None:
    found = cohens_kappa(judgements)
    if found is None:
        return None
    return {
        "count": found.count,
        "agreed": found.agreed,
        "kappa": found.kappa,
        "interval": None if found.interval is None else list(found.interval),
    }


def table(report: dict[str, Any]) -> str:
    """The report as text for people, in Markdown."""
    lines = [f"{report['pairs']} pairs under review.", ""]
    for one in report["reviewers"]:
        of = "as a third" if one["third"] else f"of {one['given']}"
        lines.append(f"- {one['name']}: {one['decided']} decided {of}")
    seen = "label, judged blind" if report["blind"] else "label, which was shown"
    heads = ("", "texts", "accept: kappa (95 %)", f"{seen}: kappa (95 %)", "edited", "letters")
    lines += ["", f"| {' | '.join(heads)} |"]
    lines.append("|---|---|---|---|---|---|")
    for name, group in report["groups"].items():
        label = group["blind_label"] if report["blind"] else group["label"]
        edited = "–" if group["edited_share"] is None else f"{group['edited_share']:.0%}"
        moved = "–"
        if group["edit_distance"] is not None:
            moved = f"{group['edit_distance']:.0f} ({group['edit_distance_share']:.1%})"
        cells = [name, str(group["texts"]), _cell(group["accept"]), _cell(label), edited, moved]
        lines.append(f"| {' | '.join(cells)} |")
    reasons = {name: group["rejected"] for name, group in report["groups"].items()}
    columns = sorted({reason for found in reasons.values() for reason in found})
    if columns:
        lines += ["", f"| rejected for | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
        for name, found in reasons.items():
            lines.append(f"| {name} | {' | '.join(str(found.get(c, 0)) for c in columns)} |")
    return "\n".join(lines)


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "–"
    if found["kappa"] is None:
        return f"undefined: all alike ({found['count']})"
    low, high = found["interval"]
    agreed = f"{found['agreed']:.0%} of {found['count']}"
    return f"{found['kappa']:.2f} ({low:.2f} to {high:.2f}), {agreed}"

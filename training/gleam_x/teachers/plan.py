"""What an explanation tells, before it is worded: one plan for both languages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.grammar import planned
from gleam_app.explain.scene_facts import THINGS, Fact, Link, SceneFacts
from training.gleam_x.records import PairRecord

MOST_OF_IMAGE, MOST_SHARED, MOST_DIFFERING, MOST_EVIDENCE = 4, 4, 3, 2
LEAST_SENTENCES = 4  # as the app's grammar asks of a model
_TELLING = {"junction": 5, "road": 4, "street": 4, "roofs": 3, "bend": 2, "buildings": 3}
_EVIDENCE = ("inliers", "coverage", "residual", "score", "margin")


@dataclass(frozen=True)
class Plan:
    """``shared`` and ``differing`` are pairs of facts with the zone that both name; ``neither`` facts of
    image 1 and image 2 that something is in none of them; ``evidence`` one group a sentence.
    ``kinds_alone``: of how many pictures it takes a sentence to say what they are, where little is told."""

    image1: tuple[Fact, ...]
    image2: tuple[Fact, ...]
    shared: tuple[tuple[Fact, Fact, Link], ...]
    differing: tuple[tuple[Fact, Fact], ...]
    neither: tuple[tuple[Fact, Fact], ...]
    evidence: tuple[tuple[Evidence, ...], ...]
    kinds_alone: int = 0


def plan_of(record: PairRecord, evidence: list[Evidence], seed: int) -> Plan:
    """Chosen by the record's id and a seed alone; the more telling facts first, by chance."""
    chance = np.random.default_rng([seed, *record.id.encode()])
    facts = record.facts or SceneFacts(image1=(), image2=(), shared=(), differing=())
    present = tuple(link for link in facts.shared if facts.by_id(link.first).value != "none")
    shared = _different(_by_chance(present, chance))[:MOST_SHARED]
    if record.match:
        most = int(chance.random() < 0.5)  # matches differ, too, and may say so
    else:
        most = MOST_DIFFERING
        shared = shared[: int(chance.integers(0, 3))]
    differing = _by_chance(facts.differing, chance)[:most]
    linked = {link.first for link in (*shared, *differing)}
    linked |= {link.second for link in (*shared, *differing)}
    told = [_told(side, linked, chance) for side in (facts.image1, facts.image2)]
    groups = _evidence_groups(evidence, chance)
    count = 3 + bool(shared) + len(differing) + len(groups)
    absent = _absent(facts, linked, chance)[: max(0, LEAST_SENTENCES - count)]
    lacking = LEAST_SENTENCES - count - len(absent)
    return Plan(
        image1=told[0],
        image2=told[1],
        shared=tuple((facts.by_id(k.first), facts.by_id(k.second), k) for k in shared),
        differing=tuple((facts.by_id(k.first), facts.by_id(k.second)) for k in differing),
        neither=tuple(absent),
        evidence=groups,
        kinds_alone=max(0, lacking),
    )


def _weight(kind: str, value: str) -> float:
    if kind in THINGS:
        return 4.0 if value == "present" else 0.5
    return float(_TELLING.get(kind, 2))


def _by_chance(links: Sequence[Link], chance: np.random.Generator) -> list[Link]:
    """The links, the more telling ones sooner by chance."""
    keys = [chance.random() ** (1 / _weight(link.kind, "present")) for link in links]
    return [links[i] for i in sorted(range(len(links)), key=lambda i: -keys[i])]


def _different(links: list[Link]) -> list[Link]:
    """One link of a kind; and no green space beside the park that it is."""
    kinds = {link.kind for link in links}
    found: dict[str, Link] = {}
    for link in links:
        if not (link.kind == "green" and kinds & {"park", "wood", "sports"}):
            found.setdefault(link.kind, link)
    return list(found.values())


def _told(
    side: tuple[Fact, ...], linked: set[str], chance: np.random.Generator
) -> tuple[Fact, ...]:
    """Facts of one picture: some that are compared later, some that stand alone; nothing that is absent,
    except buildings and trees."""
    kinds = {fact.kind for fact in side if fact.value == "present"}
    open_ = [
        fact
        for fact in side
        if (fact.kind not in (*THINGS, "junction") or fact.value != "none")
        and not (fact.kind == "green" and kinds & {"park", "wood", "sports"})
    ]
    keys = {
        fact.id: chance.random()
        ** (1 / (_weight(fact.kind, fact.value) * (1.5 if fact.id in linked else 1)))
        for fact in open_
    }
    best = sorted(open_, key=lambda fact: -keys[fact.id])
    count = int(chance.integers(2, MOST_OF_IMAGE + 1))
    chosen = {fact.id for fact in best[:count]}
    return tuple(fact for fact in _ordered(open_, chance) if fact.id in chosen)


def _ordered(facts: list[Fact], chance: np.random.Generator) -> list[Fact]:
    """Roads, buildings, the rest; or the other way round. What belongs together stays together."""
    rooms = (
        ("bend", "road", "street", "junction"),
        ("buildings", "storeys", "roof_form", "roofs"),
        (*THINGS, "trees"),
    )
    order = chance.permutation(len(rooms)).tolist()
    kinds = [kind for room in order for kind in rooms[room]]
    return sorted(facts, key=lambda fact: kinds.index(fact.kind))


def _absent(
    facts: SceneFacts, linked: set[str], chance: np.random.Generator
) -> list[tuple[Fact, Fact]]:
    """Things that neither picture shows."""
    found = [
        (one, two)
        for one in facts.image1
        for two in facts.image2
        if one.kind == two.kind and one.value == two.value == "none" and one.id not in linked
    ]
    return [found[i] for i in chance.permutation(len(found))]


def _evidence_groups(
    evidence: list[Evidence], chance: np.random.Generator
) -> tuple[tuple[Evidence, ...], ...]:
    groups = [
        tuple(item for item in group if item.kind in _EVIDENCE) for group in planned(evidence)
    ]
    full = [group for group in groups if group]
    count = min(len(full), int(chance.integers(1, MOST_EVIDENCE + 1)))
    kept = sorted(chance.permutation(len(full))[:count].tolist())
    return tuple(full[i] for i in kept)

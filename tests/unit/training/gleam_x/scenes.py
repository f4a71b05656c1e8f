"""Pair records with invented scene facts, and hypothesis strategies for them."""

from typing import Any

from hypothesis import strategies as st

from gleam_app.explain.evidence import build_evidence
from gleam_app.explain.scene_facts import THINGS, VALUES, ZONES, Fact, scene_facts
from gleam_app.imagery.views import VIEWS, View
from tests.factories import make_location
from training.gleam_x.records import PairRecord, evidence_json

WITH_PLACE = (*THINGS, "junction")


def record(
    first: list[Fact],
    second: list[Fact],
    match: bool = True,
    view: View = "uav",
    name: str = "p1",
    **more: Any,
) -> PairRecord:
    return PairRecord(
        id=name, image1="a.jpg", image2="b.jpg", view=view, match=match, place="x",
        place2="x" if match else "y", split="train", source="simworld",
        facts=scene_facts(first, second), **more,
    )  # fmt: skip


def fact(kind: str, value: str, zone: str = "", measure: float | None = None) -> Fact:
    return Fact(id="", kind=kind, value=value, zone=zone, measure=measure)  # type: ignore[arg-type]


def measured() -> tuple[dict[str, Any], ...]:
    """Evidence as a record keeps it, of a place that was verified."""
    location = make_location("verified")
    return tuple(evidence_json(item) for item in build_evidence(location, location.candidates[0]))


@st.composite
def facts_of_a_picture(draw: st.DrawFn) -> list[Fact]:
    """One fact of some kinds each, and up to two junctions; road directions with degrees that fit."""
    found = []
    for kind in draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=9)):
        for _ in range(draw(st.integers(1, 2)) if kind == "junction" else 1):
            value = draw(st.sampled_from(VALUES[kind]))
            zone = ""
            if kind in WITH_PLACE and value != "none":
                zone = draw(st.sampled_from(("", *ZONES)))
            degrees = None
            if kind in ("road", "street"):
                degrees = (45.0 * VALUES[kind].index(value) + draw(st.floats(-14, 14))) % 180
            made = fact(kind, value, zone, degrees)
            if not any(known.kind == kind and known.value == value for known in found):
                found.append(made)
    if any(one.value == "none" for one in found if one.kind == "junction"):
        found = [one for one in found if one.kind != "junction"] + [fact("junction", "none")]
    return found


@st.composite
def records(draw: st.DrawFn) -> PairRecord:
    return record(
        draw(facts_of_a_picture()),
        draw(facts_of_a_picture()),
        draw(st.booleans()),
        draw(st.sampled_from(VIEWS)),
        f"p{draw(st.integers(0, 10_000))}",
        evidence=measured() if draw(st.booleans()) else None,
    )

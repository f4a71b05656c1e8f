"""Scene facts are what the pictures show: of a small invented scene, and of a real simulated one."""

import numpy as np
import pytest

from gleam_app.explain.scene_facts import ZONES, Fact, agree, near, scene_facts
from training.data.simworld.facts import Area, Building, Junction, Road, Scene, Tree
from training.gleam_x.pairs.scene import Frame, SceneMap, compass
from training.gleam_x.pairs.street import panorama_facts, visible_buildings

SIDE = 120.0


def house(east: float, north: float, roof: str = "gable", name: str = "red") -> Building:
    ring = tuple((east + x, north + y) for x, y in ((-5, -4), (5, -4), (5, 4), (-5, 4)))
    return Building(
        (east, north), 10, 8, 90, 6.0, 8.0, roof, name, (150, 70, 50), (200, 200, 200), ring
    )


def square(east: float, north: float, side: float) -> tuple[tuple[float, float], ...]:
    h = side / 2
    return (
        (east - h, north - h),
        (east + h, north - h),
        (east + h, north + h),
        (east - h, north + h),
    )


def scene(**more: object) -> Scene:
    """A crossroads in the middle, a lake in the north-west, two red houses in the south-east."""
    roads = (
        Road("North Road", "main", 10, 0, ((0, -250), (0, 250))),
        Road("East Road", "street", 6, 90, ((-250, 0), (250, 0))),
    )
    parts: dict[str, object] = {
        "seed": 1, "date": 0, "side_m": 512.0, "pattern": "grid", "character": "suburb",
        "roads": roads, "junctions": (Junction((0.0, 0.0), 4, 6.0),),
        "buildings": (house(40, -40), house(25, -45)),
        "trees": (Tree((20, 20), 6, 5, "broadleaf"),) * 1, "areas": (Area("water", square(-40, 40, 36)),),
        "markings": (), "cars": (), **more,
    }  # fmt: skip
    return Scene(**parts)  # type: ignore[arg-type]


def north_up(east: float = 0, north: float = 0, side: float = SIDE) -> Frame:
    h = side / 2
    corners = [[-h, h], [h, h], [h, -h], [-h, -h]]
    return Frame(np.array(corners) + np.array([east, north]))


def told(facts: list[Fact]) -> dict[str, tuple[str, str]]:
    return {fact.kind: (fact.value, fact.zone) for fact in facts}


def test_a_picture_from_above_shows_what_is_there() -> None:
    facts = told(SceneMap(scene()).facts(north_up()))
    assert facts["water"] == ("present", "upper left")
    assert facts["junction"] == ("cross", "centre")
    assert facts["road"] == ("ns", "") and facts["bend"] == ("straight", "")
    assert facts["buildings"] == ("few", "") and facts["roofs"] == ("red", "")
    assert facts["roof_form"] == ("pitched", "")
    assert facts["pool"] == facts["wood"] == ("none", "") and "park" not in facts


def test_a_turned_picture_shows_it_elsewhere() -> None:
    facts = told(SceneMap(scene()).facts(north_up().turned(1)))
    assert facts["water"] == ("present", "upper right")  # what was left is up, and north is right
    assert facts["road"] == ("ew", "") and facts["junction"] == ("cross", "centre")


def test_a_map_shows_only_what_is_drawn() -> None:
    place = SceneMap(scene())
    drawn = told(place.facts(north_up(), "map", houses=False))
    assert "buildings" not in drawn and "trees" not in drawn and "roofs" not in drawn
    assert drawn["water"] == ("present", "upper left")
    assert told(place.facts(north_up(), "map"))["buildings"] == ("few", "")


def test_between_none_and_plain_nothing_is_said() -> None:
    small = scene(areas=(Area("water", square(-40, 40, 12)),))  # one part in a hundred
    assert "water" not in told(SceneMap(small).facts(north_up()))


def test_a_house_on_the_edge_is_neither_there_nor_not() -> None:
    edge = scene(buildings=(house(59, 0),))
    assert "buildings" not in told(SceneMap(edge).facts(north_up()))


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, "ns"), (179, "ns"), (44, "nesw"), (95, "ew"), (135, "nwse"), (22.5, ""), (158, "")],
)
def test_directions(degrees: float, expected: str) -> None:
    assert compass(degrees) == expected


def test_frames_place_points_as_the_picture_does() -> None:
    chance = np.random.default_rng(3)
    quad = north_up().corners + chance.uniform(-12, 12, (4, 2))
    frame = Frame(quad)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    assert frame.place(quad) == pytest.approx(corners, abs=1e-5)
    assert frame.turned(1).place(np.roll(quad, 1, axis=0)) == pytest.approx(corners, abs=1e-5)


def test_what_lies_behind_the_camera_is_nowhere() -> None:
    tilted = Frame(np.array([[-200.0, 300], [200, 300], [20, 0], [-20, 0]]))
    assert np.isnan(tilted.place(np.array([[0.0, -500.0]]))).all()


def test_only_the_first_wall_is_seen_from_the_street() -> None:
    front, behind, aside = house(0, 20), house(0, 40), house(30, 0)
    place = scene(buildings=(front, behind, aside))
    seen = {b.position for b, _ in visible_buildings(place, np.zeros(2))}
    assert seen == {(0, 20), (30, 0)}
    shares = [share for _, share in visible_buildings(place, np.zeros(2))]
    # the front house spans 10 m at 16 m from its near wall
    assert shares[0] == pytest.approx(2 * np.arctan(5 / 16) / (2 * np.pi), abs=0.004)


def test_a_panorama_tells_its_street_as_it_is_turned() -> None:
    place = scene(roads=scene().roads[:1])
    assert told(panorama_facts(place, (0.0, 60.0), 0.0))["street"] == ("ns", "")
    assert told(panorama_facts(place, (0.0, 60.0), 90.0))["street"] == ("ew", "")
    assert "junction" not in told(panorama_facts(place, (0.0, 30.0), 0.0))
    assert told(panorama_facts(place, (0.0, 10.0), 0.0))["junction"] == ("cross", "")
    assert told(panorama_facts(place, (0.0, 90.0), 0.0))["junction"] == ("none", "")


def fact(kind: str, value: str, zone: str = "", measure: float | None = None) -> Fact:
    return Fact(id="", kind=kind, value=value, zone=zone, measure=measure)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (fact("water", "present", "left"), fact("water", "present", "upper left"), True),
        (fact("water", "present", "left"), fact("water", "present", "right"), False),
        (fact("water", "present", "left"), fact("water", "present"), True),
        (fact("water", "present"), fact("water", "none"), False),
        (fact("water", "none"), fact("water", "none"), None),
        (fact("buildings", "few"), fact("buildings", "several"), None),
        (fact("buildings", "few"), fact("buildings", "many"), False),
        (fact("roofs", "red"), fact("roofs", "brown"), None),
        (fact("roofs", "red"), fact("roofs", "light"), False),
        (fact("road", "ns", measure=5), fact("road", "ns", measure=175), True),
        (fact("road", "ns", measure=14), fact("road", "nesw", measure=31), None),
        (fact("road", "ns", measure=0), fact("road", "ew", measure=88), False),
        (fact("junction", "cross", "centre"), fact("junction", "none"), False),
        (fact("junction", "cross", "left"), fact("junction", "none"), None),
        (fact("junction", "cross", "left"), fact("junction", "tee", "left"), None),
        (fact("bend", "straight"), fact("bend", "curved"), False),
        (fact("bend", "straight"), fact("roof_form", "flat"), None),
    ],
)  # fmt: skip
def test_what_agrees_and_what_plainly_does_not(one: Fact, two: Fact, expected: bool | None) -> None:
    assert agree(one, two) is expected and agree(two, one) is expected


def test_pictures_of_another_extent_are_compared_with_care() -> None:
    few, many, none = (fact("buildings", value) for value in ("few", "many", "none"))
    assert agree(few, many, same_extent=False) is None
    assert agree(none, many, same_extent=False) is False


def test_cells_that_touch() -> None:
    for one in ZONES:
        assert near(one, "centre") and near("", one)
    assert not near("left", "right") and not near("upper left", "lower right")


def test_each_fact_is_compared_once() -> None:
    first = [fact("junction", "cross", "left"), fact("junction", "cross", "upper left")]
    found = scene_facts(first, [fact("junction", "cross", "left")])
    assert [(link.first, link.second) for link in found.shared] == [("A1", "B1")]
    assert found.shared[0].zone == "left" and found.differing == ()
    assert [one.id for one in found.image1] == ["A1", "A2"]
    with pytest.raises(KeyError):
        found.by_id("C1")

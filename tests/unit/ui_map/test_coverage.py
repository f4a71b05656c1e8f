"""Outlines of tile sets: what the map is told, and that the page draws it apart from candidates."""

from typing import Any

from gleam_app.ui.map.drawing import coverage_message
from gleam_app.ui.tile_sets.coverage import Coverage
from tests.factories import LAT, LON, make_location

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def box(lat: float, lon: float, side: float = 0.01) -> tuple[tuple[float, float], ...]:
    return ((lat, lon), (lat, lon + side), (lat + side, lon + side), (lat + side, lon))


def test_rings_are_unwrapped_at_the_antimeridian() -> None:
    message = coverage_message([Coverage("islands", (box(0, 179.995),))], ["islands"])
    (outlined,) = message["sets"]
    longitudes = [lon for _, lon in outlined["rings"][0]]
    assert max(longitudes) - min(longitudes) < 0.011
    assert outlined["go"] and not outlined["new"]


def test_outlines_come_and_go_and_names_are_text(driver: Any) -> None:
    panel = driver.panel
    panel.show_coverage([Coverage(HOSTILE, (box(LAT, LON), box(LAT + 0.1, LON)))], [HOSTILE])
    driver.until("document.querySelectorAll('path.set').length == 2")
    assert driver.ask("document.querySelector('.set-name').innerText") == HOSTILE
    assert driver.ask("document.title") != "owned"
    assert driver.ask("document.querySelectorAll('.set-name img').length") == 0
    assert driver.ask(f"gleam.map.getBounds().contains([{LAT + 0.1}, {LON}])")
    assert not driver.ask("document.body.classList.contains('is-empty')")
    panel.show_coverage([])
    driver.until("document.querySelectorAll('path.set').length == 0")
    driver.until("document.body.classList.contains('is-empty')")


def test_an_outline_does_not_take_clicks_from_candidates(driver: Any) -> None:
    location = make_location()
    driver.panel.show_location(location)
    driver.panel.show_coverage([Coverage("area", (box(LAT - 0.05, LON - 0.05, 0.1),))])
    driver.until("document.querySelectorAll('path.set').length == 1")
    style = "getComputedStyle(document.querySelector('path.set'))"
    assert driver.ask(f"{style}.pointerEvents") == "none"
    assert driver.ask(f"{style}.stroke") != driver.ask(
        "getComputedStyle(document.querySelector('.fp-line')).stroke"
    )


def test_the_view_stays_unless_asked_to_go(driver: Any) -> None:
    driver.panel.fly_to(LAT, LON)
    driver.until(f"gleam.map.getBounds().contains([{LAT}, {LON}])")
    before = driver.ask("gleam.map.getZoom()")
    driver.panel.show_coverage([Coverage("area", (box(LAT - 0.05, LON - 0.05, 0.1),))])
    driver.until("document.querySelectorAll('path.set').length == 1")
    assert driver.ask("gleam.map.getZoom()") == before


def test_after_a_look_at_new_imagery_the_map_is_back_where_it_was(driver: Any, source: Any) -> None:
    driver.panel.set_sources([("demo", source)])
    driver.until("!document.body.classList.contains('is-empty')")
    driver.settle()
    before = driver.ask(
        "[gleam.map.getCenter().lat, gleam.map.getCenter().lng, gleam.map.getZoom()]"
    )
    new = Coverage("new.tif", (box(-10, 100),), new=True)
    driver.panel.show_coverage([new], ["new.tif"])
    driver.until("gleam.map.getBounds().contains([-9.995, 100.005])")
    driver.panel.show_coverage([new])  # something else about the card changed
    driver.panel.show_coverage([])
    driver.until(f"Math.abs(gleam.map.getCenter().lat - {before[0]}) < 1e-6")
    after = driver.ask(
        "[gleam.map.getCenter().lat, gleam.map.getCenter().lng, gleam.map.getZoom()]"
    )
    assert after[2] == before[2] and abs(after[1] - before[1]) < 1e-6

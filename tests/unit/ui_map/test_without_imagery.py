"""Candidates on a map without imagery: a case whose tile sets are on another machine."""

from typing import Any

from tests.factories import LAT, LON, make_location


def test_the_map_goes_to_the_candidates(driver: Any) -> None:
    driver.settle()
    assert driver.ask("gleam.map.getZoom()") <= 3
    driver.panel.show_location(make_location())
    driver.until("gleam.map.getZoom() >= 14")
    lat, lon = driver.ask("[gleam.map.getCenter().lat, gleam.map.getCenter().lng]")
    assert abs(lat - LAT) < 0.05 and abs(lon - LON) < 0.05

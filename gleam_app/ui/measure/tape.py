"""The measuring tape: positions set so far, what they amount to, and how the map draws them. No widgets."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.measure import (
    AreaMeasure,
    Leg,
    Units,
    format_area,
    format_bearing,
    format_length,
    geodesic_line,
    measure_area,
    measure_path,
)

Mode = Literal["distance", "area"]
MOST_POINTS = 500


@dataclass
class Tape:
    """``cursor``: where the next point would be set; it counts as one until the pointer leaves."""

    mode: Mode = "distance"
    points: list[LatLon] = field(default_factory=list)
    cursor: LatLon | None = None

    @property
    def positions(self) -> list[LatLon]:
        """The points with the cursor as the last, where it is somewhere else."""
        moving = self.cursor is not None and self.points and self.points[-1] != self.cursor
        return [*self.points, self.cursor] if moving and self.cursor else list(self.points)

    def add(self, position: LatLon) -> None:
        """Set a point; one on the last point is none."""
        if (not self.points or self.points[-1] != position) and len(self.points) < MOST_POINTS:
            self.points.append(position)
        self.cursor = None

    def take_back(self) -> None:
        """Remove the last point."""
        if self.points:
            self.points.pop()

    def clear(self) -> None:
        self.points, self.cursor = [], None

    @property
    def length_m(self) -> float:
        return measure_path(self.positions).length_m

    @property
    def last_leg(self) -> Leg | None:
        legs = measure_path(self.positions).legs
        return legs[-1] if legs else None

    @property
    def area(self) -> AreaMeasure:
        return measure_area(self.positions)

    def drawing(self, units: Units) -> dict[str, Any]:
        """What the page draws: lines as geodesics, the length of each leg at its middle."""
        positions, settled = self.positions, geodesic_line(self.points)
        ring = self.mode == "area" and len(positions) > 2
        closed = [self.points[0]] if ring else []
        moving = [*settled[-1:], *positions[len(self.points) :], *closed]
        return {
            "on": True,
            "points": geodesic_line(self.points, step_m=math.inf),
            "line": settled,
            "live": geodesic_line(moving),
            "ring": geodesic_line([*positions, *closed]) if ring else [],
            "labels": self._labels(units),
        }

    def _labels(self, units: Units) -> list[dict[str, Any]]:
        positions = self.positions
        line = geodesic_line(positions, step_m=math.inf)
        labels = []
        for number, leg in enumerate(measure_path(positions).legs):
            text = format_length(leg.length_m, units)
            if self.mode == "distance":
                text += f" · {format_bearing(leg.bearing_deg)}"
            ends = line[number : number + 2]
            middle = geodesic_line(ends, leg.length_m / 1.5)[1] if leg.length_m else ends[0]
            labels.append({"at": middle, "text": text})
        return labels

    def figures(self, units: Units) -> list[tuple[str, str]]:
        """(key of its word, figure) in the order of their weight; empty before there is a line."""
        positions = self.positions
        if len(positions) < 2:
            return []
        if self.mode == "area":
            area, around = self.area
            figures = [("measure.perimeter", format_length(around, units))]
            return [("measure.area", format_area(area, units)), *figures] if area else figures
        figures = [("measure.length", format_length(self.length_m, units))]
        leg = self.last_leg
        if leg is not None:
            if len(positions) > 2:
                figures.append(("measure.leg", format_length(leg.length_m, units)))
            figures.append(("measure.bearing", format_bearing(leg.bearing_deg)))
        return figures

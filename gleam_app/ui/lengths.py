"""The units that lengths and areas are written in, all over the window."""

from PySide6.QtCore import QObject, Signal

from gleam_app.geo.measure import Units, format_area, format_length, rough_length


class Lengths(QObject):
    """``changed``: other units are in use."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.units: Units = "metric"

    def choose(self, units: Units) -> None:
        """Use these units from now on."""
        if units != self.units:
            self.units = units
            self.changed.emit()

    def about(self, metres: float) -> str:
        """A length that is only an estimate: "34 m", "110 ft"."""
        return rough_length(metres, self.units)

    def length(self, metres: float) -> str:
        """A length that was measured: "188 m", "206 yd"."""
        return format_length(metres, self.units)

    def area(self, square_km: float) -> str:
        """An area for people: "0.041 km²", "12.3 km²", "1,240 km²", "10.4 acres"."""
        if self.units == "imperial":
            return format_area(square_km * 1e6, self.units)
        digits = 0 if square_km >= 100 else 1 if square_km >= 10 else 2 if square_km >= 0.1 else 3
        return f"{square_km:,.{digits}f} km²"


lengths = Lengths()

"""Sun, air, season and lens of one picture."""

from dataclasses import dataclass

import numpy as np

SEASONS = ("spring", "summer", "autumn", "winter", "dry")


@dataclass(frozen=True)
class Light:
    """``sun`` and ``sky``: strength of direct and diffuse light; ``haze`` a share at 100 m.

    ``tint`` multiplies red, green, blue; ``contrast`` is the exponent of the tone curve.
    """

    azimuth: float = 150.0
    elevation: float = 50.0
    sun: float = 0.85
    sky: float = 0.45
    haze: float = 0.03
    season: str = "summer"
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0


def draw_light(rng: np.random.Generator, season: str | None = None) -> Light:
    """A random day: mostly sunny, one in five overcast."""
    overcast = rng.random() < 0.2
    warmth = rng.normal(0, 0.035)
    return Light(
        azimuth=float(rng.uniform(70, 290)),
        elevation=float(rng.uniform(24, 68)),
        sun=float(rng.uniform(0.05, 0.25) if overcast else rng.uniform(0.65, 0.95)),
        sky=float(rng.uniform(0.7, 0.9) if overcast else rng.uniform(0.36, 0.55)),
        haze=float(rng.uniform(0.0, 0.07)),
        season=season or str(rng.choice(SEASONS, p=[0.2, 0.4, 0.15, 0.1, 0.15])),
        tint=(float(1 + warmth), 1.0, float(1 - warmth + rng.normal(0, 0.02))),
        contrast=float(rng.uniform(0.85, 1.2)),
        saturation=float(rng.uniform(0.5, 1.02)),
    )

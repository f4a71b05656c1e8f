"""Learning rate over a phase: linear warm-up, then a cosine.

A function of how far the phase is, so nothing of it needs saving, and epochs may differ in length (hard
negatives leave some pairs out).
"""

import math

from training.gleam_c.recipe import PhaseRecipe


def learning_rate(phase: PhaseRecipe, epochs_done: float) -> float:
    """The rate of the step that begins after ``epochs_done`` epochs of the phase."""
    warm_up = phase.warm_up_epochs
    if epochs_done < warm_up:
        return phase.learning_rate * epochs_done / warm_up
    share = min(1.0, (epochs_done - warm_up) / max(1e-9, phase.epochs - warm_up))
    last = phase.learning_rate * phase.last_rate_share
    return last + (phase.learning_rate - last) * (1 + math.cos(math.pi * share)) / 2

"""How far apart two texts are."""

import numpy as np


def edit_distance(first: str, second: str) -> int:
    """Least letters put in, taken out or replaced (Levenshtein, 1966). O(len(first) x len(second))."""
    second_codes = np.array([ord(letter) for letter in second], np.int64)
    steps = np.arange(len(second) + 1)
    row = steps.copy()
    for number, letter in enumerate(first, start=1):
        replaced = row[:-1] + (second_codes != ord(letter))
        best = np.minimum(replaced, row[1:] + 1)  # letter replaced or kept; taken out
        best = np.concatenate([[number], best])
        row = np.minimum.accumulate(best - steps) + steps  # letters put in, however many
    return int(row[-1])

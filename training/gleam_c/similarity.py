"""What the similarity of a query's best tile is worth, asked of pictures held out of training.

The queries and tiles are the report's: photos simulated from held-out orthophotos, heading unknown,
against all tiles of these pictures. For every third query its own tiles are taken away: most queries of
an analyst show no place of the map that was loaded.
"""

import numpy as np

from training.gleam_c.report.figures import Vectors
from training.gleam_c.report.trials import Trial

ABSENT = 3  # of so many queries one has no right tile
SAME_PLACE = (
    0.5  # as ``gleam_app.retrieval.search``: tiles nearer than this share of a side are one place
)


def margins(trial: Trial, queries: Vectors, gallery: Vectors) -> list[list[float]]:
    """[lead of the best tile over the best one of another place, 1.0 if it is right] of each query.

    ``queries`` float32 (Q, T, D), ``gallery`` (R, D). Queries whose best tile is neither right nor wrong
    are left out.
    """
    found = []
    for number, (asked, turned) in enumerate(zip(trial.asked, queries, strict=True)):
        scores = (turned @ gallery.T).max(axis=0)
        if number % ABSENT == ABSENT - 1:
            scores[[*asked.right, *asked.left_out]] = -np.inf
        best = int(scores.argmax())
        if best in asked.left_out:
            continue
        tile, first = trial.tiles[best], float(scores[best])
        for row, other in enumerate(trial.tiles):
            if other.path == tile.path and other.distance(tile) < SAME_PLACE * max(
                other.side, tile.side
            ):
                scores[row] = -np.inf
        found.append([first - float(scores.max()), float(best in asked.right)])
    return found

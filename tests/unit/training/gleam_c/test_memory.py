import numpy as np
import torch

from tests.unit.training.gleam_c.tiny import ColouredPlaces
from training.gleam_c.memory import Memory


def test_only_places_that_were_met_are_neighbours_and_semi_positives_never() -> None:
    source = ColouredPlaces(6)  # the next place is a semi-positive of each
    memory = Memory(6, 2)
    angles = torch.tensor([0.0, 0.1, 0.25, 0.3])
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1)
    memory.keep(np.array([0, 1, 3, 5]), vectors, vectors)
    found = memory.neighbours(source, np.arange(6), 3)
    assert found[0].tolist() == [3, 5, -1]  # 1 is half right
    assert found[1].tolist() == [0, 3, 5]
    assert found[5].tolist() == [3, 1, 0]
    assert (found[[2, 4]] == -1).all()


def test_the_latest_vector_counts() -> None:
    source = ColouredPlaces(3)
    memory = Memory(3, 2)
    east, north = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    for place, vector in enumerate((east, north, east)):
        memory.keep(np.array([place]), vector, vector)
    assert memory.neighbours(source, np.arange(3), 1)[0].tolist() == [2]
    memory.keep(np.array([0]), north, east)
    assert memory.neighbours(source, np.arange(3), 1)[2].tolist() == [0]
    assert memory.neighbours(source, np.arange(3), 2)[0].tolist() == [2, -1]

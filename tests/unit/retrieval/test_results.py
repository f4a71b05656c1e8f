import numpy as np

from gleam_app.imagery.sources import NO_IMAGERY_GREY, Picture


def test_people_see_grey_where_there_is_no_imagery() -> None:
    rgb = np.full((2, 2, 3), 7, np.uint8)
    shown = Picture(rgb, np.array([[True, False], [True, True]])).shown
    assert (shown[0, 1] == NO_IMAGERY_GREY).all()
    assert (shown[[0, 1, 1], [0, 0, 1]] == 7).all()

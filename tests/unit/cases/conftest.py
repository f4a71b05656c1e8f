"""Cases to work on: pictures on disk, answers without models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from gleam_app.cases.case import Case
from gleam_app.cases.pictures import NewPicture
from tests.factories import make_pixels


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three small photos of different places."""
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = []
    for number in range(3):
        path = folder / f"photo-{number}.jpg"
        Image.fromarray(make_pixels(160, 120, seed=number)).save(path)
        paths.append(path)
    return paths


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """An empty case, closed at the end."""
    with Case.create(tmp_path / "case.gleamcase", "Harbour") as made:
        yield made


@pytest.fixture
def ids(case: Case, photos: list[Path]) -> list[int]:
    """The three photos as queries of the case."""
    return case.add([NewPicture.from_file(path) for path in photos])

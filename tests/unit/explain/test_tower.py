"""The tower that the app runs is the one that was trained, and looks at each picture once."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gleam_app.errors import GleamError
from gleam_app.explain import tower as rooms
from gleam_app.explain.engine import Engine, ModelFiles
from gleam_app.explain.montage import SIDE
from gleam_app.explain.prompts import data_url
from gleam_app.explain.tower import Tower, decoded
from gleam_app.home import resources_dir
from tests.factories import make_pixels
from training.gleam_x.model.body import Body
from training.gleam_x.model.comparer import Comparer, ComparerShape, Judge, Projector
from training.gleam_x.model.tower_file import write_tower

OUT = 24


@pytest.fixture(scope="module")
def body() -> Body:
    return Body(resources_dir() / "packs" / "starter")


@pytest.fixture(scope="module")
def parts(body: Body) -> tuple[Judge, Projector]:
    torch.manual_seed(0)
    comparer = Comparer(body.channels, ComparerShape(32, 64, 2)).eval()
    with torch.no_grad():
        for parameter in comparer.blocks.parameters():  # blocks begin as doing nothing
            parameter.add_(0.05 * torch.randn_like(parameter))
    judge = Judge(comparer).eval()
    with torch.no_grad():
        judge.places.add_(torch.randn_like(judge.places))
    return judge, Projector(32, 16, OUT).eval()


@pytest.fixture(scope="module")
def file(
    body: Body, parts: tuple[Judge, Projector], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("tower") / "tower.safetensors"
    write_tower(path, body, *parts)
    return path


def test_sees_what_training_saw(body: Body, parts: tuple[Judge, Projector], file: Path) -> None:
    judge, projector = parts
    tower = Tower(file)
    for pixels in (make_pixels(SIDE, SIDE), np.full((SIDE, SIDE, 3), 128, np.uint8)):
        with torch.no_grad():
            features = body.features([pixels]).float()
            wanted = projector(judge.comparer(features))[0].numpy()
            verdict = judge(features).item()
        found = tower.tokens(pixels)
        assert tower.odds(pixels) == pytest.approx(verdict, abs=0.02 * (1 + abs(verdict)))
        assert found.shape == (64, OUT) and found.dtype == np.float32
        assert np.abs(found - wanted).max() < 0.03 * np.abs(wanted).max()  # half precision
        assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.999


def test_looks_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tower, looked = Tower(file), []
    look = tower._seen
    monkeypatch.setattr(tower, "_seen", lambda picture: looked.append(1) or look(picture))
    monkeypatch.setattr(rooms, "KEPT", 2)
    pictures = [np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (0, 90, 200)]
    first = tower.tokens(pictures[0])
    assert tower.tokens(pictures[0].copy()) is first and len(looked) == 1
    for picture in pictures:
        tower.tokens(picture)
    assert len(looked) == 3
    assert np.array_equal(tower.tokens(pictures[0]), first) and len(looked) == 4  # it was forgotten


def test_a_montage_reaches_it_unchanged() -> None:
    pixels = make_pixels(SIDE, SIDE)
    assert np.array_equal(decoded(data_url(pixels, exact=True)), pixels)


def test_what_is_no_tower_is_one_clear_error(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"\x00" * 64)
    with pytest.raises(GleamError, match=r"bad\.safetensors cannot be loaded"):
        Tower(path)
    save_file({"x": torch.zeros(1)}, path, {"gleam": '{"schema": "gleam.tower/9"}'})
    with pytest.raises(GleamError, match=r"gleam\.tower/9"):
        Tower(path)


def test_a_tower_with_a_verdict_is_asked_itself(file: Path) -> None:
    """No language model is started for it: there is none at the path."""
    engine = Engine(ModelFiles(Path("none.gguf"), tower=file))
    pixels = make_pixels(SIDE, SIDE)
    image = {"type": "image_url", "image_url": {"url": data_url(pixels, exact=True)}}
    messages = [{"role": "user", "content": [image, {"type": "text", "text": "Same?"}]}]
    assert engine.judge(messages, "Yes.", "No.") == Tower(file).odds(pixels)
    assert engine.pid is None

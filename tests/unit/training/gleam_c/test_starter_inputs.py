import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from gleam_app.errors import GleamError
from tests.unit.training.gleam_c.tiny import recipe
from training.__main__ import main
from training.data.records import held_out
from training.gleam_c.orthophotos import Orthophotos
from training.gleam_c.recipe import ViewRecipe
from training.gleam_c.starter_inputs import OPEN, prepare_inputs


@pytest.fixture
def imagery(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of open imagery as it lies on disk, and one of street maps: flat little pictures."""
    imagery, maps = tmp_path / "open", tmp_path / "maps"

    def picture(path: Path, grey: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((16, 16, 3), grey, np.uint8))

    for source in OPEN:
        picture(imagery / source.files.replace("*/", "class/").replace("*.jpg", "7.jpg"), 90)
    nepal = imagery / "oam_banepa_nepal_ccby"
    rows = [(x, y) for x in (10, 11, 12, 13) for y in (20, 21, 22, 23)]
    for x, y in rows:
        picture(nepal / "tiles_z19" / f"{x}_{y}.jpg", 10 * (x - 10) + 50 * (y - 20))
    text = "".join(f"{x}_{y}.jpg,{x},{y},{'predict' if x > 12 else 'train'}\n" for x, y in rows)
    (nepal / "tiles.csv").write_text("file,x,y,split\n" + text, "utf-8")
    for side in ("satellite", "map"):
        picture(maps / side / "0001.png", 120)
    return imagery, maps


def test_the_folder_lists_what_is_trained_on(imagery: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for _ in range(2):  # again does no harm
        code = main(["gleam-c", "inputs", str(imagery[0]), str(imagery[1]), str(folder)])
        assert code == 0
    with (folder / "orthophotos" / "grounds.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names)) == len(OPEN) + 2
    assert all(Path(row["picture"]).is_file() for row in rows)
    assert {"gsi_road/7.jpg", "gsi_solar/7.jpg", "0001"} <= set(names)
    mosaic = cv2.imread(next(row["picture"] for row in rows if row["name"].startswith("nepal/")))
    assert mosaic is not None and mosaic.shape == (64, 48, 3)
    assert mosaic[::16, 0, 0] == pytest.approx([0, 50, 100, 150], abs=3)
    assert mosaic[0, ::16, 0] == pytest.approx([0, 10, 20], abs=3)
    assert (folder / "streetmaps" / "map" / "0001.png").is_file()
    sizes = recipe(views={"uav": ViewRecipe(query_px=(32, 32), reference_px=(32, 32))})
    assert Orthophotos(folder / "orthophotos", "train", sizes).places == []  # flat: nothing to see


def test_a_street_map_is_held_out_with_its_satellite_picture(
    imagery: tuple[Path, Path], tmp_path: Path
) -> None:
    prepare_inputs(*imagery, tmp_path / "data")
    text = (tmp_path / "data" / "orthophotos" / "grounds.csv").read_text("utf-8")
    row = next(r for r in csv.DictReader(text.splitlines()) if "satellite" in r["picture"])
    assert held_out(row["name"]) == held_out("0001")


def test_missing_imagery_is_named(imagery: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="ucmerced"):
        prepare_inputs(tmp_path / "nothing", imagery[1], tmp_path / "data")

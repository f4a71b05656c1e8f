"""``gleam tiles`` as a user meets it: estimates, kills, additions, moved imagery, another encoder."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gleam_app.home import resources_dir
from gleam_app.main import main
from gleam_app.retrieval.tiles.tileset import TileSetStore

DEMO_MAP = resources_dir() / "demo" / "map.tif"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """``gleam tiles`` in this process: (exit code, stdout, stderr)."""
    monkeypatch.setenv("GLEAM_HOME", str(home))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(["tiles", *map(str, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def imagery(tmp_path: Path) -> Path:
    return Path(shutil.copy(DEMO_MAP, tmp_path / "area.tif"))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not there")
def test_killed_twice_and_gone_on_without_naming_anything(
    run: Any, home: Path, imagery: Path
) -> None:
    scales = "24,60"
    command = [sys.executable, "-m", "gleam_app.main", "tiles", "add"]
    environment = {**os.environ, "PYTHONPATH": str(resources_dir().parent), "OMP_NUM_THREADS": "1"}
    growing = home / "tiles" / ".staging" / "city" / "vectors.f16"
    done = 0
    for arguments in ([str(imagery), "--scales", scales], ["--resume"]):
        process = subprocess.Popen(
            [*command, *arguments, "--name", "city"], env=environment, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if growing.exists() and growing.stat().st_size > done:
                break
            time.sleep(0.005)
        process.kill()
        process.communicate()
        assert growing.exists() and growing.stat().st_size > done
        done = growing.stat().st_size
        code, out, _ = run("list")
        assert code == 0 and "half built" in out and "--resume --name city" in out
        assert run("info", "city")[0] == 0 and run("verify", "city")[0] == 3
    finished = subprocess.run(
        [*command, "--resume", "--name", "city", "--json"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    assert b"Going on: " in finished.stderr
    entry = json.loads(finished.stdout)
    subprocess.run(
        [*command, str(imagery), "--name", "whole", "--scales", scales],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    store = TileSetStore(home)
    one, other = store.open("city"), store.open("whole")
    assert entry["tiles"] == other.info.tiles
    for name in ("vectors.f16", "tiles.npy"):
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes()
    code, out, _ = run("verify", "city", "--json")
    assert code == 0 and json.loads(out)["problems"] == []


def test_the_estimate_comes_first_and_may_be_all(run: Any, home: Path, imagery: Path) -> None:
    code, out, _ = run("add", imagery, "--name", "a", "--estimate", "--json")
    told = json.loads(out)
    assert code == 0 and told["schema"] == "gleam.estimate/1"
    assert told["tiles"] == sum(s["tiles"] for s in told["scales"] if s["suggested"]) > 0
    code, out, _ = run("add", imagery, "--name", "a", "--scales", "108", "--estimate")
    assert code == 0 and " * 108 m: " in out and "on disk" in out
    assert not (home / "tiles" / "a").exists()
    code, out, err = run("add", imagery, "--name", "a", "--scales", "108", "--json")
    entry = json.loads(out)
    assert code == 0 and " * 108 m: " in err and entry["scales_m"] == [108.0]
    estimated = next(s["tiles"] for s in told["scales"] if s["scale_m"] == 108.0)
    assert entry["tiles"] == pytest.approx(estimated, rel=0.25)


def test_plain_pictures_have_no_scale(run: Any, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "pictures" / "a.png")
    arguments = ["add", tmp_path / "pictures", "--name", "a", "--scales", "108", "--estimate"]
    code, out, _ = run(*arguments)
    assert code == 0 and "108" not in out and "Together 1 tiles" in out
    told = json.loads(run(*arguments, "--json")[1])
    assert (told["tiles"], told["chosen_m"]) == (1, [])


def test_imagery_is_added_moved_and_found_again(run: Any, imagery: Path, tmp_path: Path) -> None:
    assert run("add", imagery, "--name", "a", "--scales", "108")[0] == 0
    before = json.loads(run("info", "a", "--json")[1])
    second = imagery.with_name("second.tif")
    second.write_bytes(imagery.read_bytes() + b"\0")  # of the same place, but another file
    code, out, _ = run("add", second, "--name", "a", "--json")
    assert code == 0 and json.loads(out)["tiles"] == 2 * before["tiles"]
    code, out, err = run("add", second, "--name", "a", "--json")
    assert code == 0 and "holds all of that already" in err and json.loads(out)["timings_s"] == {}
    (tmp_path / "elsewhere").mkdir()
    second.replace(tmp_path / "elsewhere" / "other.tif")
    code, out, err = run("verify", "a", "--json")
    (problem,) = json.loads(out)["problems"]
    assert code == 3 and "second.tif is not where it was" in problem["what"]
    assert problem["hint"] in err and "gleam tiles relink a PATH" in problem["hint"]
    assert "missing: gleam tiles relink a" in run("info", "a")[1]
    code, out, err = run("relink", "a", imagery, "--json")
    assert code == 3 and json.loads(out)["missing"] == [str(second)]
    code, out, _ = run("relink", "a", tmp_path / "elsewhere")
    assert code == 0 and "All imagery" in out
    code, out, _ = run("verify", "a")
    assert code == 0 and out.rstrip().endswith("sound")


def test_another_encoder_is_offered_to_embed_anew(run: Any, home: Path, imagery: Path) -> None:
    assert run("add", imagery, "--name", "a", "--scales", "108")[0] == 0
    manifest = home / "tiles" / "a" / "tileset.json"
    document = json.loads(manifest.read_text("utf-8"))
    changed = json.dumps({**document, "pack": "other 9", "pack_hash": "0" * 64})
    manifest.write_text(changed, "utf-8")
    assert json.loads(run("info", "a", "--json")[1])["fits"] is False
    assert "gleam tiles reembed a" in run("info", "a")[1]
    code, _, err = run("add", DEMO_MAP.with_name("map.tif"), "--name", "a", "--scales", "60")
    assert code == 3 and "gleam tiles reembed a" in err
    code, out, _ = run("reembed", "a", "--json")
    assert code == 0 and json.loads(out)["pack"] == document["pack"]
    assert json.loads(run("info", "a", "--json")[1])["fits"] is True


def test_half_built_work_is_thrown_away_by_name(run: Any, home: Path, imagery: Path) -> None:
    code, _, err = run("discard", "a")
    assert code == 3 and "no tile set 'a'" in err
    assert run("add", imagery, "--name", "a", "--scales", "108")[0] == 0
    code, _, err = run("discard", "a")
    assert code == 3 and "Nothing of tile set 'a' is half built" in err
    code, _, err = run("add", "--resume", "--name", "a")
    assert code == 3 and "Nothing of tile set 'a' is half built" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "--name", "a"],
        ["add", "--name", "a", "--resume", "--estimate"],
        ["add", "x.tif", "--name", "a", "--views", "moon"],
        ["add", "", "--name", "a"],
        ["relink", "a"],
        ["discard"],
    ],
)
def test_wrong_usage_is_two(run: Any, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2 and not out and "usage" in err

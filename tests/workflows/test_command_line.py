"""The command line as a user meets it: real arguments, real exit codes, one JSON document."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gleam_app.diagnostics.doctor import examine
from gleam_app.errors import Cancelled
from gleam_app.geo.coordinates import LatLon
from gleam_app.geo.footprint import distance_m
from gleam_app.home import resources_dir
from gleam_app.jobs.work import Work
from gleam_app.main import main
from gleam_app.services import Services

DEMO = resources_dir() / "demo"
PHOTO = DEMO / "queries" / "photo-01.jpg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo embedded at two scales."""
    folder = tmp_path_factory.mktemp("gleam-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLEAM_HOME", str(folder))
        arguments = ["tiles", "add", str(DEMO / "map.tif"), "--name", "demo", "--scales", "72,108"]
        assert main(arguments) == 0
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process; returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("GLEAM_HOME", str(home))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_locating_the_demo_follows_the_contract(run: Any) -> None:
    code, out, _ = run("locate", PHOTO, "--tiles", "demo", "--top", "3", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["schema"] == "gleam.locate/1"
    assert document["tiles"] == ["demo"]
    assert document["packs"] == {"gleam-c": "starter 0.2.1", "matcher": "xfeat 0.1.0"}
    (query,) = document["queries"]
    assert query["query"] == str(PHOTO)
    assert len(query["sha256"]) == 64
    assert query["view"] == "uav"
    assert query["verdict"] in ("verified", "strong")
    assert set(query["timings_ms"]) == {"decode", "embed", "search", "verify"}
    best = query["candidates"][0]
    assert best["rank"] == 1
    assert best["method"] == "geometric"
    assert best["inliers"] >= 20
    assert best["tile"]["source"] == str(DEMO / "map.tif")
    assert best["tile"]["scale_m"] in (72.0, 108.0)
    truth = LatLon(28.0412700, -82.6980601)
    assert distance_m(truth, LatLon(best["lat"], best["lon"])) < 3.0
    assert abs(best["heading_deg"] - 174.3) < 3.0
    ring = best["footprint"]["coordinates"][0]
    assert ring[0] == ring[-1] and len(ring) == 5
    assert len(query["candidates"]) <= 3


def test_without_verification_no_verdict_is_strong(run: Any) -> None:
    code, out, _ = run("locate", PHOTO, "--tiles", "demo", "--no-verify", "--json")
    assert code == 0
    (query,) = json.loads(out)["queries"]
    assert query["verdict"] in ("possible", "unverified")
    assert {c["method"] for c in query["candidates"]} == {"retrieval"}
    assert [c["rank"] for c in query["candidates"]] == list(range(1, len(query["candidates"]) + 1))


def test_a_photo_from_elsewhere_is_not_found(run: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    coarse.resize((800, 600), Image.Resampling.BICUBIC).save(tmp_path / "elsewhere.jpg")
    code, out, _ = run("locate", tmp_path / "elsewhere.jpg", "--tiles", "demo", "--json")
    assert code == 0
    assert json.loads(out)["queries"][0]["verdict"] in ("not_found", "unverified")


def test_a_bad_picture_does_not_stop_the_others(run: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"")
    code, out, err = run(
        "locate", tmp_path / "bad.jpg", PHOTO, "--tiles", "demo", "--no-verify", "--json"
    )
    assert code == 3
    assert err.strip().count("\n") == 0 and err.startswith("gleam: ")
    assert [q["query"] for q in json.loads(out)["queries"]] == [str(PHOTO)]


def test_tiles_are_listed_checked_and_removed(run: Any) -> None:
    code, out, _ = run("tiles", "list", "--json")
    entry = json.loads(out)
    assert (code, entry["schema"]) == (0, "gleam.tiles/1")
    (demo,) = entry["tiles"]
    assert set(demo) == {"name", "sources", "tiles", "scales_m", "area_km2", "pack", "state"}
    assert demo["scales_m"] == [72.0, 108.0]
    assert run("tiles", "verify", "demo")[0] == 0
    told = json.loads(run("tiles", "info", "demo", "--json")[1])
    assert demo.items() <= told.items() and told["fits"] and told["half_built"] is None
    assert [source["state"] for source in told["sources_found"]] == ["there"]
    code, _, err = run("tiles", "add", DEMO / "map.tif", "--name", "demo")
    assert code == 0 and "already" in err
    code, out, _ = run(
        "tiles", "add", DEMO / "map.tif", "--name", "other", "--scales", "108", "--json"
    )
    assert code == 0 and set(json.loads(out)["timings_s"]) == {"read", "embed", "index"}
    assert run("tiles", "remove", "other")[0] == 0
    assert run("tiles", "info", "other")[0] == 3


def test_pictures_of_a_folder_are_tiles(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "places"
    folder.mkdir()
    for name in ("photo-01.jpg", "photo-05.jpg", "photo-09.jpg"):
        (folder / name).write_bytes((DEMO / "queries" / name).read_bytes())
    (tmp_path / "where.csv").write_text("file,lat,lon\nphoto-05.jpg,28.5,-82.5\n", "utf-8")
    code, out, err = run(
        "tiles", "add", folder, "--name", "places", "--coords", tmp_path / "where.csv", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["tiles"] == 3
    code, out, _ = run("locate", folder / "photo-05.jpg", "--tiles", "places", "--json")
    best = json.loads(out)["queries"][0]["candidates"][0]
    assert (best["tile"]["id"], best["lat"], best["lon"]) == ("photo-05.jpg", 28.5, -82.5)
    (tmp_path / "truth.csv").write_text(
        "query,tile\nplaces/photo-01.jpg,photo-01.jpg\nplaces/photo-09.jpg,photo-09.jpg\n", "utf-8"
    )
    code, out, _ = run("evaluate", tmp_path / "truth.csv", "--tiles", "places", "--json")
    figures = json.loads(out)
    assert (code, figures["recall@1"]["value"], figures["median_error_m"]) == (0, 1.0, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["locate"],
        ["locate", "x.jpg"],
        ["locate", "x.jpg", "--tiles", "demo", "--view", "moon"],
        ["locate", "x.jpg", "--tiles", "demo", "--near", "100,0,5"],
        ["locate", "x.jpg", "--tiles", "demo", "--heading", "nan"],
        ["tiles", "add", "x.tif"],
        ["tiles", "add", "x.tif", "--name", "n", "--scales", "0"],
        ["packs"],
    ],
)
def test_wrong_usage_is_two(run: Any, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2 and not out and "usage" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["locate", str(PHOTO), "--tiles", "nowhere"], "no tile set 'nowhere'"),
        (["locate", "missing.jpg", "--tiles", "demo"], "missing.jpg"),
        (["tiles", "add", "missing.tif", "--name", "n"], "missing.tif"),
        (["packs", "verify", "nothing"], "nothing"),
        (["evaluate", "missing.csv", "--tiles", "demo"], "missing.csv"),
    ],
)
def test_bad_input_is_three_and_one_line(run: Any, arguments: list[str], says: str) -> None:
    code, out, err = run(*arguments)
    assert code == 3 and not out
    assert says in err and err.strip().count("\n") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made there")
def test_a_name_cannot_command_the_terminal_nor_break_the_json(run: Any, tmp_path: Path) -> None:
    hostile = tmp_path / "a\n\x1b[31m\u202eb\udcff.jpg"
    hostile.write_bytes(PHOTO.read_bytes())
    arguments = ["locate", hostile, "--tiles", "demo", "--no-verify", "--top", "1"]
    code, out, _ = run(*arguments)
    assert code == 0 and "a [31mb.jpg: " in out.splitlines()[0]
    assert "\x1b" not in out and "\u202e" not in out
    code, out, _ = run(*arguments, "--json")
    assert code == 0 and json.loads(out)["queries"][0]["query"] == str(hostile)


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")
def test_a_pipe_is_not_waited_for(run: Any, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.jpg")
    code, _, err = run("locate", tmp_path / "pipe.jpg", "--tiles", "demo")
    assert code == 3 and "pipe.jpg is not a file" in err


def test_a_home_that_cannot_be_one_is_told(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GLEAM_HOME", str(tmp_path / "file"))
    for arguments in (
        ["tiles", "add", DEMO / "map.tif", "--name", "a", "--scales", "108"],
        ["packs", "fetch", "qwen2.5-coder-0.5b"],
    ):
        code, _, err = run(*arguments)
        assert code == 3 and "GLEAM_HOME" in err and err.strip().count("\n") == 0


def test_a_set_of_another_encoder_is_refused(run: Any, home: Path) -> None:
    manifest = home / "tiles" / "demo" / "tileset.json"
    text = manifest.read_text("utf-8")
    document = json.loads(text)
    manifest.write_text(json.dumps({**document, "pack": "other 9", "pack_hash": "0" * 64}), "utf-8")
    try:
        code, _, err = run("locate", PHOTO, "--tiles", "demo")
    finally:
        manifest.write_text(text, "utf-8")
    assert code == 3 and "other 9" in err and "starter 0.2.1" in err
    assert err.strip().count("\n") == 0 and "gleam tiles reembed demo" in err


def test_the_doctor_finds_everything_well(run: Any) -> None:
    code, out, _ = run("doctor", "--json")
    document = json.loads(out)
    bad = [check for check in document["checks"] if not check["ok"]]
    assert (code, bad) == (0, [])


def test_the_doctor_tells_of_a_folder_it_may_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", "/secret/packs")

    services = Services()
    monkeypatch.setattr(type(services.packs), "list", refuse)
    bad = [check.found for check in examine(services) if not check.ok]
    assert bad == ["You may not read or write /secret/packs."]


def test_the_doctor_can_be_sent_away() -> None:
    work = Work()
    work.cancel()
    with pytest.raises(Cancelled):
        examine(Services(), work)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one child there")
def test_interrupting_cancels_and_resume_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gleam_app.main", "tiles", "add", str(DEMO / "map.tif")]
    command += ["--name", "slow", "--scales", "24"]
    environment = {"GLEAM_HOME": str(tmp_path), "PYTHONPATH": str(resources_dir().parent)}
    import os

    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE)
    growing = tmp_path / "tiles" / ".staging" / "slow" / "vectors.f16"
    deadline = time.monotonic() + 120
    while not (growing.exists() and growing.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Cancelled" in err
    assert growing.stat().st_size > 0
    finished = subprocess.run(
        [*command, "--resume"], env={**os.environ, **environment}, capture_output=True, timeout=300
    )
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "tiles" / "slow" / "tileset.json").exists()


def test_sets_that_cannot_be_used_say_what_to_do(run: Any, home: Path) -> None:
    half, broken = home / "tiles" / ".staging" / "half", home / "tiles" / "broken"
    for folder, file in ((half, "request.json"), (broken, "tileset.json")):
        folder.mkdir(parents=True)
        (folder / file).write_text("{}")
    try:
        code, out, _ = run("tiles", "list")
    finally:
        for name in ("half", "broken"):
            assert run("tiles", "remove", name)[0] == 0
    lines = {line.partition(":")[0]: line for line in out.splitlines()}
    assert code == 0 and "--resume" in lines["half"] and "tiles verify broken" in lines["broken"]


def test_a_view_the_encoder_was_not_trained_for_is_warned_of(run: Any) -> None:
    arguments = ("locate", PHOTO, "--tiles", "demo", "--top", "2", "--view", "ground")
    code, out, err = run(*arguments, "--json")
    (query,) = json.loads(out)["queries"]
    assert code == 0 and query["verdict"] == "unverified" and query["confidence"] == 0.0
    (warning,) = query["warnings"]
    assert warning["id"] in ("view_untrained", "view_experimental")
    assert {one["method"] for one in query["candidates"]} == {"retrieval"}
    code, out, err = run(*arguments)
    assert [line for line in err.splitlines() if warning["text"] in line] and code == 0
    assert warning["text"] not in out


def test_packs_and_the_doctor_tell_the_views(run: Any) -> None:
    _, out, _ = run("packs", "list", "--json")
    starter = next(one for one in json.loads(out)["packs"] if one["id"] == "starter")
    assert "uav" in starter["views"] and set(starter["experimental_views"]) < set(starter["views"])
    _, out, _ = run("packs", "list")
    assert "views uav" in next(line for line in out.splitlines() if " starter " in line)
    found = {check.what: check.found for check in examine(Services())}
    assert "views uav" in found["pack starter"]


def test_answers_are_kept_in_a_case_and_taken_out(run: Any, tmp_path: Path) -> None:
    case = tmp_path / "harbour.gleamcase"
    for _ in range(2):  # the same picture again is the same query, with another answer
        code, _, _ = run("locate", PHOTO, "--tiles", "demo", "--no-verify", "--case", case)
        assert code == 0
    out = tmp_path / "harbour.geojson"
    code, told, _ = run("export", case, "--format", "geojson", "--out", out)
    assert code == 0 and "1 of 1" in told
    (place,) = json.loads(out.read_text("utf-8"))["features"]
    assert place["properties"]["query"] == "photo-01.jpg"
    code, _, error = run("export", tmp_path / "none.gleamcase", "--format", "csv", "--out", out)
    assert code == 3 and len(error.strip().splitlines()) == 1


def test_the_command_line_names_every_format() -> None:
    from gleam_app.cases.exports.export import FORMATS
    from gleam_app.cli import export

    assert export.FORMATS == FORMATS

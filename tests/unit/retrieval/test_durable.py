"""Whatever happens to a build, going on ends in the very set that an undisturbed build makes."""

import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.retrieval.tiles import blocks, joining
from gleam_app.retrieval.tiles.build import BegunOtherwise, add_tile_set, resume_tile_set
from gleam_app.retrieval.tiles.journal import CHECKSUMS, COVERAGE, VECTORS
from gleam_app.retrieval.tiles.soundness import problems
from gleam_app.retrieval.tiles.staging import STAGING, Staging
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.retrieval.tiny import SCALES_M, same_set, tiny_encoder, tiny_map

ENCODER = tiny_encoder()
REPOSITORY = Path(__file__).resolve().parents[3]
BUILDER = """
import sys
from pathlib import Path
from gleam_app.errors import GleamError
from gleam_app.retrieval import index
from gleam_app.retrieval.tiles.build import add_tile_set, resume_tile_set
from gleam_app.retrieval.tiles.tileset import TileSetStore
from tests.unit.retrieval.tiny import SCALES_M, small_blocks, tiny_encoder
small_blocks()
index.EXACT_VALUES = 0
store, sources = TileSetStore(Path(sys.argv[1])), [Path(name) for name in sys.argv[2:]]
print("ready", flush=True)
try:
    if sources:
        add_tile_set(store, tiny_encoder(), sources, "set", scales_m=SCALES_M)
    else:
        resume_tile_set(store, tiny_encoder(), "set")
except GleamError as error:
    print(f"{error} {error.hint}", file=sys.stderr)
    sys.exit(3)
"""


class Killed(BaseException):
    """As a signal that nothing catches."""


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_TILES", 4)


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("maps")
    return [tiny_map(folder / f"{n}.tif", 41.0 + n / 100, seed=n) for n in range(2)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, maps: list[Path]) -> TileSetStore:
    """The set of the first map, joined by the second."""
    store = TileSetStore(tmp_path_factory.mktemp("undisturbed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_TILES", 4)
        for path in maps:
            add_tile_set(store, ENCODER, [path], "set", scales_m=SCALES_M)
    return store


def killed_at(report: int) -> Work:
    seen: list[Progress] = []

    def count(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > report:
            raise Killed

    return Work(count)


kills = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from([VECTORS, COVERAGE, CHECKSUMS]),
        st.floats(0, 1),
        st.booleans(),
    ),
    max_size=4,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=kills, second=kills, again=st.booleans())
def test_any_kills_and_torn_journals_end_in_the_same_set(
    tmp_path_factory: pytest.TempPathFactory,
    maps: list[Path],
    undisturbed: TileSetStore,
    first: list[tuple[int, str, float, bool]],
    second: list[tuple[int, str, float, bool]],
    again: bool,
) -> None:
    store = TileSetStore(tmp_path_factory.mktemp("torn"))

    def build(path: Path, work: Work | None = None) -> None:
        if store.half_built("set") is not None and not again:
            resume_tile_set(store, ENCODER, "set", work)
        else:
            add_tile_set(store, ENCODER, [path], "set", scales_m=SCALES_M, work=work)

    for path, planned in zip(maps, (first, second), strict=True):
        for report, file, share, cut in planned:
            try:
                build(path, killed_at(report))
            except Killed:
                torn = store.root / STAGING / "set" / file
                data = bytearray(torn.read_bytes()) if torn.exists() else bytearray()
                at = int(share * len(data))
                if cut:
                    torn.write_bytes(data[:at])
                elif at < len(data):
                    data[at] ^= 0xFF
                    torn.write_bytes(data)
        build(path)
    assert same_set(store, undisturbed, "set")
    assert store.half_built("set") is None and problems(store, "set") == []


def builder(home: Path, *sources: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(home), *map(str, sources)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    _, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def test_a_process_killed_at_random_times_leaves_the_old_set_or_the_new(
    tmp_path: Path, maps: list[Path], undisturbed: TileSetStore
) -> None:
    """Real processes, real kills: some as soon as the journal grows, some at any time of a build."""
    home = tmp_path / "home"
    store, rng = TileSetStore(home), random.Random(4)
    growing = home / "tiles" / STAGING / "set" / VECTORS
    counts = []
    for path in maps:
        clock = time.monotonic()
        process = builder(tmp_path / f"timed-{path.stem}", path)
        assert ended(process)[0] == 0
        length = time.monotonic() - clock
        for attempt in range(4):
            before = store.info("set") if store.exists("set") else None
            process = builder(home, path)
            if attempt % 2:
                time.sleep(rng.random() * length)
            else:
                grown = growing.stat().st_size if growing.exists() else 0
                while process.poll() is None and not (
                    growing.exists() and growing.stat().st_size > grown
                ):
                    time.sleep(0.001)
            process.kill()
            process.communicate()
            now = store.info("set") if store.exists("set") else None
            if now is not None:  # whole, whichever it is
                assert now.tiles in {store.open("set").info.tiles}
                assert problems(store, "set") == []
            if before is not None and now is not None:
                assert now.generation in (before.generation, before.generation + 1)
            half = store.half_built("set")
            counts.append(None if half is None else half.tiles_done)
        process = builder(home) if store.half_built("set") else builder(home, path)
        code, err = ended(process)
        assert code == 0, err
    assert same_set(store, undisturbed, "set")
    assert [path.name for path in (store.root / STAGING).iterdir() if path.is_dir()] == []
    assert any(counts), f"no kill fell into the embedding: {counts}"


@pytest.mark.parametrize(
    ("place", "step", "changed"),
    [
        (joining, "sync_files", False),
        (joining, "sync_folder", False),
        (TileSetStore, "publish", False),
        (TileSetStore, "sweep", True),
        (Staging, "clear", True),
    ],
)
def test_killed_before_a_step_of_the_change(
    tmp_path: Path, maps: list[Path], undisturbed: TileSetStore,
    place: Any, step: str, changed: bool,
) -> None:  # fmt: skip
    """Until one file is replaced the old set is there, then the new one; both can be gone on with."""
    store = TileSetStore(tmp_path / "home")
    before, _ = add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M)
    real = getattr(place, step)

    def kill(*arguments: Any) -> None:
        if changed and store.generation("set") == before.generation:
            real(*arguments)  # the same step earlier on
        else:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(place, step, kill)
        add_tile_set(store, ENCODER, maps[1:], "set", scales_m=SCALES_M)
    assert (store.info("set") != before) is changed
    assert (store.half_built("set") is None) is changed
    assert problems(store, "set") == []
    resume_tile_set(store, ENCODER, "set")
    assert same_set(store, undisturbed, "set")
    assert [path.name for path in store.folder("set").iterdir() if path.is_dir()] == ["2"]
    assert not (store.root / STAGING / "set").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 192 KB of its own, where one may be made."""
    place = tmp_path / "disk"
    place.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk_is_told_and_gone_on_with(
    small_disk: Path, maps: list[Path], undisturbed: TileSetStore
) -> None:
    """At every size of what else lies there: the disk fills up at another step of the build."""
    told = set()
    store = TileSetStore(small_disk)
    for path, taken in itertools.product(maps, range(184, 90, -8)):
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"")
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        ballast.write_bytes(b"\0" * max(0, min(free, taken * 1024 - (192 * 1024 - free))))
        try:
            add_tile_set(store, ENCODER, [path], "set", scales_m=SCALES_M)
        except GleamError as error:
            told.add(str(error).partition(" in ")[0].partition(" (")[0].strip("."))
        ballast.unlink()
        if store.exists("set"):
            assert problems(store, "set") == []
        half = store.half_built("set")
        assert half is None or half.tiles > 0
    for path in maps:
        add_tile_set(store, ENCODER, [path], "set", scales_m=SCALES_M)
    assert same_set(store, undisturbed, "set")
    assert "The disk is full" in told and told <= {"The disk is full", "Not enough disk space"}


def test_imagery_unplugged_meanwhile_is_one_line_and_gone_on_with(
    tmp_path: Path, maps: list[Path]
) -> None:
    """Moved away while it is read; a file that is open may be read on, but its place is not trusted."""
    source = tmp_path / "stick.tif"
    source.write_bytes(maps[0].read_bytes())
    store = TileSetStore(tmp_path / "home")

    def unplug(progress: Progress) -> None:
        if progress.done and source.exists():
            source.replace(tmp_path / "away.tif")

    with pytest.raises(GleamError, match=r"stick\.tif (is not where|cannot be read)") as told:
        add_tile_set(store, ENCODER, [source], "set", scales_m=SCALES_M, work=Work(unplug))
    assert "\n" not in f"{told.value}{told.value.hint}"
    assert "gleam tiles add --resume --name set" in told.value.hint
    with pytest.raises(GleamError, match="not where it was"):
        resume_tile_set(store, ENCODER, "set")
    (tmp_path / "away.tif").replace(source)
    half = store.half_built("set")
    seen: list[Progress] = []
    resume_tile_set(store, ENCODER, "set", Work(seen.append))
    assert half is not None and seen[0].done == half.tiles_done > 0
    assert problems(store, "set") == []


def test_imagery_changed_between_kill_and_going_on_is_told(
    tmp_path: Path, maps: list[Path]
) -> None:
    source = tmp_path / "map.tif"
    source.write_bytes(maps[0].read_bytes())
    store = TileSetStore(tmp_path / "home")
    with pytest.raises(Killed):
        add_tile_set(store, ENCODER, [source], "set", scales_m=SCALES_M, work=killed_at(4))
    source.write_bytes(maps[1].read_bytes())
    with pytest.raises(GleamError, match=r"map\.tif has changed") as told:
        resume_tile_set(store, ENCODER, "set")
    assert "gleam tiles discard set" in told.value.hint
    with pytest.raises(BegunOtherwise):
        add_tile_set(store, ENCODER, [source], "set", scales_m=SCALES_M)
    source.write_bytes(maps[0].read_bytes())
    resume_tile_set(store, ENCODER, "set")
    assert problems(store, "set") == []


def test_imagery_changed_while_it_is_read_is_told(tmp_path: Path, maps: list[Path]) -> None:
    source = tmp_path / "map.tif"
    source.write_bytes(maps[0].read_bytes())
    store = TileSetStore(tmp_path / "home")

    def change(progress: Progress) -> None:
        if progress.total and progress.done == progress.total:
            with source.open("ab") as file:
                file.write(b"more")

    with pytest.raises(GleamError, match=r"map\.tif has changed"):
        add_tile_set(store, ENCODER, [source], "set", scales_m=SCALES_M, work=Work(change))
    assert not store.exists("set")


def test_two_processes_at_once(tmp_path: Path, maps: list[Path]) -> None:
    """One builds; the other is told in one line, and nothing is spoilt."""
    home = tmp_path / "home"
    processes = [builder(home, maps[0]) for _ in range(3)]
    results = [ended(process) for process in processes]
    codes = sorted(code for code, _ in results)
    assert codes[0] == 0 and set(codes) <= {0, 3}, results
    for code, err in results:
        assert code == 0 or ("being built by another" in err and err.count("\n") == 1)
    store = TileSetStore(home)
    assert problems(store, "set") == [] and store.info("set").generation == 1


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Who may not write everywhere."""
    if sys.platform == "win32":
        pytest.skip("permissions work otherwise there")
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_a_home_that_may_not_be_written_to_is_told(
    maps: list[Path], undisturbed: TileSetStore, request: pytest.FixtureRequest
) -> None:
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "map.tif")
        source.write_bytes(maps[0].read_bytes())
        Path(name).chmod(0o555)
        request.getfixturevalue("ordinary_user")
        with pytest.raises(GleamError, match="may not read or write") as told:
            add_tile_set(TileSetStore(Path(name)), ENCODER, [source], "set", scales_m=SCALES_M)
        assert "GLEAM_HOME" in told.value.hint
        if os.getuid() == 0:
            os.seteuid(0)
        Path(name).chmod(0o755)


def test_going_on_reads_neither_plan_nor_pixels_again(
    tmp_path: Path, maps: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TileSetStore(tmp_path)
    with pytest.raises(Killed):
        add_tile_set(store, ENCODER, maps[:1], "set", scales_m=SCALES_M, work=killed_at(9))
    half = store.half_built("set")
    assert half is not None and half.tiles_done > 0
    monkeypatch.setattr(blocks.Blocks, "over", None)  # planning would need it
    seen: list[Progress] = []
    resume_tile_set(store, ENCODER, "set", Work(seen.append))
    assert seen[0].done == half.tiles_done

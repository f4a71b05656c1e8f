import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gleam_app.errors import Cancelled, GleamError
from gleam_app.jobs.work import Progress, Work
from gleam_app.packs.store import PackStore

Write = Callable[..., Path]


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + path.relative_to(folder).as_posix())
    return target


def assert_untouched(store: PackStore) -> None:
    """No trace of a pack that was refused."""
    assert store.list() == []
    left = [path for path in store.folder.rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.parametrize("prefix", ["", "good-pack/"])
def test_a_good_archive(
    store: PackStore, pack_folder: Path, tmp_path: Path, prefix: str, weights: bytes
) -> None:
    archive = zipped(pack_folder, tmp_path / "x.gleampack", prefix)
    seen: list[Progress] = []
    pack = store.install(archive, Work(seen.append))
    assert pack.folder == store.folder / "good-pack"
    assert pack.path("weights").read_bytes() == weights
    assert store.verify("good-pack").label == "good-pack 1.0.0"
    assert seen[-1].fraction == 1.0
    assert [path.name for path in store.staging.iterdir()] == ["good-pack.lock"]


def test_a_folder_and_a_second_time(store: PackStore, pack_folder: Path) -> None:
    store.install(pack_folder)
    (pack_folder / "pack.json").write_text(
        (pack_folder / "pack.json").read_text().replace('"1.0.0"', '"2.0.0"')
    )
    (pack_folder / "not-named.txt").write_text("left out")
    pack = store.install(pack_folder)
    assert pack.version == "2.0.0"
    assert not (pack.folder / "not-named.txt").exists()
    assert len(store.list()) == 1


def test_tampered_content(store: PackStore, pack_folder: Path, tmp_path: Path) -> None:
    data = bytearray((pack_folder / "weights.gguf").read_bytes())
    data[1000] ^= 1
    (pack_folder / "weights.gguf").write_bytes(data)
    for source in (pack_folder, zipped(pack_folder, tmp_path / "x.gleampack")):
        with pytest.raises(GleamError, match=r"weights\.gguf does not have the SHA-256"):
            store.install(source)
        assert_untouched(store)


def test_a_failed_update_keeps_the_old_pack(
    store: PackStore, pack_folder: Path, weights: bytes
) -> None:
    store.install(pack_folder)
    (pack_folder / "weights.gguf").write_bytes(b"x" * len(weights))
    with pytest.raises(GleamError):
        store.install(pack_folder)
    assert store.verify("good-pack").path("weights").read_bytes() == weights


@pytest.mark.parametrize("keep", [10, 3000, 0.5, -10])
def test_a_truncated_archive(
    store: PackStore, pack_folder: Path, tmp_path: Path, keep: float
) -> None:
    archive = zipped(pack_folder, tmp_path / "x.gleampack")
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(GleamError, match=r"x\.gleampack was not installed"):
        store.install(archive)
    assert_untouched(store)


def test_damaged_compression_is_no_traceback(
    store: PackStore, pack_folder: Path, tmp_path: Path
) -> None:
    archive = zipped(pack_folder, tmp_path / "x.gleampack")
    with zipfile.ZipFile(archive) as file:
        info = file.getinfo("weights.gguf")
    data = bytearray(archive.read_bytes())
    begin = info.header_offset + 30 + len("weights.gguf")
    data[begin : begin + 40] = b"\xff" * 40
    archive.write_bytes(data)
    with pytest.raises(GleamError, match="was not installed"):
        store.install(archive)
    assert_untouched(store)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "C:evil.txt", "..\\evil.txt"]
)
def test_paths_that_leave_the_folder(
    store: PackStore, pack_folder: Path, tmp_path: Path, name: str
) -> None:
    archive = zipped(pack_folder, tmp_path / "x.gleampack")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(zipfile.ZipInfo(name), "gotcha")
    with pytest.raises(GleamError, match="unsafe path"):
        store.install(archive)
    assert_untouched(store)
    assert not list(tmp_path.rglob("evil*"))


def test_links_are_refused(store: PackStore, pack_folder: Path, tmp_path: Path) -> None:
    archive = zipped(pack_folder, tmp_path / "x.gleampack")
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(GleamError, match=r"link\.txt is a link"):
        store.install(archive)
    secret = tmp_path / "secret"
    (pack_folder / "weights.gguf").rename(secret)
    (pack_folder / "weights.gguf").symlink_to(secret)
    with pytest.raises(GleamError, match=r"weights\.gguf is a link"):
        store.install(pack_folder)
    assert_untouched(store)


def test_a_bomb_is_not_unpacked(store: PackStore, tmp_path: Path, write_pack_folder: Write) -> None:
    """A member that unpacks to more than the archive says, and than the manifest allows."""
    folder = write_pack_folder(tmp_path / "bomb", {"weights.gguf": b"\0" * 1000})
    bomb = tmp_path / "x.gleampack"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(folder / "pack.json", "pack.json")
        file.writestr("weights.gguf", b"\0" * 50_000_000)
    with pytest.raises(GleamError, match="50,000,000 bytes instead of 1,000"):
        store.install(bomb)
    data = bomb.read_bytes()  # and now the archive lies about it
    bomb.write_bytes(data.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1000)))
    with pytest.raises(GleamError, match="was not installed"):
        store.install(bomb)
    assert_untouched(store)


def test_a_missing_file(store: PackStore, pack_folder: Path) -> None:
    (pack_folder / "LICENSE.txt").unlink()
    with pytest.raises(GleamError, match=r"LICENSE\.txt is missing"):
        store.install(pack_folder)


def test_cancel_leaves_nothing(store: PackStore, pack_folder: Path) -> None:
    work = Work()
    work.on_progress = lambda progress: work.cancel()
    with pytest.raises(Cancelled):
        store.install(pack_folder, work)
    assert_untouched(store)


def test_leftovers_of_a_killed_process_go_after_a_day(store: PackStore, pack_folder: Path) -> None:
    old, fresh, fetching = (store.staging / n for n in ("install-0", "install-1", "writer"))
    for folder in (old, fresh, fetching):
        folder.mkdir(parents=True)
    for folder in (old, fetching):
        os.utime(folder, (0, 0))
    store.install(pack_folder)
    assert not old.exists()
    assert fresh.exists() and fetching.exists()


def test_things_that_are_no_pack(store: PackStore, tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="There is no file"):
        store.install(tmp_path / "missing.gleampack")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8 a photo")
    with pytest.raises(GleamError, match=r"photo\.jpg is neither a pack nor"):
        store.install(tmp_path / "photo.jpg")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(GleamError, match=r"no pack\.json"):
        store.install(tmp_path / "other.zip")


def test_weights_from_a_stick_complete_a_known_pack(
    store: PackStore, bundle: Write, tmp_path: Path, weights: bytes
) -> None:
    bundle([{"kind": "url", "url": "http://127.0.0.1:9/never-asked"}])
    stick = tmp_path / "stick"
    stick.mkdir()
    wrong = stick / "wrong.gguf"
    wrong.write_bytes(b"x" * len(weights))
    with pytest.raises(GleamError, match=r"still lacks weights\.gguf"):
        store.install(wrong)
    (stick / "renamed by a browser (1).gguf").write_bytes(weights)
    pack = store.install(stick)
    assert pack.id == "writer"
    assert store.verify("writer").path("model").read_bytes() == weights
    assert json.loads((pack.folder / "pack.json").read_text())["id"] == "writer"

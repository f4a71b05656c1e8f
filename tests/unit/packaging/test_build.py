"""What a build holds, how it is locked, and how it is packed: the parts that need no build."""

import shutil
import subprocess
from pathlib import Path, PurePosixPath

import _contents
import _deb
import _finish
import _lock
import _papers
import _sizes
import prove
import pytest


@pytest.mark.parametrize(
    ("destination", "source", "kept"),
    [
        ("torch/lib/libtorch_cpu.so", "/venv/torch/lib/libtorch_cpu.so", True),
        ("torch/bin/torch_shm_manager", "/venv/torch/bin/torch_shm_manager", True),
        ("torch/bin/test_api", "/venv/torch/bin/test_api", False),
        ("torch/include/ATen/ATen.h", "/venv/x", False),
        ("PySide6/Qt/lib/libQt6WebEngineCore.so.6", "/venv/x", True),
        ("PySide6/Qt/lib/libQt6Multimedia.so.6", "/venv/x", False),
        ("PySide6/Qt/qml/QtQuick/qmldir", "/venv/x", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/venv/x", True),
        ("PySide6/Qt/plugins/multimedia/libffmpeg.so", "/venv/x", False),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", "/venv/x", True),
        ("PySide6/Qt/translations/qtbase_de.qm", "/venv/x", False),
        ("PySide6/Qt/translations/qtwebengine_locales/zh-CN.pak", "/venv/x", True),
        ("PySide6/Qt/translations/qtwebengine_locales/fr.pak", "/venv/x", False),
        ("libX11.so.6", "/usr/lib/x86_64-linux-gnu/libX11.so.6", False),
        ("libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", True),
        ("resources/demo/map.tif", "/repo/resources/demo/map.tif", True),
    ],
)
def test_what_goes_in(
    destination: str, source: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_contents.sys, "platform", "linux")
    assert _contents.kept(destination, source) is kept


def test_a_lock_holds_the_hash_of_every_archive() -> None:
    def item(name: str, **download: object) -> dict[str, object]:
        return {"metadata": {"name": name, "version": "1.0"}, "download_info": download}

    sha = "ab" * 32
    good = item("Thing", archive_info={"hashes": {"sha256": sha}})
    text = _lock.locked({"install": [good]})
    assert text.endswith(f"thing==1.0 --hash=sha256:{sha}\n")
    assert _papers.locked_hashes(text) == {"thing": sha}
    with pytest.raises(ValueError, match="no SHA-256"):
        _lock.locked({"install": [good, item("local", dir_info={})]})


def test_the_lock_names_no_index() -> None:
    for path in _lock.LOCKS.glob("*.txt"):
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) > 50 and not any("://" in line for line in lines)
        assert all("--hash=sha256:" in line for line in lines if not line.startswith("#"))


def test_sizes_count_a_file_with_two_names_once(tmp_path: Path) -> None:
    inside = tmp_path / "_internal" / "torch"
    inside.mkdir(parents=True)
    (inside / "a.so").write_bytes(b"x" * 1000)
    (inside / "b.so").hardlink_to(inside / "a.so")
    (inside / "c.so").symlink_to("a.so")
    (tmp_path / "gleam").write_bytes(b"x" * 10)
    assert _sizes.sizes(tmp_path) == {"torch": 1000, "the program's Python modules": 10}
    assert _sizes.part_of(PurePosixPath("_internal/unheard/of")) == _sizes.OTHER


def test_equal_neighbours_become_links(tmp_path: Path) -> None:
    for name in ("liba.so", "liba.so.0", "other/liba.so"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"same" * 10)
    (tmp_path / "libb.so").write_bytes(b"else" * 10)
    assert _finish.join_copies(tmp_path, smallest=1) == 40
    assert (tmp_path / "liba.so.0").readlink() == Path("liba.so")
    assert (tmp_path / "liba.so.0").read_bytes() == b"same" * 10
    assert not (tmp_path / "other/liba.so").is_symlink()


@pytest.mark.parametrize("name", ["libc.so.6", "libnss3.so", "libxcb-cursor.so.0", "libgbm.so.1"])
def test_what_the_machine_brings(name: str) -> None:
    assert _finish.FROM_THE_MACHINE.match(name)


@pytest.mark.parametrize("name", ["libgdal.so.36", "libicudata.so.73", "libcxx.so.1"])
def test_what_must_lie_in_the_folder(name: str) -> None:
    assert not _finish.FROM_THE_MACHINE.match(name)


def test_the_control_file_and_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deb, "architecture", lambda: "amd64")
    program, icons, root = tmp_path / "gleam", tmp_path / "icons", tmp_path / "root"
    program.mkdir()
    icons.mkdir()
    (program / "gleam").write_bytes(b"x" * 3000)
    (icons / "gleam-48.png").write_bytes(b"png")
    _deb.lay_out(program, icons, root, "1.2.3")
    assert (root / "usr/bin/gleam").resolve() == (root / "usr/lib/gleam/gleam").resolve()
    assert (root / "usr/share/icons/hicolor/48x48/apps/gleam.png").exists()
    control = (root / "DEBIAN/control").read_text("utf-8")
    assert "Version: 1.2.3\n" in control and "libasound2 | libasound2t64" in control
    assert {path.name for path in (root / "DEBIAN").iterdir()} == {
        "control", "md5sums", "postinst", "postrm"
    }  # fmt: skip
    sums = (root / "DEBIAN/md5sums").read_text("utf-8").splitlines()
    assert any(line.endswith("  usr/lib/gleam/gleam") for line in sums)


@pytest.mark.skipif(
    not all(map(shutil.which, ("dpkg-deb", "ar", "zstd"))), reason="packing needs dpkg, ar and zstd"
)
def test_dpkg_reads_the_package(tmp_path: Path) -> None:
    program, icons, root = tmp_path / "gleam", tmp_path / "icons", tmp_path / "root"
    for folder in (program, icons):
        folder.mkdir(mode=0o700)
    (program / "gleam").write_bytes(b"x" * 3000)
    (program / "gleam").chmod(0o700)
    _deb.lay_out(program, icons, root, "1.2.3")
    _deb.build(root, tmp_path / "a.deb", level=1)
    told = subprocess.run(
        ["dpkg-deb", "--contents", tmp_path / "a.deb"], capture_output=True, text=True, check=True
    )
    names = {line.split()[5]: line.split()[:2] for line in told.stdout.splitlines()}
    assert names["./usr/lib/gleam/gleam"] == ["-rwxr-xr-x", "0/0"]
    assert names["./usr/lib/gleam/"][0] == "drwxr-xr-x"
    assert not any("DEBIAN" in name for name in names)
    told = subprocess.run(
        ["dpkg-deb", "--field", tmp_path / "a.deb", "Version"], capture_output=True, text=True
    )
    assert told.stdout == "1.2.3\n"


def test_only_addresses_of_the_internet_are_outside_connections() -> None:
    trace = (
        '12 connect(5, {sa_family=AF_UNIX, sun_path="/tmp/.X11-unix/X99"}, 20) = 0\n'
        "12 sendmsg(7, {msg_name={sa_family=AF_NETLINK, nl_pid=0}, msg_namelen=12}, 0) = 20\n"
        "13 connect(6, {sa_family=AF_INET, sin_port=htons(443)}, 16) = -1 ENETUNREACH\n"
        "13 connect(6, {sa_family=AF_INET6, sin6_port=htons(53)}, 28) = -1 ENETUNREACH\n"
    )
    assert len(prove.outside_connections(trace)) == 2


def test_a_library_counts_only_where_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def links(path: Path) -> tuple[list[str], list[Path]]:
        return (["libc.so.6", "libomp.so"], [path.parent]) if path.suffix == ".so" else ([], [])

    monkeypatch.setattr(_finish, "links", links)
    (tmp_path / "engine").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "engine" / "engine.so").write_bytes(b"")
    (tmp_path / "other" / "libomp.so").write_bytes(b"")
    assert _finish.missing_libraries(tmp_path) == {"libomp.so": ["engine/engine.so"]}
    (tmp_path / "libomp.so").write_bytes(b"")
    assert _finish.missing_libraries(tmp_path) == {}

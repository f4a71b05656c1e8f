"""The .deb: the program's folder under /usr/lib/gleam, and what a desktop needs to know about it.

Its two scripts do one thing, put AppArmor's profile in place where there is AppArmor and take it away
again: menus, icons and file types are refreshed by dpkg's own triggers, and what a user made lies in
his home, which neither installing nor removing touches.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from _archive import must, pack
from _environment import ROOT
from _machine import OFFSCREEN, ON_SCREEN

PACKAGE = "gleam-desktop"
HERE = ROOT / "packaging" / "linux"
MEMBERS = ("debian-binary", "control.tar.zst", "data.tar.zst")  # in this order, says deb(5)
LIBRARY_FOLDER = Path("usr/lib/gleam")
# Beyond the tables of ``_machine``: what is linked to on any desktop, and the runtimes.
RUNTIMES = (
    "libc6 (>= 2.34)", "libgcc-s1", "libstdc++6 (>= 12)", "zlib1g", "libx11-6", "libx11-xcb1",
    "libxcb1", "libxcb-image0", "libxcb-randr0", "libxcb-render0", "libxcb-render-util0",
    "libxcb-shm0", "libxcb-sync1", "libxcb-xfixes0", "libxext6", "libxfixes3", "libexpat1",
    "libnspr4", "libfreetype6", "libwayland-client0", "libwayland-cursor0", "libwayland-egl1",
    "libbrotli1", "libgssapi-krb5-2", "libzstd1", "libdrm2", "libxshmfence1", "libxi6", "libxrender1",
)  # fmt: skip
RENAMED = {"libglib2.0-0": "libglib2.0-0t64", "libasound2": "libasound2t64"}  # since Debian 13


def depends() -> str:
    """The ``Depends`` field: for each library the package that holds it, by its older and newer name."""
    packages = [*RUNTIMES, *OFFSCREEN, *ON_SCREEN]
    return ", ".join(
        f"{name} | {RENAMED[name]}" if name in RENAMED else name for name in dict.fromkeys(packages)
    )


def control(version: str, installed_bytes: int, architecture: str) -> str:
    """The package's control file. Debian counts its size in KiB."""
    fields = {
        "Package": PACKAGE,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "GLEAM Desktop <gleam@localhost>",
        "Installed-Size": str(-(-installed_bytes // 1024)),
        "Depends": depends(),
        "Recommends": "fonts-noto-cjk, shared-mime-info, desktop-file-utils",
        "Section": "science",
        "Priority": "optional",
        "Description": "find out, offline, where a picture was taken\n"
        " Matches a drone photo, ground photo, panorama or street map against satellite or\n"
        " aerial imagery that you have loaded, shows ranked candidates with honest confidence,\n"
        " and explains in English or Chinese why a place fits or does not. Nothing leaves the\n"
        " machine.",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def lay_out(program: Path, icons: Path, root: Path, version: str) -> None:
    """Fill ``root`` with what is installed; the program's files are linked, not copied, where possible."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(program, root / LIBRARY_FOLDER, symlinks=True, copy_function=_link)
    _symlink(root / "usr/bin/gleam", Path("../lib/gleam/gleam"))
    share = root / "usr/share"
    _copy(HERE / "gleam.desktop", share / "applications/gleam.desktop")
    _copy(HERE / "gleam-mime.xml", share / "mime/packages/gleam.xml")
    _copy(ROOT / "resources/icons/gleam.svg", share / "icons/hicolor/scalable/apps/gleam.svg")
    for icon in sorted(icons.glob("gleam-*.png")):
        size = icon.stem.removeprefix("gleam-")
        _copy(icon, share / f"icons/hicolor/{size}x{size}/apps/gleam.png")
    _copy(HERE / "apparmor", share / PACKAGE / "apparmor")
    documents = share / "doc" / PACKAGE
    _copy(ROOT / "LICENSE", documents / "copyright")
    changes = gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0)
    (documents / "changelog.gz").write_bytes(changes)
    _write_control(root, version)


def build(root: Path, target: Path, level: int) -> None:
    """Pack ``root`` into ``target`` at zstd's ``level``; raises ``SetupError`` with what a tool said.

    The members are packed here: dpkg-deb's own zstd uses one core and looks back over 8 MB only.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        members = [Path(scratch) / name for name in MEMBERS]
        members[0].write_text("2.0\n", "utf-8")
        pack(root / "DEBIAN", ["."], members[1], level)
        pack(root, ["--exclude=./DEBIAN", "."], members[2], level)
        staged = Path(scratch) / target.name
        must(["ar", "rcD", str(staged), *(str(member) for member in members)])
        must(["dpkg-deb", "--info", str(staged)])
        staged.replace(target)


def architecture() -> str:
    """Debian's name of this machine's processor."""
    asked = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()


def _write_control(root: Path, version: str) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(path.stat().st_size for path in files)
    sums = [f"{_md5(path)}  {path.relative_to(root)}\n" for path in files]
    debian = root / "DEBIAN"
    debian.mkdir()
    (debian / "control").write_text(control(version, size, architecture()), "utf-8")
    (debian / "md5sums").write_text("".join(sums), "utf-8")
    for name in ("control", "md5sums"):
        (debian / name).chmod(0o644)
    for name in ("postinst", "postrm"):
        _copy(HERE / name, debian / name)
        (debian / name).chmod(0o755)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def _symlink(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)

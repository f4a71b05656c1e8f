"""What is done to the program's folder after PyInstaller: made smaller, and checked to be whole.

All of it is for Linux; on other systems the folder stays as PyInstaller made it.
"""

import hashlib
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

# Symbols for debuggers only: 90 MB in torch, 60 MB in the rest. Where there is little to win (NumPy, Qt)
# the makers' files stay as they are.
STRIPPED = (
    "torch/lib/libtorch_cpu.so", "torch/lib/libtorch_python.so", "torch/lib/libc10.so",
    "libpython3*.so.1.0", "rasterio/*.so", "pyproj/*.so", "tokenizers/*.so", "kornia_rs/*.so",
)  # fmt: skip
# What the .deb asks apt for, by library name; anything else that is needed must lie in the folder.
FROM_THE_MACHINE = re.compile(
    r"^(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|gcc_s|stdc\+\+|z|GL|EGL|GLX|OpenGL|GLESv2|gbm|drm|"
    r"X11|X11-xcb|Xau|Xcomposite|Xcursor|Xdamage|Xdmcp|Xext|Xfixes|Xi|Xrandr|Xrender|Xtst|xkbfile|"
    r"xshmfence|xcb|xcb-.*|xkbcommon|xkbcommon-x11|wayland-.*|fontconfig|freetype|expat|dbus-1|"
    r"glib-2\.0|gobject-2\.0|gthread-2\.0|gio-2\.0|nss3|nssutil3|smime3|nspr4|plc4|plds4|asound|"
    r"mvec|zstd|brotlidec|brotlicommon|gssapi_krb5)\.so(\..*)?)$"
)
# Parts of Qt and torch that only load where the machine has what they are for.
OPTIONAL = re.compile(
    r"^lib(cuda.*|cups|gtk-3|gdk-3|atk-1\.0|pango-.*|cairo.*|udev|input|mtdev)\.so.*$"
)
_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_LOOKS_IN = re.compile(r"\((?:RPATH|RUNPATH)\).*\[(.+)\]")


def strip(inside: Path) -> int:
    """Take the debuggers' symbols out of ``STRIPPED``; returns the bytes won."""
    won = 0
    for path in [path for pattern in STRIPPED for path in inside.glob(pattern)]:
        before = path.stat().st_size
        staged = path.with_suffix(".stripped")
        command = ["strip", "--strip-unneeded", "-o", str(staged), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        staged.replace(path)
        won += before - path.stat().st_size
    return won


def join_copies(inside: Path, smallest: int = 100_000) -> int:
    """Make equal files in one folder links to the first of them; returns the bytes won.

    llama.cpp brings its libraries under several names. Only neighbours are joined: a library looks
    for its own relatives beside the place it really lies in.
    """
    alike: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in sorted(inside.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size >= smallest:
            with path.open("rb") as file:
                alike[path.parent, hashlib.file_digest(file, "sha256").hexdigest()].append(path)
    won = 0
    for first, *others in alike.values():
        for other in others:
            won += other.stat().st_size
            other.unlink()
            other.symlink_to(first.name)
    return won


def missing_libraries(inside: Path) -> dict[str, list[str]]:
    """Library name -> files that need it, for every one that neither the folder nor the .deb brings.

    A library counts as there if it lies where the file that needs it looks: in ``inside`` itself or
    where the file says. Elsewhere it would be found only by chance, if another had loaded it before.
    """
    wanting: dict[str, list[str]] = defaultdict(list)
    for path in inside.rglob("*"):
        named = (".so" in path.name or os.access(path, os.X_OK)) and not path.is_symlink()
        if not named or not path.is_file():
            continue
        libraries, folders = links(path)
        for name in libraries:
            if FROM_THE_MACHINE.match(name) or OPTIONAL.match(name):
                continue
            if not any((folder / name).exists() for folder in (inside, *folders)):
                wanting[name].append(path.relative_to(inside).as_posix())
    return dict(wanting)


def links(path: Path) -> tuple[list[str], list[Path]]:
    """The libraries that an ELF file names as needed, and where it looks; nothing for other files."""
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return [], []
    told = subprocess.run(
        ["readelf", "--dynamic", "--wide", str(path)], capture_output=True, text=True, check=False
    ).stdout
    named = [folder for line in _LOOKS_IN.findall(told) for folder in line.split(":")]
    return _NEEDED.findall(told), [
        Path(folder.replace("$ORIGIN", str(path.parent))) for folder in named
    ]

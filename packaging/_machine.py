"""What the machine itself must have: a compiler, cmake, Python's venv, and the libraries Qt links to."""

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from _console import SetupError, run_logged

# Debian package -> the library it holds. The first list is needed without a screen already.
OFFSCREEN = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libxkbcommon0": "libxkbcommon.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libnss3": "libnss3.so",
    "libasound2": "libasound.so.2",
    "libgbm1": "libgbm.so.1",
    "libxcomposite1": "libXcomposite.so.1",
    "libxdamage1": "libXdamage.so.1",
    "libxrandr2": "libXrandr.so.2",
    "libxtst6": "libXtst.so.6",
    "libxkbfile1": "libxkbfile.so.1",
    "libxcb-dri3-0": "libxcb-dri3.so.0",
}
ON_SCREEN = {
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-xkb1": "libxcb-xkb.so.1",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
}
SYSTEM = platform.system()  # "Linux", "Darwin", "Windows"
COMPILERS = ("c++", "g++", "clang++")


@dataclass(frozen=True)
class Need:
    """Something missing: its Debian package, its name elsewhere, and whether the window needs it."""

    package: str
    elsewhere: str
    for_window: bool


def has_screen() -> bool:
    """Whether a window opened here would be seen by somebody."""
    if SYSTEM == "Linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return not os.environ.get("CI")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing(
    screen: bool,
    loads: Callable[[str], bool] = _loads,
    which: Callable[[str], str | None] = shutil.which,
) -> list[Need]:
    """What this Linux machine lacks, in the order of the tables above."""
    libraries = {**OFFSCREEN, **ON_SCREEN} if screen else OFFSCREEN
    needs = [Need(package, so, True) for package, so in libraries.items() if not loads(so)]
    if importlib.util.find_spec("ensurepip") is None:
        minor = sys.version_info.minor
        needs.append(Need(f"python3.{minor}-venv", f"python3.{minor}-venv", True))
    if not any(which(name) for name in COMPILERS):
        needs.append(Need("g++", "gcc-c++", False))
    if not which("make") and not which("ninja"):
        needs.append(Need("make", "make", False))
    if not which("cmake"):
        needs.append(Need("cmake", "cmake", False))
    return needs


def renamed(packages: Iterable[str], exists: Callable[[str], bool]) -> list[str]:
    """Packages by the name this release has: Ubuntu 24.04 and Debian 13 append t64 to some."""
    return [f"{name}t64" if exists(f"{name}t64") else name for name in packages]


def _apt_knows(package: str) -> bool:
    asked = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", package], capture_output=True, check=False
    )
    return asked.returncode == 0


def install_line(needs: Iterable[Need]) -> str:
    """The one line that installs what is missing, for this machine's package manager."""
    wanted = list(needs)
    if shutil.which("apt-get"):
        names = " ".join(renamed((need.package for need in wanted), _apt_knows))
        return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"
    provides = [f"{n.elsewhere}()(64bit)" if ".so" in n.elsewhere else n.elsewhere for n in wanted]
    quoted = " ".join(f"'{name}'" for name in provides)
    if shutil.which("dnf"):
        return f"sudo dnf install -y {quoted}"
    if shutil.which("zypper"):
        return f"sudo zypper install -y {quoted}"
    return "install the packages that hold: " + " ".join(need.elsewhere for need in wanted)


def check_linux(screen: bool, log: Path, on_line: Callable[[str], None]) -> str:
    """Install what is missing (root on Debian), or say the line to run. Returns what was done.

    Raises ``SetupError`` if the window could not open. Without a compiler only the language model
    cannot be built, so that is told and no more.
    """
    needs = missing(screen)
    if not needs:
        return "nothing missing"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_install([need.package for need in needs], log, on_line)
        still = [need for need in missing(screen) if need.for_window]
        if still:
            raise SetupError(
                f"still missing after installing: {', '.join(n.package for n in still)}", log=log
            )
        return f"installed {len(needs)} package{'s' if len(needs) > 1 else ''}"
    line = install_line(needs)
    if any(need.for_window for need in needs):
        names = ", ".join(need.elsewhere for need in needs)
        raise SetupError(
            f"this machine lacks {names}.", f"Run this line, then try again:\n  {line}"
        )
    return f"no compiler: explanations wait until you run\n    {line}"


def _apt_install(packages: list[str], log: Path, on_line: Callable[[str], None]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    options = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]
    on_line("apt-get update")
    updated = run_logged(["apt-get", *options, "update"], log, env)
    names = renamed(packages, _apt_knows)
    install = ["apt-get", *options, "install", "-y", "--no-install-recommends", *names]
    on_line("apt-get install")
    if run_logged(install, log, env, on_line=on_line) != 0:
        raise SetupError(
            "apt-get could not install system packages.",
            "Is this machine offline? Install them from your mirror, then run the same command "
            "again:\n  apt-get install -y --no-install-recommends " + " ".join(names)
            if updated
            else "See the log.",
            log,
        )


def install_cjk_font(log: Path) -> str:
    """Chinese in screenshots needs a font; as root on Debian it is installed, and never insisted on."""
    if SYSTEM != "Linux":
        return "the system's own"
    if shutil.which("fc-list"):
        listed = subprocess.run(
            ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
        )
        if listed.stdout.strip():
            return "there"
    if any(Path("/usr/share/fonts").rglob("*CJK*")):
        return "there"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            _apt_install(["fonts-noto-cjk"], log, lambda _line: None)
            return "installed fonts-noto-cjk"
        except SetupError:
            pass
    return "none: Chinese text will show as boxes (Debian: fonts-noto-cjk)"


def check_other() -> str:
    """macOS and Windows bring the libraries; the language model needs a compiler."""
    if has_compiler():
        return "nothing missing"
    return f"no compiler: explanations wait. {how_to_get_compiler()}"


def has_compiler() -> bool:
    """Whether C++ can be compiled here (cmake and ninja come from the package index if need be)."""
    if SYSTEM == "Darwin":
        found = subprocess.run(["xcode-select", "-p"], capture_output=True, check=False)
        return found.returncode == 0
    if SYSTEM == "Windows":
        return _has_msvc()
    return any(shutil.which(name) for name in COMPILERS)


def how_to_get_compiler() -> str:
    """One sentence with the line to run."""
    if SYSTEM == "Darwin":
        return "Run this line, then try again:\n  xcode-select --install"
    if SYSTEM == "Windows":
        return (
            "Run this line, then try again:\n"
            "  winget install Microsoft.VisualStudio.2022.BuildTools --override "
            '"--passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"'
        )
    needs = [need for need in missing(screen=False) if not need.for_window]
    return f"Run this line, then try again:\n  {install_line(needs)}"


def _has_msvc() -> bool:
    if shutil.which("cl"):
        return True
    root = os.environ.get("PROGRAMFILES(X86)", r"C:\Program Files (x86)")
    vswhere = Path(root) / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    if not vswhere.exists():
        return False
    found = subprocess.run(
        [str(vswhere), "-latest", "-products", "*", "-requires",
         "Microsoft.VisualStudio.Component.VC.Tools.x86.x64", "-property", "installationPath"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return bool(found.stdout.strip())

"""The virtual environment: Python, torch without CUDA, the libraries, the app, the language engine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _console import SetupError, pip_progress, run_logged
from _machine import SYSTEM, has_compiler, how_to_get_compiler

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOGS = VENV / "bootstrap-logs"
ENGINE = "llama-cpp-python"
CPU_TORCH = "2.13.0"  # known to work with the rest
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# A portable build: it must run on the next machine too, whatever this one's processor can do.
ENGINE_FLAGS = "-DGGML_NATIVE=OFF"

RETRIES = "5"

Update = Callable[[str], None]
_OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|Temporary failure in name resolution|getaddrinfo failed|"
    r"Network is unreachable|ConnectTimeout|ReadTimeout|Connection refused|No route to host|"
    r"ProxyError|RemoteDisconnected|Max retries exceeded|Connection aborted|Read timed out"
)
OFFLINE_HINT = (
    "No connection to the package index. Everything fetched so far is kept: run the same command "
    "again when connected.\nWithout any connection, see docs/contributing.md#setting-up-offline."
)


def venv_python() -> Path:
    if sys.platform == "win32":
        return VENV / "Scripts" / "python.exe"
    return VENV / "bin" / "python"


def project() -> dict[str, Any]:
    """The ``[project]`` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def base_name(requirement: str) -> str:
    """``"faiss-cpu>=1.9 ; extra"`` -> ``"faiss-cpu"``."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match.group().lower() if match else ""


def libraries() -> list[str]:
    """What the app needs, but for the engine that takes minutes to compile, and torch (its own step)."""
    return [r for r in project()["dependencies"] if base_name(r) not in (ENGINE, "torch")]


def requirement(name: str) -> str:
    """The requirement of pyproject.toml for one package."""
    found = (str(r) for r in project()["dependencies"] if base_name(r) == name)
    return next(found)


def tools() -> list[str]:
    """What checking and testing need; training is tested too."""
    extras = project()["optional-dependencies"]
    return [*extras["dev"], *extras["training"]]


def installed(package: str) -> str | None:
    """Version of a package in the environment; None if it is not there."""
    code = (
        "import sys, importlib.metadata as m\n"
        "try: print(m.version(sys.argv[1]))\n"
        "except m.PackageNotFoundError: sys.exit(1)"
    )
    asked = subprocess.run(
        [venv_python(), "-c", code, package], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else None


def environment() -> dict[str, str]:
    """The variables with which programs of the environment run."""
    env = dict(os.environ)
    env.pop("PYTHONHOME", None)
    env["VIRTUAL_ENV"] = str(VENV)
    env["PATH"] = os.pathsep.join([str(venv_python().parent), env.get("PATH", "")])
    env.setdefault("OMP_WAIT_POLICY", "passive")  # llama.cpp beside torch otherwise spins
    env.setdefault("PYTHONUTF8", "1")
    return env


def pip(log: Path, update: Update, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run the environment's pip; raises ``SetupError`` with what to do."""

    def on_line(line: str) -> None:
        words = pip_progress(line)
        if words:
            update(words)

    command: list[str | Path] = [
        venv_python(), "-m", "pip", "--disable-pip-version-check", "--no-input",
        "--retries", RETRIES, arguments[0], "--progress-bar", "off", *arguments[1:],
    ]  # fmt: skip
    before = log.stat().st_size if log.exists() else 0
    if run_logged(command, log, env or environment(), on_line=on_line) == 0:
        return
    with log.open("rb") as written:
        written.seek(before)
        text = written.read().decode("utf-8", "replace")
    if _OFFLINE.search(text):
        raise SetupError("the package index cannot be reached.", OFFLINE_HINT, log)
    if "No space left" in text:
        raise SetupError(
            "the disk is full.", "About 6 GB are needed; make room and try again.", log
        )
    raise SetupError("pip could not install what is needed.", "See the log.", log)


# --- steps -------------------------------------------------------------------------------------


def make_venv(log: Path, update: Update) -> str:
    """A sound environment in ``.venv``; a half-made one is replaced."""
    sound = (
        venv_python().exists()
        and subprocess.run([venv_python(), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )  # fmt: skip
    if not sound:
        for entry in VENV.iterdir() if VENV.is_dir() else ():
            if not entry.name.startswith("bootstrap"):
                shutil.rmtree(
                    entry
                ) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        update("making it")
        if run_logged([sys.executable, "-m", "venv", VENV], log) != 0:
            minor = sys.version_info.minor
            raise SetupError(
                "Python could not make a virtual environment.",
                f"On Debian and Ubuntu: sudo apt-get install python3.{minor}-venv",
                log,
            )
    update("newer pip")
    try:  # a recent pip resumes downloads and can tell a package's dependencies without fetching it
        pip(log, update, "install", "--upgrade", "pip>=25.1")
    except SetupError:
        return "kept its own pip: no newer one could be fetched"
    return f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def install_torch(log: Path, update: Update) -> str:
    """torch, and on Linux never its CUDA build (3 GB) by accident."""
    wanted = requirement("torch")
    found = installed("torch")
    if found:
        return f"{found}, there already"
    if SYSTEM != "Linux":
        pip(log, update, "install", wanted)
        return f"{installed('torch')}"
    for candidate in (f"torch=={CPU_TORCH}", wanted):
        update(f"asking for {candidate}")
        offered = cpu_offer(log, candidate)
        if offered:
            pip(log, update, "install", f"torch=={offered}")
            return f"{installed('torch')}, from the configured index"
    for candidate in (f"torch=={CPU_TORCH}", wanted):
        try:
            pip(log, update, "install", "--index-url", CPU_INDEX, candidate)
        except SetupError as error:
            failed = error
        else:
            return f"{installed('torch')}, from PyTorch's CPU index"
    raise SetupError(
        f"torch for the CPU cannot be fetched from {CPU_INDEX}.",
        "Run the same command again when connected, or put a CPU wheel of torch into a folder and "
        "name it: PIP_FIND_LINKS=FOLDER python3 packaging/bootstrap.py run",
        failed.log,
    )


def cpu_offer(log: Path, candidate: str) -> str | None:
    """The version that pip would install for ``candidate``; None if it is a CUDA build or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command: list[str | Path] = [
            venv_python(), "-m", "pip", "--disable-pip-version-check", "--no-input", "install",
            "--dry-run", "--no-deps", "--quiet", "--report", report, candidate,
        ]  # fmt: skip
        if run_logged(command, log, environment()) != 0:
            return None
        return cpu_version(json.loads(report.read_text("utf-8")))


def cpu_version(report: dict[str, Any]) -> str | None:
    """From pip's installation report: torch's version, or None if that build wants CUDA libraries."""
    for item in report["install"]:
        metadata = item["metadata"]
        needs = (base_name(text) for text in metadata.get("requires_dist", []))
        if any(name.startswith(("nvidia-", "cuda-", "triton")) for name in needs):
            return None
        return str(metadata["version"])
    return None


def _held_torch(folder: str) -> list[str]:
    """Constraint arguments that keep the torch that is installed."""
    path = Path(folder) / "constraints.txt"
    path.write_text(f"torch=={installed('torch')}\n", "utf-8")
    return ["--constraint", str(path)]


def install_libraries(log: Path, update: Update) -> str:
    with tempfile.TemporaryDirectory() as folder:
        pip(log, update, "install", "--prefer-binary", *_held_torch(folder), *libraries())
    return f"{len(libraries())} and what they need"


def install_tools(log: Path, update: Update) -> str:
    with tempfile.TemporaryDirectory() as folder:
        pip(log, update, "install", "--prefer-binary", *_held_torch(folder), *tools())
    return ", ".join(base_name(tool) for tool in tools())


def install_app(log: Path, update: Update) -> str:
    pip(log, update, "install", "--no-deps", "--editable", str(ROOT))
    return f"gleam {installed(project()['name'])}"


def install_engine(log: Path, update: Update) -> str:
    """Compile llama.cpp with its Python binding: minutes. pip keeps the wheel for the next time."""
    found = installed(ENGINE)
    if found:
        return f"{found}, there already"
    if not has_compiler():
        raise SetupError("no C++ compiler: explanations need one once.", how_to_get_compiler(), log)
    env = environment()
    env["CMAKE_ARGS"] = f"{ENGINE_FLAGS} {env.get('CMAKE_ARGS', '')}".strip()
    with tempfile.TemporaryDirectory() as folder:
        pip(log, update, "install", "--verbose", *_held_torch(folder), requirement(ENGINE), env=env)
    return f"{installed(ENGINE)}"

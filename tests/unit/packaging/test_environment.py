"""Which torch is taken, what is installed when, and what is said when there is no connection."""

import sys
from pathlib import Path
from typing import Any

import _environment as environment
import pytest


def report(version: str, *requires: str) -> dict[str, Any]:
    return {"install": [{"metadata": {"version": version, "requires_dist": list(requires)}}]}


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        (report("2.13.0+cpu", "filelock", "sympy>=1.13.3"), "2.13.0+cpu"),
        (report("2.13.0", 'nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"'), None),
        (report("2.15.0", "cuda-toolkit[cublas]==13.2.2", "filelock"), None),
        (report("2.4.0", 'triton==3.7.1; python_version < "3.15"'), None),
        ({"install": []}, None),
    ],
)
def test_a_cuda_build_is_never_taken(answer: dict[str, Any], version: str | None) -> None:
    assert environment.cpu_version(answer) == version


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("faiss-cpu>=1.9", "faiss-cpu"),
        ("Torch >= 2.4 ; x", "torch"),
        ("a.b[c]==1", "a.b"),
        ("", ""),
    ],
)
def test_base_name(text: str, name: str) -> None:
    assert environment.base_name(text) == name


def test_every_dependency_is_installed_by_exactly_one_step() -> None:
    steps = [*environment.libraries(), environment.requirement("torch")]
    steps.append(environment.requirement(environment.ENGINE))
    assert sorted(steps) == sorted(environment.project()["dependencies"])


@pytest.fixture
def this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "venv_python", lambda: Path(sys.executable))
    monkeypatch.setattr(environment, "RETRIES", "1")  # pip says why only when it retries


@pytest.mark.usefixtures("this_python")
def test_offline_is_said_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment.environment()
    for name in [name for name in env if name.startswith("PIP_")]:
        del env[name]
    env |= {"PIP_CONFIG_FILE": str(tmp_path / "none"), "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    log = tmp_path / "log"
    words = ("install", "--dry-run", "gleam-no-such-package")
    with pytest.raises(environment.SetupError) as stopped:
        environment.pip(log, lambda _text: None, *words, env=env)
    assert "cannot be reached" in str(stopped.value)
    assert "again when connected" in stopped.value.hint
    assert "offline" in (environment.ROOT / "docs" / "contributing.md").read_text("utf-8")


@pytest.mark.usefixtures("this_python")
def test_an_unknown_package_is_no_missing_connection(tmp_path: Path) -> None:
    words = ("install", "--dry-run", "--no-index", "gleam-no-such-package")
    with pytest.raises(environment.SetupError) as stopped:
        environment.pip(tmp_path / "log", lambda _text: None, *words)
    assert "pip could not" in str(stopped.value)
    assert "gleam-no-such-package" in stopped.value.explain()


@pytest.mark.usefixtures("this_python")
def test_installed_asks_the_environment() -> None:
    assert environment.installed("pytest") == pytest.__version__
    assert environment.installed("gleam-no-such-package") is None


class FakePip:
    """Records what would be installed; ``offers`` maps a requirement to the version pip would take."""

    def __init__(self, offers: dict[str, str | None], reachable: bool) -> None:
        self.offers, self.reachable = offers, reachable
        self.installs: list[tuple[str, ...]] = []

    def __call__(self, log: Path, _update: object, *words: str, env: object = None) -> None:
        if "--index-url" in words and not self.reachable:
            raise environment.SetupError("unreachable", "", log)
        self.installs.append(words)

    def offer(self, _log: Path, candidate: str) -> str | None:
        return self.offers.get(candidate)


@pytest.mark.parametrize(
    ("offers", "reachable", "expected"),
    [
        ({"torch==2.13.0": "2.13.0+cpu"}, False, ("install", "torch==2.13.0+cpu")),
        ({"torch>=2.4": "2.16.1"}, True, ("install", "torch==2.16.1")),
        ({}, True, ("install", "--index-url", environment.CPU_INDEX, "torch==2.13.0")),
        ({}, False, None),
    ],
)
def test_where_torch_comes_from_on_linux(
    offers: dict[str, str | None], reachable: bool, expected: tuple[str, ...] | None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    fake = FakePip(offers, reachable)
    monkeypatch.setattr(environment, "SYSTEM", "Linux")
    monkeypatch.setattr(environment, "CPU_TORCH", "2.13.0")
    monkeypatch.setattr(environment, "installed", lambda _package: None)
    monkeypatch.setattr(environment, "requirement", lambda _name: "torch>=2.4")
    monkeypatch.setattr(environment, "cpu_offer", fake.offer)
    monkeypatch.setattr(environment, "pip", fake)
    if expected is None:
        with pytest.raises(environment.SetupError, match="torch for the CPU cannot be fetched"):
            environment.install_torch(tmp_path / "log", lambda _text: None)
        assert fake.installs == []
    else:
        environment.install_torch(tmp_path / "log", lambda _text: None)
        assert fake.installs == [expected]

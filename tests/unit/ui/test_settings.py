"""Settings: sparse, whole, and never in the way."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.ui.settings import Choices, Settings


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.change(theme="dark", coordinates="utm")
    settings.change(coordinates="dd")
    assert json.loads((tmp_path / "settings.json").read_text()) == {"theme": "dark"}
    assert Settings(tmp_path).choices == Choices(theme="dark")
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00", '{"theme": 7}'])
def test_a_broken_file_means_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    assert Settings(tmp_path).choices == Choices()


def test_a_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    stored = {"theme": "purple", "language": "zh", "unknown": 1}
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    assert Settings(tmp_path).choices == Choices(language="zh")


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "settings.json").write_bytes(data)
    assert isinstance(Settings(home).choices, Choices)


def test_a_home_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = Settings(blocked / "home")
    settings.change(theme="dark")
    assert settings.choices.theme == "dark"

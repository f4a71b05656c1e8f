"""About: which build, which packs, and the licences of what others made."""

import json
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gleam_app.build import this_build
from gleam_app.components import Component, components
from gleam_app.home import resources_dir
from gleam_app.packs.store import PackStore
from gleam_app.ui.about.window import AboutWindow, licence_text

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_build_says_what_it_was_made_from(tmp_path: Path) -> None:
    facts = {"version": "1.2.3", "commit": COMMIT, "date": "2026-11-23T10:00:00+00:00"}
    (tmp_path / "build.json").write_text(json.dumps(facts), "utf-8")
    assert this_build(tmp_path).line == "1.2.3 (01234567, 2026-11-23)"


def test_a_checkout_knows_its_commit_loose_packed_or_detached(tmp_path: Path) -> None:
    git, resources = tmp_path / ".git", tmp_path / "resources"
    git.mkdir()
    assert this_build(resources).commit == ""
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/main\n")
    assert this_build(resources).commit == COMMIT
    loose = git / "refs/heads/main"
    loose.parent.mkdir(parents=True)
    loose.write_text("f" * 40 + "\n")
    assert this_build(resources).commit == "f" * 40
    (git / "HEAD").write_text(COMMIT + "\n")
    assert this_build(resources).commit == COMMIT


def test_broken_facts_are_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text("{", "utf-8")
    assert this_build(tmp_path / "none").version


def test_every_library_of_the_program_is_named_with_its_licence() -> None:
    found = {component.name.lower(): component for component in components()}
    for name in ("torch", "pyside6", "rasterio", "llama_cpp_python", "leaflet", "lucide icons"):
        assert found[name].licence, name
    assert "pytest" not in found  # a tool of ours, no part of the program
    assert "LESSER GENERAL PUBLIC" in licence_text(found["pyside6"])
    assert "Redistribution" in licence_text(found["leaflet"])


def test_a_component_without_a_text_says_which_licence_it_names(tmp_path: Path) -> None:
    assert "MIT" in licence_text(Component("thing", "1", "MIT"))
    assert "MIT" in licence_text(Component("thing", "1", "MIT", (tmp_path / "gone.txt",)))


def test_the_window_shows_packs_and_texts_and_copies_the_facts(
    qtbot: QtBot, tmp_path: Path
) -> None:
    window = AboutWindow(PackStore(tmp_path, resources_dir() / "packs"), resources_dir(), None)
    qtbot.addWidget(window)
    window.show()
    assert any(line.startswith("starter ") for line in window.packs)
    names = [window.components.item(row).text() for row in range(window.components.count())]
    row = next(row for row, name in enumerate(names) if name.lower().startswith("pyside6 "))
    window.components.setCurrentRow(row)
    assert "PySide6/Qt/lib" in window.text.toPlainText()
    window.copy.click()
    assert "starter " in QApplication.clipboard().text()

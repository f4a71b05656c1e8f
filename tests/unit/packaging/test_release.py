"""Notes from the CHANGELOG, and checksums."""

import hashlib
from pathlib import Path

import pytest
import release
from _console import SetupError

CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Added

- A thing.

## [1.0.0] - 2026-11-01
"""


def test_notes_are_the_section_of_the_version() -> None:
    assert release.notes(CHANGELOG, "1.1.0") == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize("version", ["1.0.0", "1.1", "2.0.0"])
def test_a_version_without_notes_is_refused(version: str) -> None:
    with pytest.raises(SetupError, match="says nothing"):
        release.notes(CHANGELOG, version)


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    for name in ("b.deb", "a.tar.zst"):
        (tmp_path / name).write_bytes(name.encode())
    lines = release.checksums(tmp_path.iterdir()).splitlines()
    assert lines[0] == f"{hashlib.sha256(b'a.tar.zst').hexdigest()}  a.tar.zst"
    assert lines[1].endswith("  b.deb")


def test_a_version_that_the_program_does_not_have_is_refused() -> None:
    with pytest.raises(SetupError, match="says"):
        release.check_ready("99.0.0")

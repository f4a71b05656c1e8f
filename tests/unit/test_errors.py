"""What the operating system refuses is told in words."""

import errno

import pytest

from gleam_app.errors import disk_trouble


@pytest.mark.parametrize(
    ("error", "says", "advises"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full.", "Free some space"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/tiles"),
            "You may not read or write /data/tiles.",
            "permissions",
        ),
        (OSError(errno.EIO, "Input/output error", "/x"), "/x: Input/output error", "disk is there"),
        (OSError("odd"), "odd", "disk"),
    ],
)
def test_words_for_what_the_system_refuses(error: OSError, says: str, advises: str) -> None:
    told = disk_trouble(error)
    assert says in str(told) and advises in told.hint
    assert "\n" not in str(told)

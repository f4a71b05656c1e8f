"""The scripts of the frozen proof are sound shell; each proves a thing of its own."""

import subprocess

import _sessions
import pytest


@pytest.mark.parametrize("model", [False, True])
def test_every_session_is_a_shell_script(model: bool) -> None:
    sessions = list(_sessions.sessions(model))
    for session in sessions:
        checked = subprocess.run(["sh", "-n", "-c", session.script], capture_output=True, text=True)
        assert checked.returncode == 0, (session.title, checked.stderr)
    assert len({session.title for session in sessions}) == len(sessions)
    assert sessions[0].title == "installed" and sessions[-1].title.startswith("removed")


def test_a_language_model_writes_where_there_is_one() -> None:
    assert '--model "$model"' in _sessions.command_line(True, ("csv",))
    assert "--model" not in _sessions.command_line(False, ("csv",))
    for word in ('--format csv --out "$OUT/export 出.csv"', 'test -s "$OUT/export 出.csv"'):
        assert word in _sessions.command_line(False, ("csv",))

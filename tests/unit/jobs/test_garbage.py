"""Resting and settling, in a process of its own: what is frozen stays so."""

import subprocess
import sys

CODE = """
import gc
from gleam_app.jobs import garbage

class Ring:
    def __init__(self):
        self.me = self

rings = lambda: sum(isinstance(one, Ring) for one in gc.get_objects())
garbage.rest()
assert not gc.isenabled()
kept = [[] for _ in range(1000)]
garbage.settle()
assert gc.isenabled() and gc.get_freeze_count() >= 1000
Ring()
assert rings() == 1
gc.collect()
assert rings() == 0  # what was made later is still found
"""


def test_what_is_made_after_settling_is_still_collected() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)

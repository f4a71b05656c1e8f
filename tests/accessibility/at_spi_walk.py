"""Looks at the running window as a screen reader does, over AT-SPI; one JSON document.

    dbus-run-session -- python3 at_spi_walk.py REPORT COMMAND...

Needs the system's Python with PyGObject and Atspi's description, and an X server. ``screen_reader.py``
sees to both. Starts COMMAND, waits until the candidates are judged, and lists by role what there is,
what can be reached or pressed and has no name, and what the candidates' rows and the dialogs say.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi

PATIENCE_S = 240.0
DEEPEST = 60
PRESSED = {"push button", "toggle button", "check box", "radio button", "menu item", "combo box"}
JUDGED = re.compile(r"\bverified|strong|possible|ruled out|已核实|高度可信|可能|已排除")
CANDIDATE = re.compile(r"(candidate|候选)\s?\d", re.IGNORECASE)
FIELDS = {"text", "entry", "spin button", "password text"}


def main():
    environment = {**os.environ, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_QPA_PLATFORM": "xcb"}
    child = subprocess.Popen(sys.argv[2:], env=environment, stdout=sys.stderr)
    try:
        report = look(child)
    finally:
        child.terminate()
        child.wait(30)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    sys.exit(bool(report["nameless"]) or not report["candidates"])


def look(child):
    ends = time.monotonic() + PATIENCE_S
    nodes, rows = [], []
    while time.monotonic() < ends and child.poll() is None:
        nodes = [node for one in applications(child.pid) for node in walk(one, [])]
        rows = [name for role, name, *_ in nodes if role == "list item" and CANDIDATE.search(name)]
        if any(JUDGED.search(name) for name in rows):
            break
        time.sleep(1.0)
    reached = [node for node in nodes if node[3] and (node[4] or node[0] in PRESSED | FIELDS)]
    return {
        "seconds": round(PATIENCE_S - (ends - time.monotonic()), 1),
        "roles": dict(Counter(role for role, *_ in nodes).most_common()),
        "named_and_reached": sum(bool(name) for _, name, *_ in reached),
        "nameless": [f"{role}: {path}" for role, name, path, *_ in reached if not name],
        "candidates": rows,
        "dialogs": [name for role, name, *_ in nodes if role in ("dialog", "alert")],
        "frames": [name for role, name, *_ in nodes if role == "frame"],
    }


def applications(pid):
    desktop = Atspi.get_desktop(0)
    found = [desktop.get_child_at_index(i) for i in range(desktop.get_child_count())]
    return [one for one in found if one is not None and one.get_process_id() == pid]


def walk(node, path):
    """(role, name, path, showing, focusable) of it and all below it."""
    try:
        role, name = node.get_role_name(), (node.get_name() or "").strip()
        states = node.get_state_set()
        showing = states.contains(Atspi.StateType.SHOWING)
        yield role, name, " > ".join(path[-4:]), showing, states.contains(Atspi.StateType.FOCUSABLE)
        count = node.get_child_count() if len(path) < DEEPEST else 0
        children = [node.get_child_at_index(i) for i in range(min(count, 2000))]
    except gi.repository.GLib.GError:  # gone meanwhile
        return
    for child in children:
        if child is not None:
            yield from walk(child, [*path, name or role])


if __name__ == "__main__":
    main()

"""The real window with the demo, looked at over AT-SPI as a screen reader does; prints its JSON.

    python tests/accessibility/screen_reader.py [en|zh]

Needs Xvfb, dbus-run-session and a ``python3`` of the system with Atspi (on Debian: xvfb, dbus,
at-spi2-core, python3-gi, gir1.2-atspi-2.0). Ends with 1 if something that can be reached or pressed has
no name, or no candidate is told; with 77, and what is missing, where it cannot be run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
CANNOT = 77
LOCALES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
PROBE = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"


def missing() -> str:
    """What is not there for it; empty: everything is."""
    for tool in ("Xvfb", "dbus-run-session", SYSTEM_PYTHON):
        if shutil.which(tool) is None:
            return tool
    probe = subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False)
    return "Atspi for the system's Python" if probe.returncode else ""


def main() -> int:
    lacking = missing()
    if lacking:
        print(f"cannot be run here: {lacking} is missing", file=sys.stderr)
        return CANNOT
    language = sys.argv[1] if len(sys.argv) > 1 else "en"
    with tempfile.TemporaryDirectory() as folder:
        reading, writing = os.pipe()
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                display = told.readline().strip()
            environment = {
                **os.environ,
                "DISPLAY": f":{display}",
                "GLEAM_HOME": f"{folder}/home",
                "XDG_RUNTIME_DIR": folder,
                "PYTHONPATH": str(ROOT),
                "LC_ALL": LOCALES[language],
            }
            if os.geteuid() == 0:
                environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
            walk = Path(__file__).with_name("at_spi_walk.py")
            window = [sys.executable, "-m", "gleam_app.main", "--demo"]
            report = Path(folder) / "report.json"
            command = ["dbus-run-session", "--", SYSTEM_PYTHON, str(walk), str(report), *window]
            done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
            if report.exists():
                print(report.read_text(encoding="utf-8"))
            return done.returncode
        finally:
            screen.terminate()
            screen.wait(30)


if __name__ == "__main__":
    sys.exit(main())

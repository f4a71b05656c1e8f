"""The set-up scripts are no package: they are imported the way Python does when one is run."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[3] / "packaging"
if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

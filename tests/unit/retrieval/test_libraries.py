import subprocess
import sys

import pytest

# In a fresh process: the libraries are mapped without their packages, which then import and work.
SCRIPT = """
import sys
from pathlib import Path
from gleam_app.retrieval.libraries import EXTENSIONS, map_libraries
map_libraries()
mapped = Path("/proc/self/maps").read_text()
for package in EXTENSIONS:
    assert package not in sys.modules, package
    assert f"/{package}/" in mapped, package
import torch, cv2, rasterio, faiss
assert float(torch.ones(2).sum()) == 2.0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what is mapped")
def test_libraries_are_mapped_before_their_import() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], check=True, timeout=120)

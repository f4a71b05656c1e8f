"""Loading the model libraries without freezing whoever else runs Python."""

import contextlib
import ctypes
import importlib
import importlib.util
import os
import sys
from pathlib import Path

# package -> the extension module whose mapping brings in all that the package loads
EXTENSIONS = {
    "torch": "lib/libtorch_python.*",
    "cv2": "cv2*.so",
    "rasterio": "_base.*.so",
    "pyproj": "_context.*.so",
    "faiss": "_swigfaiss.*so",
}


def import_libraries() -> None:
    """Import the heavy packages of a search now, so that the first one does not begin with that.

    Those that are missing are reported by whoever needs them.
    """
    for package in (*EXTENSIONS, "PIL.Image"):
        with contextlib.suppress(ImportError):
            importlib.import_module(package)


def map_libraries() -> None:
    """Map the shared libraries of the heavy packages before they are imported.

    An import holds the interpreter's lock while it maps and initialises them, some 400 MB in all;
    called through ctypes, the system's loader runs without it, and the window goes on meanwhile. Does
    nothing where that is not possible; the imports then do it themselves.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError, AttributeError):
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
        for package, pattern in EXTENSIONS.items():
            found = importlib.util.find_spec(package) if package not in sys.modules else None
            if found is None or found.origin is None:
                continue
            for path in sorted(Path(found.origin).parent.glob(pattern))[:1]:
                dlopen(os.fsencode(path), os.RTLD_LAZY)

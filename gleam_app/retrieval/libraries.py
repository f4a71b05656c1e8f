"""Loading the model libraries without freezing whoever else runs Python."""

import contextlib
import ctypes
import importlib.util
import os
import sys
from pathlib import Path

# in the order in which they need one another
LIBRARIES = ("libc10", "libtorch_cpu", "libtorch", "libtorch_python")


def map_torch_libraries() -> None:
    """Map torch's shared libraries before ``import torch`` does.

    The import holds the interpreter's lock while it maps some 400 MB; called through ctypes, the
    loader runs without it, and the window goes on. Does nothing where that is not possible.
    """
    if "torch" in sys.modules or sys.platform == "win32":
        return
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    with contextlib.suppress(OSError, AttributeError):
        dlopen = ctypes.CDLL(None).dlopen
        dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
        for name in LIBRARIES:
            path = Path(found.origin).parent / "lib" / f"{name}{suffix}"
            if path.exists():
                dlopen(os.fsencode(path), os.RTLD_NOW)

"""What a built program holds, and what is left out of it: the rules that ``gleam.spec`` follows.

A destination is the path inside the program's folder with forward slashes, such as
``torch/lib/libtorch_cpu.so``; a source is the file on the building machine.
"""

import sys
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

Entry = tuple[str, str, str]  # PyInstaller's: destination, source, kind

# Modules that something names but nothing of ours ever runs.
EXCLUDED_MODULES = [
    "IPython", "_pytest", "accelerate", "cyclonedx", "hf_xet", "matplotlib", "mypy", "numpy.distutils",
    "pandas", "pip", "pydoc_data", "pygments", "pytest", "scipy", "setuptools", "tensorboard",
    "tkinter", "torch.testing._internal.common_methods_invocations",
    "torch.testing._internal.opinfo", "torch.utils.tensorboard", "torchvision", "training", "triton",
    "transformers.testing_utils",
]  # fmt: skip
# Imported by names that no analysis sees: Cython modules by each other, the engine's by ctypes.
HIDDEN_PACKAGES = ["gleam_app", "rasterio", "llama_cpp", "kornia.feature", "pyproj"]
# The demo as a person would use it: `gleam --drive-demo FOLDER` proves a built program with it.
PROVING = ["drive_demo", "_person", "_state"]
DATA_PACKAGES = ["rasterio", "folium", "branca", "xyzservices"]
# ``torch.jit.script`` and transformers' index of its models read source files.
SOURCE_TOO = ["kornia"]

# Qt modules the window stands on; every other one of PySide6's is left out.
QT_MODULES = {
    "Core", "DBus", "Gui", "Network", "OpenGL", "Pdf", "Positioning", "PrintSupport", "Qml", "QmlMeta",
    "QmlModels", "QmlWorkerScript", "Quick", "QuickWidgets", "Svg", "SvgWidgets", "Test",
    "WaylandClient", "WebChannel", "WebEngineCore", "WebEngineWidgets", "Widgets", "XcbQpa",
    "EglFSDeviceIntegration", "WlShellIntegration", "WaylandEglClientHwIntegration", "OpenGLWidgets",
}  # fmt: skip
QT_PLUGINS = {
    "iconengines", "imageformats", "platforminputcontexts", "platforms",
    "platformthemes", "printsupport", "styles", "tls", "wayland-decoration-client",
    "wayland-graphics-integration-client", "wayland-shell-integration", "xcbglintegrations",
}  # fmt: skip
QT_LANGUAGES = ("en", "zh_CN")
WEB_LOCALES = ("en-US.pak", "zh-CN.pak")

_LEFT_OUT = [
    "PySide6/Qt/qml/*",
    "PySide6/Qt/metatypes/*",
    "PySide6/Qt/resources/qtwebengine_devtools_resources*",  # Chromium's debugger, never opened
    "PySide6/Qt/plugins/platformthemes/libqgtk3.so",  # would bring the machine's GTK in beside ours
    "hf_xet-*.dist-info/*",
    "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
    "*.debug.pak",
    "*.debug.bin",
    "torch/include/*",
    "torch/test/*",
    "torch/share/*",
    "torch/lib/*test*.so",
    "torch/lib/*.a",
    "torch/lib/libaoti_custom_ops.so",
    "torch/lib/libbackend_with_compiler.so",
    "torchgen/packaged/*",
    "llama_cpp/server/*",
    "llama_cpp/lib/*.so.*.*.*",  # the same file again under its full version
    "lib/libllama*",
    "bin/llama*",
    "*/tests/*",
    "*/rio/*.py",
    "folium/plugins/*.js",
]
_TORCH_PROGRAM = "torch/bin/torch_shm_manager"  # ``import torch`` fails without it

# From the building machine itself only what Python and llama.cpp were built against; the rest (X, GL, fonts, NSS,
# the C and C++ runtimes) must be the machine's own, and the .deb says so to apt.
SHIPPED_SYSTEM_LIBRARIES = (
    "libpython3", "libssl.", "libcrypto.", "libffi.", "libsqlite3.", "libbz2.", "liblzma.",
    "libreadline.", "libncursesw.", "libtinfo.", "libuuid.", "libmpdec.", "libexpat.", "libz.",
    "libgomp.",
)  # fmt: skip
SYSTEM_FOLDERS = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/")


def kept(destination: str, source: str) -> bool:
    """Whether a file that PyInstaller found belongs into the program."""
    destination = destination.replace("\\", "/")
    if any(fnmatchcase(destination, pattern) for pattern in _LEFT_OUT):
        return False
    if destination.startswith("torch/bin/"):
        return destination == _TORCH_PROGRAM
    if destination.startswith("PySide6/"):
        return _qt_kept(destination)
    return not sys.platform.startswith("linux") or not _of_the_machine(source)


def kept_entries(entries: list[Entry]) -> list[Entry]:
    """The entries of a table of contents that stay."""
    return [entry for entry in entries if kept(entry[0], entry[1])]


def _of_the_machine(source: str) -> bool:
    name = PurePosixPath(source).name
    return source.startswith(SYSTEM_FOLDERS) and not name.startswith(SHIPPED_SYSTEM_LIBRARIES)


def _qt_kept(destination: str) -> bool:
    path = PurePosixPath(destination)
    parts = path.parts
    if parts[1:3] == ("Qt", "translations") or parts[1] == "translations":
        if "qtwebengine_locales" in parts:
            return path.name in WEB_LOCALES
        return path.name.startswith(("qtbase_", "qt_")) and path.stem.endswith(QT_LANGUAGES)
    if "locales" in parts:
        return path.name in WEB_LOCALES
    if "plugins" in parts:
        return parts[parts.index("plugins") + 1] in QT_PLUGINS
    if path.name.startswith("libQt6"):
        return _module_of(path.name) in QT_MODULES
    if path.name.startswith(("libav", "libsw")):  # ffmpeg, for Qt Multimedia
        return False
    if path.name.startswith("Qt") and ".abi3" in path.name:
        return path.name.removeprefix("Qt").split(".")[0] in QT_MODULES
    return True


def _module_of(library: str) -> str:
    """``libQt6WebEngineCore.so.6`` -> ``WebEngineCore``."""
    return library.removeprefix("libQt6").split(".")[0]

"""What takes the room in a built program."""

from collections import defaultdict
from pathlib import Path, PurePosixPath

# first folder inside the program (or the start of its name) -> what a person calls it
PARTS = {
    "PySide6": "Qt and its browser engine",
    "shiboken6": "Qt and its browser engine",
    "torch": "torch",
    "torchgen": "torch",
    "functorch": "torch",
    "transformers": "transformers",
    "cv2": "OpenCV",
    "opencv_python_headless.libs": "OpenCV",
    "faiss": "FAISS",
    "faiss_cpu.libs": "FAISS",
    "rasterio": "GDAL (rasterio)",
    "rasterio.libs": "GDAL (rasterio)",
    "pyproj": "PROJ (pyproj)",
    "pyproj.libs": "PROJ (pyproj)",
    "numpy": "NumPy",
    "numpy.libs": "NumPy",
    "llama_cpp": "llama.cpp",
    "kornia": "kornia",
    "kornia_rs": "kornia",
    "PIL": "Pillow and HEIF",
    "pillow.libs": "Pillow and HEIF",
    "pillow_heif": "Pillow and HEIF",
    "pillow_heif.libs": "Pillow and HEIF",
    "resources": "starter packs, demo, web page",
    "gleam": "the program's Python modules",
    "base_library.zip": "the program's Python modules",
}
INSIDE = "_internal"
OTHER = "everything else"


def part_of(path: PurePosixPath) -> str:
    """The part that a file of the program belongs to; ``path`` is relative to the program's folder."""
    parts = path.parts[1:] if path.parts[0] == INSIDE else path.parts
    return PARTS.get(parts[0], OTHER)


def sizes(program: Path) -> dict[str, int]:
    """Bytes by part, largest first. A file with several names counts once, links nothing."""
    total: dict[str, int] = defaultdict(int)
    seen: set[tuple[int, int]] = set()
    for path in program.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        status = path.stat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total[part_of(PurePosixPath(path.relative_to(program).as_posix()))] += status.st_size
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def table(counted: dict[str, int]) -> str:
    """Lines for people, in MB of a million bytes."""
    lines = [f"{size / 1e6:8.1f} MB  {part}" for part, size in counted.items()]
    return "\n".join([*lines, f"{sum(counted.values()) / 1e6:8.1f} MB  together"])

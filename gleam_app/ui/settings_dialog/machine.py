"""What the computer offers: processor, graphics card, memory in use. Nothing here knows Qt."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True)
class Machine:
    """``graphics``: names of the cards that torch could compute on. ``integers``: whether the processor is
    fast at 8-bit integers, as our encoder uses them.
    """

    processor: str
    cores: int
    graphics: tuple[str, ...]
    torch: str
    integers: bool


def examine_machine() -> Machine:
    """Loads torch: not on the GUI thread."""
    import torch

    from gleam_app.retrieval import efficientnet_int8

    graphics: tuple[str, ...] = ()
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        graphics = tuple(torch.cuda.get_device_name(place) for place in range(count))
    elif torch.backends.mps.is_available():
        graphics = ("Apple GPU",)
    return Machine(
        _processor(),
        os.cpu_count() or 1,
        graphics,
        torch.__version__,
        efficientnet_int8.supported(),
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def memory_in_use() -> tuple[int, int]:
    """Bytes held by this process, and by the processes it started; zeros where Linux cannot be asked."""
    if not sys.platform.startswith("linux"):
        return 0, 0
    children = [
        int(pid)
        for listing in Path("/proc/self/task").glob("*/children")
        for pid in _read(listing).split()
    ]
    return _resident(os.getpid()), sum(_resident(pid) for pid in children)


def _resident(pid: int) -> int:
    """What belongs to the process alone and what it shares, by share."""
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:  # a thread or a process that ended meanwhile
        return ""


def folder_bytes(folder: Path) -> int:
    """The size of what lies in a folder, links not followed; zero if there is none."""
    total = 0
    for root, _, files in os.walk(folder, onerror=lambda error: None):
        for name in files:
            try:
                total += Path(root, name).lstat().st_size
            except OSError:  # gone meanwhile
                continue
    return total

"""How many threads compute: as the libraries think best, or as the person chose.

OpenMP keeps the number for each thread that starts work, so every lane takes it on itself, at the start
of a job.
"""

import sys

_chosen = 0
_at_first: int | None = None


def choose(threads: int) -> None:
    """From the next job on; 0: as many as the libraries would take."""
    global _chosen
    _chosen = threads


def chosen() -> int:
    """What was chosen; 0: nothing."""
    return _chosen


def take_on() -> None:
    """The calling thread computes with that many from now on, in the libraries that are loaded."""
    global _at_first
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "set_num_threads"):
        return  # not loaded, or being loaded by another thread
    if _at_first is None:
        _at_first = torch.get_num_threads()
    threads = _chosen or _at_first
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    faiss = sys.modules.get("faiss")
    if faiss is not None and hasattr(faiss, "omp_set_num_threads"):
        faiss.omp_set_num_threads(threads)

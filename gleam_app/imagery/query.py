"""The query: the picture whose place is sought."""

import hashlib
import io
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import ExifFacts, clean_text, read_exif
from gleam_app.imagery.views import VIEWS, View, guess_view

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["VIEWS", "ExifFacts", "Query", "View", "guess_view", "load_query", "query_from_bytes"]

MAX_PIXELS = 178_900_000  # just below where Pillow itself refuses a picture as a decompression bomb
MAX_FILE_BYTES = 1024**3
MIN_SIDE_PX = 16
WORKING_SIDE_PX = 4096

# Only pictures: Pillow also opens PostScript (by starting Ghostscript), TGA (without a signature) ...
_FORMATS = (
    "JPEG", "MPO", "PNG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000", "PPM", "AVIF", "HEIF",
)  # fmt: skip
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_FORMAT_HINT = "Choose a photo or a picture: JPEG, PNG, TIFF, WebP, HEIC, BMP, GIF or JPEG 2000."
_DAMAGED_HINT = (
    "Copy the file again from the camera or the card, or open and save it in another program."
)
_pillow_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Query:
    """A decoded picture, upright.

    ``pixels`` is uint8 (height, width, 3), RGB, EXIF orientation applied, its longest side at most
    ``WORKING_SIDE_PX``; ``original_size`` is the (width, height) it had in the file, upright. ``sha256``
    is of the file's bytes. ``path`` is None for a pasted picture. ``view_guessed`` tells that nobody
    chose the view.
    """

    name: str
    path: Path | None
    sha256: str
    pixels: NDArray[np.uint8]
    exif: ExifFacts
    view: View
    view_guessed: bool
    original_size: tuple[int, int] = (0, 0)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def full_size(self) -> tuple[int, int]:
        """(width, height) in the file, upright; of ``pixels`` where that is not known."""
        return self.original_size if min(self.original_size) else self.size


def load_query(path: Path, view: View | Literal["auto"] = "auto") -> Query:
    """Read a picture file. Raises GleamError, one line, for anything that cannot be a query."""
    path = Path(path)
    name = clean_text(path.name)
    try:
        if path.is_dir():
            raise GleamError(f"{name} is a folder, not a picture.", "Choose a picture inside it.")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device would never end
            raise GleamError(f"{name} is not a file.", "Choose a picture.")
        size = status.st_size
        if size > MAX_FILE_BYTES:
            raise GleamError(
                f"{name} is too large ({size / 1024**3:.1f} GiB).",
                "Save a smaller copy of the picture.",
            )
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise GleamError(
            f"There is no file {clean_text(path)}.", "Check the name and the folder."
        ) from None
    except (OSError, ValueError) as error:
        reason = clean_text(getattr(error, "strerror", None) or error)
        raise GleamError(
            f"{name} cannot be read: {reason}.", "Check that you may open the file."
        ) from None
    return _make_query(data, name, path, view)


def query_from_bytes(data: bytes, name: str, view: View | Literal["auto"] = "auto") -> Query:
    """A query from the bytes of an encoded picture (pasted or dropped); errors as ``load_query``."""
    return _make_query(data, clean_text(name) or "picture", None, view)


def _make_query(data: bytes, name: str, path: Path | None, view: View | Literal["auto"]) -> Query:
    if view != "auto" and view not in VIEWS:
        raise GleamError(
            f"Unknown view {clean_text(view)!r}.", f"Choose auto or one of: {', '.join(VIEWS)}."
        )
    pixels, exif, original_size = _decode(data, name)
    chosen: View = guess_view(pixels, exif) if view == "auto" else view
    sha256 = hashlib.sha256(data).hexdigest()
    return Query(name, path, sha256, pixels, exif, chosen, view == "auto", original_size)


def _decode(data: bytes, name: str) -> tuple[NDArray[np.uint8], ExifFacts, tuple[int, int]]:
    """Upright RGB pixels, what the camera wrote, and the upright (width, height) in the file.

    The size is judged from the header, before anything is decoded. A JPEG larger than the working
    size is decoded at 1/2, 1/4 or 1/8, so that its full pixels never exist in memory.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not data:
        raise GleamError(f"{name} is empty (0 bytes).", _DAMAGED_HINT)
    _prepare_heif(data)
    try:
        with _quiet_pillow(), Image.open(io.BytesIO(data), formats=_known(_FORMATS)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if min(width, height) < MIN_SIDE_PX:
                raise GleamError(
                    f"{name} is too small ({width} x {height} pixels).",
                    f"Choose a picture of at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels.",
                )
            exif = read_exif(image)
            shrink = min(1.0, WORKING_SIDE_PX / max(width, height))
            image.draft(image.mode, (max(1, int(width * shrink)), max(1, int(height * shrink))))
            image.load()
            upright = ImageOps.exif_transpose(_to_rgb(image))
            turned = _is_turned(image)
            upright.thumbnail((WORKING_SIDE_PX, WORKING_SIDE_PX), Image.Resampling.LANCZOS)
            pixels = np.array(upright, dtype=np.uint8)
    except GleamError:
        raise
    except Image.DecompressionBombError:
        raise GleamError(
            f"{name} has too many pixels (more than {MAX_PIXELS / 1e6:.0f} million).",
            "Save a smaller copy of the picture, or add it as a map if it is one.",
        ) from None
    except UnidentifiedImageError:
        raise GleamError(f"{name} is not a picture this program can read.", _FORMAT_HINT) from None
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, zlib.error ...
        reason = clean_text(error, 100).rstrip(".") or type(error).__name__
        raise GleamError(f"{name} is damaged or incomplete ({reason}).", _DAMAGED_HINT) from None
    return pixels, exif, (height, width) if turned else (width, height)


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow's warnings (odd EXIF, large picture) say nothing a person could act on.

    The lock is there because the warning filters are the process's, not the thread's.
    """
    with _pillow_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _prepare_heif(data: bytes) -> None:
    """Load the HEIF decoder the first time that a picture needs it."""
    if data[4:8] == b"ftyp" and (data[8:12] in _HEIF_BRANDS or b"heic" in data[8:64]):
        from pillow_heif import register_heif_opener

        register_heif_opener()


def _known(formats: tuple[str, ...]) -> list[str]:
    """Those formats that this Pillow has (asking for another one is an error)."""
    from PIL import Image

    Image.init()
    return [name for name in formats if name in Image.OPEN]


def _is_turned(image: "Image") -> bool:
    """Whether upright means width and height swapped."""
    return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def _to_rgb(image: "Image") -> "Image":
    """8-bit RGB of any mode, EXIF kept. What is transparent becomes white."""
    from PIL import Image

    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        rgb = Image.fromarray(_to_eight_bits(np.asarray(image, dtype=np.float32))).convert("RGB")
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        picture = image.convert("RGBA")
        rgb = Image.new("RGB", picture.size, "white")
        rgb.paste(picture, mask=picture.getchannel("A"))
    else:
        rgb = image.convert("RGB")
    rgb.getexif().load(image.getexif().tobytes())
    return rgb


def _to_eight_bits(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Grey of more than 8 bits: full 16-bit range where it is used, else stretched to its own range."""
    finite = np.nan_to_num(values)
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and 16_384 <= high <= 65_535:
        low, high = 0.0, 65_535.0
    scaled = (finite - low) * (255.0 / max(high - low, 1e-12))
    shades: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return shades

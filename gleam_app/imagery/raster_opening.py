"""Opening a raster file with GDAL: which formats, never the network, and what is wrong in one line."""

import os
import warnings
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text

# Formats that are files on this machine. GDAL's drivers for web services (WMS, WMTS, ...) stay out.
DRIVERS = (
    "GTiff",
    "VRT",
    "JPEG",
    "PNG",
    "JP2OpenJPEG",
    "HFA",
    "BMP",
    "WEBP",
    "NITF",
    "ECW",
    "MRF",
    "ENVI",
)
_NETWORK = (
    "/vsicurl",
    "/vsis3",
    "/vsigs",
    "/vsiaz",
    "/vsiadls",
    "/vsioss",
    "/vsiswift",
    "/vsihdfs",
    "/vsiwebhdfs",
    "://",
)
# A VRT may name a further file that names the network; GDAL reads these before it opens anything.
_SETTINGS = {
    "GDAL_SKIP": "HTTP WMS WMTS WCS PLMOSAIC EEDA EEDAI STACIT STACTA DAAS OGCAPI",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_CACHEMAX": "512",  # MiB; its own choice is a twentieth of the computer's memory
}
_PATH_BYTES = 2000  # GDAL keeps names in buffers of 2,048 bytes, with what it appends to them


class Unreadable(GleamError):
    """A file that cannot be read, whatever it was meant to be; those beside it may be sound."""


def open_dataset(path: Path, direct: bool = False) -> Any:
    """A rasterio dataset; ``direct``: TIFF strips are read past GDAL's cache of blocks.

    Raises GleamError for what is missing, not imagery, or not on this machine."""
    for option, value in _SETTINGS.items():
        os.environ.setdefault(option, value)
    from rasterio.env import Env
    from rasterio.errors import RasterioError
    from rasterio.io import DatasetReader

    name = clean_text(path.name)
    if path.is_dir():
        raise GleamError(f"{name} is a folder, not a file.", "Choose the GeoTIFF or VRT inside it.")
    if not path.is_file():
        raise GleamError(f"There is no file {clean_text(path)}.", "Check the name and the folder.")
    if path.stat().st_size == 0:
        raise Unreadable(f"{name} is empty (0 bytes).", "Copy or download the file again.")
    _check_name(path)
    try:
        with (
            warnings.catch_warnings(),
            Env(session=None, GTIFF_DIRECT_IO="YES" if direct else "NO"),
        ):
            warnings.simplefilter("ignore")  # "not georeferenced" is told as an error, later
            # rasterio.open takes a single driver only
            dataset = DatasetReader(str(path), driver=list(DRIVERS), sharing=False)
    except (RasterioError, OSError, ValueError) as error:
        raise Unreadable(
            f"{name} is not imagery this program can read ({clean_text(error, 120).rstrip('.')}).",
            "It is damaged or in another format: copy it again, or make a GeoTIFF of it "
            "(QGIS: Export > Save As, or gdal_translate).",
        ) from None
    if any(part in file for file in dataset.files for part in _NETWORK):
        dataset.close()
        raise GleamError(
            f"{name} refers to imagery on the network, which this program does not open.",
            "Download the imagery and add the file on this machine.",
        )
    if dataset.count == 0:
        dataset.close()
        raise GleamError(
            f"{name} holds no picture of its own.", "Choose one of its sub-datasets as a GeoTIFF."
        )
    return dataset


def _check_name(path: Path) -> None:
    """Raise Unreadable for a name that GDAL does not take."""
    if len(os.fsencode(path)) > _PATH_BYTES:
        raise Unreadable(
            f"The path of {clean_text(path.name)} is too long: imagery is read up to {_PATH_BYTES:,} bytes.",
            "Move the imagery to a folder nearer to the root of the disk.",
        )
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise Unreadable(
            f"The name of {clean_text(path.name)} holds bytes that are no text (UTF-8).",
            "Rename the file or its folder.",
        ) from None

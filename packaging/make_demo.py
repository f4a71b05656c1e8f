"""Make ``resources/demo`` from the folder of the Sheffield Park drone data set.

    python packaging/make_demo.py SHEFFIELD_CROSS [--out resources/demo]

Writes ``map.tif`` (the orthophoto of flight A as a Cloud-Optimized GeoTIFF), ``queries/*.jpg`` (a
dozen photos of flight B, spread evenly over the flight, with every trace of camera, date and
position removed), ``truth.csv`` and ``README.md``.
"""

import argparse
import csv
import shutil
import tempfile
from pathlib import Path

QUERIES = 12
RADIUS_M = 5.0
JPEG_QUALITY = 95

README = """# Demo

A small real case: find where a dozen drone photos were taken.

| file | what |
|---|---|
| `map.tif` | orthophoto of 0.03 km², 10 cm a pixel, UTM zone 17 N (EPSG:32617), Cloud-Optimized GeoTIFF (JPEG, quality {quality}) with overviews and mask |
| `queries/photo-NN.jpg` | {count} photos of *another* flight over the same park, 800 x 600; metadata removed, pixels untouched |
| `truth.csv` | for each photo the ground point at its centre (WGS 84), the radius in metres within which an answer counts as right, and the heading of the photo's upper edge in degrees from true north |

## Origin and licence

Photos by pierotofy (https://github.com/pierotofy/drone_dataset_sheffield_cross, commit 143f556e), taken
with a DJI Phantom 3 in Sheffield Park, Oldsmar, Florida, on one afternoon of April 2018, and dedicated to
the public domain under the Unlicense (https://unlicense.org). These are copies of them at one fifth of
the size. The orthophoto and the truth were computed from the same photos: structure from motion, fitted
to the photos' GPS and five ground control points. The files here stay in the public domain.

## What it can and cannot show

Queries and map come from two flights, so no query is a part of the map, but both are of the same hour
and the same camera, and the place is tiny: an easy case. Positions of map and truth share one solution;
against the photos' own GPS it agrees to 0.64 m (root mean square). Nothing is trained on this place.

Made by `packaging/make_demo.py`.
"""


def write_map(orthophoto: Path, target: Path) -> None:
    """Write ``orthophoto`` as a Cloud-Optimized GeoTIFF with overviews and its mask."""
    import rasterio.shutil

    rasterio.shutil.copy(
        orthophoto,
        target,
        driver="COG",
        COMPRESS="JPEG",
        QUALITY=JPEG_QUALITY,
        OVERVIEW_QUALITY=JPEG_QUALITY,
        OVERVIEW_RESAMPLING="AVERAGE",
        BLOCKSIZE=256,
    )


def without_metadata(jpeg: bytes) -> bytes:
    """The same JPEG without its APP1..APP15 (EXIF, XMP, maker) and comment segments.

    The compressed pixels are copied, not encoded again. Raises ``ValueError`` if it is no JPEG.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    kept, at = bytearray(jpeg[:2]), 2
    while True:
        if jpeg[at] != 0xFF:
            raise ValueError("broken JPEG segment")
        marker = jpeg[at + 1]
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xDA:  # start of scan: the rest is pixels, up to the end of the image
            stop = jpeg.index(b"\xff\xd9", end) + 2
            return bytes(kept + jpeg[at:stop])
        if not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            kept += jpeg[at:end]
        at = end


def spread(poses: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    """``count`` of the poses at even steps, the first and the last among them."""
    step = (len(poses) - 1) / (count - 1)
    return [poses[round(index * step)] for index in range(count)]


def make_demo(data: Path, out: Path) -> None:
    """Write the demo into ``out`` (replaced as a whole)."""
    with (data / "poses.csv").open(newline="", encoding="utf-8") as file:
        poses = [row for row in csv.DictReader(file) if row["flight"] == "B"]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".demo-") as holder:
        staging = Path(holder) / "demo"
        (staging / "queries").mkdir(parents=True)
        write_map(data / "ortho_flightA_10cm_utm17n.tif", staging / "map.tif")
        with (staging / "truth.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["query", "lat", "lon", "radius_m", "heading_deg"])
            for number, pose in enumerate(spread(poses, QUERIES), start=1):
                name = f"queries/photo-{number:02d}.jpg"
                photo = (data / "images" / pose["image"]).read_bytes()
                (staging / name).write_bytes(without_metadata(photo))
                position = (pose["view_ground_lat"], pose["view_ground_lon"])
                rows.writerow([name, *position, RADIUS_M, pose["heading_deg"]])
        text = README.format(quality=JPEG_QUALITY, count=QUERIES)
        (staging / "README.md").write_text(text, encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        staging.replace(out)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make resources/demo.")
    parser.add_argument("data", type=Path, metavar="SHEFFIELD_CROSS", help="folder of the data set")
    default = Path(__file__).resolve().parent.parent / "resources" / "demo"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    make_demo(arguments.data, arguments.out)
    size = sum(file.stat().st_size for file in arguments.out.rglob("*") if file.is_file())
    print(f"{arguments.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

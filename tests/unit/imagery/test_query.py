"""Queries: whatever a camera writes becomes upright 8-bit RGB; whatever else, one clear line."""

import hashlib
import io
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from gleam_app.errors import GleamError
from gleam_app.imagery import query as module
from gleam_app.imagery.exif import ExifFacts
from gleam_app.imagery.query import Query, load_query, query_from_bytes
from gleam_app.imagery.views import guess_view

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description drone-dji:RelativeAltitude="+80.10" '
    'drone-dji:GimbalYawDegree="-92.5" drone-dji:FlightYawDegree="10.0" '
    'drone-dji:GimbalPitchDegree="-89.9"/></rdf:RDF></x:xmpmeta>'
)


def picture(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """Red at the top left, green at the top right, blue at the bottom left; noise over it."""
    rgb = np.random.default_rng(3).integers(0, 20, (height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2, 0] += 200
    rgb[: height // 2, width // 2 :, 1] += 200
    rgb[height // 2 :, : width // 2, 2] += 200
    return rgb


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def refused(data: bytes, name: str = "photo.jpg") -> GleamError:
    with pytest.raises(GleamError) as caught:
        query_from_bytes(data, name)
    assert str(caught.value).isprintable() and caught.value.hint.isprintable() and caught.value.hint
    return caught.value


def test_file_keeps_its_hash_name_and_path(tmp_path: Path) -> None:
    file = tmp_path / "a b.png"
    file.write_bytes(encoded(Image.fromarray(picture())))
    query = load_query(file, "ground")
    assert np.array_equal(query.pixels, picture()) and query.pixels.dtype == np.uint8
    assert query.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (query.name, query.path, query.size) == ("a b.png", file, (64, 48))
    assert (query.view, query.view_guessed, query.original_size) == ("ground", False, (64, 48))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    undo = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # Image.Transpose that a camera would have applied
    stored = Image.fromarray(picture())
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    query = query_from_bytes(encoded(stored, exif=exif), "x.png")
    assert np.array_equal(query.pixels, picture())
    assert query.original_size == (64, 48)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    grey = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    if mode == "I;16":
        image, format = Image.fromarray(grey.astype(np.uint16) * 257), "PNG"
    elif mode in ("I", "F"):
        image, format = Image.fromarray(grey.astype("int32" if mode == "I" else "float32")), "TIFF"
    elif mode == "P":
        image, format = Image.fromarray(grey).convert("RGB").quantize(64), "PNG"
    else:
        image, format = Image.fromarray(grey).convert("RGB").convert(mode), "TIFF"
    assert image.mode == mode
    pixels = query_from_bytes(encoded(image, format), "x").pixels
    assert pixels.shape == (48, 64, 3) and pixels.dtype == np.uint8
    if mode == "1":  # dithered: right on average
        assert set(np.unique(pixels)) == {0, 255} and abs(pixels.mean() - grey.mean()) < 3
    else:
        assert np.abs(pixels.astype(int) - grey[..., None]).max() <= 3


def test_sixteen_bit_colour_and_dim_sixteen_bit_grey() -> None:
    import cv2

    wide = picture().astype(np.uint16) * 257
    ok, data = cv2.imencode(".png", wide[..., ::-1])
    assert ok and np.array_equal(query_from_bytes(data.tobytes(), "x").pixels, picture())
    dim = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (48, 1))  # 12 bits in 16
    pixels = query_from_bytes(encoded(Image.fromarray(dim)), "x").pixels
    assert pixels.min() == 0 and pixels.max() == 255


def test_what_is_transparent_becomes_white() -> None:
    rgba = np.dstack([picture(), np.full((48, 64), 255, np.uint8)])
    rgba[:10, :, 3] = 0
    pixels = query_from_bytes(encoded(Image.fromarray(rgba)), "x").pixels
    assert (pixels[:10] == 255).all() and np.array_equal(pixels[10:], picture()[10:])
    palette = Image.fromarray(picture()).quantize(16)
    key = palette.getpixel((0, 0))
    pixels = query_from_bytes(encoded(palette, "GIF", transparency=key), "x").pixels
    assert (pixels[0, 0] == 255).all()


@pytest.mark.parametrize(
    "format", ["JPEG", "WEBP", "BMP", "GIF", "JPEG2000", "PPM", "AVIF", "TIFF"]
)
def test_formats(format: str) -> None:
    pixels = query_from_bytes(encoded(Image.fromarray(picture()), format), "x").pixels
    assert np.abs(pixels[5:15, 5:15].mean((0, 1)) - picture()[5:15, 5:15].mean((0, 1))).max() < 12


def test_heic() -> None:
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture(128, 96))).save(stream, quality=95)
    query = query_from_bytes(stream.getvalue(), "a.heic")
    assert query.size == (128, 96)
    assert query.pixels[10, 10].argmax() == 0 and query.pixels[10, 120].argmax() == 1
    refused(stream.getvalue()[:-400], "a.heic")


def test_camera_facts() -> None:
    exif = Image.Exif()
    exif[271], exif[272] = "DJI\0\0", "DJI FC\x1b[31m300S\n"
    exif.get_ifd(0x8769).update({36867: "2018:04:29 12:06:46", 41989: 20})
    exif.get_ifd(0x8825).update(
        {1: "S", 2: (28.0, 2.0, 28.5), 3: "W", 4: (82.0, 41.0, 54.5), 5: b"\0", 6: 105.5, 17: 45.0}
    )
    image = Image.fromarray(picture())
    plain = query_from_bytes(encoded(image, "JPEG", exif=exif), "x").exif
    assert plain.lat == pytest.approx(-(28 + 2 / 60 + 28.5 / 3600))
    assert plain.lon == pytest.approx(-(82 + 41 / 60 + 54.5 / 3600))
    assert (plain.altitude_m, plain.heading_deg, plain.focal_35mm) == (105.5, 45.0, 20.0)
    assert (plain.taken_at, plain.camera) == ("2018-04-29T12:06:46", "DJI FC[31m300S")
    drone = query_from_bytes(encoded(image, "JPEG", exif=exif, xmp=XMP.encode()), "x").exif
    assert (drone.heading_deg, drone.relative_altitude_m, drone.gimbal_pitch_deg) == (
        267.5,
        80.1,
        -89.9,
    )


def test_orientation_and_facts_survive_a_change_of_mode() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    query = query_from_bytes(
        encoded(Image.fromarray(picture()).convert("L"), "JPEG", exif=exif), "x"
    )
    assert query.size == (48, 64)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (128.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (28.0, 2.0, 28.5)},
        {1: "N", 2: (float("nan"), 2.0, 28.5), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: 5, 2: 28.0, 3: "E", 4: (10.0, 0.0, 0.0)},
    ],
)
def test_a_doubtful_position_is_none(gps: dict[int, Any]) -> None:
    from gleam_app.imagery.exif import _position

    assert _position(gps) == (None, None)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_broken_exif_is_no_error(junk: bytes) -> None:
    data = encoded(Image.fromarray(picture()), "JPEG", exif=b"Exif\0\0" + junk, xmp=junk)
    assert query_from_bytes(data, "x").size == (64, 48)


def test_not_a_picture(tmp_path: Path) -> None:
    assert "empty" in str(refused(b""))
    assert "not a picture" in str(refused(b"hello, world"))
    assert "not a picture" in str(refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"))
    assert "too small" in str(refused(encoded(Image.new("RGB", (5, 500)))))
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "none.jpg", "no file"),
        (tmp_path / "\0", "cannot be read|no file"),
    ):
        with pytest.raises(GleamError, match=words):
            load_query(path)
    with pytest.raises(GleamError, match="view"):
        query_from_bytes(encoded(Image.fromarray(picture())), "x", "oblique")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "AVIF"]
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated(format: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    data = encoded(Image.fromarray(noise), format)
    refused(data[: int(len(data) * share)])


def test_a_name_cannot_write_to_the_terminal() -> None:
    error = refused(b"", "evil\x1b]0;title\x07\u202egpj.exe\n.jpg")
    assert "evil]0;titlegpj.exe .jpg is empty" in str(error)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(30_000, 30_000), (14_000, 13_000), (12_782, 14_000), (200_000, 20_000)]
)
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    tracemalloc.start()
    error = refused(png_header(*size), "bomb.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too many pixels" in str(error) and peak < 20e6


def test_a_large_jpeg_is_decoded_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORKING_SIDE_PX", 128)
    loaded: list[tuple[int, int]] = []
    to_rgb = module._to_rgb

    def spy(image: Image.Image) -> Image.Image:
        loaded.append(image.size)
        return to_rgb(image)

    monkeypatch.setattr(module, "_to_rgb", spy)
    exif = Image.Exif()
    exif[0x0112] = 6
    smooth = Image.fromarray(picture()).resize((1000, 600), Image.Resampling.BICUBIC)
    query = query_from_bytes(encoded(smooth, "JPEG", exif=exif), "x")
    assert max(loaded[0]) < 300  # a quarter in the decoder
    assert query.original_size == (600, 1000) and query.size == (77, 128)
    assert query.pixels[10, 60].argmax() == 0  # red, at the top right after the turn


def views(pixels: NDArray[np.uint8], **facts: Any) -> str:
    return guess_view(pixels, ExifFacts(**facts))


def test_guessed_views() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (300, 400, 3), np.uint8)
    assert views(noise) == "uav"
    assert views(noise, camera="Apple iPhone 15") == "ground"
    assert views(noise, camera="DJI FC3582") == views(noise, camera="Parrot Anafi") == "uav"
    assert views(noise, camera="DJI Osmo Pocket") == "ground"
    assert views(noise, camera="Apple iPhone 15", relative_altitude_m=40.0) == "uav"
    assert views(noise, panorama=True) == "panorama"
    assert views(noise[:80]) == "panorama"  # 5:1
    x = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    around = np.repeat(((np.sin(x) + 1) * 120).astype(np.uint8)[None, :, None], 400, 0).repeat(3, 2)
    around = around + rng.integers(0, 6, around.shape, np.uint8)
    assert views(around) == "panorama"
    broken = (np.linspace(0, 240, 800).astype(np.uint8)[None, :, None]).repeat(400, 0).repeat(3, 2)
    assert views(broken + rng.integers(0, 9, broken.shape, np.uint8)) == "uav"  # 2:1, ends differ
    drawn = np.full((300, 400, 3), (242, 239, 233), np.uint8)
    drawn[100:120], drawn[:, 200:210], drawn[180:260, 20:140] = (
        (255, 255, 255),
        (247, 250, 191),
        (170, 211, 223),
    )
    assert views(drawn) == "map"
    jpeg = Image.open(io.BytesIO(encoded(Image.fromarray(drawn), "JPEG", quality=80))).convert(
        "RGB"
    )
    assert views(np.asarray(jpeg)) == "map"


def test_panorama_says_so_in_its_xmp() -> None:
    xmp = b"<rdf:Description><GPano:ProjectionType>equirectangular</GPano:ProjectionType></rdf:Description>"
    query: Query = query_from_bytes(encoded(Image.fromarray(picture()), "JPEG", xmp=xmp), "x")
    assert query.view == "panorama" and query.view_guessed

"""Tiny data sets, written in the layouts the real ones are published in."""

import csv
import json
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio import Affine

from training.data.sues200 import ALL_PLACES, TEST_PLACES, TRAINING_PLACES

CITIES = ("NewYork", "Seattle", "SanFrancisco", "Chicago")


def picture(path: Path, colour: tuple[int, int, int] = (90, 120, 60)) -> Path:
    """A picture of 4 x 4 pixels of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), colour).save(path)
    return path


def stub(path: Path) -> Path:
    """An empty file, where nothing decodes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def text(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def university(root: Path) -> Path:
    """Training buildings 0839, 0842; test buildings 0001, 0002; distractor 0003."""
    for place in ("0839", "0842"):
        picture(root / "train" / "satellite" / place / f"{place}.jpg")
        for number in (1, 2, 3):
            picture(root / "train" / "drone" / place / f"image-{number:02}.jpeg")
        picture(root / "train" / "street" / place / "1.jpg")
        picture(root / "train" / "google" / place / "noise.jpg")
    for place in ("0001", "0002", "0003"):
        picture(root / "test" / "gallery_satellite" / place / f"{place}.jpg")
        for number in (1, 2):
            picture(root / "test" / "gallery_drone" / place / f"image-{number:02}.jpeg")
        if place != "0003":
            picture(root / "test" / "query_satellite" / place / f"{place}.jpg")
            picture(root / "test" / "query_street" / place / "1.jpg")
            for number in (1, 2):
                picture(root / "test" / "query_drone" / place / f"image-{number:02}.jpeg")
    return root


def sues_download(root: Path, height: int = 150) -> Path:
    """All 200 places at one height, one drone image each."""
    for place in ALL_PLACES:
        stub(root / "drone_view_512" / place / str(height) / "0.jpg")
        stub(root / "satellite-view" / place / "0.png")
    return root


def sues_divided(root: Path, height: int = 150) -> Path:
    """What the authors' split script makes of it."""
    training, testing = root / "Training" / str(height), root / "Testing" / str(height)
    for place in TRAINING_PLACES:
        stub(training / "drone" / place / "0.jpg")
        stub(training / "satellite" / place / "0.png")
    for place in ALL_PLACES:
        stub(testing / "gallery_drone" / place / "0.jpg")
        stub(testing / "gallery_satellite" / place / "0.png")
    for place in TEST_PLACES:
        stub(testing / "query_drone" / place / "0.jpg")
        stub(testing / "query_satellite" / place / "0.png")
    return root


def vigor(root: Path, moved: bool = False) -> Path:
    """Five satellite images a city, two panoramas; the fifth satellite image covers none."""
    for number, city in enumerate(CITIES):
        ground = root / "ground" / city if moved else root / city / "panorama"
        aerial = root / "satellite" / city if moved else root / city / "satellite"
        satellites = [f"satellite_{40 + number}.{i}_-73.{i}.png" for i in range(5)]
        for name in satellites:
            stub(aerial / name)
        lines = []
        for i in range(2):
            panorama = f"{city}_{i},{40 + number}.{i}5,-73.{i}5,.jpg"
            stub(ground / panorama)
            order = [satellites[i], *(s for s in satellites[:4] if s != satellites[i])]
            lines.append(" ".join([panorama, *(f"{s} 12.5 -3.25" for s in order)]))
        splits = root / "splits" / city
        text(splits / "satellite_list.txt", *satellites)
        text(splits / "same_area_balanced_train.txt", lines[0])
        text(splits / "same_area_balanced_test.txt", lines[1])
        text(splits / "pano_label_balanced.txt", *lines)
    return root


def cvusa(root: Path) -> Path:
    for name, numbers in (("train", (2, 3)), ("val", (11,))):
        lines = []
        for number in numbers:
            satellite, ground = f"bingmap/19/{number:07}.jpg", f"streetview/panos/{number:07}.jpg"
            stub(root / satellite)
            stub(root / ground)
            lines.append(f"{satellite},{ground},streetview/annotations/{number:07}.png")
        text(root / "splits" / f"{name}-19zl.csv", *lines)
    return root


def cvact(root: Path) -> Path:
    """Pictures only; "c" has no satellite image. The table is the tests' matter."""
    for name in ("a", "b", "c", "d"):
        stub(root / "ANU_data_small" / "streetview" / f"{name}_grdView.jpg")
        if name != "c":
            stub(root / "ANU_data_small" / "satview_polish" / f"{name}_satView_polish.jpg")
    for name in ("y", "x"):
        stub(root / "ANU_data_test" / "streetview" / f"{name}_grdView.jpg")
        stub(root / "ANU_data_test" / "satview_polish" / f"{name}_satView_polish.jpg")
    stub(root / "ANU_data_test" / "streetview" / "z_grdView.jpg")
    return root


def setvl(root: Path) -> Path:
    """Tiles t1, t2 (train), t3 (test); photo p4's file is missing."""
    rows = [
        ("p1", "t1", "30.5", "114.3", "19", "train"),
        ("p2", "t1", "30.5", "114.3", "19", "train"),
        ("p3", "t2", "30.6", "114.4", "19", "train"),
        ("p4", "t2", "30.6", "114.4", "19", "train"),
        ("p5", "t3", "30.7", "114.5", "19", "test"),
    ]
    root.mkdir(parents=True, exist_ok=True)
    with (root / "setvl480k.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image_id", "tile_id", "lat", "lon", "zoom", "split"), *rows])
    for image in ("p1", "p2", "p3", "p5"):
        stub(root / "ground" / f"{image}.jpg")
    for tile in ("t1", "t2", "t3"):
        stub(root / "satellite" / f"{tile}.png")
    return root


def denseuav(root: Path) -> Path:
    """Place 000001 trains, 002257 tests."""
    lines = []
    for place, lon, lat in (("000001", 120.387, 30.324), ("002257", 120.4, 30.33)):
        train = place == "000001"
        for height in ("H80", "H90", "H100"):
            drone = [root / "train" / "drone"] if train else [root / "test" / "query_drone"]
            aerial = (
                [root / "train" / "satellite"] if train else [root / "test" / "query_satellite"]
            )
            for folder in (*drone, root / "test" / "gallery_drone"):
                stub(folder / place / f"{height}.JPG")
            for folder in (*aerial, root / "test" / "gallery_satellite"):
                stub(folder / place / f"{height}.tif")
                stub(folder / place / f"{height}_old.tif")
            part = "train" if train else "test"
            lines.append(f"{part}/drone/{place}/{height}.JPG E{lon} N{lat} {height[1:]}.5")
    text(root / "Dense_GPS_ALL.txt", *lines)
    return root


def visloc(root: Path) -> Path:
    """Flight 03 over a map of about 1 km, 100 x 100 pixels; one photo lies outside."""
    pixels = np.arange(100 * 100, dtype=np.uint32).reshape(100, 100) % 251
    (root / "03").mkdir(parents=True)
    with rasterio.open(
        root / "03" / "satellite03.tif",
        "w",
        driver="GTiff",
        width=100,
        height=100,
        count=3,
        dtype="uint8",
        crs="EPSG:4326",
        transform=Affine(0.0106 / 100, 0, 119.90, 0, -0.009 / 100, 32.30),
    ) as raster:
        raster.write(np.stack([pixels, pixels // 2, pixels // 3]).astype(np.uint8))
    text(
        root / "satellite_ coordinates_range.csv",
        "mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map,region",
        "satellite03.tif,32.30,119.90,32.291,119.9106,Taizhou",
    )
    text(
        root / "03" / "03.csv",
        "num,filename,date,lat,lon,height,Omega,Kappa,Phi1,Phi2",
        "1,03_0001.JPG,2018-09-01,32.2990,119.9012,466.1,0,0,12.5,12.4",
        "2,03_0002.JPG,2018-09-01,32.2955,119.9053,466.1,0,0,12.5,12.4",
        "3,03_0003.JPG,2018-09-01,32.3500,119.9053,466.1,0,0,12.5,12.4",
    )
    for number in (1, 2, 3):
        picture(root / "03" / "drone" / f"03_{number:04}.JPG")
    return root


def gta(root: Path) -> Path:
    """Three photos; the last has semi-positives only."""
    tiles = ["4_0_0.png", "4_0_1.png", "5_10_2.png", "5_9_2.png"]
    for tile in tiles:
        stub(root / "satellite" / tile)
    entries = []
    for number, (sure, weights, both) in enumerate(
        (
            (tiles[:2], [0.41, 0.72], tiles[:3]),
            ([tiles[3]], [0.5], [tiles[3]]),
            ([], [], [tiles[2]]),
        )
    ):
        name = f"200_0001_{number:010}.png"
        stub(root / "drone" / "images" / name)
        entries.append(
            {
                "drone_img_dir": "drone/images",
                "drone_img_name": name,
                "drone_loc_x_y": [10.0, 20.0],
                "sate_img_dir": "satellite",
                "pair_pos_sate_img_list": sure,
                "pair_pos_sate_weight_list": weights,
                "pair_pos_semipos_sate_img_list": both,
            }
        )
    for area in ("cross", "same"):
        for part in ("train", "test"):
            path = root / f"{area}-area-drone2sate-{part}.json"
            path.write_text(json.dumps(entries), "utf-8")
    return root


def street_maps(root: Path, count: int = 30) -> Path:
    for number in range(1, count + 1):
        picture(root / "satellite" / f"{number:04}.webp", (number * 8 % 256, 40, 90))
        picture(root / "map" / f"{number:04}.webp", (240, 240, number * 8 % 256))
    return root

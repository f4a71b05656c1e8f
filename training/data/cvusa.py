"""CVUSA (Workman et al., ICCV 2015), the subset of aligned panoramas by Zhai et al. (CVPR 2017).

Layout as read in Sample4Geo's ``dataset/cvusa.py``::

    CVUSA/splits/{train-19zl.csv,val-19zl.csv}   no header: satellite, ground, annotation
    CVUSA/bingmap/19/<7 digits>.jpg              satellite
    CVUSA/streetview/panos/<7 digits>.jpg        panorama, the same number

Paths in the tables are relative to the root; the place is the number.
"""

from pathlib import Path

from training.data.layout import bad_line, beneath, need_all, read_lines, unknown_split
from training.data.records import Split

SPLITS = ("train", "val")
_HOLDS = "splits/train-19zl.csv, splits/val-19zl.csv, bingmap/19/ and streetview/panos/"
_TABLE = "lines such as bingmap/19/0000002.jpg,streetview/panos/0000002.jpg,annotation"


def read_split(root: Path, split: str) -> Split:
    """Read one of ``SPLITS``. Raises GleamError."""
    if split not in SPLITS:
        raise unknown_split("CVUSA", split, SPLITS)
    table = root / "splits" / f"{split}-19zl.csv"
    satellites, panoramas = [], []
    for number, line in read_lines(table, _HOLDS):
        columns = [column.strip() for column in line.split(",")]
        if len(columns) < 2 or not Path(columns[0]).stem.isdecimal():
            raise bad_line(table, number, _TABLE)
        satellites.append(beneath(root, columns[0]))
        panoramas.append(beneath(root, columns[1]))
    need_all(satellites, _HOLDS)
    need_all(panoramas, _HOLDS)
    return Split(
        name=f"cvusa/{split}",
        view="panorama",
        queries=tuple(panoramas),
        places=tuple(str(int(path.stem)) for path in satellites),
        gallery=tuple(satellites),
        gold=tuple((index,) for index in range(len(satellites))),
        protocol="sample4geo",
    )

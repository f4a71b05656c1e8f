"""A small file of explained pairs with pictures, for the tests of people's revision."""

from pathlib import Path

from PIL import Image

from tests.factories import make_pixels
from tests.unit.training.gleam_x.scenes import fact, measured, record
from training.gleam_x.records import PairRecord, write_records
from training.gleam_x.review.folder import Review, make_plan
from training.gleam_x.teachers.fact_teacher import explain

VIEWS = ("uav", "map", "ground")


def pair(number: int) -> PairRecord:
    """Test pair ``p<number>``; even ones match."""
    match = number % 2 == 0
    first = [fact("water", "present", "left"), fact("trees", "many")]
    second = [fact("water", "present" if match else "none"), fact("trees", "many")]
    made = record(
        first,
        second,
        match,
        VIEWS[number % 3],
        f"p{number}",
        evidence=measured() if match else None,
    )
    made = made.model_copy(
        update={
            "split": "test",
            "image1": f"pictures/{number}-a.png",
            "image2": f"pictures/{number}-b.png",
            "tile_m": 120.0,
        }
    )
    texts = {lang: explain(made, lang, 0) for lang in ("en", "zh")}
    return made.model_copy(update={"explanations": texts})


def write_pairs(folder: Path, count: int = 6) -> Path:
    """``pairs.jsonl`` and its pictures."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        for which in "ab":
            pixels = make_pixels(64, 64, seed=2 * number + (which == "b"))
            Image.fromarray(pixels).save(folder / "pictures" / f"{number}-{which}.png")
    path = folder / "pairs.jsonl"
    write_records(path, [pair(number) for number in range(count)])
    return path


def begin(folder: Path, count: int = 6, **plan: object) -> Review:
    """A review of such pairs in ``folder/review``."""
    return Review.begin(folder / "review", write_pairs(folder, count), make_plan(dict(plan)))

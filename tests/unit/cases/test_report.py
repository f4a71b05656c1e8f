"""The report as a file: whole, self-contained, and safe whatever names and models wrote."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from gleam_app.cases import drawings
from gleam_app.cases.report import Entry, confidence, write_entries, write_report
from gleam_app.errors import GleamError
from gleam_app.explain.claims import check_claims
from gleam_app.explain.explainer import plain_explanation
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.geo.coordinates import Bounds
from gleam_app.imagery.sources import Picture
from gleam_app.imagery.views import Support
from gleam_app.retrieval.support import caution
from gleam_app.retrieval.tiles.tileset import TileSetInfo
from tests.factories import LAT, LON, make_location, make_query

HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)>.jpg'


class Parsed(HTMLParser):
    """Tags and visible words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


class Ground:
    """A map source that knows where it is asked: grey, with a brighter eastern half."""

    path = Path("map.tif")
    bounds = Bounds(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)
    resolution_m = 0.5
    crs = "EPSG:4326"

    def read_square(self, lat: float, lon: float, side_m: float, size_px: int) -> Picture:
        rgb = np.full((size_px, size_px, 3), 90, np.uint8)
        rgb[:, size_px // 2 :] = 150
        return Picture(rgb, np.ones((size_px, size_px), bool))


class GoneSet:
    """A tile set whose imagery was taken away after the search."""

    info = TileSetInfo("gone", [], 1, [72.0], 0.1, "starter 0.1.0", "h", 1280, None)

    @property
    def sources(self) -> list[Ground]:
        raise GleamError("The imagery map.tif is not where it was (/media/stick).")


def test_imagery_that_is_gone_costs_the_map_not_the_report(tmp_path: Path) -> None:
    location = make_location("verified")
    path = tmp_path / "report.html"
    write_report(path, location, [], [GoneSet()], {}, {}, "en")  # type: ignore[list-item]
    assert location.query.name in Parsed(path.read_text(encoding="utf-8")).words


def test_a_verified_query_in_both_languages(tmp_path: Path) -> None:
    location = make_location("verified")
    explanations = [plain_explanation(location, location.candidates[0], lang) for lang in LANGS]
    for lang in LANGS:
        path = tmp_path / f"{lang}.html"
        write_report(path, location, explanations, [], {"gleam-c": "starter 0.1.0"}, {"view": "uav"}, lang)  # fmt: skip
        parsed = Parsed(path.read_text(encoding="utf-8"))
        assert dict(parsed.tags[0][1])["lang"] == lang
        for fact in ("starter 0.1.0", "28.041253", "143", location.query.sha256, "0.97", "17R"):
            assert fact in parsed.words, fact
        assert sum(tag == "img" for tag, _ in parsed.tags) == 4
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".tmp"] == []


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs(tmp_path: Path) -> None:
    location = make_location("verified", make_query(HOSTILE))
    explanation = plain_explanation(location, location.candidates[0], "en")
    text = "<b>Bold</b> claim <script>x</script> [E2]."
    bad = replace(explanation, text=text, claims=tuple(check_claims(text, explanation.evidence, "en")))  # fmt: skip
    path = tmp_path / "report.html"
    write_report(path, location, [bad], [], {"<i>": "<u>"}, {HOSTILE: HOSTILE})
    page = path.read_text(encoding="utf-8")
    parsed = Parsed(page)
    assert HOSTILE in parsed.words and "<b>Bold</b>" in parsed.words
    tags = {tag for tag, _ in parsed.tags}
    assert not tags & {"script", "link", "iframe", "object", "b><", "i><", "u"}
    for tag, attributes in parsed.tags:
        assert not any(name.startswith("on") for name in attributes)
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/jpeg;base64,")
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)


def test_unsupported_claims_are_marked(tmp_path: Path) -> None:
    location = make_location("verified")
    explanation = plain_explanation(location, location.candidates[0], "en")
    text = "A river crosses both. There are 99 points [E2]."
    claims = tuple(check_claims(text, explanation.evidence, "en"))
    path = tmp_path / "report.html"
    write_report(path, location, [replace(explanation, text=text, claims=claims)], [], {})
    classes = [str(attributes.get("class")) for _, attributes in Parsed(path.read_text()).tags]
    assert "claim unsupported" in classes and "claim contradicted" in classes


@pytest.mark.parametrize("lang", LANGS)
def test_not_found_and_no_candidates(tmp_path: Path, lang: Lang) -> None:
    location = make_location("not_found")
    empty = replace(location, candidates=())
    path = tmp_path / "report.html"
    write_entries(path, [Entry(location), Entry(empty)], [], {}, lang=lang)
    words = Parsed(path.read_text(encoding="utf-8")).words
    assert "∅" in words
    assert {"en": "No candidate was found.", "zh": "未找到候选位置。"}[lang] in words


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    location = make_location("not_found")
    with pytest.raises(GleamError, match="could not be written"):
        write_report(tmp_path / "gone" / "report.html", location, [], [], {})


def test_a_failed_write_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("gleam_app.cases.database.os.replace", fail)
    with pytest.raises(GleamError):
        write_report(path, make_location("not_found"), [], [], {})
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_map_shows_each_footprint_where_it_is() -> None:
    location = make_location("verified")
    first = location.candidates[0]
    image = drawings.map_picture([Ground()], [first], first)
    assert image is not None
    pixels = np.asarray(image).astype(int)
    middle = drawings.MAP_PX // 2
    green = np.array([0x1A, 0x7F, 0x37])
    assert np.abs(pixels[middle - 10, middle] - green).max() < 12  # the rank's disc
    # heading 87°: the top edge, drawn yellow, lies east of the centre by half the footprint's height
    metres = drawings.MIN_MAP_M / drawings.MAP_PX
    x = middle + round(44.25 / metres)
    around = pixels[middle - 6 : middle + 7, x - 8 : x + 9].reshape(-1, 3)
    assert (np.abs(around - np.array([0xFF, 0xC5, 0x3D])).max(axis=1) < 40).any()
    assert drawings.map_picture([], [first], first) is None


def test_the_overlay_puts_the_query_on_its_outline() -> None:
    location = make_location("verified")
    alignment = location.candidates[0].alignment
    assert alignment is not None
    red = np.zeros_like(location.query.pixels)
    red[..., 0] = 255
    shown = np.asarray(drawings.overlay(red, alignment)).astype(int)
    scale = drawings.PAIR_HEIGHT / alignment.window_rgb.shape[0]
    height, width = red.shape[:2]
    x, y, w = alignment.homography @ np.array([0.75 * width, 0.5 * height, 1.0])
    inside = shown[int(y / w * scale), int(x / w * scale)]
    assert inside[0] > 240 and inside[1] < 15


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "<0.01"), (0.004, "<0.01"), (0.41, "0.41"), (1.0, ">0.99")]
)
def test_no_certainty_is_claimed(value: float, shown: str) -> None:
    assert confidence(value) == shown


@pytest.mark.parametrize("lang", LANGS)
def test_a_view_hardly_trained_is_said_and_gets_no_confidence(tmp_path: Path, lang: Lang) -> None:
    known = make_location("unverified", make_query(view="panorama"))
    bare = tuple(replace(one, method="retrieval", confidence=0.0) for one in known.candidates)
    path = tmp_path / "report.html"
    supports: tuple[Support, ...] = ("experimental", "untrained", "trained")
    for support in supports:
        told = support != "trained"
        location = replace(known, candidates=bare, confidence=0.0, support=support)
        write_report(path, location, [], [], {}, lang=lang)
        words = Parsed(path.read_text(encoding="utf-8")).words
        if told:
            assert caution(support, "panorama", lang) in words
        assert ("<0.01" in words) is not told

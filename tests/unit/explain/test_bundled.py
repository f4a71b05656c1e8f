"""The bundled explainer: it compares pictures, says what it is sure of, and needs no language model."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam_app.explain.explainer import Explainer, plain_explanation
from gleam_app.explain.montage import montage
from gleam_app.explain.tower import Tower
from gleam_app.explain.wording import LANGS, Lang
from gleam_app.home import resources_dir
from gleam_app.packs.store import PackStore
from tests.factories import make_location

PACK = "gleam-x-small"


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> PackStore:
    return PackStore(tmp_path_factory.mktemp("home"), resources_dir() / "packs")


@pytest.fixture(scope="module")
def explainer(packs: PackStore) -> Iterator[Explainer]:
    made = Explainer(packs)
    yield made
    made.close()


def test_it_is_the_default(packs: PackStore) -> None:
    assert packs.default("gleam-x").id == PACK and not packs.get(PACK).has("model")


def test_it_tells_one_place_from_another(packs: PackStore) -> None:
    tower = Tower(packs.get(PACK).path("tower"))
    photos = []
    for number in (3, 7, 10, 12):
        with Image.open(resources_dir() / "demo" / "queries" / f"photo-{number:02}.jpg") as photo:
            photos.append(np.asarray(photo.convert("RGB").crop((100, 0, 700, 600)).resize((256, 256))))  # fmt: skip
    same = [tower.odds(montage(one, one)) for one in photos]
    other = [tower.odds(montage(one, two)) for one, two in zip(photos, photos[::-1], strict=True)]
    assert min(odds for odds in same if odds is not None) > 0
    assert max(odds for odds in other if odds is not None) < 0


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_is_measured_or_seen(explainer: Explainer, lang: Lang) -> None:
    location, heard = make_location("possible"), list[str]()
    told = explainer.explain(location, location.candidates[0], lang, on_text=heard.append)
    assert told.pack.startswith(PACK) and "".join(heard) == told.text
    assert {claim.status for claim in told.claims} <= {"supported", "seen"}
    assert told.evidence[-1].kind == "sight" and f"[{told.evidence[-1].id}]" in told.text


def test_of_views_that_it_does_not_know_it_says_nothing(explainer: Explainer) -> None:
    location = make_location("possible")
    location = replace(location, query=replace(location.query, view="panorama"))
    told = explainer.explain(location, location.candidates[0])
    plain = plain_explanation(location, location.candidates[0], "en")
    assert told.text == plain.text and told.pack == "" and told.evidence == plain.evidence


def test_a_version_installed_in_the_same_folder_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(resources_dir() / "packs" / PACK, tmp_path / "home" / "packs" / PACK)
    explainer = Explainer(PackStore(tmp_path / "home", tmp_path / "none"))
    manifest = tmp_path / "home" / "packs" / PACK / "pack.json"
    engines = []
    for version in ("0.2.0", "9.9.9"):
        manifest.write_text(manifest.read_text("utf-8").replace("0.2.0", version), "utf-8")
        location = make_location()
        said = explainer.explain(location, location.candidates[0], "en")
        assert said.pack == f"{PACK} {version}"
        engines.append(explainer._engine)
    explainer.close()
    assert engines[0] is not engines[1]

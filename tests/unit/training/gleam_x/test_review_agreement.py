"""Agreement against values worked out by hand and against plain loops; the exported test set."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from gleam_app.jobs.work import Work
from gleam_app.packs.files import sha256_of
from tests.unit.training.gleam_x.review_pairs import begin
from training.gleam_x.records import PairRecord, read_records
from training.gleam_x.review.agreement import Judgement, cohens_kappa, measure, table
from training.gleam_x.review.answers import Answer, Journal
from training.gleam_x.review.distance import edit_distance
from training.gleam_x.review.folder import Review
from training.gleam_x.review.settling import disagreed
from training.gleam_x.review.testset import export

DUO = ("AB", "CD")


def judgements(both: int, first: int, second: int, none: int) -> list[Judgement]:
    """A table of counts: both yes, only the first, only the second, neither; each of its own pair."""
    said = [(True, True)] * both + [(True, False)] * first
    said += [(False, True)] * second + [(False, False)] * none
    return [Judgement(DUO, f"p{at}", *one) for at, one in enumerate(said)]


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        # observed 0.7; chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5
        ((20, 5, 10, 15), 0.4),
        # observed 0.6; chance 0.6 * 0.7 + 0.4 * 0.3 = 0.54
        ((45, 15, 25, 15), 0.06 / 0.46),
        # observed 0.6; chance 0.6 * 0.3 + 0.4 * 0.7 = 0.46
        ((25, 35, 5, 35), 0.14 / 0.54),
        ((7, 0, 0, 3), 1.0),
        ((0, 5, 5, 0), -1.0),
    ],
)
def test_kappa_as_worked_out_by_hand(counts: tuple[int, int, int, int], kappa: float) -> None:
    found = cohens_kappa(judgements(*counts))
    assert found is not None and found.kappa == pytest.approx(kappa)
    assert found.count == sum(counts)
    assert found.agreed == pytest.approx((counts[0] + counts[3]) / sum(counts))
    assert found.interval is not None
    assert found.interval[0] <= found.kappa + 1e-9 and found.kappa - 1e-9 <= found.interval[1]


def test_kappa_is_undefined_where_all_say_the_same() -> None:
    found = cohens_kappa(judgements(9, 0, 0, 0))
    assert found is not None and found.kappa is None and found.agreed == 1.0
    assert cohens_kappa([]) is None


def naive_kappa(said: list[Judgement]) -> float:
    agreed = sum(one.first == one.second for one in said) / len(said)
    chance = 0.0
    for duo in {one.duo for one in said}:
        mine = [one for one in said if one.duo == duo]
        yes_first = sum(one.first for one in mine) / len(mine)
        yes_second = sum(one.second for one in mine) / len(mine)
        by_chance = yes_first * yes_second + (1 - yes_first) * (1 - yes_second)
        chance += by_chance * len(mine) / len(said)
    return (agreed - chance) / (1 - chance)


def test_kappa_of_several_duos_and_its_interval_as_in_plain_loops() -> None:
    chance = np.random.default_rng(3)
    said = []
    for at in range(60):
        duo = (("AB", "CD"), ("AB", "EF"), ("CD", "EF"))[at % 3]
        for _ in range(2):  # two languages of one pair
            first = bool(chance.random() < 0.7)
            second = first if chance.random() < 0.6 else bool(chance.random() < 0.5)
            said.append(Judgement(duo, f"p{at}", first, second))
    found = cohens_kappa(said)
    assert found is not None and found.kappa == pytest.approx(naive_kappa(said))
    of_pair = [[one for one in said if one.pair == f"p{at}"] for at in range(60)]
    drawn = []
    for _ in range(1500):
        picked = chance.integers(0, 60, 60)
        drawn.append(naive_kappa([one for at in picked for one in of_pair[at]]))
    assert found.interval == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))), abs=0.04)


def naive_distance(first: str, second: str) -> int:
    if not first or not second:
        return len(first) + len(second)
    if first[0] == second[0]:
        return naive_distance(first[1:], second[1:])
    pairs = ((first[1:], second), (first, second[1:]), (first[1:], second[1:]))
    return 1 + min(naive_distance(one, other) for one, other in pairs)


@given(st.text("ab水", max_size=6), st.text("ab水", max_size=6))
def test_edit_distance_as_by_recursion(first: str, second: str) -> None:
    assert edit_distance(first, second) == naive_distance(first, second)


# ---- what is made of answers -------------------------------------------------------------------

Say = Callable[[str, str, Answer], None]


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return begin(tmp_path)


@pytest.fixture
def say(review: Review) -> Iterator[Say]:
    """say(name, pair, answer); a name that begins with X is a third reviewer."""
    open_files: dict[str, Journal] = {}

    def keep(name: str, pair: str, answer: Answer) -> None:
        if name not in open_files:
            open_files[name] = review.join(name, third=name.startswith("X"))
        open_files[name].put("decide", pair, answer)

    yield keep
    for journal in open_files.values():
        journal.close()


def answer(en: str, zh: str, /, **texts: str) -> Answer:
    """ "+" accepts, "+" with a text of the language accepts that, another word is a reason to reject."""
    made = Answer(label_wrong=en == "label")
    for lang, said in (("en", en), ("zh", zh)):
        changes: dict[str, object] = {"decision": "accept", "text": texts.get(lang)}
        if said != "+":
            changes = {"decision": "reject", "reason": said}
        made = made.with_text(lang, **changes)  # type: ignore[arg-type]
    return made


def all_said(review: Review, say: Say) -> None:
    """Six pairs: agreed, one edited, both edited, disagreed in Chinese, label wrong, not decided twice."""
    for name in DUO:
        say(name, "p0", answer("+", "+"))
    say("AB", "p1", answer("+", "+", en="Changed by AB."))
    say("CD", "p1", answer("+", "+"))
    say("AB", "p2", answer("+", "+", zh="甲改。"))
    say("CD", "p2", answer("+", "+", zh="乙改过。"))
    say("AB", "p3", answer("+", "+"))
    say("CD", "p3", answer("+", "language").model_copy(update={"note": "读不通"}))
    for name in DUO:
        say(name, "p4", answer("label", "label"))
    say("AB", "p5", answer("+", "+"))


def test_the_report_counts_what_was_said(review: Review, say: Say) -> None:
    all_said(review, say)
    report = measure(review)
    groups = report["groups"]
    assert list(groups) == ["all", "en", "zh", "ground", "map", "uav"]
    assert groups["all"]["texts"] == 22 and groups["en"]["texts"] == 11
    accept = groups["all"]["accept"]
    # AB: 8 of 10 texts accepted, CD: 7 of 10, 9 alike; chance 0.8 * 0.7 + 0.2 * 0.3 = 0.62
    assert (accept["count"], accept["agreed"]) == (10, 0.9)
    assert accept["kappa"] == pytest.approx(0.28 / 0.38)
    assert groups["en"]["accept"]["kappa"] == 1.0
    assert groups["all"]["label"]["kappa"] == 1.0 and groups["all"]["label"]["count"] == 5
    assert groups["all"]["blind_label"] is None
    assert groups["zh"]["rejected"] == {"label": 2, "language": 1}
    assert groups["all"]["edited"] == 3 and groups["en"]["edited"] == 1
    before = {record.id: record for record in review.records}
    expected = edit_distance(before["p1"].explanations["en"].text, "Changed by AB.")
    assert groups["en"]["edit_distance"] == expected
    assert report["reviewers"][0] == {"name": "AB", "third": False, "given": 6, "decided": 6}
    shown = table(report)
    assert "| zh | 11 |" in shown and "AB: 6 decided of 6" in shown and "language" in shown
    json.dumps(report)


def test_a_report_of_nothing_is_a_report(review: Review) -> None:
    report = measure(review)
    assert report["groups"]["all"]["accept"] is None
    assert "| all | 0 | – | – | – | – |" in table(report)


def test_the_test_set_holds_what_was_accepted_and_says_why_the_rest_is_not(
    review: Review, say: Say, tmp_path: Path
) -> None:
    all_said(review, say)
    out = tmp_path / "set"
    manifest = export(review, out, "1.0.0", "third")
    records = {record.id: record for record in read_records(out / "pairs.jsonl")}
    assert set(records) == {"p0", "p1", "p2", "p3"}
    assert records["p1"].explanations["en"].text == "Changed by AB."
    assert records["p1"].explanations["en"].teacher == "facts, revised"
    assert records["p2"].explanations["zh"].text in ("甲改。", "乙改过。")
    assert set(records["p3"].explanations) == {"en"}
    before = next(one for one in review.records if one.id == "p0")
    assert records["p0"].explanations == before.explanations
    why = {(row["id"], row["lang"]): row["why"] for row in manifest["discarded"]}
    assert why == {
        ("p3", "zh"): "disagreement",
        ("p4", "en"): "label", ("p4", "zh"): "label",
        ("p5", "en"): "undecided", ("p5", "zh"): "undecided",
    }  # fmt: skip
    assert [row["notes"] for row in manifest["discarded"] if row["why"] == "disagreement"] == [
        ["读不通"]
    ]
    assert manifest == json.loads((out / "manifest.json").read_text("utf-8"))
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {row["path"] for row in manifest["files"]} == on_disk - {"manifest.json"}
    for row in manifest["files"]:
        assert sha256_of(out / row["path"], Work()) == row["sha256"]
    for record in records.values():
        assert (out / record.image1).is_file() and (out / record.image2).is_file()
    with pytest.raises(GleamError, match="there already"):
        export(review, out, "1.0.1", "third")


def test_a_third_reviewer_decides_what_two_disagree_on(
    review: Review, say: Say, tmp_path: Path
) -> None:
    all_said(review, say)
    assert disagreed(review) == ["p3"]
    assert [record.id for record in review.queue(None, disagreed(review))] == ["p3"]
    say("X1", "p3", answer("+", "+", zh="第三人改。"))
    assert disagreed(review) == ["p3"]  # so that the third one can go back to it
    manifest = export(review, tmp_path / "third", "1.0.0", "third")
    p3 = _record(tmp_path / "third", "p3")
    assert p3.explanations["zh"].text == "第三人改。"
    row = next(row for row in manifest["pairs"] if row["id"] == "p3")
    assert row["texts"]["zh"] == {"by": ["X1"], "third": True, "edited": True}
    export(review, tmp_path / "without", "1.0.0", "leave-out")
    assert set(_record(tmp_path / "without", "p3").explanations) == {"en"}


def _record(folder: Path, pair: str) -> PairRecord:
    return next(one for one in read_records(folder / "pairs.jsonl") if one.id == pair)


def test_what_cannot_be_exported_leaves_nothing_behind(
    review: Review, say: Say, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(GleamError, match="Nothing has been accepted"):
        export(review, tmp_path / "set", "1.0.0", "third")
    with pytest.raises(GleamError, match="no version"):
        export(review, tmp_path / "set", "one", "third")
    for name in DUO:
        say(name, "p0", answer("+", "+"))
    picture = review.folder / review.records[0].image1
    picture.write_text("root:x:0:0")  # a record may name any file: only pictures leave
    with pytest.raises(GleamError, match="not a picture"):
        export(review, tmp_path / "set", "1.0.0", "third")
    assert set(tmp_path.iterdir()) == before

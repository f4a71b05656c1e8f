"""What reviewers say is kept: nothing is lost, nothing is mixed up, everybody gets a fair share."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.errors import GleamError
from tests.unit.training.gleam_x.review_pairs import begin, write_pairs
from training.gleam_x.review.answers import Answer, Header, Journal, read_answers
from training.gleam_x.review.assignment import seats
from training.gleam_x.review.desk import Desk
from training.gleam_x.review.folder import Review, make_plan

OpenDesk = Callable[[Review], Desk]
HEADER = Header(reviewer="AB", seat=0, pairs="x")


@pytest.fixture
def desk_of() -> Iterator[Callable[[Review], Desk]]:
    """Opens the desk of AB; may be called again, as after a restart."""
    opened = []

    def make(review: Review) -> Desk:
        journal, plan = review.join("AB"), review.plan
        opened.append(journal)
        return Desk(review.queue(journal.header.seat), journal, plan.langs, plan.blind)

    yield make
    for journal in opened:
        journal.close()


# ---- who looks at what -------------------------------------------------------------------------


def test_seats_are_fair_and_some_pairs_are_seen_twice() -> None:
    drawn = [seats(f"pair-{number}", 4, 0.2) for number in range(4000)]
    assert all(len(set(one)) == len(one) for one in drawn)
    assert sum(len(one) == 2 for one in drawn) == pytest.approx(800, abs=80)
    for seat in range(4):
        assert sum(seat in one for one in drawn) == pytest.approx(1200, abs=120)


@given(st.text(max_size=20), st.integers(2, 6))
def test_one_more_person_takes_pairs_but_moves_none_between_the_others(
    pair: str, people: int
) -> None:
    for share, count in ((0.0, 1), (1.0, 2)):
        before, after = seats(pair, people, share), seats(pair, people + 1, share)
        assert len(before) == len(after) == count
        assert set(after) <= {*before, people}


def test_queues_hold_the_same_pairs_in_different_orders(tmp_path: Path) -> None:
    review = begin(tmp_path, 12)
    first, second, again = ([one.id for one in review.queue(seat)] for seat in (0, 1, 0))
    assert first == again != second
    assert set(first) == set(second) == {one.id for one in review.records}


# ---- the journal -------------------------------------------------------------------------------


def accepted(lang: str = "en") -> Answer:
    return Answer().with_text(lang, decision="accept")  # type: ignore[arg-type]


def test_everything_said_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "AB.jsonl"
    journal = Journal(path, HEADER)
    journal.put("decide", "p1", accepted())
    journal.put("draft", "p2", Answer(note="水 \n <b>"))
    journal.close()
    again = Journal(path, HEADER)
    assert again["p1"] == accepted() and again["p2"].note == "水 \n <b>"
    assert again["p3"] == Answer() and again.last_pair == "p2"
    assert again.undo() == "p1" and again["p1"] == Answer()
    assert again.undo() is None
    again.close()


@given(cut=st.integers(1, 400))
@settings(max_examples=40, deadline=None)
def test_a_file_broken_off_anywhere_keeps_its_whole_lines(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "AB.jsonl"
    journal = Journal(path, HEADER)
    ends = [path.stat().st_size]
    for number in range(3):
        journal.put("decide", f"p{number}", accepted())
        ends.append(path.stat().st_size)
    journal.close()
    content = path.read_bytes()
    left = max(0, len(content) - cut)
    path.write_bytes(content[:left])
    again = Journal(path, HEADER)
    whole = sum(end <= left for end in ends[1:])
    assert [again[f"p{n}"] == accepted() for n in range(3)] == [n < whole for n in range(3)]
    again.put("decide", "p9", accepted())
    again.close()
    assert read_answers(path)[1]["p9"] == accepted()


def test_a_broken_line_is_named_and_another_persons_file_refused(tmp_path: Path) -> None:
    path = tmp_path / "AB.jsonl"
    Journal(path, HEADER).close()
    with pytest.raises(GleamError, match="another person"):
        Journal(path, Header(reviewer="AB", seat=1, pairs="x"))
    with path.open("a") as file:
        file.write('{"kind":"decide"}\n')
    with pytest.raises(GleamError, match="line 2"):
        Journal(path, HEADER)
    undo = json.dumps({"kind": "undo", "at": "", "pair": "p", "answer": {}})
    path.write_text(path.read_text().splitlines()[0] + f"\n{undo}\n")
    with pytest.raises(GleamError, match="takes back"):
        read_answers(path)


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "AB.jsonl"
    journal = Journal(path, HEADER)
    journal.put("decide", "p1", accepted())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(GleamError, match="No space left"):
            journal.put("decide", "p2", accepted())
    assert journal["p2"] == Answer()
    journal.put("decide", "p3", accepted())
    journal.close()
    assert set(read_answers(path)[1]) == {"p1", "p3"}


TYPIST = """
import sys
from pathlib import Path
from training.gleam_x.review.desk import Desk
from training.gleam_x.review.folder import Review

review = Review.open(Path(sys.argv[1]))
journal = review.join("AB")
desk = Desk(review.queue(0), journal)
for number in range(100_000):
    desk.edit("en", f"keystroke {number}")
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_kill_loses_no_finished_keystroke(tmp_path: Path, desk_of: OpenDesk) -> None:
    review = begin(tmp_path, 2)
    typist = subprocess.Popen(
        [sys.executable, "-c", TYPIST, str(review.folder)], stdout=subprocess.PIPE, text=True
    )
    assert typist.stdout is not None
    said = [typist.stdout.readline() for _ in range(25)]
    time.sleep(0.01)
    typist.send_signal(signal.SIGKILL)
    said += typist.stdout.read().splitlines()
    typist.wait()
    typist.stdout.close()
    whole = [int(line) for line in said if line.strip().isdigit()]
    desk = desk_of(review)
    kept = int(desk.text("en").removeprefix("keystroke "))
    assert kept >= whole[-1] >= 24
    assert desk.record.id == review.queue(0)[0].id


# ---- the folder --------------------------------------------------------------------------------


def test_people_take_seats_and_keep_them(tmp_path: Path) -> None:
    review = begin(tmp_path)
    for name, seat in (("AB", 0), ("CD", 1), ("AB", 0)):
        journal = review.join(name)
        assert journal.header.seat == seat
        journal.close()
    with pytest.raises(GleamError, match="for 2: AB, CD"):
        review.join("EF")
    with pytest.raises(GleamError, match="as AB"):
        review.join("ab")
    with pytest.raises(GleamError, match="answered here"):
        review.join("AB", third=True)
    third = review.join("EF", third=True)
    assert third.header.seat is None
    third.close()


@pytest.mark.parametrize("name", ["", "../x", "a b", "a/b", "a" * 25, "x\n"])
def test_names_that_are_no_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(GleamError, match="letters"):
        begin(tmp_path, 1).join(name)


def test_the_review_keeps_what_it_began_with(tmp_path: Path) -> None:
    review = begin(tmp_path)
    pairs = tmp_path / "pairs.jsonl"
    again = Review.open(review.folder)
    assert again.records == review.records and again.same_pairs(pairs)
    assert (review.folder / again.records[0].image1).is_file()
    write_pairs(tmp_path, 7)
    assert not again.same_pairs(pairs)
    with pytest.raises(GleamError, match="no pairs of train"):
        Review.begin(tmp_path / "other", pairs, make_plan({"splits": ("train",)}))
    with pytest.raises(GleamError, match="no folder of a review"):
        Review.open(tmp_path)


@pytest.mark.parametrize(
    "chosen", [{"share": 1.5}, {"people": 0}, {"langs": ("fr",)}, {"splits": ("exam",)}]
)
def test_plans_that_cannot_be_are_refused(chosen: dict[str, object]) -> None:
    with pytest.raises(GleamError):
        make_plan(chosen)


# ---- the desk ----------------------------------------------------------------------------------


def test_accepting_goes_on_and_reopening_goes_to_where_one_left(
    tmp_path: Path, desk_of: OpenDesk
) -> None:
    review = begin(tmp_path)
    desk = desk_of(review)
    first = desk.record.id
    desk.accept()
    second = desk.record.id
    assert second != first and desk.done == 1
    desk.edit("zh", "新的文本。")
    again = desk_of(review)
    assert again.record.id == second and again.text("zh") == "新的文本。"


def test_texts_are_decided_apart_or_together(tmp_path: Path, desk_of: OpenDesk) -> None:
    desk = desk_of(begin(tmp_path))
    first = desk.record.id
    desk.reject("language", ("zh",))
    assert desk.record.id == first  # English is still open
    desk.accept()
    assert desk.record.id != first
    desk.position = 0
    assert desk.answer.of("en").decision == "accept"
    assert desk.answer.of("zh").reason == "language"
    desk.accept()  # going past a decided pair changes nothing
    assert desk.journal[first].of("zh").decision == "reject"


def test_a_pair_given_up_whole_can_be_taken_up_again(tmp_path: Path, desk_of: OpenDesk) -> None:
    desk = desk_of(begin(tmp_path))
    first = desk.record
    desk.reject("label", ("en",))
    assert desk.journal[first.id].label_wrong
    assert {desk.journal[first.id].of(lang).decision for lang in desk.langs} == {"reject"}
    desk.position = 0
    desk.reject("vague", ("en",))
    answer = desk.journal[first.id]
    assert not answer.label_wrong and answer.of("zh").decision is None
    desk.reject("image", ("en",))
    desk.position = 0
    desk.accept()
    assert desk.journal[first.id].of("zh").decision == "accept"


def test_skipped_pairs_come_back_at_the_end(tmp_path: Path, desk_of: OpenDesk) -> None:
    desk = desk_of(begin(tmp_path, 3))
    skipped = desk.record.id
    desk.skip()
    assert desk.skipped == 1
    desk.accept()
    desk.accept()
    assert desk.record.id == skipped and not desk.finished
    desk.accept()
    assert desk.finished and desk.skipped == 0


def test_undo_goes_back_step_by_step_also_after_reopening(
    tmp_path: Path, desk_of: OpenDesk
) -> None:
    review = begin(tmp_path)
    desk = desk_of(review)
    ids = []
    for act in (desk.accept, lambda: desk.reject("false"), desk.skip):
        ids.append(desk.record.id)
        act()
    again = desk_of(review)
    for pair in reversed(ids):
        assert again.undo() and again.record.id == pair
        assert again.answer == Answer()
    assert not again.undo() and again.done == 0


def test_a_text_typed_back_counts_as_unchanged_and_an_empty_one_cannot_be_accepted(
    tmp_path: Path, desk_of: OpenDesk
) -> None:
    desk = desk_of(begin(tmp_path))
    before = desk.text("en")
    desk.edit("en", before + "x")
    assert desk.answer.of("en").text == before + "x"
    desk.edit("en", before + "\n")
    assert desk.answer.of("en").text is None
    desk.edit("en", "  ")
    with pytest.raises(GleamError, match="empty"):
        desk.accept()
    desk.restore("en")
    assert desk.text("en") == before


def test_what_was_judged_blind_cannot_be_taken_back(tmp_path: Path, desk_of: OpenDesk) -> None:
    desk = desk_of(begin(tmp_path, blind=True))
    assert desk.hidden
    desk.skip()
    desk.position = 0
    desk.judge(True)
    assert not desk.hidden
    desk.judge(False)
    assert desk.answer.judged is True
    desk.undo()
    assert desk.answer.judged is True and not desk.answer.skipped

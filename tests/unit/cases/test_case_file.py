"""The file under a case: one writer, no half-written state, and one clear line for what is no case."""

import shutil
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam_app.cases.case import Case
from gleam_app.cases.lock import Busy, WriterLock
from gleam_app.errors import GleamError

ROOT = Path(__file__).resolve().parents[3]


def listing(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.name.startswith((".", "case")))


def test_a_closed_case_is_one_file(case: Case, ids: list[int]) -> None:
    folder = case.path.parent
    assert listing(folder) == [
        ".case.gleamcase.lock", "case.gleamcase", "case.gleamcase-shm", "case.gleamcase-wal"
    ]  # fmt: skip
    case.edits.set_note(ids[0], "x")
    case.close()
    case.close()
    assert listing(folder) == ["case.gleamcase"]
    header = case.path.read_bytes()[:100]
    assert header[:15] == b"SQLite format 3" and header[68:72] == b"GLMC"
    with pytest.raises(GleamError, match="closed"):
        case.queries()


def test_one_that_is_open_elsewhere_can_be_read(case: Case, ids: list[int]) -> None:
    with Case.open(case.path) as second:
        assert second.read_only and "open in another window" in second.why_read_only
        assert [one.id for one in second.queries()] == ids
        case.edits.set_note(ids[0], "seen at once")
        assert second.query(ids[0]).note == "seen at once"
        with pytest.raises(GleamError, match="cannot be changed") as caught:
            second.edits.set_note(ids[0], "no")
        assert "Save a copy" in caught.value.hint
        second.remember("map", 1)  # nobody is told off for looking around
        second.save_copy(case.path.with_name("mine.gleamcase"))
    case.close()
    with Case.open(case.path) as third:
        assert not third.read_only
    with Case.open(case.path.with_name("mine.gleamcase")) as mine:
        assert mine.query(ids[0]).note == "seen at once"


def test_closing_while_another_reads_loses_nothing(case: Case, ids: list[int]) -> None:
    reader = Case.open(case.path)
    case.edits.set_note(ids[0], "kept")
    case.close()
    assert reader.query(ids[0]).note == "kept"
    reader.close()
    with Case.open(case.path) as again:
        assert again.query(ids[0]).note == "kept" and not again.read_only


def test_a_lock_left_by_the_dead_does_not_hold(tmp_path: Path, case: Case) -> None:
    case.close()
    (case.path.parent / ".case.gleamcase.lock").write_bytes(b"")
    with Case.open(case.path) as again:
        assert not again.read_only


def test_a_case_with_an_odd_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 'é' 案件;--.gleamcase"
    with Case.create(path) as made:
        made.edits.set_title("odd")
        assert made.path == path.resolve() and not made.read_only
    with Case.open(path) as again:
        assert again.facts.title == "odd"
    assert [one.name for one in tmp_path.iterdir() if "gleamcase" in one.name] == [path.name]


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "a"
    lock = WriterLock(path)
    with pytest.raises(Busy):
        WriterLock(path)
    lock.release()
    WriterLock(path).release()
    assert listing(tmp_path) == []


def test_a_file_is_not_overwritten(case: Case) -> None:
    with pytest.raises(GleamError, match="already"):
        Case.create(case.path)


def test_no_folder_no_case(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="could not be written"):
        Case.create(tmp_path / "gone" / "a.gleamcase")
    with pytest.raises(GleamError, match="There is no case"):
        Case.open(tmp_path / "gone.gleamcase")
    with pytest.raises(GleamError, match="folder"):
        Case.open(tmp_path)


def test_a_full_disk_costs_the_last_change_only(case: Case, ids: list[int]) -> None:
    case.edits.set_note(ids[0], "before")
    pages = case._database.rows("PRAGMA page_count")[0][0]
    case._database.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(GleamError, match="is full") as caught:
        case.edits.set_note(ids[1], "x" * 90_000)
    assert "safe" in caught.value.hint
    assert [one.note for one in case.queries()] == ["before", "", ""]
    case._database.rows(f"PRAGMA max_page_count = {pages + 1000}")
    case.edits.set_note(ids[1], "x" * 90_000)
    assert case.edits.undo() == "note"


def rewritten(case: Case, offset: int, value: int) -> None:
    case.close()
    data = bytearray(case.path.read_bytes())
    struct.pack_into(">I", data, offset, value)
    case.path.write_bytes(data)


def test_a_newer_version_is_not_touched(case: Case) -> None:
    rewritten(case, 60, 99)
    before = case.path.read_bytes()
    with pytest.raises(GleamError, match="newer version") as caught:
        Case.open(case.path)
    assert "Update" in caught.value.hint
    assert case.path.read_bytes() == before and listing(case.path.parent) == ["case.gleamcase"]


def test_another_program_s_database_is_no_case(case: Case) -> None:
    rewritten(case, 68, 0x47504B47)
    with pytest.raises(GleamError, match="is not a case"):
        Case.open(case.path)


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0", b"\0" * 5000])
def test_other_files_are_no_cases(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gleamcase"
    path.write_bytes(content)
    with pytest.raises(GleamError, match="is not a case"):
        Case.open(path)


def test_a_case_with_something_added_to_its_layout_is_refused(case: Case) -> None:
    case.close()
    raw = sqlite3.connect(case.path)
    raw.execute("CREATE TRIGGER t AFTER UPDATE ON query BEGIN DELETE FROM picture; END")
    raw.commit()
    raw.close()
    with pytest.raises(GleamError, match="damaged"):
        Case.open(case.path)


@settings(max_examples=15, deadline=None)
@given(share=st.floats(0.0, 0.99))
def test_a_case_cut_short_is_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    with Case.create(folder / "a.gleamcase") as made:
        made.edits.set_case_note("x" * 20_000)
    data = made.path.read_bytes()
    made.path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(GleamError) as caught:
        Case.open(made.path)
    assert "\n" not in str(caught.value) and caught.value.hint
    shutil.rmtree(folder)


@settings(max_examples=20, deadline=None)
@given(where=st.floats(0.001, 0.999), garbage=st.binary(min_size=64, max_size=900))
def test_a_damaged_case_never_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, where: float, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("rot")
    with Case.create(folder / "a.gleamcase") as made:
        made.edits.set_case_note("x" * 20_000)
    data = bytearray(made.path.read_bytes())
    start = int(where * len(data))
    data[start : start + len(garbage)] = garbage
    made.path.write_bytes(data)
    try:
        with Case.open(made.path) as case:
            case.queries()
            case.edits.set_title("y")
            case.edits.undo()
            case.journal.entries()
    except GleamError as error:
        assert "\n" not in str(error)
    shutil.rmtree(folder)


CHILD = """
import sys, time
from pathlib import Path
from gleam_app.cases.batch import run_batch
from gleam_app.cases.case import Case
from gleam_app.cases.model import RunFacts
from tests.factories import make_location, make_query

case = Case.open(Path(sys.argv[1]))
case.journal.listeners.append(
    lambda change: change.what == "locate" and print("done", change.queries[0], flush=True)
)
def locate(record, work):
    case.edits.set_note(record.id, "looked at")
    print("begun", record.id, flush=True)
    return make_location("verified", make_query(record.name)), RunFacts()
run_batch(case, locate)
print("end", flush=True)
"""


@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_batch_killed_in_the_middle_loses_nothing_and_goes_on(
    tmp_path: Path, stop_after: int
) -> None:
    from gleam_app.cases.batch import BatchSummary, run_batch
    from gleam_app.cases.model import RunFacts
    from gleam_app.cases.pictures import NewPicture
    from tests.factories import make_location, make_query

    path = tmp_path / "a.gleamcase"
    with Case.create(path) as case:
        ids = case.add([NewPicture(f"{n}.jpg", None, f"{n:064d}") for n in range(12)])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    said: list[tuple[str, int]] = []
    assert child.stdout is not None
    for line in child.stdout:
        word, number = line.split()
        said.append((word, int(number)))
        if said.count(("begun", ids[stop_after])):
            child.kill()  # SIGKILL: no handler, no closing
            break
    rest = child.stdout.read()
    child.stdout.close()
    assert child.wait() != 0 and "end" not in rest
    said += [(line.split()[0], int(line.split()[1])) for line in rest.splitlines()]

    with Case.open(path) as case:
        assert not case.read_only
        states = {one.id: one.state for one in case.queries()}
        told = [number for word, number in said if word == "done"]
        assert len(told) >= stop_after
        assert all(states[number] == "done" for number in told)
        assert set(states.values()) == {"done", "waiting"}
        notes = {one.id: one.note for one in case.queries()}
        assert all(notes[number] == "looked at" for word, number in said if word == "begun")
        kept = {one.id: one.run for one in case.queries() if one.state == "done"}
        assert case._database.rows("PRAGMA integrity_check")[0][0] == "ok"
        answer = lambda record, work: (make_location("strong", make_query(record.name)), RunFacts())  # noqa: E731
        summary = run_batch(case, answer)
        assert summary == BatchSummary(12 - len(kept), 0)
        after = {one.id: one for one in case.queries()}
        assert all(after[number].run == run for number, run in kept.items())
        assert {one.state for one in after.values()} == {"done"}
    assert listing(tmp_path) == [] and [one.name for one in tmp_path.glob("a.*")] == ["a.gleamcase"]

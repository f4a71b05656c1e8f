"""Teachers behind endpoints, against a server of our own that fails in every way."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("openai")

from gleam_app.errors import GleamError
from tests.unit.training.gleam_x.scenes import fact, record
from training.gleam_x.records import PairRecord, read_records, write_records
from training.gleam_x.teachers.cost import Prices, estimate, text_tokens
from training.gleam_x.teachers.endpoint import Answer, Endpoint
from training.gleam_x.teachers.fact_teacher import explain
from training.gleam_x.teachers.filters import cleaned, fault
from training.gleam_x.teachers.prompts import chat
from training.gleam_x.teachers.teach import Lesson, teach

PLACE = [
    fact("junction", "cross", "centre"),
    fact("water", "present", "left"),
    fact("roofs", "red"),
]
OTHER = [fact("junction", "none"), fact("water", "none"), fact("roofs", "light")]
Reply = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]


def completion(text: str, end: str = "stop") -> bytes:
    document = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [
            {"index": 0, "finish_reason": end, "message": {"role": "assistant", "content": text}}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False).encode()


JSON = {"Content-Type": "application/json"}
GOOD: tuple[int, dict[str, str], bytes] = (200, JSON, completion("fine"))


class School:
    """Answers each request with the next of ``replies``, the last one for ever; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.replies: list[tuple[int, dict[str, str], bytes] | Reply] = [GOOD]
        self.released = threading.Event()
        school = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                school.asked.append(json.loads(body))
                school.keys.append(self.headers.get("Authorization"))
                index = min(len(school.asked), len(school.replies)) - 1
                reply = school.replies[index]
                status, headers, content = reply(school.asked[-1]) if callable(reply) else reply
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):  # the client gave up waiting
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def school() -> Iterator[School]:
    made = School()
    yield made
    made.close()


def endpoint(school: School, waits: list[float] | None = None, **more: Any) -> Endpoint:
    settings: dict[str, Any] = {"per_minute": 0, "timeout_s": 20, "retries": 3, **more}
    sleep = (lambda _: None) if waits is None else waits.append
    return Endpoint(school.url, "m", "secret", sleep=sleep, **settings)


ASK = [{"role": "user", "content": "hello"}]
BUSY = (429, {**JSON, "Retry-After": "7"}, b'{"error": {"message": "slow down"}}')
BROKEN = (500, JSON, b'{"error": {"message": "oops"}}')


def test_an_answer_and_its_cost(school: School) -> None:
    assert endpoint(school).ask(ASK) == Answer("fine", True, 100, 50)
    assert school.asked[0]["model"] == "m" and school.asked[0]["messages"] == ASK
    assert school.keys == ["Bearer secret"]


@pytest.mark.parametrize(
    "trouble",
    [
        BUSY,
        BROKEN,
        (502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>"),
        (200, JSON, b'{"choices": [{"mess'),
        (200, JSON, b'{"hello": "world"}'),
        (200, {"Content-Type": "text/html"}, b"<html>log in</html>"),
        (200, JSON, completion("")),
        (200, {**JSON, "Content-Length": "100000"}, b'{"choices"'),
    ],
    ids=["429", "500", "502", "half", "other", "html", "empty", "broken off"],
)
def test_trouble_that_passes_is_waited_out(school: School, trouble: Any) -> None:
    school.replies = [trouble, trouble, GOOD]
    waits: list[float] = []
    assert endpoint(school, waits, timeout_s=1.5).ask(ASK).text == "fine"
    assert len(school.asked) == 3
    assert waits[1] >= 2 * waits[0] >= 2.0 or trouble is BUSY
    if trouble is BUSY:
        assert min(waits) >= 7.0


def test_trouble_that_stays_is_told_in_a_line(school: School) -> None:
    school.replies = [BROKEN]
    with pytest.raises(GleamError, match="gave no answer: it answers with error 500") as caught:
        endpoint(school, retries=2).ask(ASK)
    assert len(school.asked) == 3 and "secret" not in f"{caught.value}{caught.value.hint}"


def test_a_refusal_is_not_tried_again(school: School) -> None:
    school.replies = [(401, JSON, b'{"error": {"message": "no such key"}}')]
    with pytest.raises(GleamError, match="refuses the request"):
        endpoint(school).ask(ASK)
    assert len(school.asked) == 1


def test_a_server_that_says_nothing(school: School) -> None:
    def slow(_: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        school.released.wait(3)
        return GOOD

    school.replies = [slow]
    with pytest.raises(GleamError, match="did not answer in time"):
        endpoint(school, timeout_s=0.2, retries=1).ask(ASK)


def test_nobody_there() -> None:
    nobody = Endpoint("http://127.0.0.1:9/v1", "m", retries=1, per_minute=0, sleep=lambda _: None)
    with pytest.raises(GleamError, match="cannot be reached"):
        nobody.ask(ASK)


def test_requests_keep_their_pace(school: School) -> None:
    waits: list[float] = []
    slow = endpoint(school, waits, per_minute=6)
    start = time.monotonic()
    for _ in range(3):
        slow.ask(ASK)
    spent = time.monotonic() - start
    assert len(waits) == 2 and all(10 - spent <= wait <= 10 for wait in waits)


# -- lessons ---------------------------------------------------------------------------------


def pairs_in(folder: Path, count: int = 3) -> Path:
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(folder / name)
    made = [record(PLACE, OTHER, False, name=f"p{i}") for i in range(count)]
    write_records(folder / "pairs.jsonl", made)
    return folder / "pairs.jsonl"


def answers_well(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """What a good teacher would say, of the language that it is asked in."""
    lang = "zh" if "图像" in request["messages"][0]["content"] else "en"
    told = explain(record(PLACE, OTHER, False), lang)
    text = "\n".join(f"- {claim.text}" for claim in told.claims)
    return 200, JSON, completion(text)


def test_a_lesson_is_learnt_and_not_asked_for_twice(school: School, tmp_path: Path) -> None:
    school.replies = [answers_well]
    pairs = pairs_in(tmp_path)
    lesson = Lesson(pairs, tmp_path / "taught.jsonl")
    outcome = teach(lesson, endpoint(school))
    assert (outcome.taken, sum(outcome.refused.values())) == (6, 0)
    assert len(school.asked) == 2  # the pairs are alike, and so are the questions
    taught = list(read_records(lesson.out))
    assert all(set(one.explanations) == {"en", "zh"} for one in taught)
    english = taught[0].explanations["en"]
    assert english.teacher == "m" and english.verdict == "no_match" and "\n" not in english.text
    assert english.claims[-1].facts == ("V1",)
    assert any(set(claim.facts) & {"A1", "A2", "A3"} for claim in english.claims)
    again = teach(lesson, endpoint(school))
    assert again.fresh == 0 and len(school.asked) == 2
    assert [one.to_line() for one in read_records(lesson.out)] == [one.to_line() for one in taught]


def test_pictures_travel_unless_told_not_to(school: School, tmp_path: Path) -> None:
    school.replies = [answers_well]
    pairs = pairs_in(tmp_path, 1)
    teach(Lesson(pairs, tmp_path / "one.jsonl", langs=("en",)), endpoint(school))
    teach(Lesson(pairs, tmp_path / "two.jsonl", langs=("en",), images=False), endpoint(school))
    seeing, blind = (request["messages"][1]["content"] for request in school.asked)
    assert [part["type"] for part in seeing] == ["image_url", "image_url", "text"]
    assert seeing[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert "cannot see" in blind and "crossroads in the centre" in blind


def test_a_lesson_that_is_broken_off_goes_on(school: School, tmp_path: Path) -> None:
    pairs = pairs_in(tmp_path, 1)
    lesson = Lesson(pairs, tmp_path / "taught.jsonl")
    school.replies = [answers_well, BROKEN]
    with pytest.raises(GleamError, match="error 500"):
        teach(lesson, endpoint(school, retries=0))
    assert [set(one.explanations) for one in read_records(lesson.out)] == [set()]
    school.replies = [answers_well]
    assert teach(lesson, endpoint(school)).fresh == 1  # the English answer was kept


def test_bad_answers_are_asked_for_once_more_and_counted(school: School, tmp_path: Path) -> None:
    school.replies = [(200, JSON, completion("The same place.", "length"))]
    lesson = Lesson(pairs_in(tmp_path, 1), tmp_path / "taught.jsonl", langs=("en",))
    outcome = teach(lesson, endpoint(school))
    assert outcome.taken == 0 and outcome.refused == {"cut off": 1} and len(school.asked) == 2


def test_no_more_is_spent_than_allowed(school: School, tmp_path: Path) -> None:
    school.replies = [answers_well]
    lesson = Lesson(
        pairs_in(tmp_path, 1), tmp_path / "t.jsonl", prices=Prices(1000.0, 0.0), most_cost=0.05
    )
    outcome = teach(lesson, endpoint(school))
    assert outcome.stopped and outcome.cost == pytest.approx(0.1) and len(school.asked) == 1


def test_an_estimate_asks_nothing(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson = Lesson(pairs_in(tmp_path), tmp_path / "t.jsonl", prices=Prices(2.0, 8.0, 500))
    teach(lesson, endpoint(school), only_estimate=True)
    assert school.asked == [] and not lesson.out.exists()
    assert "6 requests" in capsys.readouterr().err


def test_tokens_are_counted_by_script_and_picture() -> None:
    assert text_tokens("abcd" * 10) == 10 and text_tokens("图像" * 3) == 4
    parts: list[dict[str, Any]] = [{"type": "image_url"}, {"type": "text", "text": "abcd"}]
    cost = estimate([("en", [{"role": "user", "content": parts}])], Prices(1e6, 0.0, 300))
    assert cost.tokens_in == 301 and cost.price == pytest.approx(301.0)


# -- filters ---------------------------------------------------------------------------------


def pair() -> PairRecord:
    return record(PLACE, OTHER, False)


FINE = (
    "The first image shows a crossroads in the centre and water on the left. "
    "The second image shows light-coloured ground without a road. "
    "The first image shows mostly reddish roofs, unlike the second one. "
    "The two images do not show the same place."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FINE, ""),
        (FINE.replace("do not show", "show"), "verdict"),
        (FINE.rsplit(". ", 1)[0] + ".", "verdict"),
        (FINE.replace("a crossroads", "3 roads"), "digits"),
        (FINE.replace("crossroads in the centre", "T-junction in the centre"), "contradiction"),
        (FINE.replace("light-coloured ground", "a crossroads"), "contradiction"),
        (
            "The first image was taken from the air on a clear day. The second image is a satellite "
            "tile. Little agrees between them. The two images do not show the same place.",
            "empty",
        ),
        (FINE.replace("unlike the second one", "as stated"), "told"),
        (FINE.replace("The second image", "第二幅图像"), "language"),
        ("They do not show the same place.", "language"),
        (FINE.split(". ")[0] + ". The images do not show the same place.", "length"),
        (f"{FINE.split('. ')[0]}. {FINE}", "repetition"),
    ],
)  # fmt: skip
def test_what_is_not_taken_and_why(text: str, expected: str) -> None:
    assert fault(Answer(text, True, 0, 0), text, pair(), "en") == expected


def test_half_an_answer_is_none() -> None:
    assert fault(Answer(FINE, False, 0, 0), FINE, pair(), "en") == "cut off"


def test_lists_become_text() -> None:
    assert cleaned("1. **One.**\n\n- Two.\n", "en") == "One. Two."
    assert cleaned("1、第一。\n2、第二。", "zh") == "第一。第二。"


def test_the_prompt_tells_the_truth(tmp_path: Path) -> None:
    messages = chat(pair(), tmp_path, "zh", images=False)
    assert "不是同一地点" in messages[1]["content"] and "十字路口" in messages[1]["content"]

"""Every message raised below the window has its Chinese, and is found again in its finished form."""

import ast
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gleam_app
from gleam_app.errors import GleamError, disk_trouble
from gleam_app.ui.messages.translate import CHINESE, in_one_line, in_words, translate
from gleam_app.ui.strings import language

SOURCES = Path(gleam_app.__file__).parent
ERRORS = {
    "GleamError", "NoCrs", "NoGeoreference", "SourceGone", "SourceChanged", "BegunOtherwise",
    "SourceFailed", "_Untrusted", "_wrong", "_damaged",
}  # fmt: skip
# functions whose words only go to the log
SILENT = {"another window or command is building it"}
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
LATIN_SENTENCE = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    before = language.code
    language.code = "zh"
    yield
    language.code = before


def shape(node: ast.expr) -> str | None:
    """A literal or f-string with {} for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def raised_below() -> Iterator[tuple[str, str]]:
    """(file:line, shape) of every sentence given to an error below the window and the command line."""
    for path in sorted(SOURCES.rglob("*.py")):
        room = path.relative_to(SOURCES)
        if room.parts[0] == "cli" or (room.parts[0] == "ui" and "messages" in room.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name not in ERRORS:
                continue
            for argument in [*node.args, *(k.value for k in node.keywords if k.arg == "hint")]:
                found = shape(argument)
                if found and " " in found and found not in SILENT:
                    yield f"{room}:{node.lineno}", found


def is_known(found: str) -> bool:
    """The finished sentence is translated; some templates spell out what a placeholder may be."""
    filled = found.replace("{}", "x1")
    fits = re.compile(".*".join(map(re.escape, found.split("{}"))), re.DOTALL)
    return translate(filled) != filled or any(fits.fullmatch(one) for one in CHINESE)


def test_every_message_has_its_chinese() -> None:
    missing = [f"{place}: {found}" for place, found in raised_below() if not is_known(found)]
    assert not missing, "without Chinese in gleam_app/ui/messages:\n" + "\n".join(missing)


def test_placeholders_are_the_same_in_both_and_the_chinese_is_chinese() -> None:
    for english, words in CHINESE.items():
        assert set(PLACEHOLDER.findall(words)) <= set(PLACEHOLDER.findall(english)), english
        assert re.search("[\u4e00-\u9fff]", words), english
        assert not LATIN_SENTENCE.search(words), words


@pytest.mark.parametrize("template", sorted(CHINESE))
def test_a_finished_message_is_found_again(template: str) -> None:
    names = PLACEHOLDER.findall(template)
    values = {name.strip("{}"): f"x{number}.tif" for number, name in enumerate(names)}
    said = translate(template.format(**values))
    assert not LATIN_SENTENCE.search(said), said
    if said != CHINESE[template].format(**values):  # a closer template says the same
        assert re.search("[\u4e00-\u9fff]", said)


@given(st.text(min_size=1, max_size=60).filter(lambda text: ";" not in text))
def test_names_of_any_kind_are_carried_over(name: str) -> None:
    language.code = "zh"
    said, hint = in_words(
        GleamError(f"{name} is empty (0 bytes).", "Copy or download the file again.")
    )
    assert name in said or CHINESE.get(name, "\0") in said
    assert hint == "请重新复制或下载该文件。"


@given(st.text(max_size=200))
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    language.code = "en"
    assert translate(text) == text


def test_reasons_inside_are_translated_too() -> None:
    refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    said, _ = in_words(GleamError(f"a.jpg cannot be read: {refused.strerror}.", ""))
    assert said == "无法读取 a.jpg：权限不足。"
    said, _ = in_words(
        GleamError(
            "w.gguf of pack p could not be fetched. Tried: a stick (no such file); b (no such file)."
        )
    )
    assert said == "无法获取模型包 p 的 w.gguf。已尝试：a stick（没有该文件）；b（没有该文件）。"


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.EBUSY]
)
@pytest.mark.parametrize("name", [None, "/media/stick/a b.tif"])
def test_what_the_disk_says(number: int, name: str | None) -> None:
    error = (
        OSError(number, os.strerror(number), name) if name else OSError(number, os.strerror(number))
    )
    said = in_one_line(disk_trouble(error))
    assert not LATIN_SENTENCE.search(said) and (name is None or name in said)


def test_english_stays_english() -> None:
    language.code = "en"
    error = GleamError("That is the case itself.", "Choose another name for the export.")
    assert in_words(error) == (str(error), error.hint)
    assert in_one_line(error) == f"{error} {error.hint}"


def test_a_long_text_costs_nothing() -> None:
    assert translate("is " * 10_000) == "is " * 10_000

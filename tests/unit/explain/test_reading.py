"""Prompts as they reach the model, by a stand-in for llama.cpp's model."""

from typing import Any

import pytest

from gleam_app.explain.reading import MARK, PLAIN_TEMPLATE, TEMPLATE, Reader

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "You compare."},
    {
        "role": "user",
        "content": [
            {"type": "picture_tokens", "data": ""},
            {"type": "text", "text": "Same place?"},
        ],
    },
]


class Model:
    """Knows its template and the names of two tokens."""

    def __init__(self, template: str | None) -> None:
        self.metadata = {} if template is None else {TEMPLATE: template}

    def token_eos(self) -> int:
        return 2

    def token_bos(self) -> int:
        return -1

    def detokenize(self, tokens: list[int], special: bool = False) -> bytes:
        return b"</s>"


def prompt(template: str | None, messages: list[dict[str, Any]]) -> str:
    return Reader(Model(template), None)._prompt(messages)


def test_the_picture_stands_before_its_question() -> None:
    wanted = (
        "<|im_start|>system\nYou compare.<|im_end|>\n"
        f"<|im_start|>user\n{MARK}\nSame place?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert prompt(CHATML, MESSAGES) == wanted


@pytest.mark.parametrize("kind", ["image_url", "picture_tokens"])
def test_a_model_without_template_is_asked_plainly(kind: str) -> None:
    part = {"type": kind, "image_url": {"url": "data:"}, "data": ""}
    user = {"role": "user", "content": [part, {"type": "text", "text": "Same place?"}]}
    made = prompt(None, [MESSAGES[0], user])
    assert made == f"You compare.\nUSER: {MARK}\nSame place?\nASSISTANT:"
    assert "bos_token" not in PLAIN_TEMPLATE  # the tokeniser adds it


def test_a_picture_without_a_vision_part_is_refused() -> None:
    class Empty(Model):
        ctx = None

        def reset(self) -> None: ...

    reader = Reader(Empty(CHATML), None)

    class Nothing:
        def __getattr__(self, _: str) -> Any:
            return lambda *_: None

    reader._cpp = Nothing()
    part = {"type": "image_url", "image_url": {"url": "data:"}}
    with pytest.raises(ValueError, match="no vision part"):
        reader.read([{"role": "user", "content": [part]}])

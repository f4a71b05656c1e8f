"""Chat templates of the kinds that models come with, and what each is given."""

from typing import Any

import pytest

from gleam_app.explain.chat import fit_parts, fit_text

STRINGS = (
    "{% for m in messages %}{{ '<' + m.role + '>' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
REPR = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
PARTS = (
    "{% for m in messages %}<{{ m['role'] }}>{% for p in m['content'] %}"
    "{% if p['type'] == 'text' %}{{ p['text'] }}{% endif %}{% endfor %}{% endfor %}"
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    + STRINGS
)
IMAGE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AA=="}}
TEXTS = [{"role": "system", "content": "be exact"}, {"role": "user", "content": "what is it"}]
PICTURES = [
    TEXTS[0],
    {"role": "user", "content": [IMAGE, IMAGE, {"type": "text", "text": "what is it"}]},
]


def shown(template: str, messages: list[dict[str, Any]]) -> str:
    """The prompt, with (img) where a picture goes, as the chat handler makes it."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    for message in messages:
        if not isinstance(message["content"], str):
            message["content"] = [
                part if part["type"] == "text" else {"type": "text", "text": "(img)"}
                for part in message["content"]
            ]
    made: Any = messages
    return Jinja2ChatFormatter(template, eos_token="", bos_token="")(messages=made).prompt


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        (STRINGS, "<system>be exact<user>(img)\n(img)\nwhat is it<assistant>"),
        (REPR, "<system>be exact<user>(img)\n(img)\nwhat is it"),
        (PARTS, "<system>be exact<user>(img)(img)what is it"),
        (NO_SYSTEM, "<user>be exact\n(img)\n(img)\nwhat is it<assistant>"),
    ],
)
def test_text_and_pictures_survive_every_kind_of_template(template: str, prompt: str) -> None:
    assert shown(*fit_parts(template, PICTURES)) == prompt
    assert PICTURES[1]["content"][0] == IMAGE  # the caller's messages stay as they were


def test_text_alone() -> None:
    assert fit_text(STRINGS, TEXTS) == TEXTS
    assert fit_text(NO_SYSTEM, TEXTS) == [{"role": "user", "content": "be exact\n\nwhat is it"}]


def test_a_broken_template_is_left_to_raise() -> None:
    broken = "{{ raise_exception('always') }}"
    assert fit_parts(broken, PICTURES)[0] == broken

"""From evidence to the messages a model reads, in the language it is to write."""

import base64
import io
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.grammar import planned
from gleam_app.explain.wording import Lang
from gleam_app.home import resources_dir

Message = dict[str, Any]
IMAGE_PX = 768


@cache
def prompt_parts(lang: Lang) -> dict[str, str]:
    """The sections of ``resources/prompts/<lang>.txt`` by name."""
    text = (resources_dir() / "prompts" / f"{lang}.txt").read_text(encoding="utf-8")
    pieces = re.split(r"^## (\w+)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def guided_messages(evidence: Sequence[Evidence], lang: Lang) -> list[Message]:
    """For the guided grammar: slot, name and value of each fact, in the order of telling."""
    facts = "\n".join(
        f"{{{item.id}}} {item.label(lang)}: {item.slot(lang)}"
        for group in planned(evidence)
        for item in group
    )
    return _messages(lang, prompt_parts(lang)["guided"].replace("{facts}", facts))


def free_messages(
    evidence: Sequence[Evidence], lang: Lang, pictures: Sequence[NDArray[np.uint8]] = ()
) -> list[Message]:
    """For the free grammar: each fact with its value and weight, and the pictures if the model sees.

    ``pictures``: query and candidate window, uint8 (height, width, 3), in this order.
    """
    parts = prompt_parts(lang)
    weights = dict(line.split(": ", 1) for line in parts["weights"].splitlines())
    facts = "\n".join(
        f"{{{item.id}}} = {item.slot(lang)} | {item.text(lang)} | {weights[item.weight]}"
        for group in planned(evidence)
        for item in group
    )
    text = parts["free"].replace("{facts}", facts)
    if pictures:
        text = f"{parts['images']}\n{text}"
    return _messages(lang, text, pictures)


def _messages(lang: Lang, text: str, pictures: Sequence[NDArray[np.uint8]] = ()) -> list[Message]:
    content: Any = text
    if pictures:
        images = [{"type": "image_url", "image_url": {"url": data_url(one)}} for one in pictures]
        content = [*images, {"type": "text", "text": text}]
    return [
        {"role": "system", "content": prompt_parts(lang)["system"]},
        {"role": "user", "content": content},
    ]


def data_url(pixels: NDArray[np.uint8], exact: bool = False) -> str:
    """A picture of at most ``IMAGE_PX`` a side as a data URL: JPEG, or PNG if every pixel must be kept."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((IMAGE_PX, IMAGE_PX))
    buffer = io.BytesIO()
    if exact:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=90)
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")

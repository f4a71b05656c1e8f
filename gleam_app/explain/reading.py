"""Putting a conversation into the model's context, and letting the model go on from there.

Pictures come in two ways: as data URLs, which llama.cpp's vision part reads (``sight``), and as the tokens
that our own tower made of them (``tower``), which the model takes as they are.
"""

import base64
import codecs
import ctypes
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gleam_app.explain.chat import Message, fit_parts, fit_text
from gleam_app.explain.sight import Sight

TEMPLATE = "tokenizer.chat_template"
#: For models that name no template of their own: LLaVA 1.5's way of marking who speaks.
PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ message.content }}\n"
    "{% else %}{{ 'USER' if message.role == 'user' else 'ASSISTANT' }}: {{ message.content }}\n"
    "{% endif %}{% endfor %}ASSISTANT:"
)
MARK = "[[picture]]"
BEGIN, END = (
    "<image>",
    "</image>",
)  # around our tower's tokens, as llama.cpp puts them around its own


class Piece(NamedTuple):
    """Text that the model wrote: whole characters, the logarithm of their probability, and how many tokens
    they took."""

    text: str
    log_probability: float
    tokens: int


class Reader:
    """One model's context. What was read last is not read again while nothing was written after it."""

    def __init__(self, llm: Any, mmproj: str | None) -> None:
        """Raises ValueError if the vision part cannot be loaded."""
        import llama_cpp

        self._cpp: Any = llama_cpp
        self._llm = llm
        self.sight = Sight(llm, mmproj) if mmproj else None
        self._template = llm.metadata.get(TEMPLATE) or PLAIN_TEMPLATE
        self._read = ""

    def read(self, messages: Sequence[Message]) -> None:
        """Raises ValueError where the messages do not fit."""
        wanted = json.dumps(messages)
        if wanted == self._read:
            return
        # a cached prefix would change the batches and with them the last bits: start afresh
        self._read = ""
        self._llm.reset()
        self._cpp.llama_memory_clear(self._cpp.llama_get_memory(self._llm.ctx), True)
        parts = [
            part for m in messages if not isinstance(m["content"], str) for part in m["content"]
        ]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        seen = [part["data"] for part in parts if part["type"] == "picture_tokens"]
        prompt = self._prompt(messages)
        if urls:
            if self.sight is None or seen:
                raise ValueError("the model has no vision part for a picture")
            self.sight.read(prompt.replace(MARK, self.sight.marker), urls)
        else:
            self._read_tokens(prompt, seen)
        self._read = wanted

    def odds(self, words: Sequence[str]) -> list[float]:
        """The logits of the first tokens of ``words`` as what comes next."""
        logits = self._logits()
        first = [self._llm.tokenize(word.encode(), add_bos=False)[0] for word in words]
        return [float(logits[token]) for token in first]

    def write(self, grammar: str, most: int) -> Iterator[Piece]:
        """Greedily under ``grammar`` until the model ends, or after ``most`` tokens.

        Probabilities are the model's own, before the grammar forbade anything.
        """
        llm, self._read = self._llm, ""
        vocabulary = self._cpp.llama_model_get_vocab(llm.model)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        rules = self._cpp.LlamaGrammar.from_string(grammar, verbose=False)
        read = llm.input_ids[: llm.n_tokens].tolist()
        before: list[int] = []
        logarithm, count = 0.0, 0
        tokens = llm.generate(read, temp=0.0, repeat_penalty=1.0, grammar=rules)
        for written, token in enumerate(tokens, start=1):
            if self._cpp.llama_vocab_is_eog(vocabulary, token):
                return
            logarithm, count = logarithm + self._log_probability(token), count + 1
            text = decoder.decode(llm.detokenize([token], prev_tokens=before))
            before = [token]
            if text:
                yield Piece(text, logarithm, count)
                logarithm, count = 0.0, 0
            if written >= most or llm.n_tokens + 1 >= llm.n_ctx():
                return

    def _prompt(self, messages: Sequence[Message]) -> str:
        """By the model's own template, with ``MARK`` for each picture."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        plain = [{**m, "content": _marked(m["content"])} for m in messages]
        template: str = self._template
        if any(isinstance(m["content"], list) for m in plain):
            template, plain = fit_parts(template, plain)
        else:
            plain = fit_text(template, plain)
        names = [self._llm.token_eos(), self._llm.token_bos()]
        eos, bos = (
            self._llm.detokenize([i], special=True).decode() if i >= 0 else "" for i in names
        )
        return str(Jinja2ChatFormatter(template, eos, bos)(messages=plain).prompt)

    def _read_tokens(self, prompt: str, pictures: Sequence[str]) -> None:
        """Each piece of text is cut into tokens by itself, as the model was trained."""
        llm = self._llm
        pieces = prompt.split(MARK)
        if len(pieces) != len(pictures) + 1:
            raise ValueError("the prompt does not show its pictures")
        for number, piece in enumerate(pieces):
            ids = self._ids(piece, begins=number == 0)
            if number:
                ids = self._ids(END) + ids
            if number < len(pictures):
                ids += self._ids(BEGIN)
            self._check_room(len(ids))
            if ids:
                llm.eval(ids)
            if number < len(pictures):
                self._take(np.frombuffer(base64.b64decode(pictures[number]), np.float32))

    def _ids(self, text: str, begins: bool = False) -> list[int]:
        first = begins and self._template is PLAIN_TEMPLATE  # templates write it themselves
        return list(self._llm.tokenize(text.encode(), add_bos=first, special=True))

    def _take(self, values: NDArray[np.float32]) -> None:
        """Give the model the values of tokens in place of tokens."""
        cpp, llm = self._cpp, self._llm
        width = int(cpp.llama_model_n_embd(llm.model))
        count, rest = divmod(len(values), width)
        if rest or not 0 < count <= llm.n_batch:
            raise ValueError("the tower does not fit this model")
        self._check_room(count)
        batch = cpp.llama_batch_init(count, width, 1)
        try:
            ctypes.memmove(batch.embd, values.ctypes.data, values.nbytes)
            batch.n_tokens = count
            for number in range(count):
                batch.pos[number] = llm.n_tokens + number
                batch.n_seq_id[number] = 1
                batch.seq_id[number][0] = 0
                batch.logits[number] = 0
            if cpp.llama_decode(llm.ctx, batch):
                raise ValueError("a picture cannot be given to the model")
        finally:
            cpp.llama_batch_free(batch)
        llm.n_tokens += count

    def _check_room(self, count: int) -> None:
        if self._llm.n_tokens + count >= self._llm.n_ctx():
            raise ValueError("the question does not fit into the model's context")

    def _logits(self) -> NDArray[np.float32]:
        found = self._cpp.llama_get_logits_ith(self._llm.ctx, -1)
        return np.ctypeslib.as_array(found, (self._llm.n_vocab(),))

    def _log_probability(self, token: int) -> float:
        logits = self._logits()
        top = float(logits.max())
        return float(logits[token]) - top - float(np.log(np.exp(logits - top).sum()))


def _marked(content: Any) -> Any:
    """Content whose pictures are marks in the text."""
    if isinstance(content, str):
        return content
    shown = {"image_url", "picture_tokens"}
    return [{"type": "text", "text": MARK} if p["type"] in shown else p for p in content]

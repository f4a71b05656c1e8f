"""What fewer bits cost a text model: size, speed and memory as the app runs it, and how far its words move.

Each level is made from one file, which is also the first row and what the others are held against. All read
the same held-out pairs: their measured evidence stands in the prompt, and the explanation that rests on it
is laid word by word before the model, which says how it would have gone on (teacher forcing).
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.explain.engine import Engine, ModelFiles
from gleam_app.explain.grammar import guided_grammar
from gleam_app.explain.pair import WORDS
from gleam_app.explain.prompts import guided_messages
from gleam_app.explain.reading import Piece, Reader
from gleam_app.explain.wording import LANGS, Lang
from training.gleam_x.model.dialogue import known_text, question_about
from training.gleam_x.model.export import quantise
from training.gleam_x.records import PairRecord, evidence_of

AS_IT_IS = "as it is"
TIMED = 3  # explanations in each language, whose speed is measured
MOST_TOKENS = 60  # of one of them
CONTEXT = 2048


@dataclass(frozen=True)
class Heard:
    """How one model reads the held-out texts, in one language.

    ``choices``: the token it would have written at each place of all texts, one after another;
    ``perplexity`` of the texts; ``accuracy`` of its own yes or no, told the evidence and no picture.
    """

    choices: NDArray[np.int64]
    perplexity: float
    accuracy: float


@dataclass(frozen=True)
class Level:
    """One row: ``same_token`` is the share of places where the model goes on as the file itself does."""

    kind: str
    file_mb: float
    first_token_s: float
    tokens_per_s: float
    peak_mb: float
    same_token: dict[Lang, float]
    perplexity: dict[Lang, float]
    accuracy: dict[Lang, float]


def measure_levels(
    model: Path,
    kinds: Sequence[str],
    records: Sequence[PairRecord],
    work: Path,
    threads: int = 2,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Level]:
    """``model`` as it is, then at each of ``kinds`` ("Q8_0"), made in ``work`` unless it is there already.

    ``records`` have evidence and explanations in both languages. Raises GleamError.
    """
    usable = [r for r in records if r.evidence and all(lang in r.explanations for lang in LANGS)]
    if not usable:
        raise GleamError(
            "No pair has both evidence and explanations.",
            "Run `gleam-x measure` and `gleam-x facts` on the pairs first.",
        )
    work.mkdir(parents=True, exist_ok=True)
    own: dict[Lang, Heard] = {}
    for kind in (AS_IT_IS, *kinds):
        tell(kind)
        file = model
        if kind != AS_IT_IS:
            file = work / f"{model.stem}.{kind}.gguf"
            if not file.exists():
                quantise(model, file, kind, threads, again=True)
        heard = read_texts(file, usable, threads)
        own = own or heard
        first, pace, peak = write_as_the_app(file, usable[:TIMED])
        yield Level(
            kind, file.stat().st_size / 1e6, first, pace, peak,
            {lang: float((heard[lang].choices == own[lang].choices).mean()) for lang in LANGS},
            {lang: heard[lang].perplexity for lang in LANGS},
            {lang: heard[lang].accuracy for lang in LANGS},
        )  # fmt: skip


def read_texts(model: Path, records: Sequence[PairRecord], threads: int = 2) -> dict[Lang, Heard]:
    """What a GGUF text model makes of the explanations of ``records``."""
    import llama_cpp

    llm = llama_cpp.Llama(
        str(model), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, n_gpu_layers=0,
        logits_all=True, verbose=False,
    )  # fmt: skip
    try:
        reader = Reader(llm, None)
        return {lang: _heard(llm, reader, records, lang) for lang in LANGS}
    finally:
        llm.close()


def _heard(llm: Any, reader: Reader, records: Sequence[PairRecord], lang: Lang) -> Heard:
    choices, losses, right = list[NDArray[np.int64]](), list[NDArray[np.float64]](), 0
    words = WORDS[lang]
    for record in records:
        reader.read(_messages(record, lang))
        yes, no = reader.odds((words.yes, words.no))
        right += (yes > no) == record.match
        verdict = words.yes if record.match else words.no
        text = words.gap.join((verdict, known_text(record, lang, hinted=True, seen=False)))
        tokens = llm.tokenize(text.encode(), add_bos=False)
        begun = llm.n_tokens
        llm.eval(tokens)
        # the row before a token is what the model expected in its place
        rows = np.asarray(llm.scores[begun - 1 : begun - 1 + len(tokens)], np.float64)
        choices.append(rows.argmax(axis=1))
        top = rows.max(axis=1)
        whole = top + np.log(np.exp(rows - top[:, None]).sum(axis=1))
        losses.append(whole - rows[np.arange(len(tokens)), tokens])
    perplexity = math.exp(float(np.concatenate(losses).mean()))
    return Heard(np.concatenate(choices), perplexity, right / len(records))


def _messages(record: PairRecord, lang: Lang) -> list[dict[str, Any]]:
    words = WORDS[lang]
    return [
        {"role": "system", "content": words.system},
        {"role": "user", "content": question_about(words.explain, record, lang, "apart")},
    ]


def write_as_the_app(model: Path, records: Sequence[PairRecord]) -> tuple[float, float, float]:
    """Explanations written by the app's engine, under its grammar: seconds to the first token (the model is
    loaded, the prompt new), tokens a second after it, both medians, and the most MB the process held."""
    engine = Engine(ModelFiles(model))
    firsts, paces, peak = list[float](), list[float](), math.nan
    try:
        for number, record in enumerate((records[0], *records)):
            for lang in LANGS:
                evidence = evidence_of(record)
                asked, grammar = guided_messages(evidence, lang), guided_grammar(evidence, lang)
                first, pace = timed_writing(engine, asked, grammar, MOST_TOKENS)
                if number:  # the first one loads the model
                    firsts.append(first)
                    paces.append(pace)
        if engine.pid is not None:
            peak = peak_mb(engine.pid)
    finally:
        engine.close()
    return statistics.median(firsts), statistics.median(paces), peak


def timed_writing(
    engine: Engine, messages: list[dict[str, Any]], grammar: str, most: int
) -> tuple[float, float]:
    """Seconds to the first token of an answer of at most ``most``, and tokens a second after it."""
    heard = list[tuple[float, Piece]]()
    clock = time.perf_counter()
    engine.write(
        messages,
        grammar,
        max_tokens=most,
        on_piece=lambda piece: heard.append((time.perf_counter() - clock, piece)),
    )
    if len(heard) < 2:
        raise GleamError("The model writes nothing.", "Is it an instruction-tuned text model?")
    first, last = heard[0][0], heard[-1][0]
    return first, sum(piece.tokens for _, piece in heard[1:]) / (last - first)


def peak_mb(pid: int) -> float:
    """The most memory a process ever held; not a number where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(s.split()[1]) / 1e3 for s in lines if s.startswith("VmHWM")), math.nan)


def as_table(levels: Sequence[Level]) -> str:
    """Markdown, English and Chinese beside one another."""
    head = (
        "level", "file, MB", "first token, s", "tokens/s", "peak, MB",
        "same next token, en / zh", "perplexity, en / zh", "own verdict right, en / zh",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for one in levels:
        pairs = [
            " / ".join(f"{values[lang]:.{digits}f}" for lang in LANGS)
            for values, digits in ((one.same_token, 3), (one.perplexity, 2), (one.accuracy, 2))
        ]
        cells = (
            one.kind, f"{one.file_mb:.0f}", f"{one.first_token_s:.2f}", f"{one.tokens_per_s:.1f}",
            f"{one.peak_mb:.0f}", *pairs,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)

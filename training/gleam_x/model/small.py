"""Our own small GLEAM-X: a text model from GGUF, behind it the tower, with low-rank adapters.

Prompts are put together as llama.cpp puts them together, token by token, so that what is trained is what
will run.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gleam_app.errors import GleamError
from gleam_app.explain.pair import WORDS
from gleam_app.explain.wording import Lang
from training.gleam_x.model.comparer import Judge, Projector
from training.gleam_x.model.dialogue import Turn
from training.gleam_x.model.pupil import Doubt, Shown, answer_loss
from training.gleam_x.model.recipe import LanguageRecipe

UNPACKED = "unpacked.safetensors"
BEGIN, END = "<image>", "</image>"  # what llama.cpp puts around the tokens of this kind of tower


def load_base(file: Path, kept: Path | None = None) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF text model, its weights as they are after quantisation.

    Unpacking takes a minute; in the folder ``kept`` the result is found next time. Raises GleamError if
    the file cannot be read.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if kept is not None and (kept / UNPACKED).is_file():
        return _unpacked(kept)
    try:
        with tempfile.TemporaryDirectory() as folder:
            where = Path(folder)
            try:
                (where / file.name).symlink_to(file.resolve())
            except OSError:
                shutil.copyfile(file, where / file.name)
            tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=file.name)
            model = AutoModelForCausalLM.from_pretrained(
                where, gguf_file=file.name, dtype=torch.float32
            )
    except (OSError, ValueError, KeyError) as error:
        raise GleamError(f"{file.name} cannot be read as a text model: {error}.") from None
    if kept is not None:
        _unpack(model, tokenizer, kept)
    return model.requires_grad_(False), tokenizer


def _unpack(model: Any, tokenizer: Any, kept: Path) -> None:
    """Keep plain weights; transformers itself does not save a model that was quantised."""
    from safetensors.torch import save_model

    tokenizer.save_pretrained(kept)
    model.config.to_json_file(kept / "config.json", use_diff=False)
    staged = kept / f".{UNPACKED}"
    save_model(model, str(staged))
    staged.replace(kept / UNPACKED)


def _unpacked(kept: Path) -> tuple[Any, Any]:
    from safetensors.torch import load_model
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    config = AutoConfig.from_pretrained(kept, local_files_only=True)
    config.quantization_config = None
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    load_model(model, kept / UNPACKED)
    model.tie_weights()
    model.eval().requires_grad_(False)
    return model, AutoTokenizer.from_pretrained(kept, local_files_only=True)


def first_token(tokenizer: Any, word: str) -> int:
    """The token that a word begins with."""
    return int(tokenizer(word, add_special_tokens=False)["input_ids"][0])


def prompt_pieces(tokenizer: Any, turn: Turn) -> tuple[list[int], list[int]]:
    """Token ids before and after the picture: each piece of text is cut into tokens by itself."""
    mark = "[picture]"
    text = tokenizer.apply_chat_template(
        [
            {"role": "system", "content": turn.system},
            {"role": "user", "content": f"{mark}\n{turn.question}"},
        ],
        tokenize=False,
        add_generation_prompt=True,
    )
    before, _, after = text.partition(mark)

    def ids(piece: str) -> list[int]:
        return list(tokenizer(piece, add_special_tokens=False)["input_ids"])

    return ids(before) + ids(BEGIN), ids(END) + ids(after)


@dataclass(frozen=True)
class _Answer:
    ids: list[int]
    weights: list[float]


class Pictures(Protocol):
    """Features of a row and variant, float16 (C, 8, 8)."""

    def __getitem__(self, at: tuple[int, int], /) -> NDArray[np.float16]: ...


class Small:
    """Text model, tower and projector as one ``Pupil``.

    ``judge``: the tower's comparer and its verdict, which is learnt where a turn has a ``belief_share``;
    ``features``: of all pairs that turns speak of, (rows, variants, C, 8, 8); ``blank``: those of a grey
    montage, (C, 8, 8).
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        judge: Judge,
        projector: Projector,
        recipe: LanguageRecipe,
        features: Pictures,
        blank: Tensor,
    ) -> None:
        from peft import LoraConfig, inject_adapter_in_model

        layers = model.config.num_hidden_layers
        first = layers - recipe.lora_layers if recipe.lora_layers else 0
        config = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=recipe.lora_dropout,
            target_modules=list(recipe.lora_modules),
            layers_to_transform=list(range(first, layers)),
        )
        self.model = cast(Any, inject_adapter_in_model(config, model))
        if recipe.gradient_checkpointing:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
        self.tokenizer, self.projector = tokenizer, projector
        self.judge, self.comparer = judge, judge.comparer
        self._features, self._blank, self._recipe = features, blank, recipe
        self.comparer.requires_grad_(recipe.train_tower)
        self._end = self._ids("<|im_end|>")[0]

    @property
    def family(self) -> str:
        """Of the text model, "qwen2"."""
        return str(self.model.config.model_type)

    def parameters_by_rate(self) -> dict[str, list[nn.Parameter]]:
        """As ``Pupil``; the comparer, if it learns, with the adapter."""
        adapter = [p for p in self.model.parameters() if p.requires_grad]
        adapter += [p for p in self.comparer.parameters() if p.requires_grad]
        return {"adapter": adapter, "projector": list(self.projector.parameters())}

    def loss(self, shown: Sequence[Shown]) -> Tensor:
        """As ``Pupil``."""
        answers = [self._answer(one.turn) for one in shown]
        cells = self.cells(shown)
        hidden, starts = self._hidden(
            shown, [answer.ids for answer in answers], self.projector(cells)
        )
        states, firsts = [], []
        targets: list[int] = []
        weights: list[float] = []
        owner: list[int] = []
        for number, (answer, start) in enumerate(zip(answers, starts, strict=True)):
            # the state before each answer token foretells it
            states.append(hidden[number, start - 1 : start - 1 + len(answer.ids)])
            firsts.append(len(targets))
            targets += answer.ids
            weights += answer.weights
            owner += [number] * len(answer.ids)
        logits = self.model.lm_head(torch.cat(states))
        return answer_loss(
            logits,
            torch.tensor(targets),
            torch.tensor(weights),
            torch.tensor(owner),
            self._doubts(shown, cells, firsts),
        )

    def _doubts(self, shown: Sequence[Shown], cells: Tensor, firsts: Sequence[int]) -> list[Doubt]:
        """Where an answer begins with its verdict: how far the tower believes in the other one."""
        with torch.no_grad():
            logits = self.judge.of_cells(cells)
        found = []
        for one, first, belief in zip(shown, firsts, logits.sigmoid().tolist(), strict=True):
            share = one.turn.belief_share
            if not share:
                continue
            yes, no = self._verdict_ids(one.turn.lang)
            match = one.turn.record.match
            found.append(
                Doubt(first, no if match else yes, share * ((1 - belief) if match else belief))
            )
        return found

    def _verdict_ids(self, lang: Lang) -> tuple[int, int]:
        """The tokens that yes and no begin with."""
        words = WORDS[lang]
        return first_token(self.tokenizer, words.yes), first_token(self.tokenizer, words.no)

    @torch.no_grad()
    def verdicts(self, shown: Sequence[Shown]) -> Tensor:
        """As ``Pupil``."""
        yes, no = self.first_words(shown, self.picture_tokens(shown))
        return yes - no

    def first_words(self, shown: Sequence[Shown], pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities (N,) of yes and of no as the answer's first token, where ``pictures``
        (N, 64, features of a token) stand for the pictures."""
        hidden, starts = self._hidden(shown, [[] for _ in shown], pictures)
        last = torch.stack([hidden[i, start - 1] for i, start in enumerate(starts)])
        spoken = self.model.lm_head(last).float().log_softmax(dim=1)
        rows = torch.arange(len(shown))
        yes, no = zip(*(self._verdict_ids(one.turn.lang) for one in shown), strict=True)
        return spoken[rows, list(yes)], spoken[rows, list(no)]

    def state(self) -> dict[str, Tensor]:
        """As ``Pupil``."""
        found = {f"projector.{k}": v for k, v in self.projector.state_dict().items()}
        found |= {f"comparer.{k}": v for k, v in self.comparer.state_dict().items()}
        return found | {f"adapter.{k}": v for k, v in self._adapter().items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """As ``Pupil``."""
        self.projector.load_state_dict(_part(state, "projector"))
        self.comparer.load_state_dict(_part(state, "comparer"))
        adapter = self._adapter()
        saved = _part(state, "adapter")
        if saved.keys() != adapter.keys():
            raise GleamError("The checkpoint's adapter is of another shape.")
        with torch.no_grad():
            for name, tensor in adapter.items():
                tensor.copy_(saved[name])

    def train(self, mode: bool) -> None:
        """As ``Pupil``."""
        self.model.train(mode)
        self.projector.train(mode)
        self.comparer.train(mode and self._recipe.train_tower)

    def next_logits(self, one: Shown) -> Tensor:
        """(V,) of the token that begins the answer: what parity with llama.cpp is measured on."""
        with torch.no_grad():
            hidden, starts = self._hidden([one], [[]], self.picture_tokens([one]))
            return cast(Tensor, self.model.lm_head(hidden[0, starts[0] - 1]).float())

    @property
    def spread(self) -> float:
        """Standard deviation of the language model's own tokens."""
        return float(self.model.get_input_embeddings().weight.std())

    def picture_tokens(self, shown: Sequence[Shown]) -> Tensor:
        """(N, 64, features of a token)."""
        return cast(Tensor, self.projector(self.cells(shown)))

    def cells(self, shown: Sequence[Shown]) -> Tensor:
        """What the tower sees of each, (N, 64, width)."""
        features = [
            self._blank
            if one.turn.blank
            else torch.from_numpy(self._features[one.row, one.variant].astype("float32"))
            for one in shown
        ]
        return cast(Tensor, self.comparer(torch.stack(features).float()))

    def _hidden(
        self, shown: Sequence[Shown], answers: Sequence[list[int]], pictures: Tensor
    ) -> tuple[Tensor, list[int]]:
        """Last states (N, T, features), and at which position each answer starts."""
        embed = self.model.get_input_embeddings()
        pictures = pictures.to(embed.weight.dtype)
        rows, starts = [], []
        for one, picture, answer in zip(shown, pictures, answers, strict=True):
            before, after = prompt_pieces(self.tokenizer, one.turn)
            parts = embed(torch.tensor(before)), picture, embed(torch.tensor(after + answer))
            rows.append(torch.cat(parts))
            starts.append(len(before) + len(picture) + len(after))
        inputs = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(inputs.shape[1]) < lengths[:, None]).long()
        out = self.model.model(inputs_embeds=inputs, attention_mask=mask, use_cache=False)
        return out.last_hidden_state, starts

    def _answer(self, turn: Turn) -> _Answer:
        ids, weights = [], []
        for piece in turn.answer:
            cut = self._ids(piece.text)
            ids += cut
            weights += [piece.weight] * len(cut)
        return _Answer([*ids, self._end], [*weights, 1.0])

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _adapter(self) -> dict[str, Tensor]:
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}


def _part(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}

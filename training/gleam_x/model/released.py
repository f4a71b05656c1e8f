"""A released vision-language model from the hub as a pupil: adapters in its language part, the rest frozen.

Any model that ``transformers`` opens as image-text-to-text from a local folder: Qwen2.5-VL, Qwen3-VL,
SmolVLM2, InternVL 3 (-hf) ... Their licences differ; a recipe names it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from gleam_app.errors import GleamError
from gleam_app.explain.montage import Picture
from gleam_app.explain.pair import WORDS
from training.gleam_x.model.dialogue import Turn
from training.gleam_x.model.pupil import Shown, answer_loss
from training.gleam_x.model.recipe import LanguageRecipe

GREY = 128
SEEING = ("vision", "visual", "image_")  # in the names of layers of the part that sees
PictureOf = Callable[[Shown], tuple[Picture, Picture]]
"""Query and tile of a pair, changed as the variant asks."""


def load_released(folder: Path, recipe: LanguageRecipe, device: torch.device) -> tuple[Any, Any]:
    """Model and processor of a local folder. Raises GleamError."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model = AutoModelForImageTextToText.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=getattr(torch, recipe.precision),
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise GleamError(
            f"{folder.name} cannot be opened as a vision-language model: {error}.",
            f"On a connected machine: hf download {recipe.base} --local-dir FOLDER.",
        ) from None
    return model.requires_grad_(False).to(device), processor


class Released:
    """A hub model as a ``Pupil``."""

    def __init__(
        self, model: Any, processor: Any, recipe: LanguageRecipe, pictures: PictureOf
    ) -> None:
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=recipe.lora_alpha,
            lora_dropout=recipe.lora_dropout,
            target_modules=_targets(model, recipe),
        )
        if recipe.gradient_checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
            model.enable_input_require_grads()
        self.adapted = cast(Any, get_peft_model(model, config))
        self.processor, self._pictures = processor, pictures
        self._device = next(model.parameters()).device

    def parameters_by_rate(self) -> dict[str, list[nn.Parameter]]:
        """As ``Pupil``; there is no projector of ours."""
        return {"adapter": [p for p in self.adapted.parameters() if p.requires_grad]}

    def loss(self, shown: Sequence[Shown]) -> Tensor:
        """As ``Pupil``. Turn by turn: pictures of different sizes do not share a batch in every model."""
        return torch.stack([self._loss(one) for one in shown]).mean()

    @torch.no_grad()
    def verdicts(self, shown: Sequence[Shown]) -> Tensor:
        """As ``Pupil``."""
        found = []
        for one in shown:
            logits = self.adapted(**self._inputs(one, self._prompt(one.turn))).logits[0, -1]
            words = WORDS[one.turn.lang]
            yes, no = (self._ids(word)[0] for word in (words.yes, words.no))
            found.append(logits[yes].float() - logits[no].float())
        return torch.stack(found).cpu()

    def state(self) -> dict[str, Tensor]:
        """As ``Pupil``."""
        return {n: p for n, p in self.adapted.named_parameters() if p.requires_grad}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """As ``Pupil``."""
        mine = self.state()
        if mine.keys() != state.keys():
            raise GleamError("The checkpoint's adapter is of another shape.")
        with torch.no_grad():
            for name, tensor in mine.items():
                tensor.copy_(state[name])

    def train(self, mode: bool) -> None:
        """As ``Pupil``."""
        self.adapted.train(mode)

    def save_merged(self, folder: Path) -> None:
        """The whole model with the adapter in its weights, as llama.cpp's converter reads it."""
        merged = self.adapted.merge_and_unload()
        merged.save_pretrained(folder, safe_serialization=True)
        self.processor.save_pretrained(folder)

    def _loss(self, one: Shown) -> Tensor:
        prompt = self._prompt(one.turn)
        ids, weights = list[int](), list[float]()
        for piece in one.turn.answer:
            cut = self._ids(piece.text)
            ids += cut
            weights += [piece.weight] * len(cut)
        ids.append(self._end())
        weights.append(1.0)
        inputs = self._inputs(one, prompt)
        answer = torch.tensor([ids], device=self._device)
        inputs["input_ids"] = torch.cat([inputs["input_ids"], answer], dim=1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        for name in ("mm_token_type_ids", "token_type_ids"):  # which tokens are pictures
            if name in inputs:
                inputs[name] = torch.cat([inputs[name], torch.zeros_like(answer)], dim=1)
        logits = self.adapted(**inputs, logits_to_keep=len(ids) + 1).logits[0, :-1]
        owner = torch.zeros(len(ids), dtype=torch.long, device=self._device)
        weight = torch.tensor(weights, device=self._device)
        return answer_loss(logits, answer[0], weight, owner)

    def _prompt(self, turn: Turn) -> str:
        content = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": turn.question}]
        messages = [
            {"role": "system", "content": [{"type": "text", "text": turn.system}]},
            {"role": "user", "content": content},
        ]
        return str(
            self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        )

    def _inputs(self, one: Shown, prompt: str) -> dict[str, Tensor]:
        pictures = self._pictures(one)
        if one.turn.blank:
            pictures = tuple(np.full_like(picture, GREY) for picture in pictures)  # type: ignore[assignment]
        found = self.processor(text=[prompt], images=list(pictures), return_tensors="pt")
        dtype = next(self.adapted.parameters()).dtype
        return {
            name: value.to(self._device, dtype if value.is_floating_point() else None)
            for name, value in found.items()
        }

    def _ids(self, text: str) -> list[int]:
        return list(self.processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _end(self) -> int:
        """What ends a turn: the model's own choice."""
        return int(self.processor.tokenizer.eos_token_id)


def _targets(model: Any, recipe: LanguageRecipe) -> list[str]:
    """Full names of the layers to adapt: those so called in the part that speaks, of its last layers."""
    found = [
        name
        for name, _ in model.named_modules()
        if name.rpartition(".")[2] in recipe.lora_modules
        and not any(word in name for word in SEEING)
    ]
    if not found:
        raise GleamError(f"The model has no layers named {' or '.join(recipe.lora_modules)}.")
    if recipe.lora_layers:
        numbers = sorted({_layer(name) for name in found})[-recipe.lora_layers :]
        found = [name for name in found if _layer(name) in numbers]
    return found


def _layer(name: str) -> int:
    return next((int(part) for part in name.split(".") if part.isdigit()), 0)

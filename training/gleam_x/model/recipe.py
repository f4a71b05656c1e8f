"""A recipe of GLEAM-X: every number of a run, read from a TOML file into a frozen model.

The files lie in ``training/gleam_x/recipes``; their comments say where each number comes from.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gleam_app.explain.wording import Lang
from gleam_app.imagery.views import View
from training.gleam_c.recipe import AugmentRecipe, OriginRecipe
from training.gleam_x.model.comparer import ComparerShape
from training.recipe_file import read_recipe_file

RECIPES = Path(__file__).parents[1] / "recipes"

Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TowerRecipe(_Part):
    """Our own tower: GLEAM-C's encoder, frozen, and the comparer that is trained on its features."""

    width: Positive = 576
    hidden: Positive = 1024
    blocks: Positive = 3
    variants: Positive = 2
    """Differently changed copies of each pair; validation sees none of these changes."""
    epochs: Positive = 8
    batch_pairs: Positive = 64
    learning_rate: Rate = 5e-4
    entry_rate_share: Share = 0.1
    """Learning rate of what GLEAM-C already knows, as a share of ``learning_rate``."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    dropped_cells: Share = 0.1
    """Chance of each cell's features to be blanked while training."""
    label_smoothing: Share = 0.05
    cell_share: Share = 0.5
    """What the verdicts of single cells weigh in the loss, against 1 of the whole."""
    warm_up_steps: Count = 20

    @property
    def shape(self) -> ComparerShape:
        return ComparerShape(self.width, self.hidden, self.blocks)


class LanguageRecipe(_Part):
    """The language part. ``base`` is a label; the weights come by ``fit --base``."""

    kind: Literal["small", "released"]
    """``small``: a text model from GGUF behind our tower; ``released``: a vision-language model."""
    base: str
    base_pack: str = ""
    """Id of the pack whose ``model`` file an exported adapter is for (small)."""
    projector_hidden: Positive = 512
    lora_rank: Positive = 16
    lora_alpha: Positive = 32
    lora_dropout: Share = 0.0
    lora_layers: Count = 0
    """Only so many of the last layers have adapters; 0: all."""
    lora_modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    train_tower: bool = False
    """The comparer goes on learning with the language model."""
    precision: Literal["float32", "bfloat16"] = "float32"
    gradient_checkpointing: bool = False


class DialogueRecipe(_Part):
    """What is asked, and what is answered."""

    languages: dict[Lang, Positive] = {"en": 1, "zh": 1}
    """Parts of the examples in each language."""
    layout: Literal["montage", "apart"] = "montage"
    """Both pictures as one, as our tower compares them, or one after the other."""
    verdict: Literal["first", "last"] = "first"
    explained: Share = 0.5
    """Of the examples that have an explanation, so many are to write it; the others judge alone."""
    evidence: Share = 0.5
    """Of the examples that have measured evidence, so many show it in the prompt."""
    pictures: Share = 1.0
    """Share of the examples that show the pictures, the others blank ones (for evidence alone)."""
    judge_weight: Annotated[float, Field(gt=0)] = 1.0
    """Weight of the verdict's tokens in the loss, against 1 for those of the explanation."""
    belief: Share = 0.0
    """Of the verdict to be learnt, so much is our own tower's probability, the rest the label; half as
    much where measurements are shown. A label says little about what can be seen, the tower's all."""


class TellingRecipe(_Part):
    """How the projector learns to tell the tower's verdict, before the fit (small)."""

    steps: Count = 0
    """0: it begins with the words for yes and no."""
    batch: Positive = 8
    rate: Rate = 0.1
    """Of Adam, in parts of the spread of the language model's own tokens."""


class FitRecipe(_Part):
    """The optimiser's steps."""

    steps: Positive
    batch_pairs: Positive = 16
    """Pairs a step, over all ranks."""
    measured_only: bool = False
    """Learn only from pairs that have evidence, as every pair has in the app."""
    chunk_pairs: Positive = 4
    """Pairs that go through the model at a time."""
    learning_rate: Rate = 2e-4
    projector_rate: Rate = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    warm_up_steps: Count = 20
    last_rate_share: Share = 0.1
    clip_norm: Rate = 1.0
    checkpoint_steps: Positive = 10
    validate_steps: Count = 100
    """Between two validations; 0: only at the end."""
    validate_pairs: Count = 200


class PackRecipe(_Part):
    """What the exported pack says of itself."""

    id: str
    version: str
    title: str
    description: str
    licence: str
    use: str
    preference: Count = 5
    views: tuple[View, ...] = ()
    """Of a query, for which it is better than a guess; empty: it was not asked."""
    context: Positive = 4096
    origin: Annotated[tuple[OriginRecipe, ...], Field(min_length=1)]


class Recipe(_Part):
    """A whole run."""

    name: str
    about: str
    seed: int
    threads: Count = 0
    """Of torch on a CPU; 0: as it likes."""
    tower: TowerRecipe = TowerRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    language: LanguageRecipe
    dialogue: DialogueRecipe = DialogueRecipe()
    telling: TellingRecipe = TellingRecipe()
    fit: FitRecipe
    pack: PackRecipe
    seeing: PackRecipe | None = None
    """The pack of the tower alone, without a language model."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if self.fit.batch_pairs % self.fit.chunk_pairs:
            raise ValueError("batch_pairs is no multiple of chunk_pairs")
        if not self.dialogue.languages:
            raise ValueError("dialogue.languages is empty")
        return self


def read_recipe(name: str) -> Recipe:
    """A recipe of ours by its name, or by the path of a TOML file. Raises GleamError."""
    return read_recipe_file(Recipe, RECIPES, name)

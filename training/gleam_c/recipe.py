"""A recipe: every number of a training run, read from a TOML file into a frozen model.

The files lie in ``training/gleam_c/recipes``; their comments say where each number comes from.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gleam_app.imagery.views import View
from gleam_app.retrieval.turning import TURNED_VIEWS
from training.recipe_file import read_recipe_file

RECIPES = Path(__file__).parent / "recipes"

Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Size = tuple[Positive, Positive]  # height, width in pixels


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelRecipe(_Part):
    """The network. ``dimension`` 0: the backbone's pooled features, without a projection."""

    family: Literal["efficientnet-lite", "transformers"]
    hub_model: str = ""
    """What the weights are of: a hub id, or the package they come from. A label, never fetched."""
    variant: str = "lite1"
    padding: Literal["zeros", "reflect"] = "zeros"
    input_px: Positive
    """Side of a square picture in the pack; views may be trained at other sizes."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pooling: Literal["gem", "mean", "cls", "pooler"] = "gem"
    gem_power: float = 3.0
    dimension: Count = 0
    centre_pictures: Count = 0
    """Satellite pictures whose mean feature is subtracted before the projection; 0: none is."""
    freeze_batch_norm: bool = False
    frozen_blocks: Count = 0
    """The stem and this many of the first blocks (convolutional family) keep their first weights."""
    shared_blocks: tuple[Count, ...] = ()
    """How many of the first blocks see the whole satellite window, context included, and leave the
    rest to see the tile alone, as where overlapping tiles share computation; drawn for each chunk.
    Empty: the whole network sees the window."""
    adapter_rank: Count = 0
    """Above 0 the backbone is frozen and low-rank adapters beside ``adapted`` layers are trained."""
    adapted: tuple[str, ...] = ()
    gradient_checkpointing: bool = False


class LossRecipe(_Part):
    """``overlap_steepness`` 0: overlaps do not weigh."""

    label_smoothing: Share
    first_scale: float
    """The logit scale at the start, as its logarithm."""
    highest_scale: float | None = None
    """Upper bound of that logarithm; absent: none."""
    mask_semi_positives: bool
    overlap_steepness: Annotated[float, Field(ge=0)] = 0.0
    wrong_turns: Count = 0
    """Wrongly turned copies of each query that stand among the negatives (views that the app turns)."""
    least_wrong_turn_deg: Annotated[float, Field(gt=0, le=180)] = 30.0


class AugmentRecipe(_Part):
    """Chances of each change to a picture, and its strength. A chance of 0 turns it off."""

    jpeg: Share = 0.0
    jpeg_quality: tuple[int, int] = (90, 100)
    colour: Share = 0.0
    colour_strength: float = 0.15
    blur_or_sharpen: Share = 0.0
    holes: Share = 0.0
    hole_count: tuple[int, int] = (10, 25)
    hole_side: tuple[float, float] = (0.1, 0.2)
    mirror: Share = 0.0
    """Both pictures of a pair together."""
    quarter_turns: Share = 0.0
    """The satellite picture by a multiple of 90 degrees; a panorama rolls along."""
    turn_queries: tuple[View, ...] = ()
    """Views whose satellite picture is turned alone: their heading is not to be learnt."""


class DataRecipe(_Part):
    """One training set: a name of ``training.data.DATA_SETS``, its split, and the validation split."""

    name: str
    split: str
    validation: str = ""
    """A split to validate on; empty: one place in ten of ``split`` is held out."""


class ViewRecipe(_Part):
    """Sizes (height, width) in pixels at which a view's pairs are trained.

    ``reference_margin_px``: this much of each edge of the satellite picture is context, not pooled.
    """

    query_px: Size
    reference_px: Size
    reference_margin_px: Count = 0


class PhaseRecipe(_Part):
    """One phase of training, with an optimiser and a schedule of its own."""

    name: str
    data: tuple[DataRecipe, ...]
    epochs: Positive
    batch_pairs: Annotated[int, Field(ge=2)]
    """Over all ranks."""
    chunk_pictures: Count = 0
    """Pictures embedded at a time; 0: all of one size at once."""
    recompute: bool = True
    """Chunks keep no activations and are embedded twice (GradCache): memory is that of one chunk."""
    equal_views: bool = False
    view_shares: dict[View, Positive] = {}
    """Where views are equalised: parts of a batch for a view, if not one each."""
    epoch_pairs: Count = 0
    """Pairs an epoch, needed where views are equalised; 0: every pair once."""
    refresh_epochs: Count = 0
    """Epochs between two searches for hard negatives; 0: random batches."""
    remember: bool = False
    """Search among the vectors that the last steps found, instead of embedding all pairs again."""
    neighbour_range: Positive = 128
    neighbour_select: Positive = 64
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    warm_up_epochs: Annotated[float, Field(ge=0)]
    last_rate_share: Share = 0.0
    """Learning rate at the end of the cosine, as a share of ``learning_rate``."""
    clip_value: Annotated[float, Field(ge=0)] = 0.0
    clip_norm: Annotated[float, Field(ge=0)] = 0.0
    validate_epochs: Count = 1

    @model_validator(mode="after")
    def _fits_together(self) -> "PhaseRecipe":
        if self.equal_views and not self.epoch_pairs:
            raise ValueError("equal_views needs epoch_pairs")
        if self.neighbour_select > self.neighbour_range:
            raise ValueError("neighbour_select is larger than neighbour_range")
        return self


class OriginRecipe(_Part):
    """Where a weight or a data set comes from, as ``pack.json`` will say it."""

    what: str
    source: str
    licence: str
    url: str = ""
    package: str = ""


class PackRecipe(_Part):
    """What the exported pack says of itself, beyond what the run knows."""

    id: str
    version: str
    title: str
    description: str
    licence: str
    use: str
    views: tuple[View, ...]
    experimental_views: tuple[View, ...] = ()
    """Those of ``views`` that were trained on simulated imagery alone."""
    shared_blocks: Count = 0
    """How many of the first blocks overlapping tiles may share without losing a point of recall, as
    measured; 0: none."""
    preference: Count = 50
    origin: Annotated[tuple[OriginRecipe, ...], Field(min_length=1)]


class Recipe(_Part):
    """A whole run."""

    name: str
    about: str
    seed: int
    autocast: Literal["off", "bf16"]
    channels_last: bool
    workers: Positive
    """Threads that decode and augment, a rank."""
    checkpoint_steps: Positive
    model: ModelRecipe
    loss: LossRecipe
    augment: AugmentRecipe
    views: dict[View, ViewRecipe]
    phases: Annotated[tuple[PhaseRecipe, ...], Field(min_length=1)]
    pack: PackRecipe

    @model_validator(mode="after")
    def _headings_agree(self) -> "Recipe":
        if self.loss.wrong_turns and set(self.augment.turn_queries) & set(TURNED_VIEWS):
            raise ValueError("wrong_turns and turn_queries teach a view opposite things")
        return self


def read_recipe(name: str) -> Recipe:
    """A recipe of ours by its name, or by the path of a TOML file. Raises GleamError."""
    return read_recipe_file(Recipe, RECIPES, name)

"""``gleam-x tower``, ``fit``, ``export``: train what sees, teach what speaks, and make a pack of both."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions
    from training.gleam_x.feature_store import Progress
    from training.gleam_x.tower import Figures
    from training.gleam_x.workshop import Places


def register(actions: "Actions") -> None:
    tower = actions.add_parser("tower", help="train the tower to tell matches from mistakes")
    add = tower.add_argument
    add("--recipe", default="small", help="name of a recipe, or a TOML file")
    add("--pairs", type=Path, required=True, metavar="pairs.jsonl")
    add("--pack", type=Path, help="encoder that the tower takes over; default: the bundled starter")
    add("--work", type=Path, required=True, help="keeps features, checkpoint and log")
    add("--resume", action="store_true")
    tower.set_defaults(run=_tower)
    fit = actions.add_parser("fit", help="teach the language model to judge and explain")
    _of_run(fit)
    fit.add_argument("--resume", action="store_true")
    fit.add_argument("--stop-after", type=int, default=0, metavar="STEPS", help="in this piece")
    fit.set_defaults(run=_fit)
    export = actions.add_parser("export", help="make a pack of what was trained")
    _of_run(export)
    export.add_argument("--base-pack", type=Path, help="pack of the base; default: the bundled one")
    export.add_argument("--best", action="store_true", help="the best on validation")
    export.add_argument("--out", type=Path, required=True, help="folder of the pack")
    export.set_defaults(run=_export)


def _of_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--recipe", default="small", help="name of a recipe, or a TOML file")
    add("--pairs", type=Path, required=True, metavar="pairs.jsonl")
    add("--pack", type=Path, help="encoder of the tower; default: the bundled starter")
    add("--tower", type=Path, required=True, help="folder of the tower's run")
    add("--base", type=Path, required=True, metavar="FILE.gguf", help="the text model")
    add("--work", type=Path, required=True, help="keeps checkpoint and log")


def _places(arguments: argparse.Namespace) -> "Places":
    from training.gleam_x.workshop import Places

    return Places(
        arguments.pairs,
        arguments.pack or _starter(),
        arguments.tower,
        arguments.base,
        arguments.work,
    )


def _fit(arguments: argparse.Namespace) -> None:
    from training.gleam_x.recipe import read_recipe
    from training.gleam_x.workshop import fit_small

    _say(
        fit_small(
            read_recipe(arguments.recipe),
            _places(arguments),
            arguments.resume,
            _tell("features"),
            arguments.stop_after,
        )
    )


def _export(arguments: argparse.Namespace) -> None:
    from training.gleam_x.recipe import read_recipe
    from training.gleam_x.workshop import export_small

    recipe = read_recipe(arguments.recipe)
    bundled = _starter().parent / recipe.language.base_pack
    export_small(
        recipe, _places(arguments), arguments.base_pack or bundled, arguments.out, arguments.best
    )


def _tower(arguments: argparse.Namespace) -> None:
    from training.gleam_x.recipe import read_recipe
    from training.gleam_x.tower import fit_tower

    _say(
        fit_tower(
            read_recipe(arguments.recipe),
            arguments.pairs,
            arguments.pack or _starter(),
            arguments.work,
            arguments.resume,
            _tell("features"),
        )
    )


def _say(found: "Figures") -> None:
    print(
        f"Validation: accuracy {found.accuracy:.3f}, area {found.area:.3f}, "
        f"log loss {found.loss:.3f}, says no in {found.said_no:.2f}.",
        file=sys.stderr,
    )


def _starter() -> Path:
    from gleam_app.home import resources_dir

    return resources_dir() / "packs" / "starter"


def _tell(what: str) -> "Progress":
    def tell(done: int, count: int) -> None:
        print(f"\r{what}: {done:,} of {count:,}", end="", file=sys.stderr, flush=True)
        if done == count:
            print(file=sys.stderr)

    return tell

"""``gleam-x tower``, ``fit``, ``export``: train what sees, teach what speaks, and make a pack of both."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions
    from training.gleam_x.model.feature_store import Progress
    from training.gleam_x.model.tower import Figures
    from training.gleam_x.model.workshop import Places


def register(actions: "Actions") -> None:
    tower = actions.add_parser("tower", help="train the tower to tell matches from mistakes")
    add = tower.add_argument
    add("--recipe", default="small", help="name of a recipe, or a TOML file")
    add("--pairs", type=Path, required=True, metavar="pairs.jsonl")
    add("--pack", type=Path, help="encoder that the tower takes over; default: the bundled starter")
    add("--work", type=Path, required=True, help="keeps features, checkpoint and log")
    add("--resume", action="store_true")
    tower.set_defaults(run=_tower)
    heads = actions.add_parser("heads", help="train what tells scene facts of one picture")
    add = heads.add_argument
    add("--recipe", default="small", help="name of a recipe, or a TOML file")
    add("--pairs", type=Path, required=True, metavar="pairs.jsonl")
    add("--pack", type=Path, help="encoder of the tower; default: the bundled starter")
    add("--tower", type=Path, required=True, help="folder of the tower's run, for its features")
    add("--aerial", type=Path, required=True, help="UC Merced pictures, one folder a class")
    add("--work", type=Path, required=True, help="folder for the heads and their bars")
    heads.set_defaults(run=_heads)
    fit = actions.add_parser("fit", help="teach the language model to judge and explain")
    _of_run(fit)
    fit.add_argument("--resume", action="store_true")
    fit.add_argument("--stop-after", type=int, default=0, metavar="STEPS", help="in this piece")
    fit.set_defaults(run=_fit)
    export = actions.add_parser("export", help="make a pack of what was trained")
    _of_run(export, base=False)
    export.add_argument("--base-pack", type=Path, help="pack of the base; default: the bundled one")
    export.add_argument("--best", action="store_true", help="the best on validation")
    export.add_argument(
        "--heads", type=Path, help="folder of ``heads``: facts in place of a language model"
    )
    export.add_argument("--out", type=Path, required=True, help="folder of the pack")
    export.set_defaults(run=_export)
    quantise = actions.add_parser("quantise", help="a GGUF model at fewer bits")
    quantise.add_argument("model", type=Path, metavar="FILE.gguf")
    quantise.add_argument("--kind", default="Q4_K_M", help="Q8_0, Q4_K_M, ...")
    quantise.add_argument("--out", type=Path, required=True, metavar="FILE.gguf")
    quantise.set_defaults(run=_quantise)
    levels = actions.add_parser("levels", help="what fewer bits cost a text model, as one table")
    add = levels.add_argument
    add("model", type=Path, metavar="FILE.gguf")
    add("--pairs", type=Path, required=True, help="with evidence and explanations")
    add("--work", type=Path, required=True, help="keeps the quantised files")
    add("--kinds", default="F16,Q8_0,Q6_K,Q5_K_M,Q4_K_M,Q4_0,Q3_K_M,Q2_K", help="by commas")
    add("--split", default="test", choices=("train", "val", "test"))
    add("--limit", type=int, default=40, help="pairs, of all views, sources and labels in turn")
    add("--threads", type=int, default=2)
    levels.set_defaults(run=_levels)
    convert = actions.add_parser("convert", help="a trained hub model as GGUF, language and sight")
    add = convert.add_argument
    add("--recipe", required=True, help="name of a recipe, or a TOML file")
    add("--base", type=Path, required=True, help="folder of the hub model")
    add("--work", type=Path, required=True, help="folder of the run")
    add("--converter", type=Path, required=True, help="llama.cpp's convert_hf_to_gguf.py")
    add("--out", type=Path, required=True, help="folder for model.gguf and mmproj.gguf")
    convert.set_defaults(run=_convert)


def _of_run(parser: argparse.ArgumentParser, base: bool = True) -> None:
    add = parser.add_argument
    add("--recipe", default="small", help="name of a recipe, or a TOML file")
    add("--pairs", type=Path, required=True, metavar="pairs.jsonl")
    add("--pack", type=Path, help="encoder of the tower; default: the bundled starter")
    add("--tower", type=Path, help="folder of the tower's run, for our own model")
    add("--base", type=Path, required=base, help="text model (GGUF), or folder of a hub model")
    add("--work", type=Path, required=base, help="keeps checkpoint and log")


def _places(arguments: argparse.Namespace) -> "Places":
    from gleam_app.errors import GleamError
    from training.gleam_x.model.workshop import Places

    if arguments.tower is None:
        raise GleamError("Our own model needs --tower, the folder of the tower's run.")
    return Places(
        arguments.pairs,
        arguments.pack or _starter(),
        arguments.tower,
        arguments.base,
        arguments.work,
    )


def _fit(arguments: argparse.Namespace) -> None:
    from training.gleam_x.model.recipe import read_recipe
    from training.gleam_x.model.workshop import fit_released, fit_small

    recipe = read_recipe(arguments.recipe)
    resume, stop_after = arguments.resume, arguments.stop_after
    if recipe.language.kind == "small":
        _say(fit_small(recipe, _places(arguments), resume, _tell("features"), stop_after))
    else:
        base, work = arguments.base, arguments.work
        _say(fit_released(recipe, arguments.pairs, base, work, resume, stop_after))


def _export(arguments: argparse.Namespace) -> None:
    from gleam_app.errors import GleamError
    from training.gleam_x.model.recipe import read_recipe
    from training.gleam_x.model.workshop import export_seeing, export_small

    recipe = read_recipe(arguments.recipe)
    if arguments.heads is not None:
        if arguments.tower is None:
            raise GleamError("A pack without a language model needs --tower and --heads.")
        encoder = arguments.pack or _starter()
        export_seeing(recipe, encoder, arguments.tower, arguments.heads, arguments.out)
        return
    if arguments.base is None or arguments.work is None:
        raise GleamError(
            "A pack with a language model needs --base and --work; one without, --heads."
        )
    bundled = _starter().parent / recipe.language.base_pack
    export_small(
        recipe, _places(arguments), arguments.base_pack or bundled, arguments.out, arguments.best
    )


def _tower(arguments: argparse.Namespace) -> None:
    from training.gleam_x.model.recipe import read_recipe
    from training.gleam_x.model.tower import fit_tower

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


def _heads(arguments: argparse.Namespace) -> None:
    from training.gleam_x.model.recipe import read_recipe
    from training.gleam_x.model.workshop import learn_heads

    recipe = read_recipe(arguments.recipe)
    encoder = arguments.pack or _starter()
    run = arguments.tower, arguments.aerial, arguments.work
    print(learn_heads(recipe, arguments.pairs, encoder, *run, _tell("aerial pictures")))


def _say(found: "Figures") -> None:
    print(
        f"Validation: accuracy {found.accuracy:.3f}, area {found.area:.3f}, "
        f"log loss {found.loss:.3f}, says no in {found.said_no:.2f}.",
        file=sys.stderr,
    )


def _quantise(arguments: argparse.Namespace) -> None:
    from training.gleam_x.model.export import quantise

    quantise(arguments.model, arguments.out, arguments.kind)


def _levels(arguments: argparse.Namespace) -> None:
    from training.gleam_x.evaluate.questions import choose
    from training.gleam_x.model.levels import as_table, measure_levels
    from training.gleam_x.records import read_records

    records = choose(list(read_records(arguments.pairs, arguments.split)), arguments.limit)
    kinds = [kind for kind in arguments.kinds.split(",") if kind]
    found = measure_levels(
        arguments.model,
        kinds,
        records,
        arguments.work,
        arguments.threads,
        lambda kind: print(f"{kind} ...", file=sys.stderr, flush=True),
    )
    print(as_table(list(found)))


def _convert(arguments: argparse.Namespace) -> None:
    from training.gleam_x.model.recipe import read_recipe
    from training.gleam_x.model.workshop import convert_released

    convert_released(
        read_recipe(arguments.recipe),
        arguments.base,
        arguments.work,
        arguments.converter,
        arguments.out,
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

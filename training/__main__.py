"""``python -m training``: make the weights the app bundles."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.home import resources_dir
from gleam_app.packs.manifest import MANIFEST_NAME, parse_manifest
from gleam_app.packs.store import PackStore
from training.gleam_x import commands as gleam_x_commands


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    gleam_c = parts.add_parser("gleam-c", help="the encoder").add_subparsers(
        dest="action", required=True
    )
    imagenet = gleam_c.add_parser("imagenet-pack", help="pack ImageNet features as the baseline")
    imagenet.add_argument("weights", type=Path, metavar="FILE.pth")
    imagenet.add_argument("aerial", type=Path, help="folder of UC Merced chips")
    imagenet.add_argument("--out", type=Path, required=True)
    calibrate = gleam_c.add_parser("calibrate", help="fit the confidence of the bundled packs")
    calibrate.add_argument("data", type=Path, help="folder of the training data")
    calibrate.add_argument("--work", type=Path, required=True, help="keeps gallery and samples")
    calibrate.add_argument("--queries", type=int, default=120)
    calibrate.add_argument("--pictures", type=int, default=9, help="of each set")
    calibrate.add_argument("--seed", type=int, default=7)
    inputs = gleam_c.add_parser("inputs", help="make the folder the starter is trained from")
    inputs.add_argument("imagery", type=Path, metavar="OPEN", help="folder of the open imagery")
    inputs.add_argument("maps", type=Path, metavar="MAPS", help="folder of street maps")
    inputs.add_argument("folder", type=Path, metavar="FOLDER", help="for fit --data")
    fit = gleam_c.add_parser("fit", help="train by a recipe")
    fit.add_argument("--recipe", required=True, help="name of a recipe, or a TOML file")
    fit.add_argument("--data", type=Path, required=True, help="a folder for each data set")
    fit.add_argument("--work", type=Path, required=True, help="keeps checkpoint and log")
    fit.add_argument("--weights", type=Path, help="what the backbone starts from")
    fit.add_argument("--resume", action="store_true")
    fit.add_argument("--shards", type=Path, help="pictures decoded before, by the command shards")
    shards = gleam_c.add_parser("shards", help="decode a recipe's pictures once, for fit --shards")
    shards.add_argument("--recipe", required=True, help="name of a recipe, or a TOML file")
    shards.add_argument("--data", type=Path, required=True, help="a folder for each data set")
    shards.add_argument("--out", type=Path, required=True, metavar="SHARDS")
    board = gleam_c.add_parser("board", help="write a run's log for TensorBoard")
    board.add_argument("--work", type=Path, required=True, help="folder of the run")
    board.add_argument("--out", type=Path, required=True, help="for tensorboard --logdir")
    export = gleam_c.add_parser("export", help="make a pack of what was trained")
    export.add_argument("--work", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--best", action="store_true", help="the best on held-out places")
    export.add_argument(
        "--recipe", help="take the pack's description from this recipe as it is now"
    )
    ranges = gleam_c.add_parser("ranges", help="let the app compute a pack in 8-bit integers")
    ranges.add_argument("pack", type=Path, help="folder of the pack")
    ranges.add_argument("--recipe", required=True, help="what the pack was trained by")
    ranges.add_argument("--data", type=Path, required=True, help="a folder for each data set")
    report = gleam_c.add_parser("report", help="measure packs side by side")
    _report_arguments(report)
    record = gleam_c.add_parser("record", help="write a report's figures into the pack's manifest")
    record.add_argument("report", type=Path, metavar="report.json")
    record.add_argument("pack", type=Path, help="folder of the pack")
    gleam_x = parts.add_parser("gleam-x", help="the explainer")
    gleam_x_commands.register(gleam_x.add_subparsers(dest="action", required=True))
    arguments = parser.parse_args(argv)
    try:
        run = arguments.run if arguments.part == "gleam-x" else _ACTIONS[arguments.action]
        run(arguments)
    except GleamError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


def _imagenet_pack(arguments: argparse.Namespace) -> None:
    from training.gleam_c.imagenet_pack import export_imagenet

    export_imagenet(arguments.weights, arguments.aerial, arguments.out)


def _inputs(arguments: argparse.Namespace) -> None:
    from training.gleam_c.starter_inputs import prepare_inputs

    print(*prepare_inputs(arguments.imagery, arguments.maps, arguments.folder), sep="\n")


def _fit(arguments: argparse.Namespace) -> None:
    from training.gleam_c.fit import fit
    from training.gleam_c.recipe import read_recipe

    recipe = read_recipe(arguments.recipe)
    fit(
        recipe,
        arguments.data,
        arguments.work,
        arguments.weights,
        arguments.resume,
        arguments.shards,
    )


def _shards(arguments: argparse.Namespace) -> None:
    from training.gleam_c.recipe import read_recipe
    from training.gleam_c.shards import fill_shards

    def tell(done: int, count: int) -> None:
        if done % 100 == 0 or done == count:
            print(f"\r{done:,} of {count:,} pictures", end="", file=sys.stderr, flush=True)

    made = fill_shards(read_recipe(arguments.recipe), arguments.data, arguments.out, tell)
    print(f"\n{made:,} pictures decoded." if made else "Nothing to decode.", file=sys.stderr)


def _board(arguments: argparse.Namespace) -> None:
    from training.gleam_c.board import write_board

    print(f"{write_board(arguments.work, arguments.out):,} figures written.")


def _export(arguments: argparse.Namespace) -> None:
    from training.gleam_c.fit import export
    from training.gleam_c.recipe import read_recipe

    described = read_recipe(arguments.recipe).pack if arguments.recipe else None
    export(arguments.work, arguments.out, arguments.best, described)


def _ranges(arguments: argparse.Namespace) -> None:
    from training.gleam_c.ranges import write_ranges
    from training.gleam_c.recipe import read_recipe

    write_ranges(arguments.pack, read_recipe(arguments.recipe), arguments.data)


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--pack", type=Path, action="append", required=True, help="folder of a pack; repeatable")
    add("--data", type=Path, required=True, help="folder of the training data")
    add("--open", type=Path, required=True, help="folder of the open imagery")
    add("--sheffield", type=Path, required=True, help="folder of the test flights")
    add("--work", type=Path, required=True, help="keeps vectors and results")
    add("--out", type=Path, required=True, help="report.json; the table is written beside it")
    add("--only", default="a,b,c,d,e,f", help="parts to measure")


def _report(arguments: argparse.Namespace) -> None:
    from training.gleam_c.report.command import run

    run(arguments)


def _record(arguments: argparse.Namespace) -> None:
    from training.gleam_c.report.record import record

    print(f"{record(arguments.report, arguments.pack)} measurements recorded.", file=sys.stderr)


def _calibrate(arguments: argparse.Namespace) -> None:
    from training.gleam_c.calibrate import choose_grounds, collect, fit_geometry, fit_similarity
    from training.gleam_c.report.bench import Bench
    from training.gleam_c.report.heldout import orthophotos
    from training.gleam_c.report.trials import HEADINGS, query_vectors, tile_vectors
    from training.gleam_c.similarity import margins

    bundled, work = resources_dir() / "packs", arguments.work
    work.mkdir(parents=True, exist_ok=True)
    bench, trial = Bench(bundled / "starter", work), orthophotos(arguments.data)
    queries = query_vectors(trial, bench, HEADINGS[1])
    retrieval = fit_similarity(margins(trial, queries, tile_vectors(trial, bench)))
    write_calibration(bundled / "starter", {"retrieval": retrieval})
    with tempfile.TemporaryDirectory() as home:
        packs = PackStore(Path(home), bundled)
        grounds = choose_grounds(arguments.data / "orthophotos", arguments.pictures)
        fixes = collect(grounds, packs, arguments.queries, arguments.seed, work)
    geometric = fit_geometry(fixes)
    write_calibration(bundled / "xfeat", {"geometric": geometric})
    print(json.dumps({"geometric": geometric, "retrieval": retrieval}, indent=1))


def write_calibration(folder: Path, calibration: dict[str, Any]) -> None:
    """Put a calibration into a pack's manifest; its identity (weights, preprocessing) stays."""
    path = folder / MANIFEST_NAME
    manifest = parse_manifest(path.read_bytes(), str(path))
    changed = manifest.model_copy(update={"calibration": calibration})
    staged = path.with_suffix(".new")
    staged.write_text(changed.to_json(), "utf-8")
    staged.replace(path)


_ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "imagenet-pack": _imagenet_pack,
    "calibrate": _calibrate,
    "inputs": _inputs,
    "fit": _fit,
    "shards": _shards,
    "board": _board,
    "export": _export,
    "ranges": _ranges,
    "report": _report,
    "record": _record,
}


if __name__ == "__main__":
    sys.exit(main())

"""``gleam-x evaluate``: measure explainers on pairs, side by side."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions


def register(actions: "Actions") -> None:
    evaluate = actions.add_parser(
        "evaluate",
        help="measure explainers: verdicts, faithfulness, whether they look",
        description=(
            "SYSTEM is always-yes, always-no, similarity, first, geometry, evidence (the app without "
            "a model), a gleam-x pack's folder or id, or MODEL@URL; the latter two with :images, "
            ":evidence or :both behind them for what they are given."
        ),
    )
    add = evaluate.add_argument
    add("pairs", type=Path, metavar="pairs.jsonl")
    add("--with", dest="systems", action="append", required=True, metavar="SYSTEM")
    add("--work", type=Path, required=True, help="keeps answers; report and gallery are put there")
    add("--split", default="test", choices=("train", "val", "test"))
    add("--fit-on", default="val", choices=("train", "val", "test"), help="for thresholds")
    add("--langs", default="en,zh")
    add("--limit", type=int, help="pairs at most, of all views, sources and labels in turn")
    add("--texts", type=int, help="pairs to be explained in words; default: all")
    add("--changed", type=int, default=100, help="pairs to be asked again, changed on purpose")
    add("--sentences", type=Path, help="folder of all-MiniLM-L6-v2, for sentence similarity")
    add("--judge", metavar="MODEL@URL", help="have a model grade the texts")
    add("--judge-no-images", action="store_true", help="for a judge without eyes")
    add("--rating", type=int, default=0, metavar="TEXTS", help="make a rating sheet for people")
    add("--gallery", type=int, default=24, help="worst errors to show of each system")
    add("--key-variable", default="GLEAM_TEACHER_KEY", help="environment variable of the key")
    add("--per-minute", type=float, default=60.0, help="requests at most")
    add("--timeout", type=float, default=120.0, help="seconds for one request")
    add("--retries", type=int, default=5, help="of a request that failed")
    add("--seed", type=int, default=0, help="of the rating sheet's order")
    evaluate.set_defaults(run=_evaluate)
    calibrate = actions.add_parser(
        "calibrate",
        help="fit to a pack how sure its model must be",
        description="Writes the pack's manifest. Use pairs that nothing was learnt from and nothing is measured on.",
    )
    add = calibrate.add_argument
    add("pairs", type=Path, metavar="pairs.jsonl")
    add("--pack", required=True, help="folder or id")
    add("--work", type=Path, required=True, help="keeps answers")
    add("--split", default="val", choices=("train", "val"))
    add("--langs", default="en,zh")
    add("--limit", type=int, help="pairs at most, of all views, sources and labels in turn")
    add("--texts", type=int, default=60, help="pairs to be explained in words")
    add("--precision", type=float, default=0.95, help="share of shown sentences that is to be true")
    calibrate.set_defaults(run=_calibrate)


def _evaluate(arguments: argparse.Namespace) -> None:
    from training.gleam_x.evaluate.run import run

    print(run(arguments))


def _calibrate(arguments: argparse.Namespace) -> None:
    from training.gleam_x.evaluate.calibrate import run

    print(run(arguments))

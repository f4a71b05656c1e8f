"""``gleam-x pairs`` and ``measure``: build pair records, and measure evidence for them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions


def register(actions: "Actions") -> None:
    pairs = actions.add_parser("pairs", help="build pairs of pictures that match, and mistakes")
    add = pairs.add_argument
    add("--data", type=Path, required=True, help="a folder for each data set")
    add("--held", type=Path, help="the same, of places that are all held out")
    add("--sets", default="orthophotos,streetmaps,simworld", help="data sets to take from")
    add("--pack", type=Path, help="encoder whose mistakes are taken; default: the bundled starter")
    add("--out", type=Path, required=True, help="folder for pairs.jsonl and its pictures")
    add("--train", type=int, default=6000, help="pairs to train on")
    add("--val", type=int, default=600)
    add("--test", type=int, default=600)
    add("--seed", type=int, default=1)
    pairs.set_defaults(run=_pairs)
    measure = actions.add_parser("measure", help="add measured evidence to pair records")
    add = measure.add_argument
    add("pairs", type=Path, metavar="pairs.jsonl")
    add("--pack", type=Path, help="the encoder the pairs were built with; default: the starter")
    add("--splits", default="test,val,train", help="which, and in which order")
    add("--most", type=int, help="stop after so many pairs")
    measure.set_defaults(run=_measure)


def _pairs(arguments: argparse.Namespace) -> None:
    from gleam_app.home import resources_dir
    from training.gleam_x.pairs.build import Wanted, build

    wanted = Wanted(
        data=arguments.data,
        held=arguments.held,
        sets=tuple(arguments.sets.split(",")),
        counts={"train": arguments.train, "val": arguments.val, "test": arguments.test},
        seed=arguments.seed,
    )
    pack = arguments.pack or resources_dir() / "packs" / "starter"
    count = build(wanted, pack, arguments.out)
    print(f"{count:,} pairs written.", file=sys.stderr)


def _measure(arguments: argparse.Namespace) -> None:
    from gleam_app.home import resources_dir
    from training.gleam_x.pairs.measured import measure

    bundled = resources_dir() / "packs"
    count = measure(
        arguments.pairs,
        arguments.pack or bundled / "starter",
        bundled / "xfeat",
        arguments.splits.split(","),
        arguments.most,
    )
    print(f"{count:,} pairs have evidence now.", file=sys.stderr)

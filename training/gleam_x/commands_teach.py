"""``gleam-x facts`` and ``teach``: explanations for pair records."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions

KEY_VARIABLE = "GLEAM_TEACHER_KEY"


def register(actions: "Actions") -> None:
    facts = actions.add_parser("facts", help="explain pairs from their facts and evidence alone")
    _shared(facts)
    facts.add_argument("--seed", type=int, default=0, help="another one gives other words")
    facts.set_defaults(run=_facts)
    teach = actions.add_parser("teach", help="have a model behind an endpoint explain pairs")
    _shared(teach)
    add = teach.add_argument
    add("--url", required=True, help="base URL of an OpenAI-compatible endpoint, with /v1")
    add("--model", required=True)
    add("--key-variable", default=KEY_VARIABLE, help="environment variable that holds the key")
    add(
        "--no-images",
        action="store_true",
        help="send what is known as text, for models without eyes",
    )
    add("--most", type=int, help="stop after so many pairs")
    add("--per-minute", type=float, default=60.0, help="requests at most")
    add("--timeout", type=float, default=120.0, help="seconds for one request")
    add("--retries", type=int, default=5, help="of a request that failed")
    add("--image-tokens", type=int, default=500, help="what an image counts, for the estimate")
    add("--price-in", type=float, default=0.0, help="of a million tokens read")
    add("--price-out", type=float, default=0.0, help="of a million tokens written")
    add("--most-cost", type=float, help="stop before more than this is spent")
    add("--estimate", action="store_true", help="say what it would cost, and stop")
    teach.set_defaults(run=_teach)


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pairs", type=Path, metavar="pairs.jsonl")
    parser.add_argument("--out", type=Path, help="default: the same file; its pictures stay")
    parser.add_argument("--langs", default="en,zh")
    parser.add_argument("--splits", default="train,val,test")


def _facts(arguments: argparse.Namespace) -> None:
    from training.gleam_x.teachers.apply import explain_by_facts

    count = explain_by_facts(
        arguments.pairs,
        arguments.out or arguments.pairs,
        arguments.langs.split(","),
        arguments.splits.split(","),
        arguments.seed,
    )
    print(f"{count:,} explanations written.", file=sys.stderr)


def _teach(arguments: argparse.Namespace) -> None:
    import os

    from training.gleam_x.teachers.cost import Prices
    from training.gleam_x.teachers.endpoint import Endpoint
    from training.gleam_x.teachers.teach import Lesson, teach

    endpoint = Endpoint(
        arguments.url,
        arguments.model,
        os.environ.get(arguments.key_variable, ""),
        arguments.per_minute,
        arguments.timeout,
        arguments.retries,
    )
    lesson = Lesson(
        pairs=arguments.pairs,
        out=arguments.out or arguments.pairs,
        langs=tuple(arguments.langs.split(",")),
        splits=tuple(arguments.splits.split(",")),
        images=not arguments.no_images,
        most=arguments.most,
        prices=Prices(arguments.price_in, arguments.price_out, arguments.image_tokens),
        most_cost=arguments.most_cost,
    )
    teach(lesson, endpoint, arguments.estimate)

"""``gleam-x review``, ``agreement`` and ``testset``: people's revision and what is made of it."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.gleam_x.commands import Actions
    from training.gleam_x.review.folder import Review


def register(actions: "Actions") -> None:
    review = actions.add_parser("review", help="revise explanations in a window")
    add = review.add_argument
    add("pairs", type=Path, metavar="PAIRS.jsonl")
    add("--reviewer", required=True, metavar="NAME", help="initials or a pseudonym; published")
    add("--work", type=Path, metavar="FOLDER", help="default: review, beside the pairs")
    add("--third", action="store_true", help="decide only what two others disagree on")
    add("--seat", type=int, help="1, 2, ...; where people work on copies of the folder")
    begin = review.add_argument_group("when the review begins")
    begin.add_argument("--people", type=int, help="who share the pairs out; default 2")
    begin.add_argument("--share", type=float, help="of pairs that two look at, 0 to 1; default 1")
    begin.add_argument("--langs", help="default: en,zh")
    begin.add_argument("--splits", help="default: test")
    begin.add_argument("--blind", action="store_true", default=None, help="judge before reading")
    review.set_defaults(run=_review)
    agreement = actions.add_parser("agreement", help="how far reviewers agree")
    agreement.add_argument("work", type=Path, metavar="WORK", help="folder of the review")
    agreement.add_argument("--json", action="store_true", help="one JSON document on stdout")
    agreement.set_defaults(run=_agreement)
    testset = actions.add_parser("testset", help="a versioned test set of what was accepted")
    add = testset.add_argument
    add("work", type=Path, metavar="WORK", help="folder of the review")
    add("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    add("--version", required=True, metavar="1.0.0")
    add(
        "--disagreements",
        choices=("third", "leave-out"),
        default="third",
        help="what two disagree on: as a third reviewer says, else left out; or always left out",
    )
    testset.set_defaults(run=_testset)


def _review(arguments: argparse.Namespace) -> None:
    from training.gleam_x.review.app import run

    review = _begun(arguments)
    seat = None if arguments.seat is None else arguments.seat - 1
    run(review, arguments.reviewer, arguments.third, seat)


def _begun(arguments: argparse.Namespace) -> "Review":
    """The review in the folder, begun now if there is none. Raises GleamError where it is another."""
    from gleam_app.errors import GleamError
    from training.gleam_x.records import RECORDS
    from training.gleam_x.review.folder import PLAN, Review, make_plan

    work = arguments.work or arguments.pairs.parent / "review"
    chosen = {
        "langs": arguments.langs and tuple(arguments.langs.split(",")),
        "splits": arguments.splits and tuple(arguments.splits.split(",")),
        "people": arguments.people,
        "share": arguments.share,
        "blind": arguments.blind,
    }
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if not (work / PLAN).exists():
        return Review.begin(work, arguments.pairs, make_plan(chosen))
    review = Review.open(work)
    wanted = make_plan({**review.plan.model_dump(by_alias=True), **chosen})
    if wanted != review.plan or not review.same_pairs(arguments.pairs):
        raise GleamError(
            "This review began with other pairs or another plan.",
            f"Begin another one with --work FOLDER, or go on with those kept: {work / RECORDS}.",
        )
    return review


def _agreement(arguments: argparse.Namespace) -> None:
    from training.gleam_x.review.agreement import measure, table
    from training.gleam_x.review.folder import Review

    report = measure(Review.open(arguments.work))
    print(json.dumps(report, indent=1, ensure_ascii=False) if arguments.json else table(report))


def _testset(arguments: argparse.Namespace) -> None:
    from training.gleam_x.review.folder import Review
    from training.gleam_x.review.testset import export

    review = Review.open(arguments.work)
    counts = export(review, arguments.out, arguments.version, arguments.disagreements)["counts"]
    print(f"{counts['kept']:,} of {counts['reviewed']:,} pairs kept.", file=sys.stderr)

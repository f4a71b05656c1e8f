"""``python -m training gleam-c report``: measure packs, one part after the other, and write the table."""

import argparse
import json
import time
from collections.abc import Sequence

from gleam_app.errors import GleamError
from gleam_app.packs.files import write_whole
from training.gleam_c.report.bench import Bench, say
from training.gleam_c.report.figures import Row
from training.gleam_c.report.parts import PARTS, Places
from training.gleam_c.report.table import markdown

SCHEMA = "gleam.report/1"


def run(arguments: argparse.Namespace) -> None:
    """Measure, write, and print the table. Raises GleamError."""
    chosen = arguments.only.split(",")
    if unknown := sorted(set(chosen) - set(PARTS)):
        raise GleamError(f"There is no part {unknown[0]!r}.", f"Choose of {', '.join(PARTS)}.")
    places = Places(arguments.data, arguments.open, arguments.sheffield, arguments.work)
    packs: dict[str, dict[str, object]] = {}
    tables: dict[str, list[Row]] = {}
    for folder in arguments.pack:
        bench = Bench(folder, places.work)
        label = bench.pack.label
        if label in tables:  # two states of one training
            label = f"{label} {bench.pack.hash[:6]}"
        tables[label] = measure_pack(bench, places, chosen)
        packs[label] = {
            "hash": bench.pack.hash,
            "rows": [row.to_json() for row in tables[label]],
        }
    table = markdown(tables)
    write_whole(arguments.out, json.dumps({"schema": SCHEMA, "packs": packs}, indent=1))
    write_whole(arguments.out.with_suffix(".md"), table)
    print(table, end="")


def measure_pack(bench: Bench, places: Places, chosen: Sequence[str]) -> list[Row]:
    """Rows of the chosen parts, in the order of the parts."""
    rows: list[Row] = []
    for part in PARTS:
        if part not in chosen:
            continue
        say(f"{bench.pack.label}: part {part}")
        clock = time.process_time()
        found = PARTS[part](bench, places)
        bench.write(part, found)
        rows += found
        say(f"{bench.pack.label}: part {part} took {time.process_time() - clock:.0f} core-seconds")
    return rows

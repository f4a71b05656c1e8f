"""Write simulated places, or a contact sheet to look at: ``python -m training.data.simworld``."""

import argparse
import sys
import time
from pathlib import Path

import cv2

from gleam_app.errors import GleamError
from training.data.simworld.folder import is_written, write_origin, write_sample
from training.data.simworld.osm import read_extract
from training.data.simworld.samples import place_name, simulate
from training.data.simworld.sheet import contact_sheet
from training.data.simworld.textures import imagery_textures, noise_textures


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 3 with one line where the input is bad. Places that are there are left as they are."""
    parser = argparse.ArgumentParser(prog="python -m training.data.simworld", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder to write, or FILE.png with --sheet")
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first place")
    parser.add_argument("--ucmerced", type=Path, help="UC Merced folder to cut textures from")
    parser.add_argument(
        "--osm",
        type=Path,
        metavar="FILE",
        help="lay places out from an OpenStreetMap extract (.osm.pbf); seeds count its places",
    )
    parser.add_argument("--pixels", type=int, default=384)
    parser.add_argument("--sheet", action="store_true", help="one picture of all places and views")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        textures = imagery_textures(chosen.ucmerced) if chosen.ucmerced else noise_textures()
        extract = read_extract(chosen.osm) if chosen.osm else None
        end = chosen.seed + chosen.places
        if extract is not None:
            extract.cell(chosen.seed)  # or it is said that there is none
            end = min(end, len(extract.cells))
        seeds = range(chosen.seed, end)
        if chosen.sheet:
            contact_sheet(chosen.folder, seeds, textures, extract)
            return 0
        write_origin(chosen.folder, textures, extract)
        start, made = time.monotonic(), 0
        for seed in seeds:
            if not is_written(chosen.folder, place_name(seed, extract)):
                sample = simulate(seed, textures, pixels=chosen.pixels, extract=extract)
                write_sample(chosen.folder, sample)
                made += 1
        seconds = time.monotonic() - start
        print(f"{made} places written in {seconds:.0f} s.", file=sys.stderr)
    except GleamError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

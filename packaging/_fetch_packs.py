"""Runs inside the environment: bring packs to this machine, one JSON line of progress at a time.

``python _fetch_packs.py ID...`` fetches those packs; the word ``needed`` stands for every encoder and
matcher that ships by reference.
"""

import json
import sys
import time

from gleam_app.errors import GleamError
from gleam_app.home import gleam_home, resources_dir
from gleam_app.jobs.work import Progress, Work
from gleam_app.packs.store import PackStore


def _tell(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def _wanted(store: PackStore, words: list[str]) -> list[str]:
    states = {status.id: status for status in store.list()}
    ids: list[str] = []
    for word in words:
        if word == "needed":
            ids += [s.id for s in states.values() if s.manifest and s.manifest.kind != "gleam-x"]
        elif word in states:
            ids.append(word)
        else:
            raise GleamError(f"There is no pack called {word}.", "See: gleam packs list")
    return [name for name in ids if states[name].state != "ready"]


def main(words: list[str]) -> int:
    store = PackStore(gleam_home(), resources_dir() / "packs")
    told = 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > 0.5:
            told = now
            _tell(what=progress.what, done=progress.done, total=progress.total)

    try:
        fetched = _wanted(store, words)
        for pack_id in fetched:
            _tell(what=pack_id, done=0, total=0)
            pack = store.fetch(pack_id, Work(on_progress=on_progress))
            _tell(ready=pack.label)
    except GleamError as error:
        _tell(error=str(error), hint=error.hint)
        return 3
    _tell(fetched=fetched)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

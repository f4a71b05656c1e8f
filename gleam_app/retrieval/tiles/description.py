"""Everything there is to tell about one tile set: for ``gleam tiles info``."""

from typing import Any

from gleam_app.errors import GleamError
from gleam_app.packs.manifest import Pack
from gleam_app.retrieval.index_file import described
from gleam_app.retrieval.tiles.source_records import (
    SourceChanged,
    SourceGone,
    SourceRecord,
    check_source,
)
from gleam_app.retrieval.tiles.tileset import TileSetStore


def describe(store: TileSetStore, name: str, pack: Pack | None) -> dict[str, Any]:
    """The entry of ``gleam.tiles/1``, and what only a look at the files tells.

    ``sources_found``: each source's path and ``state`` (``there``, ``missing``, ``changed``,
    ``unreadable``); ``fits``: whether it was embedded with ``pack`` (None: there is none); ``index``: its
    kind and the recall@50 of the exact search measured when it was built; ``disk_bytes``;
    ``half_built``: work begun and not ended, or None.
    Raises GleamError if there is neither a set nor half of one.
    """
    half_built = store.half_built(name)
    (info,) = [one for one in store.list() if one.name == name] or [store.info(name)]
    if info.state in ("damaged", "unreadable"):
        store.info(name)  # raises with what is wrong
    tables = store.folder(name) / str(info.generation)
    index = described(tables) if info.state == "ready" else None
    return info.to_json() | {
        "sources_found": [_source(record) for record in info.sources],
        "pack_hash": info.pack_hash,
        "fits": info.fits(pack) if pack is not None and info.state == "ready" else None,
        "index": {
            "kind": "exact" if index is None else str(index.kind),
            "recall_at_50": 1.0 if index is None else index.recall_at_50,
        },
        "disk_bytes": store.disk_bytes(name),
        "half_built": None if half_built is None else half_built.to_json(),
    }


def _source(record: SourceRecord) -> dict[str, str]:
    try:
        check_source(record)
        state = "there"
    except SourceGone:
        state = "missing"
    except SourceChanged:
        state = "changed"
    except (GleamError, OSError):
        state = "unreadable"
    return {"given": record.given, "path": record.path, "state": state}

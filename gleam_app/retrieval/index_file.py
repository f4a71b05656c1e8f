"""The index of a tile set on disk: ``index.faiss`` holds the lists, ``index.json`` what they are.

FAISS's reader is not made for files from strangers: a file is read only when it is the one that this
program wrote on this computer (a keyed hash), and else built anew.
"""

import hashlib
import hmac
import json
import logging
import os
import secrets
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError
from gleam_app.jobs.lock import only_process
from gleam_app.jobs.work import Work
from gleam_app.packs.files import sha256_of, write_whole
from gleam_app.retrieval.index import Description, VectorIndex, choose, is_small
from gleam_app.retrieval.tiles.tileset import STAGING

SCHEMA = "gleam.index/1"
KEY = ".index-key"
BINARY = getattr(os, "O_BINARY", 0)  # bytes as they are, where the system would change them

log = logging.getLogger(__name__)


def open_index(
    folder: Path,
    vectors: NDArray[np.float16],
    work: Work | None = None,
    root: Path | None = None,
) -> VectorIndex:
    """The index of the tables in ``folder``; one that is missing or not to be trusted is built.

    ``root`` is the folder of all tile sets, where this computer's key lies (None: the one above).
    Where building is impossible too (a read-only disk), every vector is compared. Raises Cancelled.
    """
    if is_small(*vectors.shape):
        return VectorIndex(vectors)
    work, root = work or Work(), root or folder.parent
    name = folder.relative_to(root).parts[0]
    wrong = ""  # of a set from before there were indexes, nothing
    try:
        return _read(folder, vectors, root, work)
    except FileNotFoundError:
        pass
    except _Untrusted as reason:
        wrong = str(reason)
    except OSError as error:
        wrong = f"cannot be read ({error.strerror or error})"
    busy = GleamError("another window or command is building it")
    try:
        with only_process(root / STAGING / f"{name}.index.lock", busy):
            build_index(folder, vectors, root, work)
        found = _read(folder, vectors, root, work)
    except (OSError, MemoryError, RuntimeError, GleamError, _Untrusted) as error:
        log.warning("Tile set %r is searched without an index, slowly: %s", name, error)
        return VectorIndex(vectors)
    if wrong:
        log.warning("The index of tile set %r %s; it was built anew.", name, wrong)
    return found


def build_index(folder: Path, vectors: NDArray[np.float16], root: Path, work: Work) -> None:
    """Choose and write the index of ``vectors`` into ``folder``; nothing where exact search is fast.

    ``root`` is the folder of all tile sets, where this computer's key lies. Raises Cancelled (then
    nothing is written), OSError.
    """
    if is_small(*vectors.shape):
        return
    key = _key(root)
    draft = folder / ".index.faiss.tmp"
    try:
        found, lists = choose(vectors, work)
        digest = ""
        if lists is None:
            (folder / "index.faiss").unlink(missing_ok=True)
        else:
            digest = _write(lists, draft, work)
            draft.replace(folder / "index.faiss")
        found = replace(found, vectors=_fingerprint(vectors), sha256=digest)
        document = {"schema": SCHEMA, **asdict(found)}
        document["seal"] = _seal(document, key)
        write_whole(folder / "index.json", json.dumps(document, indent=1))
    finally:
        draft.unlink(missing_ok=True)


def _fingerprint(vectors: NDArray[np.float16]) -> str:
    """Tells vectors apart without reading all of them: by their number, and some spread evenly."""
    digest = hashlib.sha256(repr(vectors.shape).encode())
    digest.update(np.ascontiguousarray(vectors[:: max(1, len(vectors) // 512)]).tobytes())
    return digest.hexdigest()


class _Untrusted(Exception):
    """Why an index is not used: the end of a sentence."""


def described(folder: Path) -> Description | None:
    """What ``index.json`` says of itself, to be shown and not to be trusted; None if there is none."""
    try:
        return _described(folder)[0]
    except (OSError, _Untrusted):
        return None


def index_trouble(folder: Path, vectors: NDArray[np.float16], root: Path, work: Work) -> str:
    """Why the index cannot be used as it lies there ("is missing", "is damaged"); mostly nothing."""
    if is_small(*vectors.shape):
        return ""
    try:
        _checked(folder, vectors, root, work)
    except FileNotFoundError:
        return "is missing"
    except _Untrusted as reason:
        return str(reason)
    return ""


def _read(folder: Path, vectors: NDArray[np.float16], root: Path, work: Work) -> VectorIndex:
    """Raises FileNotFoundError if there is none, _Untrusted, OSError."""
    import faiss

    found = _checked(folder, vectors, root, work)
    if found.kind == "exact":
        return VectorIndex(vectors)
    with (folder / "index.faiss").open("rb") as file:
        try:  # through Python's file: FAISS cannot open every name on every system
            lists = faiss.read_index(faiss.PyCallbackIOReader(file.read))  # type: ignore[attr-defined]
        except RuntimeError:
            raise _Untrusted("is damaged") from None
    if (lists.ntotal, lists.d) != vectors.shape:
        raise _Untrusted("is damaged")
    return VectorIndex(vectors, lists, found)


def _checked(folder: Path, vectors: NDArray[np.float16], root: Path, work: Work) -> Description:
    """The description, once it and the file it speaks of are found to be ours and of these vectors."""
    found, schema, seal = _described(folder)
    ours = _seal({"schema": schema, **asdict(found)}, _key(root))
    if schema != SCHEMA or not hmac.compare_digest(seal.encode("utf-8", "replace"), ours.encode()):
        raise _Untrusted("was not made on this computer")
    if found.vectors != _fingerprint(vectors):
        raise _Untrusted("belongs to other vectors")
    if found.kind == "exact":
        return found
    path = folder / "index.faiss"
    if not path.exists() or sha256_of(path, work, "Opening the index") != found.sha256:
        raise _Untrusted("is damaged")
    return found


def _described(folder: Path) -> tuple[Description, str, str]:
    """The description, its schema and its seal, as they are written."""
    try:
        document = json.loads((folder / "index.json").read_text("utf-8"))
        seal, schema = str(document.pop("seal")), str(document.pop("schema"))
        return Description(**document), schema, seal
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _Untrusted("is damaged") from None


def _write(lists: Any, path: Path, work: Work) -> str:
    """Write the lists; returns the SHA-256 of the file."""
    import faiss

    digest = hashlib.sha256()

    def take(block: bytes) -> int:
        work.check()
        digest.update(block)
        return file.write(block)

    with path.open("wb") as file:
        faiss.write_index(lists, faiss.PyCallbackIOWriter(take))  # type: ignore[attr-defined]
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _key(root: Path) -> bytes:
    """This home's secret, made when first asked for."""
    path = root / KEY
    for _ in range(2):
        try:
            key = path.read_bytes()
            if len(key) == 32:
                return key
            path.unlink()
        except FileNotFoundError:
            pass
        try:
            made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o600)
            with os.fdopen(made, "wb") as file:
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            pass  # another process was faster
    return path.read_bytes()


def _seal(document: dict[str, Any], key: bytes) -> str:
    text = json.dumps(document, sort_keys=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

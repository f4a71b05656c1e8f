import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gleam_app.packs.store import PackStore

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB that is not the same everywhere
LICENCE = b"Do what you like.\n"


def file_entry(path: str, data: bytes, role: str, sources: list[Any] | None = None) -> Any:
    return {
        "path": path,
        "role": role,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sources": sources or [],
    }


def manifest_of(pack_id: str, files: list[Any], **other: Any) -> dict[str, Any]:
    fields = {
        "schema": "gleam.pack/1",
        "id": pack_id,
        "version": "1.0.0",
        "kind": "gleam-x",
        "title": "A pack",
        "licence": "CC0-1.0",
        "origin": [{"what": "weights", "from": "a test", "licence": "CC0-1.0"}],
        "use": "Tests.",
        "architecture": {"family": "gguf"},
        "files": files,
    }
    return fields | other


def make_pack(folder: Path, contents: dict[str, bytes], **other: Any) -> Path:
    """Write a pack of these files, whose roles are their names without ending."""
    files = [file_entry(path, data, path.split(".")[0]) for path, data in contents.items()]
    folder.mkdir(parents=True)
    for path, data in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "pack.json").write_text(json.dumps(manifest_of(folder.name, files, **other)))
    return folder


@pytest.fixture
def weights() -> bytes:
    return WEIGHTS


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    """A good pack outside the store."""
    contents = {"weights.gguf": WEIGHTS, "LICENSE.txt": LICENCE, "extra/words.json": b"{}"}
    return make_pack(tmp_path / "outside" / "good-pack", contents)


@pytest.fixture
def write_pack_folder() -> Callable[..., Path]:
    return make_pack


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackStore:
    monkeypatch.delenv("GLEAM_PACK_CACHE", raising=False)
    (tmp_path / "bundled").mkdir()
    return PackStore(tmp_path / "home", tmp_path / "bundled")


@pytest.fixture
def bundle(store: PackStore) -> Callable[..., Path]:
    """Put a pack whose weights are to be fetched from ``sources`` among the bundled ones."""

    def make(sources: list[Any], data: bytes = WEIGHTS, pack_id: str = "writer") -> Path:
        folder = store.bundled / pack_id
        files = [
            file_entry("LICENSE.txt", LICENCE, "licence"),
            file_entry("weights.gguf", data, "model", sources),
        ]
        folder.mkdir()
        (folder / "LICENSE.txt").write_bytes(LICENCE)
        (folder / "pack.json").write_text(json.dumps(manifest_of(pack_id, files)))
        return folder

    return make


@dataclass
class Server:
    """A real web server on this machine whose manners a test can spoil."""

    files: dict[str, bytes] = field(default_factory=dict)
    break_after: int | None = None
    """Drop the connection after so many bytes of each answer."""
    stall_after: int | None = None
    """Send so many bytes, then nothing until ``released``."""
    ranges: bool = True
    released: threading.Event = field(default_factory=threading.Event)
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each request."""
    address: str = ""

    def url(self, name: str) -> dict[str, str]:
        return {"kind": "url", "url": f"{self.address}/{name}"}


@pytest.fixture
def server() -> Iterator[Server]:
    manners = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            manners.asked.append(wanted)
            data = manners.files.get(self.path.strip("/"))
            if data is None:
                self.send_error(404)
                return
            start = 0
            if wanted and manners.ranges:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            body = data[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = manners.break_after or manners.stall_after
            self.wfile.write(body[:cut])
            if manners.stall_after:
                self.wfile.flush()
                manners.released.wait(20)
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        manners.address = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield manners
        manners.released.set()
        httpd.shutdown()
        thread.join()

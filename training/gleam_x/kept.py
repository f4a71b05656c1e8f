"""What was made for each of many records, kept line by line while it is made."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Kept:
    """A JSON Lines file of ``[key, value]``; a line broken off by a kill is dropped, the last line of a
    key counts. One process at a time writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Any] = {}
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            key, value = json.loads(line)
            self._known[key] = value
        if len(whole) < len(text):
            staged = path.with_suffix(".new")
            staged.write_bytes(whole)
            staged.replace(path)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def __getitem__(self, key: str) -> Any:
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def put(self, key: str, value: Any) -> None:
        """Keep a value, on disk before this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, value], ensure_ascii=False) + "\n")
        self._known[key] = value

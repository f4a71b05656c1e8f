"""Writing XML: whatever people or files wrote becomes text that every reader takes."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from gleam_app.cases.codec import safe_text

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: object) -> str:
    """Without the characters that XML 1.0 forbids, escaped or not."""
    return _FORBIDDEN.sub("", safe_text(str(text)))


def child(
    parent: ET.Element,
    tag: str,
    text: object | None = None,
    attributes: dict[str, str] | None = None,
) -> ET.Element:
    """A new last child of ``parent``."""
    clean = {name: xml_text(value) for name, value in (attributes or {}).items()}
    made = ET.SubElement(parent, tag, clean)
    if text is not None:
        made.text = xml_text(text)
    return made


def document(root: ET.Element) -> bytes:
    """The document in UTF-8, indented, with its declaration."""
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def write_document(path: Path, root: ET.Element) -> None:
    path.write_bytes(document(root))

"""What others made and the program holds: names, versions, licences and their texts.

Python libraries speak for themselves (their installed metadata, which a built program carries too);
Qt, the matcher, web page and icons have their texts in ``resources``; what a build took from its
operating system lies in ``resources/licences/system``, put there when the program is built.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gleam_app.home import resources_dir

_TEXT = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_QT = re.compile(r"^(pyside6|shiboken6)", re.IGNORECASE)
_ROOT = "gleam-desktop"
QT_TEXTS = ("Qt.txt", "LGPL-3.0.txt", "GPL-3.0.txt")


@dataclass(frozen=True)
class Component:
    """``licence``: an SPDX expression or the words its makers use; ``texts``: files to show, may be empty."""

    name: str
    version: str
    licence: str
    texts: tuple[Path, ...] = ()


def components(resources: Path | None = None) -> list[Component]:
    """Everything inside, by name."""
    resources = resources or resources_dir()
    found = [*_libraries(resources), *_bundled(resources), *_system(resources)]
    return sorted(found, key=lambda component: component.name.lower())


def _libraries(resources: Path) -> Iterator[Component]:
    """The program's Python libraries and what they need, as far as they are here."""
    for distribution in _needed():
        name = distribution.metadata["Name"]
        texts = tuple(_texts_of(distribution))
        if _QT.match(name):
            texts = tuple(resources / "licences" / file for file in QT_TEXTS)
        yield Component(name, distribution.version, licence_of(distribution), texts)


def _needed() -> list[metadata.Distribution]:
    """In a built program all that it carries; in a checkout what the program asks for, not its tools."""
    here = {plain_name(one.metadata["Name"]): one for one in metadata.distributions()}
    todo, seen = [_ROOT], set[str]()
    if _ROOT not in here:
        return list(here.values())
    while todo:
        name = todo.pop()
        if name in seen or name not in here:
            continue
        seen.add(name)
        for wanted in here[name].requires or []:
            if "extra ==" not in wanted:
                todo.append(plain_name(re.split(r"[^A-Za-z0-9._-]", wanted, maxsplit=1)[0]))
    return [here[name] for name in seen - {_ROOT}]


def plain_name(name: str) -> str:
    """A distribution's name as package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(distribution: metadata.Distribution) -> str:
    """As its makers name it: SPDX where they do, else their words; "" if they say nothing."""
    told = distribution.metadata
    fields = {
        name: str(told[name]).strip() for name in ("License-Expression", "License") if name in told
    }
    if fields.get("License-Expression"):
        return fields["License-Expression"]
    free = fields.get("License", "")
    if free and "\n" not in free and len(free) < 80:  # some put the whole text there
        return free
    classifiers = [str(line) for line in told.get_all("Classifier") or []]
    named = [line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith("License :: ")]
    return ", ".join(named)


def _texts_of(distribution: metadata.Distribution) -> Iterator[Path]:
    for file in distribution.files or []:
        inside = ".dist-info/" in file.as_posix()
        if inside and _TEXT.search(file.name) and file.suffix not in (".py", ".pyc"):
            path = Path(str(distribution.locate_file(file)))
            if path.is_file():
                yield path


def _bundled(resources: Path) -> Iterator[Component]:
    leaflet = resources / "web" / "leaflet"
    version = re.search(r"\d+\.\d+\.\d+", (leaflet / "README.md").read_text("utf-8"))
    yield Component(
        "Leaflet", version.group() if version else "", "BSD-2-Clause", (leaflet / "LICENSE",)
    )
    yield Component("Lucide icons", "", "ISC", (resources / "icons" / "LICENSE.txt",))


def _system(resources: Path) -> Iterator[Component]:
    for text in sorted((resources / "licences" / "system").glob("*.txt")):
        name, _, version = text.stem.partition("_")
        yield Component(name, version, "see its text", (text,))

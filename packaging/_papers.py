"""The papers of a built program: its bill of materials (CycloneDX) and the licences of system libraries.

``python _papers.py PROGRAM COLLECTED FACTS SBOM`` runs in the build environment, after PyInstaller:
``COLLECTED`` is the list of files that ``gleam.spec`` wrote, ``SBOM`` the file to write. Licences go
into the program's folder, where the About window finds them.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from _environment import ROOT
from _lock import LOCKS, lock_name

sys.path.insert(0, str(ROOT))  # the program is not installed in the build environment
from gleam_app.components import licence_of, plain_name

INSIDE = "_internal"


@dataclass(frozen=True)
class SystemPackage:
    """A package of the building machine that a shared library was taken from."""

    name: str
    version: str
    copyright: Path | None


def libraries_inside(sources: Iterable[str]) -> list[metadata.Distribution]:
    """The Python distributions that at least one of the collected files belongs to, by name."""
    owner: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        for file in distribution.files or []:
            if ".dist-info" not in file.as_posix():
                owner[str(Path(str(distribution.locate_file(file))).resolve())] = distribution
    found = {owner[source].metadata["Name"]: owner[source] for source in sources if source in owner}
    return [found[name] for name in sorted(found, key=str.lower)]


def system_packages(sources: Iterable[str]) -> list[SystemPackage]:
    """The Debian packages that hold the collected files of the machine itself; none elsewhere."""
    if shutil.which("dpkg-query") is None:
        return []
    found: dict[str, SystemPackage] = {}
    for source in sources:
        asked = subprocess.run(
            ["dpkg-query", "--search", source], capture_output=True, text=True, check=False
        )
        if asked.returncode != 0:
            continue
        name = asked.stdout.split(":")[0]
        version = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}\n", name],
            capture_output=True, text=True, check=True,
        ).stdout.split("\n")[0]  # fmt: skip
        text = Path("/usr/share/doc") / name / "copyright"
        found[name] = SystemPackage(name, version, text if text.is_file() else None)
    return [found[name] for name in sorted(found)]


def write_system_licences(folder: Path, packages: Iterable[SystemPackage]) -> None:
    """``NAME_VERSION.txt`` for each system library and for Python itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if package.copyright is not None:
            shutil.copyfile(
                package.copyright, folder / f"{package.name}_{_file_name(package.version)}.txt"
            )
    own = Path(sys.base_prefix) / "lib" / f"python{_minor()}" / "LICENSE.txt"
    if own.is_file():
        shutil.copyfile(own, folder / f"Python_{platform.python_version()}.txt")


def bill(
    facts: dict[str, str],
    libraries: Iterable[metadata.Distribution],
    packages: Iterable[SystemPackage],
    packs: Iterable[dict[str, Any]],
    hashes: dict[str, str],
) -> str:
    """The CycloneDX 1.6 document as JSON. ``hashes``: SHA-256 of each library's archive, by its name."""
    from cyclonedx.factory.license import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    licences = LicenseFactory()

    def licensed(words: str) -> list[Any]:
        return [licences.make_from_string(words)] if words else []

    program = Component(
        type=ComponentType.APPLICATION, name="GLEAM Desktop", version=facts["version"],
        licenses=licensed("MIT"), bom_ref="gleam-desktop", description=f"commit {facts['commit']}",
    )  # fmt: skip
    parts = [
        Component(
            type=ComponentType.FRAMEWORK, name="CPython", version=platform.python_version(),
            licenses=licensed("PSF-2.0"), bom_ref="cpython",
        )
    ]  # fmt: skip
    for library in libraries:
        name, version = library.metadata["Name"], library.version
        sha = hashes.get(name.lower())
        parts.append(
            Component(
                type=ComponentType.LIBRARY, name=name, version=version, bom_ref=f"python:{name}",
                purl=PackageURL("pypi", name=plain_name(name), version=version),
                licenses=licensed(licence_of(library)),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha)] if sha else [],
            )
        )  # fmt: skip
    for package in packages:
        parts.append(
            Component(
                type=ComponentType.LIBRARY, name=package.name, version=package.version,
                purl=PackageURL("deb", "debian", package.name, package.version),
                bom_ref=f"deb:{package.name}",
            )
        )  # fmt: skip
    for pack in packs:
        parts.append(
            Component(
                type=ComponentType.MACHINE_LEARNING_MODEL, name=pack["id"], version=pack["version"],
                licenses=licensed(pack["licence"]), bom_ref=f"pack:{pack['id']}",
            )
        )  # fmt: skip
    document = Bom(components=parts)
    document.metadata.component = program
    document.register_dependency(program, parts)
    text: str = JsonV1Dot6(document).output_as_string(indent=1)
    return text


def locked_hashes(lock: str) -> dict[str, str]:
    """SHA-256 by lower-case name, from the lock's text."""
    return dict(re.findall(r"^([^=\s]+)==\S+ --hash=sha256:([0-9a-f]{64})$", lock, re.MULTILINE))


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _file_name(version: str) -> str:
    return re.sub(r"[^\w.+~-]", "-", version)


def main(program: Path, collected: Path, facts: Path, target: Path) -> None:
    entries = json.loads(collected.read_text("utf-8"))
    sources = {entry["from"] for entry in entries if (program / INSIDE / entry["to"]).exists()}
    sources |= {entry["from"] for entry in entries if entry["from"].endswith(".py")}
    resolved = {str(Path(source).resolve()) for source in sources}
    environment = str(Path(sys.prefix).resolve())
    foreign = {source for source in resolved if source.startswith(("/usr/", "/lib"))}
    packages = system_packages(foreign - {s for s in foreign if s.startswith(environment)})
    write_system_licences(program / INSIDE / "resources" / "licences" / "system", packages)
    manifests = (program / INSIDE / "resources" / "packs").glob("*/pack.json")
    packs = [json.loads(path.read_text("utf-8")) for path in sorted(manifests)]
    lock = locked_hashes((LOCKS / lock_name()).read_text("utf-8"))
    known = json.loads(facts.read_text("utf-8"))
    text = bill(known, libraries_inside(resolved), packages, packs, lock)
    target.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:5]))

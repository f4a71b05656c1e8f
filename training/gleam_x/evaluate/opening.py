"""From what stands after ``--with`` to a system."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.home import gleam_home, resources_dir
from gleam_app.packs.manifest import MANIFEST_NAME, Pack, read_manifest
from gleam_app.packs.store import PackStore
from training.gleam_x.evaluate.packs import INPUTS, of_pack
from training.gleam_x.evaluate.remote import Remote
from training.gleam_x.evaluate.systems import BASELINES, System, baseline
from training.gleam_x.records import PairRecord
from training.gleam_x.teachers.endpoint import Endpoint


@dataclass(frozen=True)
class Access:
    """How endpoints are spoken with."""

    key: str = ""
    per_minute: float = 60.0
    timeout_s: float = 120.0
    retries: int = 5

    def to(self, named: str) -> Endpoint:
        """The endpoint of "MODEL@URL". Raises GleamError."""
        model, _, url = named.partition("@")
        if not model or not url.startswith(("http://", "https://")):
            raise GleamError(
                f"{named!r} names no endpoint.", "Write MODEL@URL, the URL with http and /v1."
            )
        return Endpoint(
            url, model, self.key, self.per_minute, self.timeout_s, self.retries, temperature=0.0
        )


def open_system(named: str, access: Access, fitted_on: Iterable[PairRecord]) -> System:
    """A baseline's name, a pack's folder or id, or MODEL@URL; the latter with ``:images``, ``:evidence`` or
    ``:both`` behind it for what is shown. ``fitted_on``: pairs for a baseline's threshold. Raises
    GleamError."""
    if named in BASELINES:
        return baseline(named, fitted_on)
    front, colon, last = named.rpartition(":")
    inputs = last if colon and last in INPUTS else None
    name = front if inputs else named
    if "@http" in name:
        return Remote(access.to(name), inputs or "both")
    return of_pack(open_pack(name), inputs)


def open_pack(name: str) -> Pack:
    """A gleam-x pack by its folder or id. Raises GleamError."""
    folder = Path(name)
    if (folder / MANIFEST_NAME).is_file():
        pack = Pack(read_manifest(folder), folder)
    else:
        store = PackStore(gleam_home(), resources_dir() / "packs")
        try:
            pack = store.get(name)
        except GleamError as error:
            raise GleamError(
                f"{name!r} cannot be measured: {error}",
                f"Name a ready gleam-x pack or its folder, MODEL@URL, or one of "
                f"{', '.join(BASELINES)}. {error.hint}",
            ) from None
    if pack.kind != "gleam-x":
        raise GleamError(f"{pack.label} is no explainer, but a {pack.kind} pack.")
    return pack

"""What the command line says about tile sets."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gleam_app.cli.output import duration, shown

if TYPE_CHECKING:
    from gleam_app.retrieval.tiles.estimate import Estimate
    from gleam_app.retrieval.tiles.staging import HalfBuilt

_STATES = {
    "missing": "missing: gleam tiles relink {name} PATH",
    "changed": "changed: gleam tiles reembed {name}",
}


def line(entry: dict[str, Any], half_built: "HalfBuilt | None" = None) -> str:
    """One tile set in one line."""
    from gleam_app.retrieval.tiles.tileset import quoted

    name = entry["name"]
    if entry["state"] in ("damaged", "unreadable"):
        return f"{name}: cannot be used; gleam tiles verify {quoted(name)} tells why"
    go_on = f"gleam tiles add --resume --name {quoted(name)} goes on"
    if entry["state"] == "incomplete":
        return f"{name}: half built, {progress(half_built)}; {go_on}"
    scales = ", ".join(f"{scale:g} m" for scale in entry["scales_m"]) or "pictures"
    more = f"; half built: {progress(half_built)}; {go_on}" if half_built else ""
    return (
        f"{name}: {entry['tiles']} tiles ({scales}), {entry['area_km2']} km², "
        f"pack {entry['pack']}, {entry['state']}{more}"
    )


def description(found: dict[str, Any]) -> Iterator[str]:
    """All about one tile set, in lines."""
    from gleam_app.retrieval.tiles.tileset import quoted

    name, half = found["name"], found["half_built"]
    if found["state"] == "incomplete":
        yield f"{name}: half built; gleam tiles add --resume --name {quoted(name)} goes on"
    else:
        yield line(found)
        for source in found["sources_found"]:
            state = _STATES.get(source["state"], source["state"]).format(name=quoted(name))
            yield f"  imagery {shown(source['path'])}: {state}"
        index = found["index"]
        if index["kind"] == "exact":
            yield "  search: every vector is compared"
        else:
            yield f"  search: index {shown(index['kind'])}, recall@50 {index['recall_at_50']}"
        if found["fits"] is False:
            yield f"  pack: not the installed one; gleam tiles reembed {quoted(name)}"
    yield f"  disk: {size(found['disk_bytes'])}"
    if half:
        given = ", ".join(shown(source) for source in half["sources"])
        yield f"  half built: {half['tiles_done']} of {half['tiles']} tiles of {given}"


def progress(half_built: "HalfBuilt | None") -> str:
    """How far half-built work is."""
    if half_built is None or not half_built.tiles:
        return "nothing done yet"
    return f"{half_built.tiles_done:,} of {half_built.tiles:,} tiles are done"


def estimate(found: "Estimate", chosen_m: Sequence[float]) -> Iterator[str]:
    """What a build would take, in lines; the chosen scales are marked."""
    from gleam_app.retrieval.tiles.estimate import WhyNot

    if found.scales:
        yield f"{found.area_km2:.3g} km², pixels of {metres(found.resolution_m)} m. Tiles by side, * chosen:"
    why: dict[WhyNot, str] = {
        "": "",
        "too_fine": " (finer than the imagery)",
        "too_large": " (larger than the imagery)",
    }
    listed = {scale.scale_m: scale for scale in found.scales}
    for scale_m in sorted({*listed, *chosen_m}):
        scale = listed.get(scale_m)
        tiles = found.cost([scale_m]).tiles if scale is None else scale.tiles
        views = "" if scale is None else f", {' '.join(scale.views)}{why[scale.why_not]}"
        yield f" {'*' if scale_m in chosen_m else ' '} {scale_m:g} m: {tiles:,} tiles{views}"
    cost = found.cost(chosen_m)
    time = "" if cost.seconds is None else f", about {duration(cost.seconds)}"
    yield f"Together {cost.tiles:,} tiles, {size(cost.disk_bytes)} on disk{time}."
    for note in found.notes:
        yield f"Note: {shown(note)}"


def metres(length: float) -> str:
    """A length for people: two digits, and all there are before the point."""
    return f"{length:.0f}" if length >= 10 else f"{length:.2g}"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("KB", "MB", "GB"):
        count /= 1000
        if count < 999.5 or unit == "GB":
            break
    return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"

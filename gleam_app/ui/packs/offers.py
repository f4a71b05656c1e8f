"""What is asked in a pack's row before anything connects or is deleted."""

from gleam_app.packs.connections import Connections
from gleam_app.ui.packs.entries import Entry
from gleam_app.ui.strings import tr
from gleam_app.ui.tile_sets.entries import size_text
from gleam_app.ui.tile_sets.offer import What


def offer_to_fetch(entry: Entry, plan: Connections) -> What:
    """To which host and how much; only a click on its first button starts it."""
    if not plan.hosts:
        return What(tr("packs.fetch.nowhere"), ("keep", tr("packs.fetch.not_now")))
    first, others = plan.hosts[0], ", ".join(plan.hosts[1:])
    hosts = tr("packs.fetch.or", first=first, others=others) if others else first
    size = size_text(plan.size)
    words = [tr("packs.fetch.ask", size=size, hosts=hosts)]
    if entry.arrived_bytes:
        words.append(tr("packs.fetch.arrived", size=size_text(entry.arrived_bytes)))
    return What(
        " ".join(words),
        ("fetch", tr("packs.fetch.now", size=size)),
        ("keep", tr("packs.fetch.not_now")),
    )


def offer_to_remove(entry: Entry) -> What:
    """What it frees, and what cannot be used without it."""
    size = size_text(entry.disk_bytes)
    words = [tr("packs.remove.ask", name=entry.status.title, size=size)]
    if entry.tile_sets:
        words.append(tr("packs.remove.used", names=", ".join(entry.tile_sets)))
    return What(
        " ".join(words),
        ("remove", tr("packs.remove.now")),
        ("keep", tr("packs.remove.keep")),
        grave=True,
    )

"""From a located query to an explanation in words, every sentence checked against the evidence."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gleam_app.errors import GleamError
from gleam_app.explain.claims import Claim, check_claims
from gleam_app.explain.engine import DEFAULT_CONTEXT, IMAGE_CONTEXT, Engine, ModelFiles
from gleam_app.explain.evidence import Evidence, build_evidence, seen_by_model, shown_verdict
from gleam_app.explain.grammar import free_grammar, guided_grammar, planned
from gleam_app.explain.looking import Looker
from gleam_app.explain.pair import pair_picture
from gleam_app.explain.prompts import free_messages, guided_messages
from gleam_app.explain.slots import SlotFiller
from gleam_app.explain.sureness import sureness_of
from gleam_app.explain.wording import Lang
from gleam_app.imagery.views import View
from gleam_app.jobs.work import Work
from gleam_app.packs.manifest import Pack
from gleam_app.packs.seals import check_unchanged
from gleam_app.packs.store import PackStore
from gleam_app.retrieval.results import Candidate, Location, Verdict

#: In place of a pack's id: the evidence as plain sentences, without any model.
EVIDENCE = "evidence"


@dataclass(frozen=True)
class Explanation:
    """Why a candidate is, or is not, the place of a query.

    ``match``: True where geometry speaks for the place, False where it speaks for none or another,
    None while open. ``text`` carries evidence marks, "[E3]". ``pack`` wrote it ("id version"), empty
    for text straight from the evidence. ``timings_ms``: "evidence", "read" (loading the model and
    reading the prompt) and "write" add up to the whole.
    """

    lang: Lang
    verdict: Verdict
    match: bool | None
    confidence: float
    text: str
    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    pack: str
    rank: int = 1
    timings_ms: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The ``gleam.explain/1`` document."""
        return {
            "schema": "gleam.explain/1",
            "lang": self.lang,
            "verdict": self.verdict,
            "match": self.match,
            "confidence": round(self.confidence, 2),
            "text": self.text,
            "claims": [claim.to_json() for claim in self.claims],
            "evidence": [item.to_json() for item in self.evidence],
            "pack": self.pack,
            "rank": self.rank,
            "timings_ms": {name: round(ms, 1) for name, ms in self.timings_ms.items()},
        }


def plain_text(evidence: Sequence[Evidence], lang: Lang) -> str:
    """The evidence as sentences with marks, without any model: true, at once, and plain."""
    gap, stop = ("", "。") if lang == "zh" else (" ", ".")
    told = [item for group in planned(evidence) for item in group]
    told += [item for item in evidence if item.kind == "sight"]
    return gap.join(f"{item.text(lang).removesuffix(stop)}{gap}[{item.id}]{stop}" for item in told)


def plain_explanation(location: Location, candidate: Candidate, lang: Lang) -> Explanation:
    """What can be said before the model has written anything, or without one."""
    evidence = build_evidence(location, candidate)
    return _explanation(location, candidate, evidence, lang, plain_text(evidence, lang), "", {})


def match_of(location: Location, candidate: Candidate) -> bool | None:
    """Does geometry speak for this place (True), for none or for another one (False), or is it open (None)?"""
    verdict = shown_verdict(location, candidate)
    if verdict in ("verified", "strong"):
        return True
    if verdict == "not_found":
        return False
    best = location.candidates[0] if location.candidates else candidate
    elsewhere = best.rank != candidate.rank and best.verdict in ("verified", "strong")
    return False if elsewhere else None


class Explainer:
    """Writes explanations with the preferred ready gleam-x pack. Safe to share between threads."""

    def __init__(self, packs: PackStore) -> None:
        self._packs = packs
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._pack: Pack | None = None

    def explain(
        self,
        location: Location,
        candidate: Candidate,
        lang: Lang = "en",
        work: Work | None = None,
        on_text: Callable[[str], None] | None = None,
        model: str = "",
    ) -> Explanation:
        """Explain ``candidate``; ``on_text`` hears the text as it grows, piece by piece.

        ``model``: a pack's id, ``EVIDENCE`` for none at all, or "" for the preferred one. Raises GleamError
        if no model is ready or it fails, Cancelled when ``work`` is cancelled.
        """
        clock = time.perf_counter()
        on_text = on_text or (lambda _: None)
        if model == EVIDENCE:
            told = plain_explanation(location, candidate, lang)
            on_text(told.text)
            return told
        evidence = build_evidence(location, candidate)
        timings = {"evidence": _since(clock)}
        clock = time.perf_counter()

        def show(text: str) -> None:
            if text:
                timings.setdefault("read", _since(clock))
                on_text(text)

        engine, pack = self._engine_of(model or self._fitting(location.query.view), work)
        able = compares_montages(pack) and pack.manifest.support(location.query.view) != "untrained"
        montage = _montage(location, candidate) if able else None
        wrote = pack.label if montage is not None or pack.has("model") else ""
        looked = False
        if montage is not None:
            sureness = sureness_of(pack)
            # only then it is known what it is sure of
            looked = lang in sureness.sentences or bool(sureness.facts)
            view = location.query.view
            looker = Looker(engine, sureness, montage, evidence, lang, view)
            tell = _told_by_sight if pack.has("model") else _composed_by_sight
            text, seen = tell(looker, match_of(location, candidate), lang, work, show)
            evidence.append(seen)
        elif not wrote:  # there is nothing to look at, or nothing that it would know
            text = plain_text(evidence, lang)
            show(text)
        else:
            text = _written(engine, pack, location, candidate, evidence, lang, work, show)
        timings["write"] = _since(clock) - timings.get("read", 0.0)
        return _explanation(location, candidate, evidence, lang, text, wrote, timings, looked)

    def check(self, model: str = "") -> None:
        """Raises GleamError if that model, or any, is not ready."""
        self._pack_of(model)

    def close(self) -> None:
        """End the model's process."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = self._pack = None

    def _engine_of(self, model: str, work: Work | None) -> tuple[Engine, Pack]:
        pack = self._pack_of(model)
        check_unchanged(pack, self._packs.home, work)
        with self._lock:
            # in the same folder another version may have been installed meanwhile
            known = self._pack and (self._pack.folder, self._pack.manifest)
            if self._engine is None or known != (pack.folder, pack.manifest):
                if self._engine is not None:
                    self._engine.close()
                self._engine, self._pack = Engine(model_files(pack)), pack
            return self._engine, pack

    def _pack_of(self, model: str) -> Pack:
        if not model:
            return self._ready_pack()
        pack = self._packs.get(model)
        if pack.kind != "gleam-x":
            raise GleamError(
                f"Pack {pack.label} is no language model.",
                "`gleam packs list` names those that are.",
            )
        return pack

    def _fitting(self, view: View) -> str:
        """The preferred of the ready packs that were made for a view; empty where none was."""
        for status in self._packs.by_preference("gleam-x"):
            known = status.manifest
            if status.state == "ready" and known and known.support(view) != "untrained":
                return known.id
        return ""

    def _ready_pack(self) -> Pack:
        """The default pack; if none is ready, the error says how far a fetch is."""
        try:
            return self._packs.default("gleam-x")
        except GleamError as error:
            for status in self._packs.list():
                if status.manifest is None or status.manifest.kind != "gleam-x":
                    continue
                progress = self._packs.fetch_progress(status.id)
                if progress is not None:
                    share = progress.fraction
                    far = "" if share is None else f" ({100 * share:.0f} %)"
                    raise GleamError(
                        f"The language model is still being fetched{far}.",
                        "Explain again when it is there; the measured evidence is shown meanwhile.",
                    ) from error
            raise


def _written(
    engine: Engine,
    pack: Pack,
    location: Location,
    candidate: Candidate,
    evidence: Sequence[Evidence],
    lang: Lang,
    work: Work | None,
    show: Callable[[str], None],
) -> str:
    """The evidence in the model's words: its own, if it is good at that or sees, else along a plan."""
    if writes_freely(pack):
        pictures = _pictures(location, candidate) if sees(pack) else ()
        messages = free_messages(evidence, lang, pictures)
        grammar = free_grammar(evidence, lang)
    else:
        messages = guided_messages(evidence, lang)
        grammar = guided_grammar(evidence, lang)
    filler = SlotFiller(evidence, lang)
    engine.write(messages, grammar, work, lambda piece: show(filler.feed(piece)))
    show(filler.end())
    return filler.text.strip()


def _told_by_sight(
    looker: Looker, match: bool | None, lang: Lang, work: Work | None, show: Callable[[str], None]
) -> tuple[str, Evidence]:
    """What a model that compares sees, then what it says of it; the measured evidence where it has nothing
    to say that it is sure of, or where geometry has decided otherwise."""
    gap = "" if lang == "zh" else " "
    probability = looker.sight(work)
    seen = seen_by_model(probability)
    opinion = plain_text([seen], lang)
    show(opinion + gap)
    same = probability >= 0.5
    told = looker.told(same, work, show) if match in (None, same) else ""
    if not told:
        told = plain_text(looker.evidence, lang)
        show(told)
    return f"{opinion}{gap}{told}", seen


def _composed_by_sight(
    looker: Looker, match: bool | None, lang: Lang, work: Work | None, show: Callable[[str], None]
) -> tuple[str, Evidence]:
    """Without a language model: what is sure to be seen, unless geometry has decided otherwise; what the model
    makes of it; then what was measured."""
    gap = "" if lang == "zh" else " "
    probability = looker.sight(work)
    seen = seen_by_model(probability)
    same = probability >= 0.5
    scene = looker.composed(same, settled=match is True) if match in (None, same) else ""
    told = (scene, plain_text([seen], lang), plain_text(looker.evidence, lang))
    text = gap.join(filter(None, told))
    show(text)
    return text, seen


def sees(pack: Pack) -> bool:
    """Whether the model is shown pictures: by llama.cpp's vision part, or by a tower of ours."""
    return pack.has("mmproj") or pack.has("tower")


def writes_freely(pack: Pack) -> bool:
    """Whether the model chooses its own words: models that see, and those whose manifest says so."""
    return sees(pack) or pack.manifest.architecture.get("writing") == "free"


def compares_montages(pack: Pack) -> bool:
    """Whether the model was trained to see both pictures as one, see ``pair``."""
    return sees(pack) and pack.manifest.architecture.get("pictures") == "montage"


def model_files(pack: Pack) -> ModelFiles:
    """The pack's files for the engine."""
    usual = IMAGE_CONTEXT if sees(pack) else DEFAULT_CONTEXT
    mmproj, adapter, tower = (
        pack.path(role) if pack.has(role) else None for role in ("mmproj", "adapter", "tower")
    )
    context = int(pack.manifest.architecture.get("context", usual))
    model = pack.path("model") if pack.has("model") else None
    return ModelFiles(model, mmproj, context, adapter, tower)


def _montage(location: Location, candidate: Candidate) -> Any:
    return pair_picture(location.query.pixels, location.query.view, candidate)


def _pictures(location: Location, candidate: Candidate) -> tuple[Any, ...]:
    """Query and candidate window, in this order; the tile's thumbnail where there is no window."""
    window = candidate.alignment.window_rgb if candidate.alignment else candidate.thumbnail
    query = location.query.pixels
    return (query,) if window is None else (query, window)


def _explanation(
    location: Location,
    candidate: Candidate,
    evidence: list[Evidence],
    lang: Lang,
    text: str,
    pack: str,
    timings: dict[str, float],
    looked: bool = False,
) -> Explanation:
    return Explanation(
        lang=lang,
        verdict=shown_verdict(location, candidate),
        match=match_of(location, candidate),
        confidence=location.confidence if candidate.rank == 1 else candidate.confidence,
        text=text,
        claims=tuple(check_claims(text, evidence, lang, looked)),
        evidence=tuple(evidence),
        pack=pack,
        rank=candidate.rank,
        timings_ms=timings,
    )


def _since(clock: float) -> float:
    return (time.perf_counter() - clock) * 1000.0

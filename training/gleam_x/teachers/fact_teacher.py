"""The fact teacher: explanations in both languages that are true by construction.

Nothing is said that is not a scene fact, a measured value, a picture's kind or the label. The order is
that of GLEAM (arXiv 2509.07450): image 1, image 2, what they share, where they differ, the verdict.
"""

import re
from types import ModuleType

import numpy as np

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.wording import Lang
from training.gleam_x.pairs.facts import Fact
from training.gleam_x.records import Explanation, PairRecord, StatedClaim, evidence_of
from training.gleam_x.teachers import words_en, words_zh
from training.gleam_x.teachers.plan import Plan, plan_of

NAME = "facts"
_STANDS_ALONE = ("inliers", "score")  # evidence whose every clause names its subject
WORDS: dict[Lang, ModuleType] = {"en": words_en, "zh": words_zh}
_HOUSES = ("buildings", "storeys", "roof_form", "roofs")
_ROAD = ("bend", "road")
_STOP: dict[Lang, str] = {"en": ".", "zh": "。"}
_GAP: dict[Lang, str] = {"en": " ", "zh": ""}


def explain(record: PairRecord, lang: Lang, seed: int = 0) -> Explanation:
    """The explanation of a record; the same for the same record, language and seed."""
    plan = plan_of(record, evidence_of(record), seed)
    writer = _Writer(record, lang, np.random.default_rng([seed, *f"{lang} {record.id}".encode()]))
    claims = writer.claims(plan)
    return Explanation(
        text=_GAP[lang].join(claim.text for claim in claims),
        claims=tuple(claims),
        teacher=NAME,
        verdict="match" if record.match else "no_match",
    )


class _Writer:
    def __init__(self, record: PairRecord, lang: Lang, chance: np.random.Generator) -> None:
        self._record, self._lang, self._chance = record, lang, chance
        self._words = WORDS[lang]

    def claims(self, plan: Plan) -> list[StatedClaim]:
        """The sentences in order, each with the ids it rests on."""
        words = self._words
        claims = [
            *self._image(
                plan.image1, "P1", words.IMAGE_1, words.IMAGE_1_ALONE, plan.kinds_alone > 0
            ),
            *self._image(
                plan.image2, "P2", words.IMAGE_2, words.IMAGE_2_ALONE, plan.kinds_alone > 1
            ),
        ]
        if plan.shared:
            frames = self._words.SHARED_MATCH if self._record.match else self._words.SHARED_OTHER
            seen = self._list(
                [one.model_copy(update={"zone": k.zone}) for one, _, k in plan.shared]
            )
            ids = tuple(fact.id for one, two, _ in plan.shared for fact in (one, two))
            claims.append(self._claim(self._pick(frames), ids, seen=seen))
        for number, (one, two) in enumerate(plan.differing):
            frames = self._words.ONE_DIFFERENCE if self._record.match else self._words.DIFFERING
            lead = self._pick(self._words.MORE) if number else ""
            claims.append(self._differing(lead + self._pick(frames), one, two))
        for one, two in plan.neither:
            frame = self._pick(self._words.NEITHER)
            claims.append(self._claim(frame, (one.id, two.id), seen=self._absent(one)))
        against = bool(plan.differing) and self._record.match
        for group in plan.evidence:
            claims.append(self._evidence(group))
            weights = {item.weight for item in group}
            against = against or ("against" if self._record.match else "for") in weights
        follows = bool(plan.shared if self._record.match else plan.differing)
        claims.append(self._verdict(self._words.EVEN_SO if against else "", follows))
        return claims

    def _pick(self, of: tuple[str, ...]) -> str:
        return of[int(self._chance.integers(len(of)))]

    def _claim(self, frame: str, ids: tuple[str, ...], **parts: str) -> StatedClaim:
        named = {
            "one": self._pick(self._words.FIRST[self._record.view]),
            "two": self._pick(self._words.SECOND),
            "kind": self._pick(self._words.KIND[self._record.view]),
            **parts,
        }
        if self._lang == "zh":
            starts = tuple(self._words.ZONES.values())
            for name, inside in (("seen", "in"), ("a", "in_a"), ("b", "in_b")):
                named[inside] = "" if parts.get(name, "").startswith(starts) else "中"
        text = frame.format(**named)
        text = text[:1].upper() + text[1:] + _STOP[self._lang]
        return StatedClaim(text=text, facts=ids)

    def _image(
        self,
        told: tuple[Fact, ...],
        kind: str,
        frames: tuple[str, ...],
        alone: tuple[str, ...],
        apart: bool,
    ) -> list[StatedClaim]:
        """What a picture is and what it shows, in one sentence or, ``apart``, in two."""
        if not told:
            return [self._claim(self._pick(alone), (kind,))]
        ids, seen = tuple(fact.id for fact in told), self._list(list(told))
        if apart:
            named = tuple(frame for frame in frames if "{one}" in frame or "{two}" in frame)
            return [
                self._claim(self._pick(alone), (kind,)),
                self._claim(self._pick(named), ids, seen=seen),
            ]
        return [self._claim(self._pick(frames), (kind, *ids), seen=seen)]

    def _differing(self, frame: str, one: Fact, two: Fact) -> StatedClaim:
        return self._claim(frame, (one.id, two.id), a=self._noun(one), b=self._noun(two))

    def _evidence(self, group: tuple[Evidence, ...]) -> StatedClaim:
        """Measured values in the words of the app, each as its slot."""
        parts: list[str] = []
        for position, item in enumerate(group):
            clauses = item.clauses(self._lang)
            if position and len(clauses) > 1:
                clauses = clauses[1:]  # the first repeats the subject, for standing alone
            elif item.kind not in _STANDS_ALONE:
                clauses = clauses[:1]
            parts.append(self._pick(clauses).replace("{}", f"{{{item.id}}}"))
        text = ("，" if self._lang == "zh" else ", and ").join(parts) + _STOP[self._lang]
        if self._lang == "zh":
            text = text.replace(" {", "{")  # the app's grammar knows no spaces in Chinese
        return StatedClaim(text=text[:1].upper() + text[1:], facts=tuple(item.id for item in group))

    def _verdict(self, lead: str, follows: bool) -> StatedClaim:
        """The last sentence; a conclusion only where something was said that it ``follows`` from."""
        frames = self._words.VERDICT[self._record.match]
        if lead or not follows:
            frames = frames[:1]
        return self._claim(lead + self._pick(frames), ("V1",))

    def _noun(self, fact: Fact) -> str:
        form = self._pick(self._words.NOUNS[fact.kind, fact.value])
        zone = self._words.ZONES.get(fact.zone, "")
        if zone and self._lang == "en":
            zone = f" {zone}"
        return form.replace("{at}", zone)

    def _absent(self, fact: Fact) -> str:
        noun = self._noun(fact)
        return re.sub("^no ", "any ", noun) if self._lang == "en" else noun

    def _list(self, facts: list[Fact]) -> str:
        if self._lang == "zh":
            nouns = [self._noun(fact) for fact in facts]
            return re.sub(r"(主路[^呈为，]+，)主路([呈为])", r"\1\2", "，".join(nouns))
        nouns = self._grouped(facts)
        if len(nouns) == 1:
            return nouns[0]
        return f"{', '.join(nouns[:-1])} and {nouns[-1]}"

    def _grouped(self, facts: list[Fact]) -> list[str]:
        """English nouns; what belongs to one thing is one of them."""
        known = {fact.kind: fact for fact in facts if fact.value != "none"}
        done: set[str] = set()
        nouns: list[str] = []
        for fact in facts:
            if fact.kind in done:
                continue
            if fact.kind in _HOUSES and fact.value != "none":
                done.update(_HOUSES)
                nouns.append(self._houses({k: known[k] for k in _HOUSES if k in known}))
            elif fact.kind in _ROAD and len(known.keys() & set(_ROAD)) == len(_ROAD):
                done.update(_ROAD)
                runs = self._noun(known["road"]).removeprefix("a main road")
                nouns.append(self._noun(known["bend"]) + runs)
            else:
                nouns.append(self._noun(fact))
        return nouns

    def _houses(self, known: dict[str, Fact]) -> str:
        """Buildings with their height and their roofs, or what of these is known."""
        rise = self._words.RISE[known["storeys"].value] if "storeys" in known else ""
        body = (
            self._noun(known["buildings"]) if "buildings" in known else "buildings" if rise else ""
        )
        if rise:
            body = body.replace("buildings", f"{rise} buildings")
        form, colour = known.get("roof_form"), known.get("roofs")
        roofs = self._noun(colour) if colour else self._noun(form) if form else ""
        if colour and form:
            roofs = f"{form.value}, mostly {self._words.COLOURS[colour.value]} roofs"
        return f"{body} with {roofs}" if body and roofs else body or roofs

"""The fact teacher: explanations in both languages that are true by construction.

Nothing is said that is not a scene fact, a measured value, a picture's kind or the label. The order is
that of GLEAM (arXiv 2509.07450): image 1, image 2, what they share, where they differ, the verdict.
"""

import re

import numpy as np

from gleam_app.explain.evidence import Evidence
from gleam_app.explain.scene_facts import Fact
from gleam_app.explain.scene_text import GAP, STOP, WORDS, Wording
from gleam_app.explain.wording import Lang
from training.gleam_x.records import Explanation, PairRecord, StatedClaim, evidence_of
from training.gleam_x.teachers.plan import Plan, plan_of

NAME = "facts"
_STANDS_ALONE = ("inliers", "score")  # evidence whose every clause names its subject


def explain(record: PairRecord, lang: Lang, seed: int = 0) -> Explanation:
    """The explanation of a record; the same for the same record, language and seed."""
    plan = plan_of(record, evidence_of(record), seed)
    writer = _Writer(record, lang, np.random.default_rng([seed, *f"{lang} {record.id}".encode()]))
    claims = writer.claims(plan)
    return Explanation(
        text=GAP[lang].join(claim.text for claim in claims),
        claims=tuple(claims),
        teacher=NAME,
        verdict="match" if record.match else "no_match",
    )


class _Writer:
    def __init__(self, record: PairRecord, lang: Lang, chance: np.random.Generator) -> None:
        self._record, self._lang, self._chance = record, lang, chance
        self._words = WORDS[lang]
        self._wording = Wording(lang, self._pick)

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
            seen = self._wording.listed(
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
        text = self._wording.sentence(frame, self._record.view, **parts)
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
        ids, seen = tuple(fact.id for fact in told), self._wording.listed(list(told))
        if apart:
            named = tuple(frame for frame in frames if "{one}" in frame or "{two}" in frame)
            return [
                self._claim(self._pick(alone), (kind,)),
                self._claim(self._pick(named), ids, seen=seen),
            ]
        return [self._claim(self._pick(frames), (kind, *ids), seen=seen)]

    def _differing(self, frame: str, one: Fact, two: Fact) -> StatedClaim:
        return self._claim(
            frame, (one.id, two.id), a=self._wording.noun(one), b=self._wording.noun(two)
        )

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
        text = ("，" if self._lang == "zh" else ", and ").join(parts) + STOP[self._lang]
        if self._lang == "zh":
            text = text.replace(" {", "{")  # the app's grammar knows no spaces in Chinese
        return StatedClaim(text=text[:1].upper() + text[1:], facts=tuple(item.id for item in group))

    def _verdict(self, lead: str, follows: bool) -> StatedClaim:
        """The last sentence; a conclusion only where something was said that it ``follows`` from."""
        frames = self._words.VERDICT[self._record.match]
        if lead or not follows:
            frames = frames[:1]
        return self._claim(lead + self._pick(frames), ("V1",))

    def _absent(self, fact: Fact) -> str:
        noun = self._wording.noun(fact)
        return re.sub("^no ", "any ", noun) if self._lang == "en" else noun

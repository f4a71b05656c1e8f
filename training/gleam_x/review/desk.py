"""What one reviewer does, without a window: the queue, where one stands, and every action."""

from collections.abc import Sequence

from gleam_app.errors import GleamError
from gleam_app.explain.wording import Lang
from training.gleam_x.records import PairRecord
from training.gleam_x.review.answers import WHOLE_PAIR, Answer, Journal, Reason
from training.gleam_x.teachers.filters import cleaned


class Desk:
    """A queue of records and the journal of what is said of them; every action is on disk at once.

    Actions raise GleamError where the journal cannot be written; nothing has changed then.
    """

    def __init__(
        self,
        records: Sequence[PairRecord],
        journal: Journal,
        langs: tuple[Lang, ...] = ("en", "zh"),
        blind: bool = False,
    ) -> None:
        """Begins where the reviewer left. ``records`` holds at least one."""
        self.records = tuple(records)
        self.langs = langs
        self._blind = blind
        self.journal = journal
        ids = [record.id for record in self.records]
        self.position = ids.index(journal.last_pair) if journal.last_pair in ids else 0
        if self._settled(self.position):
            self._go_on()

    @property
    def record(self) -> PairRecord:
        return self.records[self.position]

    @property
    def answer(self) -> Answer:
        return self.journal[self.record.id]

    @property
    def hidden(self) -> bool:
        """Whether label and texts are still to be kept from the reviewer."""
        return self._blind and self.answer.judged is None

    @property
    def finished(self) -> bool:
        """Whether every pair has been decided."""
        return self.done == len(self.records)

    @property
    def done(self) -> int:
        return sum(self._decided(at) for at in range(len(self.records)))

    @property
    def skipped(self) -> int:
        """Pairs passed over that are still to be decided."""
        return sum(
            self.journal[one.id].skipped and not self._decided(at)
            for at, one in enumerate(self.records)
        )

    def text(self, lang: Lang) -> str:
        """The text as it stands now."""
        changed = self.answer.of(lang).text
        return self.record.explanations[lang].text if changed is None else changed

    # ---- while the reviewer types ----------------------------------------------------------

    def edit(self, lang: Lang, text: str) -> None:
        """Take a text over as it is typed."""
        if text == self.text(lang):
            return
        same = cleaned(text, lang) == self.record.explanations[lang].text
        self._draft(self.answer.with_text(lang, text=None if same else text))

    def restore(self, lang: Lang) -> None:
        """The text as the teacher wrote it."""
        if self.answer.of(lang).text is not None:
            self._decide(self.answer.with_text(lang, text=None))

    def note(self, text: str) -> None:
        if text != self.answer.note:
            self._draft(self.answer.model_copy(update={"note": text}))

    # ---- decisions -------------------------------------------------------------------------

    def judge(self, match: bool) -> None:
        """In a blind review: what the reviewer takes the pair for; label and texts may be shown now."""
        if self.hidden:
            self._draft(self.answer.model_copy(update={"judged": match}))

    def accept(self, langs: Sequence[Lang] = ()) -> None:
        """Accept the texts of these languages; none named: all that are not decided, or that were
        rejected together. On to the next pair once all are decided. GleamError for an empty text."""
        answer = self.answer
        rejected = all(answer.of(lang).decision == "reject" for lang in self.langs)
        chosen = langs or [
            lang for lang in self.langs if rejected or answer.of(lang).decision is None
        ]
        for lang in chosen:
            if not cleaned(self.text(lang), lang):
                raise GleamError("An empty text cannot be accepted.", "Reject it, or restore it.")
        answer = self._kept(answer, chosen)
        for lang in chosen:
            answer = answer.with_text(lang, decision="accept", reason=None)
        self._settle(answer)

    def reject(self, reason: Reason, langs: Sequence[Lang] = ()) -> None:
        """Reject the texts of these languages (none named: all); on to the next pair once all are decided."""
        chosen = self.langs if reason in WHOLE_PAIR or not langs else langs
        answer = self._kept(self.answer, chosen)
        answer = answer.model_copy(update={"label_wrong": reason == "label"})
        for lang in chosen:
            answer = answer.with_text(lang, decision="reject", reason=reason)
        self._settle(answer)

    def skip(self) -> None:
        """Leave the pair for the end."""
        if not self._decided(self.position):
            self._decide(self.answer.model_copy(update={"skipped": True}))
        self._go_on()

    def undo(self) -> bool:
        """Take the last decision back and stand there again; False where there is none."""
        pair = self.journal.undo()
        ids = [record.id for record in self.records]
        if pair in ids:
            self.position = ids.index(pair)
        return pair is not None

    def go(self, steps: int) -> None:
        """To a pair before or after; stays at the ends."""
        self.position = max(0, min(len(self.records) - 1, self.position + steps))

    def _kept(self, answer: Answer, chosen: Sequence[Lang]) -> Answer:
        """What stays of an answer when some languages are decided anew: a pair that had been given up
        whole is not any more, so its other texts are open again."""
        for lang in self.langs:
            if lang not in chosen and answer.of(lang).reason in WHOLE_PAIR:
                answer = answer.with_text(lang, decision=None, reason=None)
        return answer.model_copy(update={"label_wrong": False, "skipped": False})

    def _settle(self, answer: Answer) -> None:
        self._decide(answer)
        if answer.decided(self.langs):
            self._go_on()

    def _decide(self, answer: Answer) -> None:
        self.journal.put("decide", self.record.id, answer)

    def _draft(self, answer: Answer) -> None:
        self.journal.put("draft", self.record.id, answer)

    def _decided(self, at: int) -> bool:
        return self.journal[self.records[at].id].decided(self.langs)

    def _settled(self, at: int) -> bool:
        return self._decided(at) or self.journal[self.records[at].id].skipped

    def _go_on(self) -> None:
        """To the next pair that is untouched, else the next skipped one, else stay."""
        count = len(self.records)
        ahead = [(self.position + step) % count for step in range(1, count + 1)]
        for passed in (self._settled, self._decided):
            for at in ahead:
                if not passed(at):
                    self.position = at
                    return

"""May this run write? Not when it would change, on a scale that is hardly meant, what the target holds.

    whose records? -> (read) -> a crawl that finds nothing? -> how many would change? -> (write)

What it objects to stops the run before its first write, and the next ones too, until it is undone at the source or a
person accepts it. It is read again in full meanwhile, because no change event tells that a read has become whole again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from duebridge.core.connector import Account
from duebridge.core.engine.report import Report
from duebridge.core.errors import Implausible
from duebridge.core.store import lapses
from duebridge.core.store.lapses import Known, Moved
from duebridge.core.store.store import Store

#: What becomes of an objection: it stops the run, is overridden, or is only told.
Answer = Literal["stop", "accept", "foresee"]

_EXAMPLES = 5
_LIKE_ANOTHER = (
    "If this is another company, give it a connection of its own, under another name. To go on within this one, run "
    "`duebridge sync {name} --accept-mass-change`: everything is read again, and what the company before had sent "
    "counts as gone (`on_delete` says what becomes of it)"
)
_LOOK = (
    "Nothing was written, and the next runs read everything again and stop too until this is undone. Look with "
    "`duebridge plan {name} --with-stored`; if it is meant, go on with `duebridge sync {name} --accept-mass-change`"
)
_EMPTY = (
    "Nothing was written and nothing was taken for deleted; the next runs read everything again and stop too while it "
    "is empty. If it is meant to be, go on with `duebridge sync {name} --accept-mass-change`"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """More than `share` (0 to 1) of a kind's linked records, and at least `least` of them, are too many."""

    share: float = 0.3
    least: int = 50

    def exceeded(self, moved: int, linked: int) -> bool:
        """Whether `moved` of `linked` records are too many."""
        return moved >= self.least and moved > Fraction(str(self.share)) * linked


class Guard:
    """Watches one run of a connection."""

    def __init__(
        self,
        store: Store,
        connection_id: int,
        report: Report,
        limits: Limits,
        *,
        answer: Answer = "stop",
    ) -> None:
        """Judge by `limits`; what is overridden or foreseen becomes a note of `report`."""
        self._store = store
        self._id = connection_id
        self._report = report
        self._limits = limits
        self._answer = answer

    def meet(self, account: Account) -> None:
        """Take note of whose records are about to be read. Raises `Implausible` when they were someone else's before.

        As long as nothing was sent the company may change: what was read of the one before counts as gone.
        """
        with self._store.reading() as db:
            before = lapses.source_account(db, self._id)
            another = before is not None and before.id != account.id
            held = another and lapses.anything_held(db, self._id)
        if before is not None and not another:
            return
        if before is not None:
            sentence = f"{_called(account)} answers to these credentials, where it was {_called(before)} so far"
            if held:
                self._object(f"the source has changed: {sentence}.", _LIKE_ANOTHER)
            else:
                self._report.note(f"{sentence}; nothing had been sent yet, so everything is read again")
        with self._store.transaction() as db:
            lapses.keep_source_account(db, self._id, Known(account.id, account.name))
            if another:
                lapses.crawl_again(db, self._id)

    def weigh_crawl(self, stream: str, kinds: Sequence[str], crawl: int) -> None:
        """Look at a complete `crawl` of `stream` that ends with an empty page, before anything is concluded from it.

        `kinds` are what the stream gives. Raises `Implausible` when all of it was empty and the target holds some.
        """
        with self._store.reading() as db:
            missed = lapses.missed(db, self._id, kinds, crawl)
        if missed:
            self._doubt(f"{stream}: a complete read found nothing of the {missed} that had been sent.", _EMPTY)

    def weigh_plan(self) -> None:
        """Look at what would be written, after everything was read. Raises `Implausible` when it is too much."""
        with self._store.reading() as db:
            moved = lapses.moved(db, self._id)
            linked = lapses.linked(db, self._id) if any(one.total >= self._limits.least for one in moved) else {}
            too_many = [one for one in moved if self._limits.exceeded(one.total, linked.get(one.kind, 0))]
            examples = {one.kind: lapses.some_moved(db, self._id, one.kind, _EXAMPLES) for one in too_many}
        if too_many:
            said = "; ".join(_said(one, linked[one.kind], examples[one.kind]) for one in too_many)
            self._doubt(f"{said}: more than {self._limits.share * 100:g} % of a kind at once.", _LOOK)
        with self._store.transaction() as db:
            lapses.settle(db, self._id)

    def _doubt(self, what: str, advice: str) -> None:
        """Object to what was read: the next run reads all of it again, so that what has become whole is seen."""
        if self._answer == "stop":
            with self._store.transaction() as db:
                lapses.crawl_again(db, self._id)
        self._object(what, advice)

    def _object(self, what: str, advice: str) -> None:
        if self._answer == "stop":
            raise Implausible(f"the guard stopped this run: {what} {advice.format(name=self._report.connection)}")
        if self._answer == "accept":
            self._report.overridden.append(what)
            self._report.note(f"accepted by --accept-mass-change: {what}")
        else:
            self._report.note(f"a sync would be stopped by the guard: {what}")


def _called(company: Account | Known) -> str:
    return f"{company.name} (id {company.id})" if company.name else f"the company with id {company.id}"


def _said(one: Moved, linked: int, examples: Sequence[str]) -> str:
    ways = ((one.changed, "to be changed"), (one.gone, "gone"), (one.unsent, "no longer to be sent"))
    how = ", ".join(f"{number} {way}" for number, way in ways if number)
    kind = one.kind.replace("_", " ")
    more = ", …" if one.total > len(examples) else ""
    return f"{one.total} of {linked} {kind}s ({how}; ids {', '.join(examples)}{more})"

"""What do today's rules change of what was last read: something, nothing, or can't it be told?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from duebridge.core.connector import key_of
from duebridge.core.engine.intake import Intake
from duebridge.core.engine.planning import CUSTOMER_NOT_SENT, NO_INVOICE
from duebridge.core.engine.understanding import UNREADABLE
from duebridge.core.store.records import Records, Stored
from duebridge.core.store.store import Store

Json = dict[str, Any]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer for every stored record still at the source.

    `changes` and `no_change` are numbers of records; `cannot_tell` lists those of which what is stored does not say;
    `decisions` those decided otherwise than before, whether or not a write comes of it.
    """

    changes: int
    no_change: int
    cannot_tell: list[Json]
    decisions: list[Json]

    @property
    def answers(self) -> dict[str, int]:
        """The number of records by answer."""
        return {"change": self.changes, "no_change": self.no_change, "cannot_tell": len(self.cannot_tell)}

    def as_json(self) -> Json:
        """Return it under its public names (`plan --with-stored --json`)."""
        return {"answers": self.answers, "cannot_tell": self.cannot_tell, "decisions": self.decisions}


def decisions(store: Store, connection_id: int, kinds: Sequence[str]) -> dict[str, str]:
    """Return the decision's code of every stored record still at the source, by key.

    What only waits for its customer or invoice to be taken was decided otherwise, and is left out.
    """
    rows = (row for page in _pages(store, connection_id, kinds) for row in page)
    waiting = {("sync", CUSTOMER_NOT_SENT.code), ("sync", NO_INVOICE.code)}
    return {row.key: row.code for row in rows if (row.verdict, row.code) not in waiting}


def replayed(
    store: Store,
    connection_id: int,
    kinds: Sequence[str],
    *,
    before: Mapping[str, str],
    changes: Sequence[Json],
    missing: Mapping[str, frozenset[str]],
    intake: Intake,
) -> Replay:
    """Return the answers, once every stored record was planned again; what has not been counted yet is.

    `before` are the codes decided earlier, `changes` the writes due, `missing` the fields never read of a kind.
    """
    due = {key_of(change["kind"], change["id"]) for change in changes}
    doubtful = {
        key_of(change["kind"], change["id"]) for change in changes if change.get("last_outcome", {}).get("uncertain")
    }
    changed, unchanged = 0, 0
    unclear: list[Json] = []
    decided: list[Json] = []
    for rows in _pages(store, connection_id, kinds):
        with store.transaction() as db:
            intake.count_again(Records(db, connection_id), [row.key for row in rows])
        for row in rows:
            if why := _unclear(row, missing, doubtful):
                unclear.append({"kind": row.kind, "id": row.id, "why": why})
            elif row.key in due:
                changed += 1
            else:
                unchanged += 1
            if before.get(row.key, row.code) != row.code:
                decided.append({"kind": row.kind, "id": row.id, "before": before[row.key], "after": row.code})
    return Replay(changed, unchanged, unclear, decided)


def _unclear(row: Stored, missing: Mapping[str, frozenset[str]], doubtful: set[str]) -> str:
    """Why what is stored does not tell what a run would do; empty when it does."""
    if row.uncertain or row.key in doubtful:
        return "a write of it has an unknown outcome: what the target holds is not known"
    if row.code == UNREADABLE:
        return f"it could not be understood when it was last read: {row.reason}"
    if lacking := _lacking(row, missing.get(row.kind, frozenset())):
        return f"never read from the source: {', '.join(lacking)}"
    return ""


def _lacking(row: Stored, fields: frozenset[str]) -> list[str]:
    """Those of `fields` (`kind.path`) the stored record has no value of: an empty one looks like one never read."""
    held = from_json(row.body) if fields and row.body is not None else {}
    return sorted(name for name in fields if name.split(".")[1] not in held)


def _pages(store: Store, connection_id: int, kinds: Sequence[str]) -> Iterator[list[Stored]]:
    for kind in kinds:
        n = 0
        while True:
            with store.reading() as db:
                rows = Records(db, connection_id).after(n, _CHUNK, kind)
            if not rows:
                break
            n = rows[-1].n
            if standing := [row for row in rows if not row.gone]:
                yield standing

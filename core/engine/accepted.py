"""What is outstanding at a target that can't be asked, by what it last accepted from us?

Only our links speak here. What others wrote or changed at the target stays unseen, and says so in a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from duebridge.core.connector import Balance, PayloadReader, Target
from duebridge.core.errors import RecordError
from duebridge.core.records import Document
from duebridge.core.store.records import listing

NOT_ASKED = (
    "the target's figures come from our links: what it last accepted from us, not what it shows; "
    "what others wrote or changed there is not seen"
)
#: How reading a payload of an older version of the connector, or one of which only a part is known, may end.
_UNTOLD = (LookupError, TypeError, ValueError, ArithmeticError, RecordError)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The balances of what the target has accepted, and what could not be told of it."""

    balances: tuple[Balance, ...]
    notes: tuple[str, ...]


def accepted(db: Any, connection_id: int, target: Target, reader: PayloadReader) -> Accepted:
    """Return what `reader` (the same target) makes of the payloads last accepted for documents and their parts."""
    kinds = [record.kind for record in target.rules if issubclass(record, Document)]
    balances: list[Balance] = []
    doubtful = untold = 0
    for row in listing(db, connection_id, kinds=kinds, parts=True):
        doubtful += bool(row["uncertain"])
        if row["accepted_fingerprint"] is None:
            continue
        try:
            balance = reader.balance_of(row["write"] or row["kind"], row["reference"], _last_accepted(row))
        except _UNTOLD:
            untold += 1
            continue
        if balance is not None:
            balances.append(balance)
    return Accepted(tuple(balances), tuple(_notes(doubtful, untold)))


def _last_accepted(row: Mapping[str, Any]) -> Any:
    """The payload the target last accepted; for a write whose answer was lost, with what may have come of it."""
    return from_json(row["accepted"] if row["accepted"] is not None else row["payload"])


def _notes(doubtful: int, untold: int) -> Iterable[str]:
    if doubtful:
        yield f"{doubtful} writes have an unknown outcome; the target may or may not show them"
    if untold:
        yield f"{untold} accepted payloads do not tell what they come to, and are left out"

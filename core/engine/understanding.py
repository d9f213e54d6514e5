"""What a source's item, or a stored row, is known to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from duebridge.core.connector import Raw, key_of
from duebridge.core.engine.planning import Known
from duebridge.core.errors import RecordError, RunError
from duebridge.core.records import KINDS, Record
from duebridge.core.store.records import Stored

Canonical = Mapping[type[Record], Callable[[Raw], Record]]

#: The code of a record that could not be understood.
UNREADABLE = "unreadable"


class Fresh(NamedTuple):
    """A record to plan: what is known of it, and the text its body is kept as (None when it wasn't understood)."""

    known: Known
    body: str | None


def understand(items: Sequence[tuple[type[Record], Raw | Record]], canonical: Canonical) -> dict[str, Fresh]:
    """Return the items as records by key, in order; the last of two with one key counts."""
    fresh: dict[str, Fresh] = {}
    for record_type, raw in items:
        id = raw.id if isinstance(raw, Record) else str(raw["id"])
        try:
            record = raw if isinstance(raw, Record) else canonical[record_type](raw)
            item = Fresh(Known(record_type.kind, id, record), record.model_dump_json(exclude_defaults=True))
        except (RecordError, ValidationError) as error:
            item = Fresh(Known(record_type.kind, id, None, broken=explained(error)), None)
        fresh[key_of(record_type.kind, id)] = item
    return fresh


def recall(row: Stored) -> Fresh:
    """Return a stored record as if it had just been read."""
    broken = (row.reason or "") if row.code == UNREADABLE else None
    return Fresh(Known(row.kind, row.id, stored_record(row), row.gone, broken, row.held), row.body)


def vanished(row: Stored) -> Fresh:
    """Return a stored record as no longer at the source."""
    return Fresh(Known(row.kind, row.id, stored_record(row), gone=True, kept=row.held), row.body)


def with_history(item: Fresh, row: Stored | None) -> Fresh:
    """Return a record just read with what its row adds: that it is held, its last good body if this one is broken."""
    if row is None:
        return item
    known = item.known
    if known.record is None and row.body is not None:
        return Fresh(known._replace(record=stored_record(row), kept=row.held), row.body)
    return Fresh(known._replace(kept=row.held), item.body)


def stored_record(row: Stored) -> Record | None:
    """Return the record a row's body holds, or None when it was never understood."""
    return KINDS[row.kind].model_validate_json(row.body) if row.body is not None else None


def explained(error: RecordError | ValidationError) -> str:
    """Return what is wrong with a record in one line, without the values."""
    if isinstance(error, RecordError):
        return str(error)
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in details[:5])


def check_identity(items: Sequence[tuple[type[Record], Raw | Record]], stream: str) -> None:
    """Raise `RunError` for an item without an id: it can be neither kept nor passed over."""
    for _, raw in items:
        if not isinstance(raw, Record) and raw.get("id") in (None, ""):
            raise RunError(f"{stream}: an item without an id; the read was stopped so that nothing is lost")

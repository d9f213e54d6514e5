"""What a source's item, or a stored row, is known to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from duebridge.core.connector import Raw
from duebridge.core.engine.planning import Known
from duebridge.core.errors import RecordError, RunError
from duebridge.core.records import KINDS, Record
from duebridge.core.store.records import Stored

Canonical = Mapping[type[Record], Callable[[Raw], Record]]

#: The code of a record that could not be understood.
UNREADABLE = "unreadable"


def understand(items: Sequence[tuple[type[Record], Raw | Record]], canonical: Canonical) -> dict[str, Known]:
    """Return the items as records by key, in order; the last of two with one key counts."""
    known: dict[str, Known] = {}
    for record_type, raw in items:
        kind = record_type.kind
        id = raw.id if isinstance(raw, Record) else str(raw["id"])
        key = f"{kind}:{id}"
        try:
            record = raw if isinstance(raw, Record) else canonical[record_type](raw)
            known[key] = Known(kind, id, key, record, written(record))
        except (RecordError, ValidationError) as error:
            known[key] = Known(kind, id, key, None, None, broken=explained(error))
    return known


def written(record: Record) -> str:
    """Return the text a record is kept as: JSON without the fields that hold their default."""
    return record.__pydantic_serializer__.to_json(record, exclude_defaults=True).decode()


def recall(row: Stored) -> Known:
    """Return a stored record as if it had just been read."""
    broken = (row.reason or "") if row.code == UNREADABLE else None
    return Known(
        row.kind,
        row.id,
        row.key,
        stored_record(row),
        row.body,
        bool(row.gone),
        broken,
        row.held,
        _held_for(row),
        row.last_accepted,
    )


def vanished(row: Stored) -> Known:
    """Return a stored record as no longer at the source."""
    return Known(
        row.kind, row.id, row.key, stored_record(row), row.body, gone=True, kept=row.held, held_for=_held_for(row)
    )


def with_history(known: Known, row: Stored | None) -> Known:
    """Return a record just read with what its row adds: that it is held, its last good body if this one is broken."""
    if row is None:
        return known
    known = known._replace(kept=row.held, held_for=_held_for(row), accepted=row.last_accepted)
    if known.record is None and row.body is not None:
        return known._replace(record=stored_record(row), body=row.body)
    return known


def _held_for(row: Stored) -> str:
    return row.customer_id if row.held else ""


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

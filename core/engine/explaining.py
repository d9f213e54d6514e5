"""Why does a record go or stay, and where does each field of it come from?

Answered from what was last read, by today's rules, exclusions and mapping; the source is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_jsonable_python

from duebridge.core.connector import Family, Part, Target, key_of
from duebridge.core.engine.planning import Known, Planned, Planner, continues, family_of
from duebridge.core.engine.understanding import recall
from duebridge.core.errors import ConfigError
from duebridge.core.records import KINDS, CreditNote, Customer, Document, Invoice, Record
from duebridge.core.store.records import Records, Stored, listing
from duebridge.core.store.store import Store
from duebridge.core.tables.mapping import Field, flatten

Json = dict[str, Any]


def explain(store: Store, connection_id: int | None, connection: str, planner: Planner, kind: str, id: str) -> Json:
    """Return verdict, code, reason and fields of the record `kind` `id` (the source's), under their public names.

    Raises `ConfigError` when the kind is unknown or the record was never read.
    """
    _check_kind(planner.target, kind)
    if connection_id is None:
        raise _never_read(connection, kind, id, 0)
    with store.reading() as db:
        records = Records(db, connection_id)
        row = records.by_key([key_of(kind, id)]).get(key_of(kind, id))
        if row is None:
            raise _never_read(connection, kind, id, records.count())
        rows = list(listing(db, connection_id, kinds=[kind], id=id, parts=True))
        plans, family = _planned(records, row, planner)
    planned = plans[row.key]
    return {
        "kind": kind,
        "id": id,
        **_decided(planned),
        "fields": _fields(planned, planner),
        "parts": [_part(part, rows) for part in _parts(planner, family, planned)],
        "link": _link(rows[0]),
        "last_outcome": _last_outcome(rows[0]),
    }


def _check_kind(target: Target, kind: str) -> None:
    kinds = [record.kind for record in target.rules]
    if kind not in kinds:
        raise ConfigError(f"{target.title} takes no {kind!r}; kinds: {', '.join(kinds)}")


def _never_read(connection: str, kind: str, id: str, read: int) -> ConfigError:
    if not read:
        return ConfigError(f"{connection} has read nothing yet; run `duebridge sync {connection}` first")
    return ConfigError(
        f"{connection} has read no {kind} {id!r}: the id is the source's own; "
        f"`duebridge records {connection} --kind {kind}` lists those there are"
    )


def _planned(records: Records, row: Stored, planner: Planner) -> tuple[dict[str, Planned], Family]:
    """Plan the record with its relatives, as the next run would."""
    if not issubclass(KINDS[row.kind], Document):
        return {row.key: planner.plan(recall(row))}, Family(None, ())
    members = _relatives(records, row)
    stands = _standing_customers(records, members, planner)
    plan = planner.plan_family(members, stands)
    return {planned.key: planned for planned in plan.documents}, family_of(list(plan.documents))


def _relatives(records: Records, row: Stored) -> list[Known]:
    root = row.id if row.kind == Invoice.kind else row.root
    if root is None:
        return [recall(row)]
    rows = records.by_key([key_of(Invoice.kind, root)]) | records.by_root([root])
    return [recall(relative) for relative in rows.values() if not relative.part]


def _standing_customers(records: Records, members: Iterable[Known], planner: Planner) -> dict[str, bool]:
    ids = {member.record.customer_id for member in members if isinstance(member.record, Document)}
    rows = records.by_key(key_of(Customer.kind, id) for id in ids)
    return {row.id: planner.plan(recall(row)).standing for row in rows.values()}


def _decided(planned: Planned) -> Json:
    decision = planned.decision
    reads = {"reads": decision.reads} if decision.reads else {}
    return {"verdict": decision.verdict, "code": decision.code, "why": decision.why, **reads}


def _fields(planned: Planned, planner: Planner) -> list[Json]:
    if planned.payload is None or planned.record is None:
        return []
    mapping = {record.kind: mapping for record, mapping in planner.target.mappings.items()}[planned.kind]
    told = [_field(field) for field in mapping.explain(planned.record, planner.context)]
    return _as_sent(told, from_json(planned.payload)) if continues(planner.target) else told


def _as_sent(told: list[Json], payload: Mapping[str, Any]) -> list[Json]:
    """The fields of `payload`: as the mapping tells them, or as they were last sent and go on standing."""
    known = {field["target"]: field for field in told}
    leaves = [leaf for name, value in payload.items() for leaf in flatten(name, "as last sent", value)]
    return [
        field if (field := known.get(leaf.target)) is not None and field["value"] == leaf.value else _field(leaf)
        for leaf in leaves
    ]


def _field(field: Field) -> Json:
    return {"target": field.target, "from": field.origin, "value": to_jsonable_python(field.value)}


def _parts(planner: Planner, family: Family, planned: Planned) -> list[Part]:
    if planned.payload is None or not isinstance(planned.record, (Invoice, CreditNote)):
        return []  # what is kept without being sent again keeps its parts as they are
    return [part for part in planner.target.parts(family, planner.source) if _owns(planned.record, part)]


def _owns(record: Record, part: Part) -> bool:
    return (part.owner.kind, part.owner.id) == (record.kind, record.id)


def _part(part: Part, rows: Iterable[Mapping[str, Any]]) -> Json:
    row = next((row for row in rows if row["part"] == part.name), None)
    fields = [field for name, value in part.payload.items() for field in flatten(name, "", value)]
    return {
        "part": part.name,
        "reference": part.reference,
        "fields": [_field(Field(field.target, _says(part, field.target), field.value)) for field in fields],
        "last_outcome": _last_outcome(row) if row is not None else None,
    }


def _says(part: Part, target: str) -> str:
    return part.says.get(target, "key" if target.endswith("externalId") else "")


def _link(row: Mapping[str, Any]) -> Json | None:
    if row["accepted_fingerprint"] is None:
        return None
    return {
        "reference": row["reference"],
        "target_id": row["target_id"],
        "written_at": _instant(row["written_at"]),
        "up_to_date": not row["due"] and row["verdict"] == "sync",
    }


def _last_outcome(row: Mapping[str, Any]) -> Json | None:
    if not row["outcome"]:
        return None
    return {
        "outcome": row["outcome"],
        "uncertain": bool(row["uncertain"]),
        "code": row["code"],
        "reason": row["reason"],
        "notes": (row["notes"] or "").splitlines(),
        "run": row["run"],
        "retry_at": _instant(row["retry_at"]) if row["due"] else None,
    }


def _instant(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds is not None else None

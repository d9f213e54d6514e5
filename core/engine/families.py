"""Which documents have to be planned together: an invoice, the credit notes linked to it, and their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duebridge.core.connector import key_of
from duebridge.core.engine.planning import Known, customer_of
from duebridge.core.engine.understanding import recall
from duebridge.core.records import CreditNote, Invoice
from duebridge.core.store.records import Records, Stored


@dataclass(frozen=True, slots=True)
class Gathered:
    """Changed documents by key, with all that has to be planned beside them.

    `rows` are stored records by key, `parts` stored parts by key, `stands` tells of customer ids whether they are (or
    will be) at the target, `families` are the documents to plan together.
    """

    documents: Mapping[str, Known]
    rows: Mapping[str, Stored]
    parts: Mapping[str, Stored]
    stands: Mapping[str, bool]
    families: list[list[Known]]


def gather(
    records: Records, documents: Mapping[str, Known], stored: Mapping[str, Stored], stands: Mapping[str, bool]
) -> Gathered:
    """Find the relatives of `documents` in the store. `stored` are rows already at hand, `stands` customers known."""
    roots, alone = _roots(documents, stored)
    linked = records.by_root(roots) if roots else {}
    rows = {**stored, **{key: row for key, row in linked.items() if not row.part}}
    rows |= records.by_key(key for key in (key_of(Invoice.kind, id) for id in roots) if key not in rows)
    families = _families(documents, rows, linked, roots)
    families += [[documents[key]] for key in alone]
    customers = {customer_of(member.kind, member.id, member.record) for family in families for member in family}
    standing = {**stands, **records.standing(id for id in customers if id and id not in stands)}
    return Gathered(documents, rows, {key: row for key, row in linked.items() if row.part}, standing, families)


def _roots(documents: Mapping[str, Known], stored: Mapping[str, Stored]) -> tuple[set[str], list[str]]:
    """Return the invoice ids of the families touched, and the keys of credit notes that have none."""
    roots: set[str] = set()
    alone: list[str] = []
    for key, known in documents.items():
        if known.kind == Invoice.kind:
            roots.add(known.id)
            continue
        record = known.record
        if isinstance(record, CreditNote) and record.invoice_id is not None:
            roots.add(record.invoice_id)
        else:
            alone.append(key)
        row = stored.get(key)
        if row is not None and row.root is not None:
            roots.add(row.root)  # the invoice it was linked to when last read
    return roots, alone


def _families(
    documents: Mapping[str, Known], rows: Mapping[str, Stored], linked: Mapping[str, Stored], roots: set[str]
) -> list[list[Known]]:
    members: dict[str, list[Known]] = {root: [] for root in roots}
    for root, family in members.items():
        key = key_of(Invoice.kind, root)
        if key in documents:
            family.append(documents[key])
        elif key in rows:
            family.append(recall(rows[key]))
    for known in documents.values():
        record = known.record
        if isinstance(record, CreditNote) and record.invoice_id is not None:
            members[record.invoice_id].append(known)
    for key, row in linked.items():
        if not row.part and key not in documents and row.root is not None:
            members[row.root].append(recall(row))
    return [family for family in members.values() if family]

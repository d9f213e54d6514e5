"""Takes what was read into the store: understood, compared, planned with its relatives, one transaction at a time.

items -> canonical -> what changed -> families -> Planned -> rows
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from duebridge.core.connector import Raw, Write, key_of
from duebridge.core.engine.changes import Change, change_part, change_record, row_of, withdraw_part
from duebridge.core.engine.planning import Known, Planned, Planner
from duebridge.core.engine.report import Report
from duebridge.core.errors import RecordError, RunError
from duebridge.core.records import KINDS, CreditNote, Customer, Document, Invoice, Record
from duebridge.core.store.records import PlannedRow, Records, Stored

Canonical = Mapping[type[Record], Callable[[Raw], Record]]


class Fresh(NamedTuple):
    """A record just read: what is known of it, and the text its body is kept as (None when it wasn't understood)."""

    known: Known
    body: str | None


class Intake:
    """Plans records into the store for one run."""

    def __init__(
        self,
        planner: Planner,
        canonical: Canonical,
        writes: Mapping[str, Write],
        report: Report,
        connection_id: int,
    ) -> None:
        """Plan with `planner`, count in `report`, mark the rows of `connection_id` with the report's run."""
        self._planner = planner
        self._canonical = canonical
        self._writes = writes
        self._report = report
        self._run = report.run
        self._connection_id = connection_id

    def absorb(
        self,
        records: Records,
        items: Sequence[tuple[type[Record], Raw]],
        deleted: Iterable[str],
        kinds: Sequence[str],
        crawl: int | None,
    ) -> None:
        """Take a page of a stream whose items become `kinds`; `crawl` is the id of the crawl it belongs to, if any."""
        fresh = self._understand(items)
        gone = [key_of(kind, id) for id in deleted for kind in kinds]
        stored = records.by_key(_looked_up(fresh, gone, kinds))
        changed: dict[str, Fresh] = {}
        unchanged: list[Stored] = []
        for key, item in fresh.items():
            row = stored.get(key)
            if row is None or row.gone or item.body is None or item.body != row.body or row.code == "unreadable":
                changed[key] = _with_last_good(item, row)
            else:
                unchanged.append(row)
        for key in (*gone, *_turned_into_another_kind(fresh, kinds)):
            row = stored.get(key)
            if row is not None and not row.gone and key not in changed:
                changed[key] = Fresh(_gone(row), row.body)
        self._count_unchanged(records, unchanged, crawl)
        self.plan(records, changed, stored, crawl)

    def plan(self, records: Records, changed: dict[str, Fresh], stored: dict[str, Stored], crawl: int | None) -> None:
        """Plan `changed` records, and with them the documents that depend on them. `stored` holds their rows."""
        rows: list[PlannedRow] = []
        documents = {key: item for key, item in changed.items() if issubclass(KINDS[item.known.kind], Document)}
        others = [item for key, item in changed.items() if key not in documents]
        stands: dict[str, bool] = {}
        for item in others:
            planned = self._planner.plan(item.known)
            if item.known.kind == Customer.kind:
                stands[item.known.id] = planned.standing
            self._keep(rows, planned, item.body, stored.get(planned.key), crawl)
        arrived = [id for id, standing in stands.items() if standing]
        if arrived:
            for key, row in records.waiting_for(arrived).items():
                stored[key] = row
                documents.setdefault(key, recall(row))
        if documents:
            self._plan_documents(records, documents, stored, stands, rows, crawl)
        records.upsert(rows)

    def _plan_documents(
        self,
        records: Records,
        documents: dict[str, Fresh],
        stored: dict[str, Stored],
        stands: dict[str, bool],
        rows: list[PlannedRow],
        crawl: int | None,
    ) -> None:
        roots, alone = _roots(documents, stored)
        relatives = records.by_root(roots) if roots else {}
        missing = [key for key in (key_of(Invoice.kind, id) for id in roots) if key not in stored]
        stored.update(records.by_key(missing))
        parts = {key: row for key, row in relatives.items() if row.part}
        stored.update((key, row) for key, row in relatives.items() if not row.part)
        customers = _customers(documents, stored, roots, stands)
        if customers:
            stands.update(records.standing(customers))
        families = _families(documents, stored, relatives, roots)
        families += [[documents[key].known] for key in alone]
        wanted: set[str] = set()
        frozen: set[str] = set()
        owners: dict[str, Stored] = {}
        for family in families:
            plan = self._planner.plan_family(family, lambda id: stands.get(id, False))
            dues = self._keep_parts(rows, plan.parts, parts, crawl)
            wanted.update(part.key for part in plan.parts)
            frozen.update(plan.frozen)
            for planned in plan.documents:
                item = documents.get(planned.key)
                row = stored.get(planned.key)
                if item is not None:
                    self._keep(rows, planned, item.body, row, crawl, parts_due=planned.key in dues)
                elif planned.key in dues and row is not None:
                    owners[planned.key] = row
        withdrawn = self._withdraw(records, parts, wanted, frozen)
        self._count_owners(
            records, {**owners, **{k: stored[k] for k in withdrawn if k in stored and k not in documents}}
        )

    def _understand(self, items: Sequence[tuple[type[Record], Raw]]) -> dict[str, Fresh]:
        fresh: dict[str, Fresh] = {}
        for kind, raw in items:
            id = str(raw["id"])
            try:
                record = self._canonical[kind](raw)
                body = record.model_dump_json(exclude_defaults=True)
                known = Known(kind.kind, id, record)
            except (RecordError, ValidationError) as error:
                body, known = None, Known(kind.kind, id, None, broken=explained(error))
            fresh[key_of(kind.kind, id)] = Fresh(known, body)
        return fresh

    def _keep(
        self,
        rows: list[PlannedRow],
        planned: Planned,
        body: str | None,
        stored: Stored | None,
        crawl: int | None,
        *,
        parts_due: bool = False,
    ) -> None:
        change = change_record(planned, stored, self._writes, removes=self._planner.removes(planned.decision))
        gone = planned.decision.code == "deleted"
        if change.same and stored is not None and stored.body == body and stored.gone == gone and not parts_due:
            if stored.run != self._run and crawl is None:
                return  # planned again from the store, and nothing came of it
        outcome = "planned" if parts_due and change.outcome == "unchanged" else change.outcome
        if gone:
            self._count_gone(planned, stored, change)
        else:
            self._count(planned.kind, stored, outcome, planned.decision.code)
        if crawl is None:
            crawl = stored.crawl if stored is not None else 0
        kept = "gone" if gone else outcome
        rows.append(row_of(change, self._connection_id, self._run, body=body, crawl=crawl, outcome=kept))

    def _keep_parts(
        self, rows: list[PlannedRow], planned: Sequence[Planned], parts: Mapping[str, Stored], crawl: int | None
    ) -> set[str]:
        """Add the rows of parts that changed; return the keys of the owners that have a write due."""
        dues: set[str] = set()
        for part in planned:
            row = parts.get(part.key)
            change = change_part(part, row, self._writes)
            if change.due:
                dues.add(key_of(part.kind, part.id))
            if not change.same:
                rows.append(row_of(change, self._connection_id, self._run, body=None, crawl=crawl or 0))
        return dues

    def _withdraw(self, records: Records, parts: Mapping[str, Stored], wanted: set[str], frozen: set[str]) -> set[str]:
        """Withdraw the parts no longer wanted; return the keys of their owners."""
        owners: set[str] = set()
        dropped: list[int] = []
        for key, row in parts.items():
            owner = key_of(row.kind, row.id)
            if key in wanted or owner in frozen:
                continue
            values = withdraw_part(row, self._writes)
            if values is None:
                dropped.append(row.n)
            elif row.payload is not None or not row.due:
                records.touch([row.n], values | {"run": self._run})
                owners.add(owner)
        records.drop(dropped)
        return owners

    def _count_owners(self, records: Records, owners: Mapping[str, Stored]) -> None:
        marks: dict[str, str] = {}
        for key, row in owners.items():
            if row.gone or (row.outcome == "planned" and row.run == self._run):
                continue
            outcome = "planned" if row.verdict == "sync" else row.outcome
            self._count(row.kind, row, outcome, row.code)
            marks[key] = outcome
        records.mark(marks, run=self._run)

    def _count_unchanged(self, records: Records, rows: Sequence[Stored], crawl: int | None) -> None:
        values: dict[str, Any] = {"run": self._run} if crawl is None else {"run": self._run, "crawl": crawl}
        settled: list[int] = []
        others: list[int] = []
        for row in rows:
            if row.run == self._run:
                others.append(row.n)
                continue
            outcome = "unchanged" if row.outcome in ("created", "updated") else row.outcome
            (settled if outcome == "unchanged" else others).append(row.n)
            self._count(row.kind, row, outcome, row.code)
        records.touch(settled, values | {"outcome": "unchanged"})
        records.touch(others, values)

    def _count(self, kind: str, stored: Stored | None, outcome: str, code: str) -> None:
        if stored is not None and stored.run == self._run:
            self._report.move(kind, (stored.outcome, stored.code), (outcome, code))
        else:
            self._report.count(kind, outcome, code)

    def _count_gone(self, planned: Planned, stored: Stored | None, change: Change) -> None:
        if stored is not None and stored.run == self._run and not stored.gone:
            self._report.uncount(planned.kind, stored.outcome, stored.code)
        if stored is not None and stored.held and not stored.gone and not change.due:
            self._report.aside(planned.kind, "gone")


def recall(row: Stored) -> Fresh:
    """Return a stored record as if it had just been read."""
    if row.code == "unreadable":
        return Fresh(Known(row.kind, row.id, _record(row), broken=row.reason or "", kept=row.held), row.body)
    return Fresh(Known(row.kind, row.id, _record(row), gone=row.gone, kept=row.held), row.body)


def explained(error: RecordError | ValidationError) -> str:
    """Return what is wrong with a record in one line, without values that weren't ours to show."""
    if isinstance(error, RecordError):
        return str(error)
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in details[:5])


def _record(row: Stored) -> Record | None:
    return KINDS[row.kind].model_validate_json(row.body) if row.body is not None else None


def _with_last_good(item: Fresh, row: Stored | None) -> Fresh:
    if row is None:
        return item
    known = item.known
    if known.record is None and row.body is not None:
        return Fresh(known._replace(record=_record(row), kept=row.held), row.body)
    return Fresh(known._replace(kept=row.held), item.body)


def _gone(row: Stored) -> Known:
    return Known(row.kind, row.id, _record(row), gone=True, kept=row.held)


def _looked_up(fresh: Mapping[str, Fresh], gone: Iterable[str], kinds: Sequence[str]) -> set[str]:
    keys = {key_of(kind, item.known.id) for item in fresh.values() for kind in kinds}
    keys.update(gone)
    for item in fresh.values():
        record = item.known.record
        if isinstance(record, CreditNote) and record.invoice_id is not None:
            keys.add(key_of(Invoice.kind, record.invoice_id))
    return keys


def _turned_into_another_kind(fresh: Mapping[str, Fresh], kinds: Sequence[str]) -> list[str]:
    if len(kinds) < 2:
        return []
    return [key_of(kind, item.known.id) for item in fresh.values() for kind in kinds if kind != item.known.kind]


def _roots(documents: Mapping[str, Fresh], stored: Mapping[str, Stored]) -> tuple[set[str], list[str]]:
    """Return the invoice ids of the families touched, and the keys of credit notes that have none."""
    roots: set[str] = set()
    alone: list[str] = []
    for key, item in documents.items():
        if item.known.kind == Invoice.kind:
            roots.add(item.known.id)
            continue
        record = item.known.record
        invoice_id = record.invoice_id if isinstance(record, CreditNote) else None
        if invoice_id is None:
            alone.append(key)
        else:
            roots.add(invoice_id)
        row = stored.get(key)
        if row is not None and row.root is not None:
            roots.add(row.root)
    return roots, alone


def _customers(
    documents: Mapping[str, Fresh], stored: Mapping[str, Stored], roots: set[str], known: Mapping[str, bool]
) -> set[str]:
    ids = {item.known.record.customer_id for item in documents.values() if isinstance(item.known.record, Document)}
    ids |= {row.customer_id for row in stored.values() if row.root in roots or row.id in roots}
    return {id for id in ids if id and id not in known}


def _families(
    documents: Mapping[str, Fresh], stored: Mapping[str, Stored], relatives: Mapping[str, Stored], roots: set[str]
) -> list[list[Known]]:
    members: dict[str, list[Known]] = {root: [] for root in roots}
    for root in roots:
        known = _known(key_of(Invoice.kind, root), documents, stored)
        if known is not None:
            members[root].append(known)
    for item in documents.values():
        record = item.known.record
        if isinstance(record, CreditNote) and record.invoice_id is not None:
            members[record.invoice_id].append(item.known)
    for key, row in relatives.items():
        if not row.part and key not in documents and row.root is not None:
            members[row.root].append(recall(row).known)
    return [family for family in members.values() if family]


def _known(key: str, documents: Mapping[str, Fresh], stored: Mapping[str, Stored]) -> Known | None:
    if key in documents:
        return documents[key].known
    row = stored.get(key)
    return recall(row).known if row is not None else None


def check_identity(items: Sequence[tuple[type[Record], Raw]], stream: str) -> None:
    """Raise `RunError` for an item without an id: it can be neither kept nor passed over."""
    for _, raw in items:
        if raw.get("id") in (None, ""):
            raise RunError(f"{stream}: an item without an id; the read was stopped so that nothing is lost")

"""Takes what was read into the store: compared with what is there, planned with its relatives, in one transaction.

items -> understood -> what changed -> families -> Planned -> rows
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from duebridge.core.connector import Raw, Write, key_of
from duebridge.core.engine.changes import change_part, change_record, row_of, withdraw_part
from duebridge.core.engine.counting import Counting
from duebridge.core.engine.families import Gathered, gather
from duebridge.core.engine.planning import Known, Planned, Planner
from duebridge.core.engine.report import Report
from duebridge.core.engine.understanding import (
    UNREADABLE,
    Canonical,
    recall,
    understand,
    vanished,
    with_history,
)
from duebridge.core.records import KINDS, CreditNote, Customer, Document, Invoice, Record
from duebridge.core.store.records import PlannedRow, Records, Stored


class Intake:
    """Plans records into the store for one run."""

    def __init__(
        self, planner: Planner, canonical: Canonical, writes: Mapping[str, Write], report: Report, connection_id: int
    ) -> None:
        """Plan with `planner`, count in `report`, mark the rows of `connection_id` with the report's run."""
        self._planner = planner
        self._canonical = canonical
        self._writes = writes
        self._counting = Counting(report)
        self._run = report.run
        self._connection_id = connection_id

    def understand(self, items: Sequence[tuple[type[Record], Raw | Record]]) -> dict[str, Known]:
        """Return the items as records by key. Touches nothing shared, so it may run beside `absorb`."""
        return understand(items, self._canonical)

    def absorb(
        self,
        records: Records,
        fresh: Mapping[str, Known],
        deleted: Iterable[str],
        kinds: Sequence[str],
        crawl: int | None,
    ) -> None:
        """Take a page of a stream whose items become `kinds`; `crawl` is the id of the crawl it belongs to, if any."""
        gone = [key_of(kind, id) for id in deleted for kind in kinds] + _turned_into_another_kind(fresh, kinds)
        stored = records.by_key({*fresh, *gone, *_credited(fresh)})
        changed: dict[str, Known] = {}
        unchanged: list[Stored] = []
        for key, item in fresh.items():
            row = stored.get(key)
            if row is None:
                changed[key] = item
            elif row.gone or item.body != row.body or row.code == UNREADABLE:
                changed[key] = with_history(item, row)
            else:
                unchanged.append(row)
        changed |= {key: vanished(stored[key]) for key in gone if key in stored and not stored[key].gone}
        self._counting.unchanged(records, unchanged, crawl)
        if changed:
            self.plan(records, changed, stored | self._counting.counted(unchanged, crawl), crawl)

    def plan(
        self, records: Records, changed: Mapping[str, Known], stored: Mapping[str, Stored], crawl: int | None
    ) -> None:
        """Plan `changed` records, and with them the documents that depend on them. `stored` holds rows at hand."""
        rows: list[PlannedRow] = []
        documents = {key: item for key, item in changed.items() if issubclass(KINDS[item.kind], Document)}
        stands: dict[str, bool] = {}
        for key, item in changed.items():
            if key in documents:
                continue
            planned = self._planner.plan(item)
            if item.kind == Customer.kind:
                stands[item.id] = planned.standing
            self._keep(rows, planned, item.body, stored.get(key), crawl)
        waiting = records.waiting_for(id for id, standing in stands.items() if standing)
        documents |= {key: recall(row) for key, row in waiting.items() if key not in documents}
        if documents:
            gathered = gather(records, documents, {**stored, **waiting}, stands)
            self._plan_documents(records, gathered, rows, dict.fromkeys(changed, crawl))
        records.upsert(rows)

    def plan_again(self, records: Records, keys: Sequence[str]) -> None:
        """Plan the stored records `keys` again; each is counted, whether or not anything came of it."""
        stored = records.by_key(keys)
        self.plan(records, {key: recall(row) for key, row in stored.items()}, stored, None)
        self.count_again(records, keys)

    def count_again(self, records: Records, keys: Sequence[str]) -> None:
        """Count those of the stored records `keys` that this run has not counted yet, as what they are."""
        rows = records.by_key(keys).values()
        self._counting.unchanged(records, [row for row in rows if row.run != self._run and not row.gone], None)

    def _plan_documents(
        self, records: Records, gathered: Gathered, rows: list[PlannedRow], crawls: Mapping[str, int | None]
    ) -> None:
        """Plan families; `crawls` has the keys that were read, with the crawl they were seen by, if any."""
        touched: set[str] = set()
        wanted: set[str] = set()
        frozen: set[str] = set()
        untouched: set[str] = set()
        kept: set[str] = set()
        for family in gathered.families:
            plan = self._planner.plan_family(family, gathered.stands)
            dues, troubled = self._keep_parts(rows, plan.parts, gathered)
            wanted.update(part.key for part in plan.parts)
            frozen.update(plan.frozen)
            untouched.update(plan.untouched)
            touched.update(dues)
            for planned in plan.documents:
                item = gathered.documents.get(planned.key)
                row = gathered.rows.get(planned.key)
                if item is None and (row is None or not self._learned(planned, row)):
                    continue
                beside = "planned" if planned.key in dues else troubled.get(planned.key, "")
                body = item.body if item is not None else row.body if row is not None else None
                # what only waited for its customer was not seen by the crawl of the customers
                self._keep(rows, planned, body, row, crawls.get(planned.key), beside=beside)
                kept.add(planned.key)
        if gathered.parts:
            parts = _rest(records, gathered.parts, untouched) if untouched else gathered.parts
            touched |= self._withdraw(records, parts, wanted, frozen)
            self._hold_back(records, parts.values(), frozen)
        self._count_owners(records, gathered, touched - kept)

    def _learned(self, planned: Planned, row: Stored) -> bool:
        """Whether a document that was not read itself is to be otherwise by what its family has become."""
        if not self._planner.by_family:
            return False
        return not change_record(planned, row, self._writes, removes=self._planner.removes(planned.decision)).same

    def _keep(
        self,
        rows: list[PlannedRow],
        planned: Planned,
        body: str | None,
        stored: Stored | None,
        crawl: int | None,
        *,
        beside: str = "",
    ) -> None:
        """Add the row of a record; `beside` is the outcome of its parts when that says more than its own."""
        change = change_record(planned, stored, self._writes, removes=self._planner.removes(planned.decision))
        gone = planned.gone
        outcome: str = beside if beside and change.outcome == "unchanged" else change.outcome
        if stored is not None and crawl is None:
            crawl = stored.crawl
            if (
                change.same
                and beside != "planned"
                and (stored.body, stored.gone) == (body, gone)
                and stored.run != self._run
            ):
                return  # planned again from the store, and nothing came of it
        if gone:
            self._counting.vanished(change)
            outcome = "gone"
        else:
            self._counting.record(planned.kind, stored, outcome, planned.decision.code)
        linked = stored is not None and stored.accepted_fingerprint is not None
        rows.append(
            row_of(change, self._connection_id, self._run, body=body, crawl=crawl or 0, linked=linked, outcome=outcome)
        )

    def _keep_parts(
        self, rows: list[PlannedRow], planned: Sequence[Planned], gathered: Gathered
    ) -> tuple[set[str], dict[str, str]]:
        """Add the rows of parts that changed.

        Return the keys of the owners that have a write due, and of those whose write waits for its next try, with what
        became of the last one.
        """
        dues: set[str] = set()
        troubled: dict[str, str] = {}
        for part in planned:
            stored = gathered.parts.get(part.key)
            change = change_part(part, stored, self._writes)
            owner = key_of(part.kind, part.id)
            if change.same and stored is not None and stored.due and stored.outcome in ("rejected", "unknown"):
                troubled[owner] = stored.outcome
            elif change.due:
                dues.add(owner)
            if not change.same:
                record = gathered.rows.get(owner)
                linked = record is not None and record.accepted_fingerprint is not None
                rows.append(row_of(change, self._connection_id, self._run, body=None, crawl=0, linked=linked))
        return dues, troubled

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

    def _hold_back(self, records: Records, parts: Iterable[Stored], frozen: set[str]) -> None:
        """Leave the parts of documents that are kept as they are: what was still to be written of them waits too."""
        records.touch([row.n for row in parts if row.due and key_of(row.kind, row.id) in frozen], {"due": False})

    def _count_owners(self, records: Records, gathered: Gathered, owners: Iterable[str]) -> None:
        """Count documents that were not read, but have a part to write."""
        marks: dict[str, str] = {}
        for key in owners:
            row = gathered.rows.get(key)
            if row is None or row.gone or key in gathered.documents:
                continue
            outcome = "planned" if row.verdict == "sync" else row.outcome
            self._counting.record(row.kind, row, outcome, row.code)
            marks[key] = outcome
        records.mark(marks, run=self._run)


def _rest(records: Records, parts: Mapping[str, Stored], untouched: set[str]) -> dict[str, Stored]:
    """Let the parts that belong or are tied to `untouched` documents rest: none is due. Return the others."""
    resting = {
        key: row
        for key, row in parts.items()
        if not untouched.isdisjoint((key_of(row.kind, row.id), key_of(Invoice.kind, row.root or "")))
    }
    records.touch([row.n for row in resting.values() if row.due], {"due": False})
    return {key: row for key, row in parts.items() if key not in resting}


def _credited(fresh: Mapping[str, Known]) -> list[str]:
    """The keys of the invoices that the credit notes among `fresh` are linked to."""
    notes = (item.record for item in fresh.values() if item.kind == CreditNote.kind)
    return [
        key_of(Invoice.kind, note.invoice_id)
        for note in notes
        if isinstance(note, CreditNote) and note.invoice_id is not None
    ]


def _turned_into_another_kind(fresh: Mapping[str, Known], kinds: Sequence[str]) -> list[str]:
    """The keys the items would have as the stream's other kinds: what stands there is no longer true."""
    if len(kinds) < 2:
        return []
    keys = (key_of(kind, item.id) for item in fresh.values() for kind in kinds if kind != item.kind)
    return [key for key in keys if key not in fresh]

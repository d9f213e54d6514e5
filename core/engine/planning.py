"""What should stand at the target for a set of records: decided, mapped, fingerprinted. Pure.

known records -> decide -> map -> parts of each family -> Planned rows
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from duebridge.core.connector import Family, Member, Payload, RecordTarget, Target, Write, key_of
from duebridge.core.errors import RecordError
from duebridge.core.records import CreditNote, Customer, Document, Invoice, Record
from duebridge.core.tables.rules import Decision

Decider = Callable[[Record], Decision | None]

STANDS = True
GONE = Decision("skip", "deleted", "It is no longer at the source")
EXCLUDED = Decision("skip", "excluded_customer", "Its customer is excluded from this connection")
CUSTOMER_NOT_SENT = Decision("skip", "customer_not_sent", "Its customer is not at the target")
NOT_TAKEN = Decision("skip", "not_taken", "The target takes nothing of this kind")
BEFORE_START = Decision(
    "skip", "before_start", "Issued before the day from which this connection carries documents", until_sent=True
)


class Known(NamedTuple):
    """A record as it stands: freshly read or from the store.

    `key` is its name within the connection, `body` the text it is kept as. `gone`: the source no longer has it.
    `broken`: why it could not be understood (then `record` and `body` are the last good ones, or None). `kept`: the
    target has accepted it before, under the customer `held_for`.
    """

    kind: str
    id: str
    key: str
    record: Record | None
    body: str | None
    gone: bool = False
    broken: str | None = None
    kept: bool = False
    held_for: str = ""


class Planned(NamedTuple):
    """What should stand at the target for one record or part; `payload` (JSON text) is None when nothing should."""

    key: str
    kind: str
    id: str
    part: str
    customer_id: str
    root: str | None
    decision: Decision
    standing: bool
    reference: str | None = None
    write: str = ""
    payload: str | None = None
    fingerprint: str | None = None
    after: tuple[str, ...] = ()
    record: Record | None = None
    gone: bool = False


class FamilyPlan(NamedTuple):
    """The plans of a family's documents and parts.

    `frozen` are the owners whose parts stay exactly as they are; `untouched` the documents of excluded customers:
    nothing that belongs to one or is tied to it is written, not even what was due before.
    """

    documents: Sequence[Planned]
    parts: Sequence[Planned]
    frozen: Sequence[str]
    untouched: Sequence[str] = ()


class Planner:
    """Plans with one connection's target, context and policy; calls nothing but pure functions."""

    def __init__(
        self,
        source: str,
        target: Target,
        context: Mapping[str, Any],
        *,
        decide: Decider | None = None,
        on_delete: Literal["report", "delete"] = "report",
        start: date | None = None,
    ) -> None:
        """Keep what planning depends on. `decide` comes before the target's rules.

        `source` is the target's `origin` of the records; documents issued before `start` are left out until sent.
        """
        self.source = source
        self.start = start
        self.target = target
        self.context = {"source": source, **context}
        self._decide = decide
        self._on_delete = on_delete
        self._rules = {kind.kind: rules for kind, rules in target.rules.items()}
        self._mappings = {kind.kind: mapping for kind, mapping in target.mappings.items()}

    def decide(self, known: Known, *, customer_stands: bool) -> Decision:
        """Return what happens to `known`: excluded, gone, unreadable, then plugins, the target's rules, its customer.

        One of an excluded customer that is gone is left alone like the others: removing it is a write.
        """
        asked = self._asked(known) if self._decide is not None else None
        if asked is not None and left_alone(asked):
            return asked
        if known.gone:
            return GONE
        if known.broken is not None or known.record is None:
            return Decision("reject", "unreadable", known.broken or "never read whole")
        if asked is not None:
            return asked
        decision = self._by_rules(known.record, sent=known.kept)
        return CUSTOMER_NOT_SENT if decision.verdict == "sync" and not customer_stands else decision

    def _by_rules(self, record: Record, *, sent: bool) -> Decision:
        rules = self._rules.get(record.kind)
        if rules is None:
            return NOT_TAKEN
        decision = rules.decide(record, sent=sent)
        if decision.verdict == "sync" and not sent and self.start is not None and _issued_before(record, self.start):
            return BEFORE_START
        return decision

    def plan(self, known: Known, *, customer_stands: bool = True) -> Planned:
        """Decide on and map one record."""
        decision = self.decide(known, customer_stands=customer_stands)
        record = known.record
        root = invoice_of(record)
        customer_id = customer_of(known.kind, known.id, record)
        if decision.verdict != "sync" or record is None:
            standing = known.kept and not self.removes(decision)
            if known.held_for and left_alone(decision):
                customer_id = known.held_for
            return Planned(
                known.key,
                known.kind,
                known.id,
                "",
                customer_id,
                root,
                decision,
                standing,
                record=record,
                gone=known.gone,
            )
        try:
            payload, fingerprint = encode(self._mappings[known.kind].build(record, self.context))
        except RecordError as error:
            refusal = Decision("reject", "invalid", str(error))
            return Planned(known.key, known.kind, known.id, "", customer_id, root, refusal, known.kept, record=record)
        return Planned(
            known.key,
            known.kind,
            known.id,
            "",
            customer_id,
            root,
            decision,
            STANDS,
            self.target.reference(self.source, record),
            known.kind,
            payload,
            fingerprint,
            (key_of("customer", customer_id),) if isinstance(record, Document) else (),
            record,
        )

    def plan_family(self, documents: Sequence[Known], stands: Mapping[str, bool]) -> FamilyPlan:
        """Plan an invoice, the credit notes linked to it, and what they need beside themselves.

        `stands` tells of a customer id whether the customer is, or will be, at the target. A document that is kept at
        the target without being sent again keeps its parts as they are. The invoice of an excluded customer also keeps
        what other documents tie to it.
        """
        plans = [self.plan(known, customer_stands=stands.get(_customer(known), False)) for known in documents]
        frozen = [plan.key for plan in plans if plan.standing and plan.decision.verdict != "sync"]
        if self._decide is None:
            return FamilyPlan(plans, list(self._part_plans(family_of(plans), frozen)), frozen)
        untouched = [plan.key for plan in plans if left_alone(plan.decision)]
        parts = self._part_plans(family_of(plans), {*frozen, *untouched})
        return FamilyPlan(plans, [part for part in parts if _invoice_key(part) not in untouched], frozen, untouched)

    def removes(self, decision: Decision) -> bool:
        """Whether a record already at the target is taken out because of `decision`."""
        return (
            self._on_delete == "delete"
            and decision.verdict == "skip"
            and decision.code not in (EXCLUDED.code, CUSTOMER_NOT_SENT.code)
        )

    def _asked(self, known: Known) -> Decision | None:
        """What the plugins decide, as far as the record can be understood.

        A document the target holds under an excluded customer is that customer's until it may be written again.
        """
        record = known.record
        if self._decide is None or record is None or known.broken is not None:
            return None
        decision = self._decide(record)
        if isinstance(record, Document) and known.held_for not in ("", record.customer_id):
            there = self._decide(record.model_copy(update={"customer_id": known.held_for}))
            return there if there is not None and left_alone(there) else decision
        return decision

    def _part_plans(self, family: Family, frozen: Collection[str]) -> Iterable[Planned]:
        root = family.invoice.record.id if family.invoice else None
        for part in self.target.parts(family, self.source):
            owner = part.owner
            if key_of(owner.kind, owner.id) in frozen:
                continue
            payload, fingerprint = encode(part.payload)
            yield Planned(
                key_of(owner.kind, owner.id, part.name),
                owner.kind,
                owner.id,
                part.name,
                customer_of(owner.kind, owner.id, owner),
                root,
                PART,
                STANDS,
                part.reference,
                part.write,
                payload,
                fingerprint,
                part.after,
            )


PART = Decision("sync", "part", "Belongs to its document")


def left_alone(decision: Decision) -> bool:
    """Whether nothing at all may be written because of `decision`: its customer is excluded."""
    return decision.code == EXCLUDED.code


def encode(payload: Payload) -> tuple[str, str]:
    """Return `payload` as JSON text and its fingerprint (128 bits, hexadecimal)."""
    data = to_json(payload)
    return data.decode(), blake2b(data, digest_size=16).hexdigest()


def invoice_of(record: Record | None) -> str | None:
    """The invoice a credit note is linked to; invoices themselves are found by their key."""
    return record.invoice_id if isinstance(record, CreditNote) else None


def _issued_before(record: Record, day: date) -> bool:
    return isinstance(record, Document) and record.issued_on is not None and record.issued_on < day


def customer_of(kind: str, id: str, record: Record | None) -> str:
    """The customer whose writes this record is ordered with; its own id for a customer."""
    if kind == Customer.kind:
        return id
    return getattr(record, "customer_id", None) or ""


def writes_of(target: Target) -> dict[str, Write]:
    """The target's declared writes by kind or part name; a snapshot replaces every kind, in the order of its rules."""
    if not isinstance(target, RecordTarget):
        return {kind.kind: Write("replace", phase) for phase, kind in enumerate(target.rules, start=1)}
    return {name if isinstance(name, str) else name.kind: write for name, write in target.writes.items()}


def _invoice_key(part: Planned) -> str:
    return key_of(Invoice.kind, part.root or "")


def _customer(known: Known) -> str:
    return customer_of(known.kind, known.id, known.record)


def family_of(plans: Sequence[Planned]) -> Family:
    """Return the invoice among `plans` with the credit notes among them, by issue date then id."""
    invoice: Member[Invoice] | None = None
    credit_notes: list[Member[CreditNote]] = []
    for plan in plans:
        if isinstance(plan.record, Invoice):
            invoice = Member(plan.record, plan.decision, plan.standing)
        elif isinstance(plan.record, CreditNote):
            credit_notes.append(Member(plan.record, plan.decision, plan.standing))
    if len(credit_notes) > 1:
        credit_notes.sort(key=lambda member: order_of(member.record))
    return Family(invoice, tuple(credit_notes))


def order_of(credit_note: CreditNote) -> tuple[date, int, str]:
    """Return where a credit note comes among those of its invoice: by issue date, then id; undated ones last."""
    return (credit_note.issued_on or date.max, len(credit_note.id), credit_note.id)

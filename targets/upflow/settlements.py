"""What settles an invoice at Upflow: its credit notes by links, the rest by one payment, the *fix*?

Source: Upflow's page "Pennylane & Upflow", sections Invoices (cancelled by a credit note) and Payments: payments are
not imported; an invoice paid at the ledger gets one correcting transaction dated at the issue date. Amounts in the
bodies are whole numbers of the currency's smallest unit. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from duebridge.core.api import (
    CreditNote,
    Document,
    Family,
    Invoice,
    Member,
    Part,
    Payload,
    RecordError,
    allocate_credits,
    key_of,
    minor_units,
    settled_by_money,
)
from duebridge.targets.upflow.references import (
    credit_note_reference,
    customer_reference,
    fix_reference,
    invoice_reference,
    link_reference,
)

Payments = Literal["fix", "balance"]

#: In a link's payload, not in its body: a document keeps customer and currency while it is linked.
_BOUND_TO = frozenset({"customer", "currency"})


def parts(family: Family, source: str, payments: Payments) -> Iterable[Part]:
    """Return the links of the credit notes of `family`, and the fix of its invoice with its link.

    Nothing when the invoice is not at Upflow: its credit notes stay unlinked. A document that can't be expressed is
    left out here: it is rejected by its mapping, with the reason.
    """
    member = family.invoice
    if member is None or not member.standing:
        return
    if not family.credit_notes and payments == "fix" and member.decision.reads != "paid":
        return  # nine invoices in ten: nothing to link, nothing to fix
    if not _expressible(member.record):
        return
    invoice = member.record
    credit_notes = [credit.record for credit in family.credit_notes if _applies(credit, invoice)]
    taken = allocate_credits(invoice.total, [credit_note.total for credit_note in credit_notes])
    for credit_note, amount in zip(credit_notes, taken, strict=True):
        if amount:
            yield _credit_link(credit_note, invoice, amount, source)
    yield from _fix(member, sum(taken, Decimal(0)), source, payments)


def _applies(credit: Member[CreditNote], invoice: Invoice) -> bool:
    credit_note = credit.record
    return (
        credit.standing
        and credit_note.customer_id == invoice.customer_id
        and credit_note.currency == invoice.currency
        and _expressible(credit_note)
    )


def _expressible(document: Document) -> bool:
    if document.issued_on is None:
        return False
    try:
        minor_units(document.amount, document.currency)
        minor_units(document.amount_before_tax, document.currency)
    except RecordError:
        return False
    return True


def _credit_link(credit_note: CreditNote, invoice: Invoice, amount: Decimal, source: str) -> Part:
    linked = minor_units(amount, invoice.currency)
    body = _bound(invoice, source) | reconciliation(
        link_reference(source, credit_note.id, invoice.id),
        invoices=[_share(invoice_reference(source, invoice.id), linked)],
        credit_notes=[_share(credit_note_reference(source, credit_note.id), linked)],
    )
    return Part(
        owner=credit_note,
        name=f"link-{invoice.id}",
        write="link",
        reference=body["externalId"],
        payload=body,
        after=(key_of("credit_note", credit_note.id), key_of("invoice", invoice.id)),
        says=_link_says("creditNotes", "amount: what the invoice still takes of it, credit notes before it first"),
    )


def _fix(member: Member[Invoice], linked: Decimal, source: str, payments: Payments) -> Iterator[Part]:
    invoice = member.record
    amount = _settled(member, linked, payments)
    if amount <= 0:
        return
    try:
        minor = minor_units(amount, invoice.currency)
    except RecordError:
        return  # only a remaining amount finer than the currency: nothing of it can be told to Upflow
    yield _fix_payment(invoice, minor, source)
    yield _fix_link(invoice, minor, source)


def _settled(member: Member[Invoice], linked: Decimal, payments: Payments) -> Decimal:
    invoice = member.record
    if member.decision.reads == "paid":
        return settled_by_money(invoice.total, invoice.remaining, linked, paid=True)
    if payments == "balance":
        settled = settled_by_money(invoice.total, invoice.remaining, linked, paid=False)
        return min(settled, invoice.total - linked)  # a negative remaining amount, overpaid, has nothing to link to
    return Decimal(0)


def _fix_payment(invoice: Invoice, minor: int, source: str) -> Part:
    reference = fix_reference(source, invoice.id)
    payload: Payload = {
        "externalId": reference,
        "currency": invoice.currency,
        "amount": minor,
        "validatedAt": str(invoice.issued_on),  # never None here: `_expressible` came first
        "instrument": "UNKNOWN",
        "customer": {"externalId": customer_reference(source, invoice.customer_id)},
    }
    return Part(
        owner=invoice,
        name="fix",
        write="fix",
        reference=reference,
        payload=payload,
        after=(key_of("invoice", invoice.id),),
        says={
            "amount": "amount, remaining, paid: settled by money, linked credit notes taken off",
            "currency": "currency",
            "validatedAt": "issued_on",
            "instrument": "always 'UNKNOWN'",
            "customer.externalId": "@source, customer_id: {source}-customer-{customer_id}",
        },
    )


def _fix_link(invoice: Invoice, minor: int, source: str) -> Part:
    body = _bound(invoice, source) | reconciliation(
        link_reference(source, invoice.id, invoice.id),
        invoices=[_share(invoice_reference(source, invoice.id), minor)],
        payments=[_share(fix_reference(source, invoice.id), minor)],
    )
    return Part(
        owner=invoice,
        name="fix-link",
        write="link",
        reference=body["externalId"],
        payload=body,
        after=(key_of("invoice", invoice.id), key_of("invoice", invoice.id, "fix")),
        says=_link_says("payments", "the whole fix"),
    )


def reconciliation(
    reference: str,
    *,
    invoices: Iterable[Payload] = (),
    credit_notes: Iterable[Payload] = (),
    payments: Iterable[Payload] = (),
) -> Payload:
    """Return a `/reconcile` body; one without documents takes the link of this key back."""
    return {
        "externalId": reference,
        "invoices": list(invoices),
        "creditNotes": list(credit_notes),
        "payments": list(payments),
        "refunds": [],
    }


def unbound(payload: Payload) -> Payload:
    """Return a link's payload as Upflow takes it: the `/reconcile` body alone."""
    return {name: value for name, value in payload.items() if name not in _BOUND_TO}


def _bound(invoice: Invoice, source: str) -> Payload:
    """What a link stands and falls with: when it changes the payload does, so the link is taken back before it does."""
    return {
        "customer": {"externalId": customer_reference(source, invoice.customer_id)},
        "currency": invoice.currency,
    }


def _share(reference: str, minor: int) -> Payload:
    return {"externalId": reference, "amountLinked": minor}


def _link_says(settling: str, amount: str) -> dict[str, str]:
    return {"invoices.0.amountLinked": amount, f"{settling}.0.amountLinked": amount}

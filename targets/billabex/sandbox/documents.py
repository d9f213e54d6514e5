"""How do invoices and credit notes come and go, and what settles them?

A number is there once at an account, a source id once in the organization. A new document makes Billabex allocate: the
account's unused credit notes to a new invoice, a new credit note to its unpaid invoices, oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from duebridge.targets.billabex.sandbox import checks
from duebridge.targets.billabex.sandbox.refusal import conflict, invalid, missing
from duebridge.targets.billabex.sandbox.state import ZERO, Account, Document, Kind, State

Values = dict[str, Any]


def create(state: State, kind: Kind, values: Values, now: float, *, allocates: bool) -> Document:
    """Add a document, and allocate unless told not to."""
    account = state.accounts.get(values["accountId"])
    if account is None:
        missing(f"no account {values['accountId']}")
    _check_amounts(values, account)
    _check_keys(state, kind, values)
    usual: Values = {"paidAmount": ZERO, "paidDate": None, "poNumber": None} if kind == "invoices" else {}
    document = Document(state.new_id(), state.next_place(), now, {"sourceId": None, **usual, **values}, kind=kind)
    state.documents[kind][document.id] = document
    state.of_account.setdefault(account.id, {})[document.id] = document
    state.numbers[kind, account.id, values["number"]] = document.id
    if values.get("sourceId"):
        state.source_ids[values["sourceId"]] = document.id
    if allocates:
        _allocate_by_itself(state, document)
    return document


def at(state: State, kind: Kind, id: str) -> Document:
    """Find a document, or refuse with 404."""
    if id not in state.documents[kind]:
        missing(f"no {id} in {kind}")
    return state.documents[kind][id]


def set_paid(state: State, invoice: Document, body: Any) -> Document:
    """Say how much of an invoice is paid in all."""
    checked = checks.PAID(body, "")
    paid: Decimal = checked["paidAmount"]
    checks.fits(paid, _currency(state, invoice), "paidAmount")
    if paid > invoice.values["totalAmount"] - sum(invoice.allocated.values(), ZERO):
        conflict("paidAmount is more than credit notes leave of the invoice")
    invoice.values["paidAmount"] = paid
    invoice.values["paidDate"] = checked.get("paidDate")
    return invoice


def allocate(state: State, body: Any) -> tuple[Document, Document]:
    """Settle a part of an invoice by a credit note."""
    checked = checks.ALLOCATION(body, "")
    note, invoice = _pair(state, checked)
    amount: Decimal = checked["amount"]
    checks.fits(amount, _currency(state, invoice), "amount")
    if note.values["accountId"] != invoice.values["accountId"]:
        invalid("the credit note is of another account")
    if invoice.id in note.allocated:
        invalid("the credit note is already allocated to this invoice")
    if amount > note.left:
        invalid("amount is more than is left of the credit note")
    if amount > invoice.left:
        invalid("amount is more than is owed on the invoice")
    _tie(note, invoice, amount)
    return note, invoice


def unallocate(state: State, body: Any) -> tuple[Document, Document]:
    """Take back what a credit note settles of an invoice."""
    note, invoice = _pair(state, checks.REMOVAL(body, ""))
    if invoice.id not in note.allocated:
        missing("the credit note is not allocated to this invoice")
    _untie(note, invoice)
    return note, invoice


def remove(state: State, document: Document) -> None:
    """Take a document away; what it was allocated to is free again."""
    other: Kind = "credit-notes" if document.kind == "invoices" else "invoices"
    for id in list(document.allocated):
        _untie(document, state.documents[other][id])
    values = document.values
    del state.documents[document.kind][document.id]
    del state.of_account[values["accountId"]][document.id]
    del state.numbers[document.kind, values["accountId"], values["number"]]
    if values["sourceId"]:
        del state.source_ids[values["sourceId"]]


def _check_amounts(values: Values, account: Account) -> None:
    for name in ("totalAmount", "taxAmount", "paidAmount"):
        if name in values:
            checks.fits(values[name], account.values["currencyCode"], name)
    if values["taxAmount"] > values["totalAmount"]:
        invalid("taxAmount is more than totalAmount")
    if values.get("paidAmount", ZERO) > values["totalAmount"]:
        invalid("paidAmount is more than totalAmount")


def _check_keys(state: State, kind: Kind, values: Values) -> None:
    if (kind, values["accountId"], values["number"]) in state.numbers:
        conflict(f"the account already has a document numbered {values['number']}")
    if values.get("sourceId") in state.source_ids:
        conflict(f"the organization already has a document with the source id {values['sourceId']}")


def _allocate_by_itself(state: State, document: Document) -> None:
    other: Kind = "credit-notes" if document.kind == "invoices" else "invoices"
    mine = state.of_account[document.values["accountId"]].values()
    for thing in sorted((thing for thing in mine if thing.kind == other), key=_age):
        note, invoice = (thing, document) if other == "credit-notes" else (document, thing)
        amount = min(note.left, invoice.left)
        if amount > 0:
            _tie(note, invoice, amount)


def _age(document: Document) -> tuple[Any, ...]:
    day = document.values.get("dueDate") or document.values["issuedDate"]
    return (day["year"], day["month"], day["day"], document.place)


def _pair(state: State, named: Values) -> Iterable[Document]:
    return at(state, "credit-notes", named["creditNoteId"]), at(state, "invoices", named["invoiceId"])


def _currency(state: State, document: Document) -> str:
    return str(state.accounts[document.values["accountId"]].values["currencyCode"])


def _tie(note: Document, invoice: Document, amount: Decimal) -> None:
    note.allocated[invoice.id] = invoice.allocated[note.id] = amount


def _untie(a: Document, b: Document) -> None:
    del a.allocated[b.id], b.allocated[a.id]

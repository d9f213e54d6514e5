"""Which entry does a finalised document have in the sales journal?

Derived from the document each time it is asked for, in euros, so that debit and credit always balance: the customer's
account for the total, each line's account for its amount before tax, the VAT account for the tax, and what the cents of
rounding leave. Numbers of accounts are those of the seeded chart. Source: spec, GET /ledger_entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from duebridge.core.api import ZERO
from duebridge.plugins.pennylane.sandbox.derive import amount, money
from duebridge.plugins.pennylane.sandbox.files import address
from duebridge.plugins.pennylane.sandbox.refusals import not_found
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import API, Row

Data = dict[str, Any]

#: An entry's id is that of its document, so far apart.
FIRST = 700_000_000
JOURNAL = 900
_LINES = 1000
_CUSTOMERS, _SERVICES, _GOODS, _VAT, _GAINS, _LOSSES = "411000", "706000", "707000", "445710", "758000", "658000"
#: Ids of accounts the chart does not have.
_MISSING = 49_000


def entries(state: State) -> list[Row]:
    """Every entry, as the list shows it, by id."""
    return [_listed(row) for row in state.documents if not row.data["draft"]]


def entry(state: State, id: int) -> Row:
    """One entry with its lines. Raises the 404."""
    document = _document(state, id)
    shown = _common(document)
    lines = [{name: line.data[name] for name in _OF_ENTRY} for line in entry_lines(state, id)]
    return Row({**shown, "label": shown["label"] or "", "date": shown["date"] or "", "ledger_entry_lines": lines})


_OF_ENTRY = ("id", "debit", "credit", "ledger_account", "label")


def entry_lines(state: State, id: int) -> list[Row]:
    """The lines of one entry, by id. Raises the 404."""
    document = _document(state, id)
    rows: list[Row] = []
    for place, (number, value) in enumerate(_amounts(state, document), start=1):
        account = _account(state, number)
        data = {
            "id": id * _LINES + place,
            "debit": money(max(value, ZERO), "EUR"),
            "credit": money(max(-value, ZERO), "EUR"),
            "label": _label(document),
            "ledger_account_id": account["id"],
            "ledger_account": account,
        }
        rows.append(Row(data))
    return rows


def _document(state: State, id: int) -> Row:
    row = state.documents.rows.get(id - FIRST)
    if row is None or row.data["draft"]:
        raise not_found()
    return row


def _amounts(state: State, document: Row) -> Iterator[tuple[str, Decimal]]:
    """Account number and euros, debit positive; together nothing."""
    total = _euros(document.data["amount"])
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    tax = ZERO
    for line in state["invoice_lines"].of(document.id):
        tax += _euros(line.data["tax"])
        credits[_line_account(state, document, line)] += _euros(line.data["amount"]) - _euros(line.data["tax"])
    yield _customer_account(state, document), total
    yield from ((number, -value) for number, value in credits.items())
    if tax:
        yield _VAT, -tax
    rest = total - tax - sum(credits.values(), ZERO)
    if rest:
        yield (_GAINS if rest > 0 else _LOSSES), -rest


def _euros(text: str) -> Decimal:
    return Decimal(money(amount(text) or ZERO, "EUR"))


def _line_account(state: State, document: Row, line: Row) -> str:
    chosen = state["ledger_accounts"].rows.get(document.facts.get("accounts", {}).get(line.id) or 0)
    if chosen is not None:
        return str(chosen.data["number"])
    return _GOODS if line.data["substance"] == "goods" else _SERVICES


def _customer_account(state: State, document: Row) -> str:
    customer = state["customers"].rows.get((document.data["customer"] or {"id": 0})["id"])
    link = customer.data["ledger_account"] if customer is not None else None
    account = state["ledger_accounts"].rows.get(link["id"]) if link is not None else None
    return str(account.data["number"]) if account is not None else _CUSTOMERS


def _account(state: State, number: str) -> Data:
    found = next((row.id for row in state["ledger_accounts"] if row.data["number"] == number), None)
    id = found if found is not None else _MISSING + int(number) % 1000
    return {"id": id, "number": number, "url": f"{API}/ledger_accounts/{id}"}


def _listed(document: Row) -> Row:
    shown = _common(document)
    return Row({**shown, "journal_id": JOURNAL, "ledger_attachment_filename": document.data["filename"]})


def _common(document: Row) -> Data:
    data = document.data
    file = {"filename": data["filename"], "url": address(document.id)} if data["filename"] else None
    return {
        "id": FIRST + document.id,
        "created_at": data["created_at"],
        "updated_at": data["updated_at"],
        "label": _label(document),
        "piece_number": None,
        "date": data["date"],
        "due_date": data["deadline"],
        "invoice_number": data["invoice_number"],
        "journal": {"id": JOURNAL, "url": f"{API}/journals/{JOURNAL}"},
        "status": "waiting_details" if data["status"] == "incomplete" else "complete",
        "categories": [],
        "attachment": file,
    }


def _label(document: Row) -> str:
    word = "Avoir" if document.facts["credit_note"] else "Facture"
    return str(document.data["label"] or f"{word} {document.data['invoice_number']}")

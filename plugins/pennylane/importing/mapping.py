"""Which field of a Pennylane import gets which field of a customer, an invoice or a credit note?

What depends on the account or its settings is put in when it is sent: the customer's id, VAT codes (from `tax_rate`),
ledger accounts (from `category`), the file. So a change of settings concerns what is imported from then on, and nothing
that stands already. Field names: spec, POST /company_customers and /customer_invoices/import. `@source` is the source
connector with its account. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from duebridge.core.api import (
    ZERO,
    Address,
    CreditNote,
    Customer,
    Invoice,
    Line,
    Mapping,
    RecordError,
    computed,
    minor_units,
)
from duebridge.plugins.pennylane.importing.amounts import text_of
from duebridge.plugins.pennylane.importing.line_items import Figures, check_lines, figures_of, imported_lines
from duebridge.plugins.pennylane.importing.references import customer_reference, document_reference
from duebridge.plugins.pennylane.importing.vocabulary import CURRENCIES, LANGUAGES, PAYMENT_CONDITIONS

_LONGEST_LABEL = 2000


def _filled(value: str | None) -> str | None:
    return value.strip() or None if value is not None else None


def _listed(values: tuple[str, ...]) -> list[str] | None:
    return list(values) or None


def _payment_conditions(word: str | None) -> str | None:
    return word if word in PAYMENT_CONDITIONS else None


def _language(word: str | None) -> str | None:
    return word if word in LANGUAGES else None


def _address(address: Address | None) -> dict[str, str] | None:
    if address is None:
        return None
    parts = {
        "address": _street(address),
        "postal_code": address.postal_code.strip(),
        "city": address.city.strip(),
        "country_alpha2": address.country.strip().upper(),
    }
    return {name: part for name, part in parts.items() if part} or None


def _street(address: Address) -> str:
    """The lines before the one with postal code and city, where a source keeps the whole address in one text."""
    lines = [line.strip() for line in address.address.splitlines() if line.strip()]
    code, city = address.postal_code.strip(), address.city.strip()
    place = next((at for at, line in enumerate(lines) if code and city and code in line and city in line), len(lines))
    return "\n".join(lines[:place] if place else lines)


def _currency(currency: str) -> str:
    if currency not in CURRENCIES:
        raise RecordError(f"currency: Pennylane imports no documents in {currency}; enter this one there by hand")
    return currency


def _day(issued_on: date | None) -> str:
    if issued_on is None:
        raise RecordError("date: the document has no issue date, and Pennylane requires one; date it at the source")
    return issued_on.isoformat()


def _deadline(due_on: date | None, issued_on: date | None) -> str | None:
    due = due_on or issued_on
    return due.isoformat() if due is not None else None


def _label(label: str | None) -> str | None:
    shown = _filled(label)
    return shown[:_LONGEST_LABEL] if shown else None


def _negated(amount: Decimal) -> bool:
    """A credit note is imported with negative amounts, whatever sign its source gives them."""
    return amount > ZERO


def _as_is(amount: Decimal, currency: str) -> str:
    return text_of(minor_units(amount, currency), currency)


def _total(amount: Decimal, currency: str, lines: Sequence[Line] | None) -> str:
    """The first amount that is mapped looks at the lines, so that what is wrong with one is told of that line."""
    check_lines(lines, currency)
    return _as_is(amount, currency)


def _credited_total(amount: Decimal, currency: str, lines: Sequence[Line] | None) -> str:
    check_lines(lines, currency)
    return _credited(amount, amount, currency)


def _credited(amount: Decimal, part: Decimal, currency: str) -> str:
    return _as_is(-part if _negated(amount) else part, currency)


def _invoice_lines(
    lines: Sequence[Line] | None, before_tax: Decimal, tax: Decimal, amount: Decimal, currency: str
) -> list[dict[str, Any]]:
    return imported_lines(lines, figures_of(before_tax, tax, amount, currency), currency, negated=False)


def _credit_note_lines(
    lines: Sequence[Line] | None, before_tax: Decimal, tax: Decimal, amount: Decimal, currency: str
) -> list[dict[str, Any]]:
    figures, negated = figures_of(before_tax, tax, amount, currency), _negated(amount)
    totals: Figures = (-figures[0], -figures[1], -figures[2]) if negated else figures
    return imported_lines(lines, totals, currency, negated=negated)


def _document(kind: str) -> dict[str, Any]:
    return {
        "external_reference": computed(
            lambda source, id: document_reference(source, kind, id), "@source", "id", says="{source}-invoice-{id}"
        ),
        "customer": computed(
            customer_reference, "@source", "customer_id", says="{source}-client-{customer_id}; its id when it is sent"
        ),
        "invoice_number": computed(_filled, "number", says="when filled"),
        "label": computed(_label, "label", says="when filled, its first 2000 characters"),
        "date": computed(_day, "issued_on", says="required"),
        "deadline": computed(_deadline, "due_on", "issued_on", says="the first one set"),
        "currency": computed(_currency, "currency", says="one of those Pennylane knows"),
    }


_LINE_PATHS = ("lines", "amount_before_tax", "tax", "amount", "currency")
_LINES_SAY = "amounts after discount, which must come to the totals; VAT code and ledger account when it is sent"

CUSTOMER = Mapping(
    Customer,
    {
        "external_reference": computed(customer_reference, "@source", "id", says="{source}-client-{id}"),
        "customer_type": "customer_type",
        "name": computed(_filled, "name", says="when filled"),
        "first_name": computed(_filled, "first_name", says="of an individual"),
        "last_name": computed(_filled, "last_name", says="of an individual"),
        "emails": computed(_listed, "emails", says="in order"),
        "phone": computed(_filled, "phone", says="when filled"),
        "recipient": computed(_filled, "recipient", says="when filled"),
        "reference": computed(_filled, "reference", says="when filled"),
        "notes": computed(_filled, "notes", says="when filled"),
        "vat_number": computed(_filled, "vat_number", says="of a company"),
        "reg_no": computed(_filled, "reg_no", says="of a company"),
        "payment_conditions": computed(_payment_conditions, "payment_conditions", says="when it is Pennylane's word"),
        "billing_language": computed(_language, "language", says="when Pennylane writes in it"),
        "billing_address": computed(_address, "billing_address", says="its parts that are filled"),
    },
)

INVOICE = Mapping(
    Invoice,
    {
        **_document(Invoice.kind),
        "currency_amount_before_tax": computed(_as_is, "amount_before_tax", "currency", says="text, exact"),
        "currency_tax": computed(_as_is, "tax", "currency", says="text, exact"),
        "currency_amount": computed(_total, "amount", "currency", "lines", says="text, exact"),
        "invoice_lines": computed(_invoice_lines, *_LINE_PATHS, says=_LINES_SAY),
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        **_document(CreditNote.kind),
        "currency_amount_before_tax": computed(
            _credited, "amount", "amount_before_tax", "currency", says="negative, text, exact"
        ),
        "currency_tax": computed(_credited, "amount", "tax", "currency", says="negative, text, exact"),
        "currency_amount": computed(_credited_total, "amount", "currency", "lines", says="negative, text, exact"),
        "invoice_lines": computed(_credit_note_lines, *_LINE_PATHS, says=_LINES_SAY),
    },
)

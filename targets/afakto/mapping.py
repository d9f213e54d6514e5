"""Which column of Afakto's files gets which field of a customer, an invoice or a credit note?

Source: Afakto's page "Connect Pennylane to Afakto", section Data synced, and its help on CSV imports. Amounts are
decimal text in major units with the currency's own decimals, dates `YYYY-MM-DD`. Everything here is pure; `@currency`
is that of buyers without a suffix, `@identifiers` the preferred sorts of number. Names in small letters are in no
column: `snapshot` needs them. Words for types are ours here, and become Afakto's where the files are written. A column
whose name no page of the vendor's shows says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from unicodedata import category

from duebridge.core.api import (
    CreditNote,
    Customer,
    Invoice,
    Mapping,
    RecordError,
    computed,
    constant,
    exponent,
    minor_units,
)
from duebridge.targets.afakto.buyers import buyer_code
from duebridge.targets.afakto.identifiers import Identifier, identifier

#: Control characters, line and paragraph separators.
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
_TERMS = re.compile(r"(\d+)_days(_end_of_month)?")
#: Only the calendar tells these apart; the file says which by the due date.
_UNDUE_OR_DUE = frozenset({"upcoming", "late"})


def one_line(text: str | None) -> str | None:
    """Return `text` on one line: blanks, line ends and control characters in a row become one space; None if empty."""
    if text is None:
        return None
    return " ".join("".join(" " if category(each) in _BREAKS else each for each in text).split()) or None


def _as_it_is(value: str | None) -> str | None:
    return value


def _name(customer_type: str, name: str, first_name: str, last_name: str) -> str:
    full = one_line(f"{first_name} {last_name}") if customer_type == "individual" else None
    shown = full or one_line(name)
    if shown is None:
        raise RecordError(
            "BUYER_NAME: the customer has neither a company name nor a first or last name, and Afakto requires one; "
            "name the customer at the source"
        )
    return shown


def _found(reg_no: str, vat_number: str, country: str | None, preferred: Sequence[str]) -> Identifier | None:
    return identifier(reg_no, vat_number, country or "", preferred)


def _id_type(reg_no: str, vat_number: str, country: str | None, preferred: Sequence[str]) -> str | None:
    found = _found(reg_no, vat_number, country, preferred)
    return found.sort if found is not None else None


def _id_number(reg_no: str, vat_number: str, country: str | None, preferred: Sequence[str]) -> str | None:
    found = _found(reg_no, vat_number, country, preferred)
    return found.number if found is not None else None


def _unusable(reg_no: str, vat_number: str, country: str | None, preferred: Sequence[str]) -> bool | None:
    given = bool(reg_no.strip() or vat_number.strip())
    return True if given and _found(reg_no, vat_number, country, preferred) is None else None


def _terms(payment_conditions: str | None) -> str | None:
    if payment_conditions == "upon_receipt":
        return "0"
    days = _TERMS.fullmatch(payment_conditions or "")
    return days[1] if days else None


def _contact(customer_type: str, recipient: str, first_name: str, last_name: str) -> str | None:
    return one_line(recipient) or (one_line(f"{first_name} {last_name}") if customer_type == "individual" else None)


def _number(number: str | None) -> str:
    shown = one_line(number)
    if shown is None:
        raise RecordError(
            "INV_NUMBER: the document has no number, and Afakto knows it by nothing else; number it at the source"
        )
    return shown


def _issued_on(issued_on: date | None) -> str:
    if issued_on is None:
        raise RecordError("INV_DATE: the document has no issue date, and Afakto requires one; date it at the source")
    return issued_on.isoformat()


def _due_on(due_on: date | None, issued_on: date | None) -> str | None:
    due = due_on or issued_on
    return due.isoformat() if due else None


def money(amount: Decimal, currency: str) -> str:
    """Return `amount` with exactly the currency's decimals. Raises `RecordError` for one that has more."""
    minor_units(amount, currency)
    return f"{amount.quantize(Decimal(1).scaleb(-exponent(currency))) + 0:f}"  # the sum turns -0 into 0


def _credit(amount: Decimal, currency: str) -> str:
    return money(-abs(amount), currency)


def _balance(remaining: Decimal | None, amount: Decimal, currency: str) -> str:
    if remaining is None or not 0 <= remaining <= amount:
        raise RecordError(
            f"BALANCE: what remains of the invoice ({remaining}) is not between 0 and its amount ({amount}), and what "
            "is assignable is not guessed; correct it at the source"
        )
    return money(remaining, currency)


def _unlinked(remaining: Decimal | None, invoice_id: str | None, currency: str) -> str:
    if remaining is None:
        raise RecordError(
            f"BALANCE: the invoice {invoice_id} this credit note belongs to can't be read, so what it has used up of "
            "it can't be told; see what `duebridge records` says of the invoice"
        )
    return money(-remaining, currency)


def _status(status: str) -> str:
    return "open" if status in _UNDUE_OR_DUE else status


_NUMBERS = ("reg_no", "vat_number", "billing_address.country", "@identifiers")

CUSTOMER = Mapping(
    Customer,
    {
        "BUYER_NAME": computed(
            _name,
            "customer_type",
            "name",
            "first_name",
            "last_name",
            says="the company's name, an individual's first and last name; with the currency behind it in another one",
        ),
        "ID_TYPE": computed(
            _id_type,
            *_NUMBERS,
            says="which sort of number is valid, the preferred one first; "
            "written as the word `literals` has for it (all but VAT are guesses)",
        ),
        "ID_NUMBER": computed(_id_number, *_NUMBERS, says="that number, without blanks and marks"),
        "PAYMENT_TERMS": computed(_terms, "payment_conditions", says="its days; empty for other agreements"),
        "ADDRESS_STREET_NAME": computed(one_line, "billing_address.address", says="whole, its number too"),
        "ADDRESS_POSTAL_CODE": computed(one_line, "billing_address.postal_code", says="on one line"),
        "ADDRESS_CITY": computed(one_line, "billing_address.city", says="on one line"),
        "ADDRESS_STATE": computed(one_line, "billing_address.state", says="on one line"),
        "ADDRESS_COUNTRY": computed(one_line, "billing_address.country", says="two letters (ISO 3166)"),
        "CONTACT_NAME": computed(
            _contact, "customer_type", "recipient", "first_name", "last_name", says="the recipient, or the individual"
        ),
        "CONTACT_EMAIL": computed(one_line, "emails.0", says="the first address"),
        "CONTACT_PHONE": computed(one_line, "phone", says="on one line"),
        "unusable_id": computed(_unusable, *_NUMBERS, says="in no column; true when it has numbers, and none is valid"),
    },
)

_GUESSED = "(the column's name is a guess)"
_WORD = "written as the word `literals` has for it (the usual one is a guess)"
#: What an invoice and a credit note have in common.
_DOCUMENT: dict[str, Any] = {
    "BUYER_CODE": computed(buyer_code, "customer_id", "currency", "@currency", says="see the README, Buyers"),
    "INV_NUMBER": computed(_number, "number", says="required"),
    "INV_DATE": computed(_issued_on, "issued_on", says=f"required {_GUESSED}"),
    "DUE_DATE": computed(_due_on, "due_on", "issued_on", says=f"the first one set {_GUESSED}"),
    "CURRENCY": computed(_as_it_is, "currency", says=f"as it is {_GUESSED}"),
    "STATUS": computed(
        _status, "status", says=f"the ledger's word; upcoming or late by the day of the delivery {_GUESSED}"
    ),
    "E_INVOICING_STATUS": computed(_as_it_is, "e_invoicing_status", says=f"as it is {_GUESSED}"),
    "customer": computed(_as_it_is, "customer_id", says="in no column"),
}

INVOICE = Mapping(
    Invoice,
    {
        **_DOCUMENT,
        "INV_TYPE": constant("invoice", says=_WORD),
        "AMOUNT": computed(money, "amount", "currency", says=f"tax included {_GUESSED}"),
        "TAX": computed(money, "tax", "currency", says=f"as it is {_GUESSED}"),
        "BALANCE": computed(_balance, "remaining", "amount", "currency", says=f"what remains to be paid {_GUESSED}"),
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        **_DOCUMENT,
        "INV_TYPE": constant("credit_note", says=_WORD),
        "AMOUNT": computed(_credit, "amount", "currency", says=f"tax included, negative {_GUESSED}"),
        "TAX": computed(_credit, "tax", "currency", says=f"negative {_GUESSED}"),
        "BALANCE": computed(
            _unlinked,
            "remaining",
            "invoice_id",
            "currency",
            says=f"the part no invoice has used up, negative {_GUESSED}",
        ),
    },
)

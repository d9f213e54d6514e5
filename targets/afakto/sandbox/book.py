"""What does Afakto hold of its companies, and what does it make of a file? A file is taken whole or not at all.

Source: Afakto's help on CSV imports: buyers are known by company and code, invoices by company and number; a key twice
in a file is refused; a buyer has one currency; an invoice file is all there is of each company in it, what it leaves
out gets balance 0. Refusing unknown buyers and more decimals than a currency has is assumed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from duebridge.core.api import RecordError, exponent
from duebridge.targets.afakto.sandbox.reading import Refused, Row, amount, by_our_names, day
from duebridge.targets.afakto.sandbox.terms import Terms

LONGEST_CODE = 15


@dataclass(slots=True)
class Company:
    """One company's buyers by code, and invoices by number."""

    buyers: dict[str, Row] = field(default_factory=dict)
    invoices: dict[str, Row] = field(default_factory=dict)


@dataclass(slots=True)
class Book:
    """Every company by code, and the names of the files taken so far."""

    terms: Terms = field(default_factory=Terms)
    companies: dict[str, Company] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def take(self, name: str, file: str, header: Sequence[str], rows: Sequence[Mapping[str, str]], mark: str) -> int:
        """Take a file of `buyers` or `invoices`; return how many rows it had. Raises `Refused`, nothing taken."""
        if name in self.names:
            raise Refused([f"a file named {name} was taken before"])
        ours = by_our_names(rows, header, file, self.terms)
        key = "BUYER_CODE" if file == "buyers" else "INV_NUMBER"
        check = self._buyer_faults if file == "buyers" else self._invoice_faults
        faults = [f"row {n}: {fault}" for n, row in enumerate(ours, 2) for fault in check(row, mark)]
        faults += _twice(ours, key)
        if faults:
            raise Refused(faults)
        self.names.append(name)
        (self._keep_buyers if file == "buyers" else self._keep_invoices)(ours)
        return len(ours)

    def _keep_buyers(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.companies.setdefault(row["COMPANY_CODE"], Company()).buyers[row["BUYER_CODE"]] = row

    def _keep_invoices(self, rows: Sequence[Row]) -> None:
        for code in {row["COMPANY_CODE"] for row in rows}:
            company = self.companies[code]
            for held in company.invoices.values():
                held["BALANCE"] = "0"
            company.invoices.update({row["INV_NUMBER"]: row for row in rows if row["COMPANY_CODE"] == code})

    def _buyer_faults(self, row: Row, _mark: str) -> Iterator[str]:
        yield from _empty(row, "COMPANY_CODE", "BUYER_CODE", "BUYER_NAME", "CURRENCY")
        if len(row["BUYER_CODE"]) > LONGEST_CODE:
            yield f"BUYER_CODE {row['BUYER_CODE']} has more than {LONGEST_CODE} characters"
        yield from self._number_faults(row["ID_TYPE"], row["ID_NUMBER"])
        if row["PAYMENT_TERMS"] and not row["PAYMENT_TERMS"].isdigit():
            yield f"PAYMENT_TERMS {row['PAYMENT_TERMS']} is no number of days"
        if row["ADDRESS_COUNTRY"] and not (len(row["ADDRESS_COUNTRY"]) == 2 and row["ADDRESS_COUNTRY"].isupper()):
            yield f"ADDRESS_COUNTRY {row['ADDRESS_COUNTRY']} is no code of two letters"
        yield from _currency_faults(row)
        held = self._buyer(row)
        if held is not None and held["CURRENCY"] != row["CURRENCY"]:
            yield f"buyer {row['BUYER_CODE']} has the currency {held['CURRENCY']}"

    def _number_faults(self, sort: str, number: str) -> Iterator[str]:
        if bool(sort) != bool(number):
            yield "ID_TYPE and ID_NUMBER go together"
        elif sort and sort not in self.terms.numbers:
            yield f"ID_TYPE {sort} is unknown"
        elif sort:
            digits = self.terms.numbers[sort]
            if digits is not None and not (number.isdigit() and len(number) == digits):
                yield f"ID_NUMBER {number} is no {sort}"

    def _invoice_faults(self, row: Row, mark: str) -> Iterator[str]:
        yield from _empty(row, "COMPANY_CODE", "BUYER_CODE", "INV_NUMBER", "INV_TYPE", "INV_DATE", "AMOUNT", "BALANCE")
        for column in ("INV_DATE", "DUE_DATE"):
            if row[column] and day(row[column]) is None:
                yield f"{column} {row[column]} is no date"
        yield from _currency_faults(row)
        buyer = self._buyer(row)
        if buyer is None:
            yield f"BUYER_CODE {row['BUYER_CODE']} is unknown"
        elif buyer["CURRENCY"] != row["CURRENCY"]:
            yield f"CURRENCY {row['CURRENCY']} is not that of its buyer, {buyer['CURRENCY']}"
        yield from self._amount_faults(row, mark)

    def _amount_faults(self, row: Row, mark: str) -> Iterator[str]:
        told = {column: amount(row[column], mark) for column in ("AMOUNT", "TAX", "BALANCE") if row[column]}
        yield from (f"{column} {row[column]} is no amount" for column, value in told.items() if value is None)
        sign = self.terms.types.get(row["INV_TYPE"])
        if sign is None:
            yield f"INV_TYPE {row['INV_TYPE']} is unknown"
        values = {column: value for column, value in told.items() if value is not None}
        if sign and any(value * sign < 0 for value in values.values()):
            yield f"amounts of a {row['INV_TYPE']} have the other sign"
        if {"AMOUNT", "BALANCE"} <= values.keys() and abs(values["BALANCE"]) > abs(values["AMOUNT"]):
            yield "BALANCE is larger than AMOUNT"
        yield from (
            f"{column} {row[column]} has more decimals than {row['CURRENCY']}"
            for column, value in values.items()
            if -int(value.as_tuple().exponent) > _decimals(row["CURRENCY"])
        )

    def _buyer(self, row: Row) -> Row | None:
        company = self.companies.get(row["COMPANY_CODE"])
        return company.buyers.get(row["BUYER_CODE"]) if company is not None else None


def _empty(row: Row, *columns: str) -> Iterator[str]:
    return (f"{column} is empty" for column in columns if not row[column])


def _currency_faults(row: Row) -> Iterator[str]:
    try:
        exponent(row["CURRENCY"])
    except RecordError:
        yield f"CURRENCY {row['CURRENCY']} is unknown"


def _decimals(currency: str) -> int:
    try:
        return exponent(currency)
    except RecordError:
        return 10  # told by another fault


def _twice(rows: Sequence[Row], key: str) -> list[str]:
    times = Counter((row["COMPANY_CODE"], row[key]) for row in rows)
    return [f"{key} {name} of {company} is in the file {n} times" for (company, name), n in times.items() if n > 1]

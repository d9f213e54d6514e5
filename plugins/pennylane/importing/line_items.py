"""What is imported of a document's lines, and do they come to its totals? Pure.

Lines carry their discount already (a discount of its own is taken with e-invoices alone), amounts are checked to the
currency's smallest unit: Pennylane stores what it is sent. Source: spec, POST /customer_invoices/import.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from duebridge.core.api import ZERO, Line, Payload, RecordError, minor_units
from duebridge.plugins.pennylane.importing.amounts import plain, price_of, quantity_of, text_of
from duebridge.plugins.pennylane.importing.vocabulary import VAT_CODES

_LONGEST_LABEL = 255
_UNIT = "piece"

#: Before tax, tax and total, in minor units.
Figures = tuple[int, int, int]


def figures_of(before_tax: Decimal, tax: Decimal, total: Decimal, currency: str) -> Figures:
    """Return three amounts in minor units. Raises `RecordError` when they are too fine or contradict each other."""
    found = (minor_units(before_tax, currency), minor_units(tax, currency), minor_units(total, currency))
    if found[0] + found[1] != found[2]:
        raise RecordError(
            f"{before_tax} before tax and {tax} of tax are not the total {total}; correct the amounts at the source"
        )
    return found


def check_lines(lines: Sequence[Line] | None, currency: str) -> None:
    """Raise `RecordError` for the first line whose own amounts are too fine or contradict each other, naming it."""
    for place, line in enumerate(lines or (), start=1):
        try:
            figures_of(line.amount_before_tax, line.tax, line.amount, currency)
        except RecordError as refused:
            raise RecordError(f"{named(place, line.label or line.description)}: {refused}") from None


def imported_lines(lines: Sequence[Line] | None, totals: Figures, currency: str, *, negated: bool) -> list[Payload]:
    """Return the lines as they are imported, `negated` when their sign must turn. Raises `RecordError`, naming one."""
    if not lines:
        raise RecordError("it has no lines, and Pennylane imports none without; add a line at the source")
    sums = [0, 0, 0]
    imported: list[Payload] = []
    for place, line in enumerate(lines, start=1):
        try:
            figures = _turned(figures_of(line.amount_before_tax, line.tax, line.amount, currency), negated=negated)
            sums = [total + part for total, part in zip(sums, figures, strict=True)]
            if not _is_nothing(line) or len(lines) == 1:
                imported.append(_line(line, figures, currency))
        except RecordError as refused:
            raise RecordError(f"{named(place, line.label or line.description)}: {refused}") from None
    _agree(sums, totals, len(lines), currency)
    return imported or [_line(lines[0], (0, 0, 0), currency)]


def named(place: int, label: str) -> str:
    """Return how a message calls a line."""
    first = _first_line(label)[:40]
    return f'line {place} ("{first}")' if first else f"line {place}"


def _turned(figures: Figures, *, negated: bool) -> Figures:
    before_tax, tax, total = figures
    return (-before_tax, -tax, -total) if negated else figures


def _is_nothing(line: Line) -> bool:
    return line.quantity == ZERO and line.amount_before_tax == ZERO and line.amount == ZERO


def _line(line: Line, figures: Figures, currency: str) -> Payload:
    net, tax, total = (text_of(minor, currency) for minor in figures)
    quantity = line.quantity if line.quantity != ZERO else Decimal(1)
    payload: Payload = {
        "label": _first_line(line.label or line.description)[:_LONGEST_LABEL],
        "quantity": quantity_of(quantity),
        "unit": (line.unit or "").strip() or _UNIT,
        "raw_currency_unit_price": price_of(net, quantity),
        "currency_amount": total,
        "currency_tax": tax,
        **_taxed(line),
    }
    if line.category:
        payload["category"] = line.category
    if line.period_start is not None and line.period_end is not None:
        payload["imputation_dates"] = {"start_date": str(line.period_start), "end_date": str(line.period_end)}
    return payload


def _taxed(line: Line) -> Payload:
    """The line's own VAT code where the source has one of Pennylane's, else its rate, a percentage."""
    if line.tax_code in VAT_CODES - {"mixed"}:
        return {"vat_rate": line.tax_code}
    if line.tax_rate is None and line.tax != ZERO:
        raise RecordError("it carries tax, but the source tells no rate; a VAT code is not guessed")
    rate = line.tax_rate or ZERO
    if rate == ZERO and line.tax != ZERO:
        raise RecordError(f"its tax rate is 0 %, its tax {line.tax}; correct the line at the source")
    return {"tax_rate": plain(rate)}


def _agree(sums: Sequence[int], totals: Figures, lines: int, currency: str) -> None:
    for name, found, wanted in zip(("before tax", "of tax", "in total"), sums, totals, strict=True):
        if found != wanted:
            last = f"lines 1 to {lines} come" if lines > 1 else "line 1 comes"
            raise RecordError(
                f"{last} to {text_of(found, currency)} {name}, where the document says "
                f"{text_of(wanted, currency)}; correct the document at the source"
            )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")

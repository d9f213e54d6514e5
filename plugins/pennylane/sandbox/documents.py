"""How is a document of the invoice list made, changed and taken away by a control call?

Beside the product's own names, `invoice_lines` may be a list of lines, which replaces the document's lines.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from duebridge.core.api import ZERO
from duebridge.core.sandbox.product import UnusableValues
from duebridge.plugins.pennylane.sandbox import figures, objects
from duebridge.plugins.pennylane.sandbox.derive import DERIVED, amount
from duebridge.plugins.pennylane.sandbox.feed import instant
from duebridge.plugins.pennylane.sandbox.files import give_file
from duebridge.plugins.pennylane.sandbox.merging import merge, with_links
from duebridge.plugins.pennylane.sandbox.state import State, credited_id, forget_given, stamp
from duebridge.plugins.pennylane.sandbox.store import Row

Data = dict[str, Any]

_FIGURES = frozenset({figures.TOTAL, figures.BEFORE, figures.TAX, "currency", "exchange_rate", "amount", "tax"})
#: A change of one of these makes the derived members be worked out again, whatever was given for them before.
_INPUTS = _FIGURES | {"deadline", "archived_at", "draft", "credited_invoice", *DERIVED}


class Documents:
    """The invoice list of `state`."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create(self, values: Data, at: datetime) -> Row:
        """Add a document: an invoice unless the amounts are negative, an invoice is credited or the status says so."""
        values = with_links(self.state, dict(values))
        lines = taken_lines(values)
        id = values.get("id") or self.state.documents.new_id()
        data = self._built(id, instant(at), values, lines)
        row = Row(data, credit_note=_is_credit_note(data, values))
        self.state.documents.add(row)
        self.state.relink(row, None)
        self._lay(row, lines, at)
        self._settle(row, values)
        self.state.record("customer_invoices", row, "insert", at)
        self._rejudge_credited({credited_id(row)}, at, event=True)
        return row

    def patch(self, row: Row, values: Data, at: datetime, *, event: bool) -> None:
        """Merge `values` into a document."""
        values = with_links(self.state, dict(values))
        lines = taken_lines(values)
        before, amounts = credited_id(row), _amounts(row.data)
        if _FIGURES & set(values) or lines is not None:
            values = {**values, **_figures(values, lines, row.data)}
        merge(row.data, values)
        row.facts["credit_note"] = row.facts["credit_note"] or _is_credit_note(row.data, values)
        self.state.relink(row, before)
        self.state.documents.reordered()
        if lines is not None or _amounts(row.data) != amounts:
            self._lay(row, lines, at)
        if _INPUTS & set(values):
            forget_given(row)
        self._finalised(row, values)
        self._settle(row, values)
        stamp(row, at)
        if event:
            self.state.record("customer_invoices", row, "update", at)
        self._rejudge_credited({before, credited_id(row)}, at, event=event)

    def delete(self, row: Row, at: datetime, *, event: bool) -> None:
        """Remove a document with its lines and payments."""
        credited = credited_id(row)
        row.data["credited_invoice"] = None
        self.state.relink(row, credited)
        self.state.documents.remove(row.id)
        for owned in ("invoice_lines", "payments", "matched_transactions"):
            self.state[owned].clear_of(row.id)
        if event:
            self.state.record("customer_invoices", row, "delete", at)
        self._rejudge_credited({credited}, at, event=event)

    def money_changed(self, invoice: Row, at: datetime, *, event: bool) -> None:
        """Judge an invoice again after its payments or matched transactions changed."""
        forget_given(invoice)
        self.state.judge(invoice)
        stamp(invoice, at)
        if event:
            self.state.record("customer_invoices", invoice, "update", at)

    def _built(self, id: int, at: str, values: Data, lines: list[Data] | None) -> Data:
        credited = self.state.documents.rows.get(_id_of(values.get("credited_invoice")))
        values = {**self._terms(values, credited), **values}
        template = dict(objects.document(id, at, currency_amount="", currency_tax="", currency_amount_before_tax=""))
        filled = {**template, **_figures(_signed(values, credited), lines, None)}
        merge(filled, values)
        if not filled["draft"] and "invoice_number" not in values:
            filled["invoice_number"] = f"F-{id}"
        if "public_file_url" not in values:
            give_file(filled)
        return filled

    def _terms(self, values: Data, credited: Row | None) -> Data:
        """Customer, dates and currency where they are not given: those of the credited invoice, or of today."""
        issued = values.get("date", self.state.today().isoformat())
        terms: Data = {"date": issued, "deadline": _in_30_days(issued), "currency": "EUR"}
        if credited is not None:
            return {**terms, "customer": credited.data["customer"], "currency": credited.data["currency"]}
        if "customer" not in values:
            first = next(iter(self.state["customers"]), None)
            if first is None:
                raise UnusableValues("there is no customer to give the document to")
            terms["customer"] = objects.reference("customers", first.id)
        return terms

    def _lay(self, row: Row, lines: list[Data] | None, at: datetime) -> None:
        """Give the document its lines: those given, else one that holds the totals."""
        kept = self.state["invoice_lines"]
        if lines is None:
            lines = [{name: row.data[name] for name in (figures.TOTAL, figures.BEFORE, figures.TAX)}]
        own = {line.id for line in kept.of(row.id)}
        kept.clear_of(row.id)
        for given in lines:
            priced = {**given, **figures.line_figures(given, row.data["currency"])}
            euros = figures.in_euros(priced, row.data["exchange_rate"])
            id = priced.pop("id", None)
            id = id if id in own else kept.new_id()  # a line that stays keeps its id
            own.discard(id)
            kept.add(Row(objects.line(id, instant(at), **{**euros, **priced}), owner=row.id))

    def _finalised(self, row: Row, values: Data) -> None:
        """Give what was a draft its number and its file."""
        if not row.data["draft"] and row.data["invoice_number"] == "":
            row.data["invoice_number"] = f"F-{row.id}"
        if values.get("draft") is False and "public_file_url" not in values:
            give_file(row.data)

    def _settle(self, row: Row, values: Data) -> None:
        """Work out the derived members, keeping those in `values`, and the money that given ones imply."""
        given = {name: values[name] for name in DERIVED if name in values}
        row.facts["given"] = {**row.facts.get("given", {}), **given}
        base = None if row.facts["credit_note"] else self._implied_base(row, given)
        if base is not None:
            row.facts["base"] = base
        self.state.judge(row)

    def _implied_base(self, row: Row, given: Data) -> Decimal | None:
        """The money, payments on record aside, that given derived members tell of; None when they tell nothing."""
        total, remaining = amount(row.data["currency_amount"]), amount(given.get("remaining_amount_with_tax"))
        if total is None:
            return None
        counted: Decimal = self.state.received(row) - row.facts.get("base", ZERO)
        if remaining is not None:
            return total - remaining - self.state.linked(row) - counted
        paid = _says_paid(given, row.data)
        if paid is None:
            return None
        return total - self.state.linked(row) - counted if paid else -counted

    def _rejudge_credited(self, ids: set[int | None], at: datetime, *, event: bool) -> None:
        """Judge again the invoices whose credit notes changed."""
        for id in ids:
            invoice = self.state.documents.rows.get(id or 0)
            if invoice is None:
                continue
            forget_given(invoice)
            if self.state.judge(invoice):
                stamp(invoice, at)
                if event:
                    self.state.record("customer_invoices", invoice, "update", at)


def _amounts(data: Data) -> tuple[Any, ...]:
    return data["currency"], data[figures.TOTAL], data[figures.BEFORE], data[figures.TAX]


def _id_of(reference: Any) -> int:
    id: int = 0 if reference is None else reference["id"]
    return id


def _in_30_days(issued: Any) -> str | None:
    try:
        return (date.fromisoformat(issued) + timedelta(days=30)).isoformat()
    except (TypeError, ValueError):  # no date, or one that is meant to be broken
        return None


def _says_paid(given: Data, current: Data) -> bool | None:
    """Whether what was given says paid or not paid, if it says either."""
    if "paid" in given:
        return bool(given["paid"])
    status = given.get("status")
    if status == "paid":
        return True
    return False if status in ("upcoming", "late") and current["paid"] else None


def taken_lines(values: Data) -> list[Data] | None:
    """Take the lines out of `values`; None when there are none. Raises `UnusableValues`."""
    lines = values.pop("invoice_lines", None)
    if lines is None:
        return None
    known = objects.line(0, "", currency_amount="", currency_tax="", currency_amount_before_tax="").keys()
    if not isinstance(lines, list) or not lines:
        raise UnusableValues("invoice_lines must be a list of lines, not empty")
    unknown = sorted({name for line in lines for name in line} - known)
    if unknown:
        raise UnusableValues(f"a line has no {', '.join(unknown)}")
    return lines


def _figures(values: Data, lines: list[Data] | None, current: Data | None) -> Data:
    currency = values.get("currency") or (current["currency"] if current else "EUR")
    base = current
    if lines is not None:
        base = figures.summed([figures.line_figures(line, currency) for line in lines], currency)
    found = figures.complete(values, currency, base)
    known_rate = (
        current["exchange_rate"] if current and "currency" not in values else figures.RATES.get(currency, "1.0")
    )
    rate = str(values.get("exchange_rate") or known_rate)
    euros: Data = figures.in_euros(found, rate)
    euros.update({name: values[name] for name in ("amount", "tax") if name in values})
    return {**found, **euros, "currency": currency, "exchange_rate": rate}


def _signed(values: Data, credited: Row | None) -> Data:
    """`values`, for a credit note without amounts with those that credit its invoice in full, or 120 taken off."""
    if any(values.get(name) is not None for name in (figures.TOTAL, figures.BEFORE, figures.TAX)):
        return values
    if credited is not None:
        names = (figures.TOTAL, figures.BEFORE, figures.TAX)
        return {**values, **{name: f"-{credited.data[name]}".replace("--", "") for name in names}}
    if values.get("status") == "credit_note":
        return {**values, figures.TOTAL: "-120.00"}
    return values


def _is_credit_note(data: Data, values: Data) -> bool:
    total = amount(data["currency_amount"])
    return (
        data["credited_invoice"] is not None
        or values.get("status") == "credit_note"
        or (total is not None and total < 0)
    )

"""Which rows does the workbook have? One for each line of an invoice or credit note, with all that belongs to it.

Source: Fincome's page on file imports. Rows of one invoice or customer repeat the same attributes, since they are taken
from one payload. A credit note's rows carry the attributes of the invoice they name. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from duebridge.core.api import Payload
from duebridge.targets.fincome.bodies import told
from duebridge.targets.fincome.columns import COLUMNS
from duebridge.targets.fincome.recurring import day_of
from duebridge.targets.fincome.tracks import apart

#: Column -> typed value; what is missing is left out.
Row = dict[str, Any]

_OF_CUSTOMER = {
    "customer_name": "name",
    "customer_email": "email",
    "customer_country": "country",
    "customer_zip_code": "zip_code",
}
_OF_SUBSCRIPTION = (
    "subscription_set_id",
    "subscription_start_date",
    "effective_cancellation_date",
    "deal_closed_date",
    "monthly_amount",
)
_OF_LINE = ("amount_excluding_tax_after_discount", "tax_amount", "discount_amount", "quantity", "description")


class Book:
    """Collects payloads in the order of the rules, and makes rows of them. `notes` tell what is not as it was given."""

    def __init__(self, zone: str) -> None:
        """Start empty; instants fall on the days of `zone`."""
        self.notes: list[str] = []
        self._zone = zone
        self._held: dict[str, dict[str, Payload]] = {
            kind: {} for kind in ("customer", "product", "price", "subscription", "invoice", "credit_note")
        }

    def take(self, kind: str, id: str, payload: Payload) -> None:
        """Keep one record's payload; the items of a billing subscription each by its own id."""
        if kind == "subscription":
            self._held[kind] |= {item["id"]: item for item in payload["subscriptions"]}
        else:
            self._held[kind][payload.get("id", id)] = payload

    def rows(self) -> list[Row]:
        """Return the rows: invoices as they were taken, each followed by its credit notes."""
        credits: dict[str, list[Payload]] = {}
        for note in self._held["credit_note"].values():
            credits.setdefault(note["invoice_id"], []).append(note)
        rows: list[Row] = []
        for id, invoice in self._held["invoice"].items():
            rows += self._of_invoice(invoice)
            self.notes += [f"invoice {id}: {said}" for said in told(invoice)]
            for note in credits.pop(id, ()):
                rows += self._of_credit_note(note, invoice)
        for note in (note for notes in credits.values() for note in notes):
            self.notes.append(f"credit note {note['id']} is left out: its invoice is not in the workbook")
        self.notes += apart(rows)
        return [self._typed(row) for row in rows]

    def _of_invoice(self, invoice: Payload) -> Iterator[Row]:
        derived = set(invoice["derived_periods"])
        for line in invoice["lines"]:
            yield {
                **self._shared(invoice),
                **self._of_line(line),
                **self._of_item(line),
                **{name: line[name] for name in _OF_LINE},
                "_derived": line["id"] in derived,
            }

    def _of_credit_note(self, note: Payload, invoice: Payload) -> Iterator[Row]:
        """Rows that take revenue back; without a period, which would stand beside that of the invoice's own."""
        if (note["currency_code"], note["customer_id"]) != (invoice["currency_code"], invoice["customer_id"]):
            self.notes.append(
                f"credit note {note['id']} is left out: its currency or customer is not that of invoice "
                f"{invoice['id']}, and rows of one invoice must agree"
            )
            return
        self.notes += [f"credit_note {note['id']}: {said}" for said in told(note)]
        for line in note["lines"]:
            yield {
                **self._shared(invoice),
                **self._of_line(line),
                **{name: line.get(name) for name in _OF_LINE},
                "type": "one_off",
                "amount_excluding_tax_after_discount": line["amount"],
                "credit_note_id": note["id"],
                "credit_note_number": note.get("credit_note_number"),
                "credit_note_date": note["date"],
            }

    def _shared(self, invoice: Payload) -> Row:
        """What the rows of one invoice have in common, and those of one customer."""
        customer = self._held["customer"].get(invoice["customer_id"], {})
        return {
            "invoice_id": invoice["id"],
            "customer_id": invoice["customer_id"],
            "status": invoice["status"],
            "date": invoice["date"],
            "currency": invoice["currency_code"],
            "invoice_number": invoice.get("invoice_number"),
            "exchange_rate": invoice.get("exchange_rate"),
            **{column: customer.get(name) for column, name in _OF_CUSTOMER.items()},
            "customer_reference": (customer.get("custom_properties") or {}).get("reference"),
        }

    def _of_line(self, line: Payload) -> Row:
        id = line["price_id"] or ""
        price, product = self._held["price"].get(id, {}), self._held["product"].get(id, {})
        return {
            "invoice_line_item_id": line["id"],
            "price_id": id,
            "price_name": price.get("name"),
            "price_amount": price.get("amount"),
            "product_id": id,
            "product_name": product.get("name"),
        }

    def _of_item(self, line: Payload) -> Row:
        """What a line bills: an item of a subscription for a period, or something sold once, which has no period."""
        if line["subscription_id"] is None:
            return {"type": "one_off"}
        item = self._held["subscription"].get(line["subscription_id"], {})
        return {
            "type": "subscription",
            "subscription_id": line["subscription_id"],
            "period_start": line["period_start"],
            "period_end": line["period_end"],
            "subscription_status": item.get("status"),
            "canceled_at": self._day(item.get("canceled_at")),
            **{name: item.get(name) for name in _OF_SUBSCRIPTION},
        }

    def _day(self, instant: str | None) -> str | None:
        return day_of(datetime.fromisoformat(instant), self._zone) if instant is not None else None

    def _typed(self, row: Mapping[str, Any]) -> Row:
        return {name: _cell(COLUMNS[name], value) for name, value in _filled(row)}


def _filled(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in row.items() if name in COLUMNS and value not in (None, ""))


def _cell(sort: str, value: str) -> Any:
    if sort == "date":
        return date.fromisoformat(value)
    return Decimal(value) if sort == "number" else value

"""Which field of Fincome gets which field of a record?

Source: Fincome's page "Pennylane integration mapping", section Technical mapping; names as in its API where that shows
them (`id`, `custom_properties`), else as on the page. Numbers are exact text here, dates ISO 8601. Everything is pure;
`@today`, `@timezone`, `@discounts` and `@statuses` are the run's day and the connection's choices.
"""

from __future__ import annotations

from decimal import Decimal

from duebridge.core.api import CreditNote, Customer, Invoice, Mapping, Price, Product, Subscription, computed, first
from duebridge.targets.fincome.amounts import plain
from duebridge.targets.fincome.documents import (
    beside_lines,
    credit_note_lines,
    derived_periods,
    invoice_lines,
    issued,
    reversed_amount,
    status,
)
from duebridge.targets.fincome.recurring import items
from duebridge.targets.fincome.references import known_as


def _name(name: str, first_name: str, last_name: str) -> str | None:
    return name.strip() or f"{first_name} {last_name}".strip() or None


_CUSTOMER_ID = computed(
    known_as, "customer_reference", "customer_id", says="the customer's external reference, or its id without one"
)
_OWN_CUSTOMER = computed(
    lambda id: id, "customer_id", says="not sent: the ledger's own id, by which customer_id stays when it is gone there"
)
_BESIDE_LINES = computed(
    beside_lines,
    "lines",
    "amount_before_tax",
    "currency",
    says="not sent: by how much the document differs from its lines, told in the run's notes; left out when it doesn't",
)
_DATE = computed(lambda day: issued(day).isoformat(), "issued_on", says="required")

CUSTOMER = Mapping(
    Customer,
    {
        "id": first("external_reference", "id"),
        "name": computed(_name, "name", "first_name", "last_name", says="the name, else first and last name"),
        "email": "emails.0",
        "country": first("billing_address.country", "delivery_address.country"),
        "zip_code": first("billing_address.postal_code", "delivery_address.postal_code"),
        "custom_properties.reference": "reference",
    },
)

PRODUCT = Mapping(
    Product,
    {
        "id": first("external_reference", "id"),
        "name": "label",
    },
)

PRICE = Mapping(
    Price,
    {
        "id": first("external_reference", "product_id"),
        "product_id": first("external_reference", "product_id"),
        "name": "label",
        "amount": computed(plain, "amount", says="before tax, with all its decimals"),
        "currency_code": "currency",
    },
)

SUBSCRIPTION = Mapping(
    Subscription,
    {
        "subscriptions": computed(
            items,
            "id",
            "customer_id",
            "customer_reference",
            "status",
            "currency",
            "interval_unit",
            "interval",
            "starts_on",
            "ends_on",
            "activated_at",
            "stopped_at",
            "lines",
            "@timezone",
            "@statuses",
            says="one for each line, {subscription}:{line}, with the billing subscription as subscription_set_id, the "
            "line's product as price_id and what the line comes to in a month (a year is 12 months and 52 weeks; "
            "rounded half up to the smallest unit) as monthly_amount",
        ),
    },
)

INVOICE = Mapping(
    Invoice,
    {
        "id": "id",
        "customer_id": _CUSTOMER_ID,
        "customer": _OWN_CUSTOMER,
        "date": _DATE,
        "invoice_number": "number",
        "status": computed(
            status,
            "status",
            "due_on",
            "paid",
            "@today",
            says="settled or cancelled: paid; late: unpaid; upcoming: open; in part: unpaid once due_on is over",
        ),
        "lines": computed(
            invoice_lines,
            "lines",
            "subscription",
            "issued_on",
            "currency",
            "@discounts",
            says="one for each line: subscription_id of the item with its product, else of the only one with its "
            "label; period as allocated, else the subscription's frequency from the day of issue; its end is the day "
            "after its last; discount_amount 0, or the real one when the connection says so",
        ),
        "beside_lines": _BESIDE_LINES,
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        "id": "id",
        "invoice_id": "invoice_id",
        "customer_id": _CUSTOMER_ID,
        "customer": _OWN_CUSTOMER,
        "date": _DATE,
        "credit_note_number": "number",
        "currency_code": "currency",
        "amount": computed(reversed_amount, "amount_before_tax", "currency", says="before tax, always negative"),
        "tax_amount": computed(reversed_amount, "tax", "currency", says="always negative"),
        "lines": computed(
            credit_note_lines,
            "lines",
            "subscription",
            "issued_on",
            "currency",
            "id",
            "invoice_id",
            says="as an invoice's, negative together; discount_amount is 0",
        ),
        "beside_lines": _BESIDE_LINES,
    },
)


def _rate(rate: Decimal | None) -> str | None:
    return plain(rate) if rate is not None else None


#: The workbook's rows of an invoice also show the rate the ledger reckoned with; nothing is converted by it.
INVOICE_ROWS = Mapping(
    Invoice,
    {
        **INVOICE.fields,
        "currency_code": "currency",
        "derived_periods": computed(
            derived_periods, "lines", "subscription", "issued_on", says="the lines whose period is derived"
        ),
        "exchange_rate": computed(_rate, "exchange_rate", says="as the ledger gives it"),
    },
)

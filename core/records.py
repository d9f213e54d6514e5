"""What flows: canonical records, frozen, the same whatever product they came from.

Ids are strings, amounts `Decimal` in the document's currency (major units), dates are dates, instants are aware.
A credit note's amounts keep the sign the source gives them; `CreditNote.total` is always positive.
`draft`, `status`, `archived_at` and `paid` are kept apart as the source gives them; rules combine them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from duebridge.core.money import Amount

__all__ = [
    "DOCUMENT_STATUSES",
    "KINDS",
    "OTHER_STATUSES",
    "SUBSCRIPTION_STATUSES",
    "Address",
    "Contact",
    "Credit",
    "CreditNote",
    "Customer",
    "Discount",
    "Document",
    "Invoice",
    "LedgerAccount",
    "Line",
    "Payment",
    "Price",
    "Product",
    "Record",
    "Subscription",
    "Vocabulary",
]


class Vocabulary:
    """The words a text field is known to hold; rules may name these and no others. Other words still arrive."""

    def __init__(self, words: frozenset[str]) -> None:
        """Keep `words`."""
        self.words = words


#: Pennylane's `status` words (spec, GET /customer_invoices), plus the older word for "linked to a draft credit note".
DOCUMENT_STATUSES = frozenset(
    """archived incomplete cancelled paid partially_paid partially_cancelled partially_cancelled_draft upcoming late
    draft credit_note proforma shipping_order purchasing_order estimate_pending estimate_accepted estimate_invoiced
    estimate_denied""".split()
)

#: The words of documents that are neither invoices nor credit notes.
OTHER_STATUSES = frozenset(
    """proforma shipping_order purchasing_order estimate_pending estimate_accepted estimate_invoiced
    estimate_denied""".split()
)

#: The words of a finalised invoice on which money is still expected.
OPEN_STATUSES = frozenset({"upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft"})

#: Pennylane's words for where a subscription stands (spec, GET /billing_subscriptions).
SUBSCRIPTION_STATUSES = frozenset({"draft", "pending", "not_started", "in_progress", "stopped", "finished"})

DocumentStatus = Annotated[str, Vocabulary(DOCUMENT_STATUSES)]
SubscriptionStatus = Annotated[str, Vocabulary(SUBSCRIPTION_STATUSES)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Part(BaseModel):
    """A piece of a record; it has no life of its own at the source."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(BaseModel):
    """One thing read from a source. `id` is the source's own, as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]
    id: Annotated[str, Field(min_length=1)]

    @classmethod
    def trusted(cls, values: Mapping[str, Any]) -> Self:
        """Make a record of values that have the fields' exact types already, without checking them again.

        For sources that validate whole pages: it is ten times as quick as the constructor. Fields left out take their
        defaults; a required field left out, or a value of another type, goes unnoticed.
        """
        record = cls.__new__(cls)
        put = object.__setattr__
        put(record, "__dict__", {**_defaults(cls), **values})
        put(record, "__pydantic_fields_set__", set(values))
        put(record, "__pydantic_extra__", None)
        put(record, "__pydantic_private__", None)
        return record


@cache
def _defaults(record: type[Record]) -> Mapping[str, Any]:
    """Every field in its order, so that a record is written the same however it was made."""
    return {name: field.get_default() for name, field in record.model_fields.items()}


class Address(Part):
    """A postal address; `country` is ISO 3166 alpha-2."""

    address: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""


class LedgerAccount(Part):
    """The account of the chart of accounts a customer is booked on."""

    id: str
    number: str | None = None
    label: str | None = None


class Contact(Record):
    """A person at a customer."""

    kind: ClassVar[str] = "contact"
    customer_id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    role: str = ""


class Customer(Record):
    """Who owes. `emails` is the customer's own address list, in order; `contacts` the separate address book."""

    kind: ClassVar[str] = "customer"
    customer_type: Literal["company", "individual"]
    name: str
    first_name: str = ""
    last_name: str = ""
    emails: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    phone: str = ""
    recipient: str = ""
    reference: str | None = None
    notes: str | None = None
    payment_conditions: str | None = None
    external_reference: str | None = None
    vat_number: str = ""
    reg_no: str = ""
    language: str | None = None
    ledger_account: LedgerAccount | None = None
    billing_address: Address | None = None
    delivery_address: Address | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class Discount(Part):
    """What is taken off: an amount in the document's currency, or a percentage."""

    kind: Literal["absolute", "relative"]
    value: Amount


class Line(Part):
    """One line of a document or a subscription; amounts in its currency, `quantity` in `unit`s.

    `product_reference` is the product's `external_reference`. A period includes both its days.
    """

    id: str
    label: str = ""
    description: str = ""
    quantity: Amount
    unit: str | None = None
    unit_price: Amount | None = None
    amount_before_tax: Amount
    tax: Amount
    amount: Amount
    tax_rate: Amount | None = None
    tax_code: str | None = None
    discount: Discount | None = None
    product_id: str | None = None
    product_reference: str | None = None
    category: str | None = None
    period_start: date | None = None
    period_end: date | None = None


class Subscription(Record):
    """A recurring agreement with a customer: what each of its invoices holds, every `interval` `interval_unit`s.

    `starts_on` and `ends_on` are the days of its first and last invoice, `stopped_at` when somebody ended it.
    `customer_reference` is the customer's `external_reference`; `mode` is the source's word for what becomes of its
    invoices. `lines` is None when lines were not asked for.
    """

    kind: ClassVar[str] = "subscription"
    customer_id: str | None = None
    customer_reference: str | None = None
    label: str | None = None
    status: SubscriptionStatus
    mode: str | None = None
    currency: Currency
    amount: Amount
    amount_before_tax: Amount
    tax: Amount
    interval_unit: Literal["week", "month", "year"]
    interval: Annotated[int, Field(ge=1)] = 1
    occurrences: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    next_on: date | None = None
    activated_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    payment_conditions: str | None = None
    lines: tuple[Line, ...] | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class Document(Record):
    """What an invoice and a credit note have in common. `lines` is None when lines were not asked for.

    `customer_reference` (the customer's `external_reference`) and `subscription` (what made it, as it is now, besides
    its id) are there when they were asked for.
    """

    customer_id: str
    customer_reference: str | None = None
    number: str | None = None
    label: str | None = None
    status: DocumentStatus
    draft: bool
    paid: bool
    archived_at: AwareDatetime | None = None
    currency: Currency
    amount: Amount
    amount_before_tax: Amount
    tax: Amount
    remaining: Amount | None = None
    exchange_rate: Amount | None = None
    issued_on: date | None = None
    due_on: date | None = None
    external_reference: str | None = None
    subscription_id: str | None = None
    subscription: Subscription | None = None
    e_invoicing_status: str | None = None
    has_file: bool = False
    written_off: bool = False
    lines: tuple[Line, ...] | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None

    @property
    def archived(self) -> bool:
        """Whether it was put away at the source."""
        return self.archived_at is not None


class Credit(Part):
    """How much of an invoice a credit note takes."""

    credit_note_id: str
    amount: Amount


class Invoice(Document):
    """What a customer owes.

    `credits` are what the credit notes at the target take of it, by issue date then id: no source gives them, they are
    worked out while it is planned, for targets that read them.
    """

    kind: ClassVar[str] = "invoice"
    credits: tuple[Credit, ...] = ()

    @property
    def open(self) -> bool:
        """Whether money is still expected on it at the source."""
        return not (self.draft or self.paid or self.archived) and self.status in OPEN_STATUSES

    @property
    def total(self) -> Decimal:
        """Tax included, in the document's currency."""
        return self.amount


class CreditNote(Document):
    """What is owed back. `invoice_id` is the invoice it credits, when the source links one.

    `invoice_stands`: that invoice is, or will be after this run, at the target; worked out while it is planned, for
    targets that read it.
    """

    kind: ClassVar[str] = "credit_note"
    invoice_id: str | None = None
    invoice_stands: bool = False

    @property
    def total(self) -> Decimal:
        """Tax included, in the document's currency, positive."""
        return abs(self.amount)

    @property
    def linked(self) -> bool:
        """Whether the source links it to an invoice."""
        return self.invoice_id is not None


class Payment(Record):
    """Money received, or paid back when negative."""

    kind: ClassVar[str] = "payment"
    customer_id: str | None = None
    invoice_id: str | None = None
    currency: Currency
    amount: Amount
    paid_on: date | None = None
    status: str | None = None
    label: str = ""


class Product(Record):
    """What is sold."""

    kind: ClassVar[str] = "product"
    label: str
    external_reference: str | None = None
    reference: str | None = None
    price_before_tax: Amount | None = None
    currency: Currency | None = None
    unit: str | None = None
    tax_code: str | None = None
    archived_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None

    @property
    def archived(self) -> bool:
        """Whether it was put away at the source."""
        return self.archived_at is not None


class Price(Record):
    """What a product costs before tax in one currency; `label` and `external_reference` are the product's."""

    kind: ClassVar[str] = "price"
    product_id: str
    label: str = ""
    external_reference: str | None = None
    currency: Currency
    amount: Amount
    archived_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None

    @property
    def archived(self) -> bool:
        """Whether its product was put away at the source."""
        return self.archived_at is not None


KINDS: Mapping[str, type[Record]] = MappingProxyType(
    {record.kind: record for record in (Customer, Contact, Product, Price, Subscription, Invoice, CreditNote, Payment)}
)

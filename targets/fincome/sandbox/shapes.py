"""Which fields has each object of Fincome's stand-in, and which values do they take?

The customer's are Fincome's own (its API page); the others are the names its pages use, as this project's contract.
Types are strict: a number is a JSON number, a date is `YYYY-MM-DD`, nothing unknown is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(min_length=1)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Shape(BaseModel):
    """An object as it is written."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Entity(Shape):
    """An object with an id its writer gives it."""

    id: Id
    custom_properties: dict[str, Any] = Field(default_factory=dict)


class Customer(Entity):
    """A customer."""

    root_parent_id: str | None = None
    name: str | None = None
    email: str | None = None
    country: str | None = None
    zip_code: str | None = None


class Product(Entity):
    """What is sold."""

    name: str | None = None


class Price(Entity):
    """What a product costs."""

    product_id: str | None = None
    name: str | None = None
    amount: Number
    currency_code: Currency


class Subscription(Entity):
    """One item of an agreement; those of one agreement share `subscription_set_id`."""

    customer_id: Id
    subscription_set_id: str | None = None
    price_id: str | None = None
    currency_code: Currency
    status: Id
    subscription_start_date: date | None = None
    canceled_at: date | datetime | None = None
    effective_cancellation_date: date | None = None
    deal_closed_date: date | None = None
    monthly_amount: Number | None = None


class Line(Shape):
    """A line of an invoice or a credit note; a period has both its ends or none, and lasts."""

    id: Id
    subscription_id: str | None = None
    price_id: str | None = None
    description: str | None = None
    quantity: Number | None = None
    currency_code: Currency
    tax_amount: Number | None = None
    discount_amount: Number | None = None
    period_start: date | None = None
    period_end: date | None = None
    custom_properties: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _lasting(self) -> Self:
        if (self.period_start is None) != (self.period_end is None):
            raise ValueError("period_start and period_end go together")
        if self.period_start is not None and self.period_end is not None and self.period_start >= self.period_end:
            raise ValueError("period_start must be before period_end")
        return self


class InvoiceLine(Line):
    """A line of an invoice."""

    amount_excluding_tax_after_discount: Number


class CreditNoteLine(Line):
    """A line of a credit note, which takes back: its sign is against that of an invoice's line."""

    credit_note_id: str | None = None
    invoice_id: str | None = None
    amount: Number


class Invoice(Entity):
    """An invoice with its lines."""

    customer_id: Id
    date: date
    invoice_number: str | None = None
    status: Literal["open", "paid", "unpaid"]
    lines: Annotated[list[InvoiceLine], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_repeated(self.lines)
        return self


class CreditNote(Entity):
    """A credit note of an invoice, with negative amounts."""

    invoice_id: Id
    customer_id: str | None = None
    date: date
    credit_note_number: str | None = None
    currency_code: Currency
    amount: Annotated[Number, Field(le=0)]
    tax_amount: Annotated[Number, Field(le=0)] = 0.0
    lines: list[CreditNoteLine] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(line.amount for line in self.lines) > 0:
            raise ValueError("the lines of a credit note must be negative together")
        _refuse_repeated(self.lines)
        return self


def _refuse_repeated(lines: Sequence[Line]) -> None:
    if len({line.id for line in lines}) < len(lines):
        raise ValueError("two lines have one id")


#: Collection -> what it holds. `clients` and `plans` are other names Fincome's pages use.
SHAPES: dict[str, type[Entity]] = {
    "customers": Customer,
    "products": Product,
    "prices": Price,
    "subscriptions": Subscription,
    "invoices": Invoice,
    "credit_notes": CreditNote,
}
ALIASES = {"clients": "customers", "plans": "prices"}

"""Which documents does the seeded account hold: at least one of everything a receivables tool tells apart?

A family is an invoice with its credit notes, or a document alone; its size is how many rows of the invoice list it
takes. `CURATED` comes first, in this order, so that small accounts hold the commonest; `COMMON` fills the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.seed_book import CURRENCIES, Book, Item, part, rest, total
from duebridge.plugins.pennylane.sandbox.store import Row
from duebridge.plugins.pennylane.sandbox.words import HOSTILE, LONG_LABEL


@dataclass(frozen=True, slots=True)
class Family:
    """`write` adds exactly `size` documents."""

    size: int
    write: Callable[[Book], object]


def _one(write: Callable[..., object], **options: Any) -> Family:
    return Family(1, partial(write, **options))


# --- invoices alone


def upcoming(book: Book, currency: str = "EUR", lines: int = 0, **given: Any) -> Row:
    """Not due yet."""
    return _open(book, currency, lines, age=book.rng.randrange(2, 25), terms=45, **given)


def late(book: Book, currency: str = "EUR", lines: int = 0, **given: Any) -> Row:
    """Due and unpaid."""
    return _open(book, currency, lines, age=book.rng.randrange(40, 300), terms=book.rng.randrange(0, 30), **given)


def _open(book: Book, currency: str, lines: int, *, age: int, terms: int | None, **given: Any) -> Row:
    return book.add(book.items(lines or book.rng.randrange(1, 4), currency), currency, age=age, terms=terms, **given)


def paid(book: Book, currency: str = "EUR", trace: str = "payments") -> None:
    """Paid in full, once; `trace` tells where that shows."""
    items = book.items(book.rng.randrange(1, 4), currency)
    book.pay(book.add(items, currency, age=book.rng.randrange(20, 400)), total(items), trace=trace)


def paid_twice_told(book: Book) -> None:
    """Paid in two payments, both matched with bank transactions: the same cash, told twice."""
    items = book.items(2, "EUR")
    invoice = book.add(items, age=70)
    for trace in ("payments", "matched_transactions"):
        book.pay(invoice, total(items) // 3, trace=trace)
        book.pay(invoice, total(items) - total(items) // 3, trace=trace)


def partially_paid(book: Book, trace: str = "payments") -> None:
    """A part received; a payment that failed does not count."""
    items = book.items(2, "EUR")
    invoice = book.add(items, age=book.rng.randrange(30, 90))
    book.pay(invoice, total(items) * 2 // 5, trace=trace)
    if trace == "payments":
        book.pay(invoice, total(items), status="failed")


def in_state(book: Book, **given: Any) -> Row:
    """An unpaid document with these members."""
    return book.add(book.items(2, "EUR"), age=book.rng.randrange(5, 60), **given)


def archived(book: Book, *, settled: bool) -> None:
    """Put away, with or without having been paid."""
    items = book.items(1, "EUR")
    invoice = book.add(items, age=200, archived_at=book.clock.instant(100))
    if settled:
        book.pay(invoice, total(items), trace="")


def discounted(book: Book, discount: objects.Data, percent: int) -> None:
    """A discount on the whole; the lines' amounts are net of it."""
    book.add(book.items(2, "EUR", discount=percent), age=12, discount=discount)


def line_discount(book: Book) -> None:
    """A discount on one line."""
    item = book.items(1, "EUR", discount=10)[0]
    relative = {"type": "relative", "value": "10"}
    fields = {name: getattr(item, name) for name in ("label", "quantity", "price", "before", "tax", "vat_rate")}
    book.add([Item(**fields, discount=relative), *book.items(1, "EUR")], age=9)


def electronic(book: Book) -> None:
    """Sent as an e-invoice."""
    flow = {"id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}
    in_state(
        book,
        e_invoicing={"status": "approved", "reason": None, "flow": flow},
        factur_x=True,
        schematron_validation_status="valid",
        filename="facture é.pdf",
    )


def subscribed(book: Book) -> None:
    """Made by a subscription, when there is one."""
    ids = book.state["billing_subscriptions"].ids
    in_state(
        book,
        billing_subscription={"id": ids[0]} if ids else None,
        quote={"id": 77_001},
        special_mention="Autoliquidation",
    )


# --- invoices with credit notes


def credited(
    book: Book, *shares: int, currency: str = "EUR", received: int = 0, whole: bool = False, **note: Any
) -> None:
    """An invoice with credit notes over `shares` percent each, `whole`: and one over the rest, then a payment.

    `received` is the percentage of what is left that is paid.

    `note` are members of the first credit note.
    """
    items = book.items(2, currency)
    invoice = book.add(items, currency, age=60, terms=90)
    left = items
    for place, share in enumerate(shares):
        taken = part(items, share) if share < 100 else items
        book.credit(invoice, taken, age=50 - place, **(note if place == 0 else {}))
        left = rest(left, taken) if share < 100 else left
    if whole:
        book.credit(invoice, left, age=20)
    if received:
        book.pay(invoice, total(left) * received // 100)


def manual_entry(book: Book, *, settled: str) -> None:
    """An invoice with an accounting entry made by hand; what it repeats is a credit note, a payment, or nothing yet."""
    items = book.items(2, "EUR")
    invoice = book.add(items, age=45, terms=60)
    if settled == "credit_note":
        book.credit(invoice, items, age=30)
    elif settled == "payment":
        book.pay(invoice, total(items), trace="")
    book.credit(invoice, part(items, 30) if settled != "credit_note" else items, age=25, paid=True, status="cancelled")


def lone_credit_note(book: Book, **note: Any) -> None:
    """A credit note linked to nothing."""
    customer = objects.reference("customers", book.rng.choice(book.state["customers"].ids))
    items = [
        Item("Avoir commercial", 1, -price, -price, -price // 5, "FR_200")
        for price in (book.rng.randrange(20, 400) * 100,)
    ]
    book.add(items, age=book.rng.randrange(5, 120), terms=None, customer=customer, **note)


def _credited(*shares: int, whole: bool = False, **options: Any) -> Family:
    return Family(1 + len(shares) + whole, lambda book: credited(book, *shares, whole=whole, **options))


_OTHER_WORDS = (
    "proforma", "shipping_order", "purchasing_order", "estimate_pending", "estimate_accepted", "estimate_invoiced",
    "estimate_denied",
)  # fmt: skip
_LINKED_WORDS = ("credit_note", "late", "upcoming", "partially_cancelled")

CURATED: tuple[Family, ...] = (
    _one(upcoming),
    _one(late),
    _one(paid),
    _one(in_state, draft=True),
    _credited(whole=True),
    _credited(30),
    _one(lone_credit_note),
    _one(archived, settled=False),
    # invoices
    *(_one(kind, currency=currency) for currency in CURRENCIES[1:] for kind in (upcoming, late, paid)),
    _one(paid, trace="matched_transactions"),
    _one(paid, trace=""),
    _one(paid_twice_told),
    _one(partially_paid),
    _one(partially_paid, trace="matched_transactions"),
    _one(in_state, draft=True, status="cancelled"),
    _one(in_state, status="archived"),
    _one(archived, settled=True),
    _one(in_state, status="incomplete"),
    *(_one(in_state, status=word) for word in _OTHER_WORDS),
    _one(discounted, discount={"type": "relative", "value": "15"}, percent=15),
    _one(discounted, discount={"type": "absolute", "value": "50.00"}, percent=5),
    _one(line_discount),
    _one(upcoming, lines=45),
    _one(late, lines=21),
    _one(_open, currency="EUR", lines=1, age=10, terms=None),
    _one(upcoming, label=None),
    _one(upcoming, label=LONG_LABEL),
    *(_one(late, label=words, pdf_invoice_subject=words) for words in HOSTILE),
    _one(electronic),
    _one(subscribed),
    # credit notes that settle invoices
    *(_credited(25, currency=currency) for currency in CURRENCIES[1:]),
    _credited(20, 30),
    _credited(10, 15, 20),
    _credited(40, whole=True),
    _credited(20, received=50),
    _credited(20, received=100),
    *(_credited(35, paid=True, status=word) for word in ("paid", *_LINKED_WORDS)),
    _credited(15, status="partially_cancelled"),
    _credited(15, status="upcoming"),
    # credit notes that settle nothing
    _credited(50, draft=True),
    Family(2, lambda book: credited(book, 50, archived_at=book.clock.instant(10))),
    _credited(50, paid=True, status="partially_paid"),
    Family(3, partial(manual_entry, settled="credit_note")),
    Family(2, partial(manual_entry, settled="payment")),
    Family(2, partial(manual_entry, settled="")),
    _one(lone_credit_note, paid=True, status="cancelled"),
    *(_one(lone_credit_note, paid=True, status=word) for word in ("paid", "credit_note")),
    *(_one(lone_credit_note, status=word) for word in ("late", "upcoming", "partially_cancelled", "cancelled")),
    _one(lone_credit_note, draft=True),
    _one(lone_credit_note, draft=True, status="draft"),
    _one(lone_credit_note, status="archived"),
    _one(lone_credit_note, status="incomplete"),
)  # fmt: skip

#: What fills the rest, with how often it comes.
COMMON: tuple[tuple[int, Family], ...] = (
    (26, _one(upcoming)),
    (20, _one(late)),
    (18, _one(paid)),
    (8, _one(paid, trace="matched_transactions")),
    (6, _one(paid, trace="")),
    (5, _one(partially_paid)),
    (4, _one(in_state, draft=True)),
    (3, _one(archived, settled=True)),
    (3, _one(lone_credit_note)),
    (3, _credited(whole=True)),
    (4, _credited(30)),
    *((1, _one(kind, currency=currency)) for currency in CURRENCIES[1:] for kind in (upcoming, late, paid)),
)

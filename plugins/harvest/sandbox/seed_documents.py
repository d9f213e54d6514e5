"""Which invoices does the seeded account have? One of every kind first, then the usual mixture.

French clients in euros are invoiced with taxes that exist in France (20, 10, 5.5 %), the others without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duebridge.plugins.harvest.sandbox.derive import exact
from duebridge.plugins.harvest.sandbox.seed_book import Book
from duebridge.plugins.harvest.sandbox.state import Data
from duebridge.plugins.harvest.sandbox.words import HOSTILE

Write = Callable[[Book], None]
Line = dict[str, Any]


def _taxed(book: Book, lines: list[Line], age: int, **given: Any) -> Data:
    return book.write(lines, age, client=book.client(taxed=True), **({"tax": 20.0} | given))


def _line(quantity: float, price: float, **given: Any) -> Line:
    return {"quantity": quantity, "unit_price": price, "taxed": True} | given


def _part(invoice: Data, share: int) -> float:
    """A hundredth part or several of what is due, in whole units of any currency."""
    return float(int(exact(invoice["due_amount"]) * share / 100))


# --- one of every kind ----------------------------------------------------------------------------------------------


def upcoming(book: Book) -> None:
    _taxed(book, [_line(1, 1200)], 5)


def late(book: Book) -> None:
    _taxed(book, [_line(2, 350.5)], 70)


def due_on_receipt(book: Book) -> None:
    _taxed(book, [_line(1, 80)], 1, payment_term="upon receipt")


def custom_term(book: Book) -> None:
    _taxed(book, [_line(3, 99.99)], 12, payment_term="custom", due_date=book.day(-50))


def partly_paid(book: Book) -> None:
    invoice = _taxed(book, [_line(1, 1000)], 20)
    book.pay(invoice, 500.0, 3)


def paid_in_two(book: Book) -> None:
    invoice = _taxed(book, [_line(4, 150)], 90)
    book.pay(invoice, 300.0, 60)
    book.pay(invoice, invoice["due_amount"], 40)


def written_off(book: Book) -> None:
    invoice = _taxed(book, [_line(1, 640)], 200)
    book.pay(invoice, 268.0, 150)
    book.close(invoice, 30)


def draft(book: Book) -> None:
    _taxed(book, [_line(1, 410)], 2, state="draft")


def draft_with_a_payment(book: Book) -> None:
    invoice = _taxed(book, [_line(1, 900)], 9, state="draft")
    book.pay(invoice, 100.0, 4)


def credit(book: Book) -> None:
    _taxed(book, [_line(1, -240, description="Avoir")], 15)


def credit_used_up(book: Book) -> None:
    invoice = _taxed(book, [_line(-2, 60, description="Remboursement")], 80)
    book.pay(invoice, invoice["due_amount"], 50)


def two_taxes_and_a_discount(book: Book) -> None:
    lines = [_line(2, 100, taxed2=True), _line(1, 100, taxed2=True)]
    _taxed(book, lines, 25, tax=10.0, tax2=10.0, discount=10.0)


def two_taxes_on_some_lines(book: Book) -> None:
    lines = [_line(1, 120.35, taxed2=True), _line(3, 33.33), _line(1, 19.9, taxed=False)]
    _taxed(book, lines, 33, tax=5.5, tax2=4.5, discount=3.33)


def lines_of_both_signs(book: Book) -> None:
    lines = [_line(7.75, 95.2), _line(1, -120.1, description="Avoir sur la facture précédente"), _line(1, 0.1)]
    _taxed(book, lines, 18, discount=4.0)


def fractions_of_hours(book: Book) -> None:
    _taxed(book, [_line(1.33, 75.55), _line(0.17, 75.55), _line(2.5, 88.01)], 45, tax=10.0)


def half_off(book: Book) -> None:
    _taxed(book, [_line(1, 99.99), _line(1, 0.01)], 8, discount=50.0)


def many_lines(book: Book) -> None:
    _taxed(book, book.lines(25), 50)


def hostile_text(book: Book) -> None:
    lines = [_line(1, 50, description=f"{text}\r\nsecond line") for text in HOSTILE]
    _taxed(book, lines, 35, subject=HOSTILE[0], notes=HOSTILE[3], purchase_order=HOSTILE[2][:40])


def a_period_of_time(book: Book) -> None:
    _taxed(book, [_line(12, 85)], 10, period_start=book.day(40), period_end=book.day(11))


def without_tax(book: Book) -> None:
    book.write([_line(1, 700, taxed=False)], 22)


def in_yen(book: Book) -> None:
    lines = [_line(3, 12345), _line(1, 999)]
    book.write(lines, 28, client=book.client(currency="JPY"), currency="JPY", discount=7.0, tax=None)


def in_dinars(book: Book) -> None:
    book.write([_line(3, 33.333)], 14, client=book.client(currency="TND"), currency="TND", discount=5.0, tax=None)


def to_another_country(book: Book) -> None:
    book.write(book.lines(3), 26, client=book.client(taxed=False))


CURATED: tuple[Write, ...] = (
    upcoming,
    late,
    partly_paid,
    paid_in_two,
    draft,
    credit,
    two_taxes_and_a_discount,
    written_off,
    in_yen,
    lines_of_both_signs,
    due_on_receipt,
    custom_term,
    draft_with_a_payment,
    credit_used_up,
    two_taxes_on_some_lines,
    fractions_of_hours,
    half_off,
    many_lines,
    hostile_text,
    a_period_of_time,
    without_tax,
    in_dinars,
    to_another_country,
)


# --- the usual mixture ----------------------------------------------------------------------------------------------


def _usual(book: Book, age: int, **given: Any) -> Data:
    client = book.client()
    tax = book.rng.choice((20.0, 20.0, 20.0, 10.0, 5.5, None))
    discount = book.rng.choice((None, None, None, None, 5.0, 3.33))
    lines = book.lines(book.rng.choice((1, 1, 2, 3, 5)), client["currency"])
    return book.write(lines, age, client=client, **({"tax": tax, "discount": discount} | given))


def _is_upcoming(book: Book) -> None:
    _usual(book, book.rng.randrange(1, 28))


def _is_late(book: Book) -> None:
    _usual(book, book.rng.randrange(35, 200))


def _is_partly_paid(book: Book) -> None:
    age = book.rng.randrange(10, 120)
    invoice = _usual(book, age)
    book.pay(invoice, _part(invoice, book.rng.randrange(20, 80)), age // 2)


def _is_paid(book: Book) -> None:
    age = book.rng.randrange(20, 400)
    invoice = _usual(book, age)
    book.pay(invoice, invoice["due_amount"], age // 2)


def _is_written_off(book: Book) -> None:
    age = book.rng.randrange(150, 400)
    book.close(_usual(book, age), age // 2)


def _is_a_draft(book: Book) -> None:
    _usual(book, book.rng.randrange(1, 20), state="draft")


def _is_a_credit(book: Book) -> None:
    client = book.client()
    lines = [{**line, "unit_price": -line["unit_price"]} for line in book.lines(1, client["currency"])]
    book.write(lines, book.rng.randrange(3, 100), client=client, tax=20.0)


COMMON: tuple[tuple[int, Write], ...] = (
    (40, _is_paid),
    (18, _is_upcoming),
    (17, _is_late),
    (8, _is_partly_paid),
    (8, _is_a_draft),
    (7, _is_a_credit),
    (2, _is_written_off),
)

"""Which records does `--broken` add? Each must be rejected by whoever reads it with care; they take turns.

A word outside the contract's statuses makes those answers leave the contract, knowingly.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice

from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.seed_book import Book
from duebridge.plugins.pennylane.sandbox.seed_families import upcoming
from duebridge.plugins.pennylane.sandbox.store import Row


def _nobody(book: Book) -> None:
    upcoming(book, customer=None)


def _unknown_status(book: Book) -> None:
    upcoming(book, status="mystery_status")


def _too_many_decimals(book: Book) -> None:
    upcoming(book, currency_amount="120.001", currency_amount_before_tax="100.001", currency_tax="20.000")


def _no_amount(book: Book) -> None:
    upcoming(book, currency_amount="12O,00 €")


def _undated(book: Book) -> None:
    upcoming(book, date=None)


def _nameless(book: Book) -> None:
    customers = book.state["customers"]
    id = customers.new_id()
    customers.add(Row(objects.customer(id, book.clock.instant(30), name="", emails=["nobody@example.org"])))


BROKEN: tuple[Callable[[Book], None], ...] = (
    _nobody, _unknown_status, _too_many_decimals, _no_amount, _undated, _nameless,
)  # fmt: skip


def add_broken(book: Book, count: int) -> None:
    """Add `count` records with a defect, each kind in turn."""
    for write in islice(cycle(BROKEN), count):
        write(book)

"""Which records must be rejected, by every target or by one that needs more than Harvest tells? In rotation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duebridge.plugins.harvest.sandbox import objects
from duebridge.plugins.harvest.sandbox.seed_book import Book
from duebridge.plugins.harvest.sandbox.state import Data


def add_broken(book: Book, count: int) -> None:
    """Write `count` invoices with one defect each."""
    for number in range(count):
        DEFECTS[number % len(DEFECTS)](book)


def _invoice(book: Book, kept: dict[str, Any] | None = None, **given: Any) -> Data:
    line = {"quantity": 1, "unit_price": 150, "taxed": True}
    values: dict[str, Any] = {"client": book.client(taxed=True), "tax": 20.0}
    invoice = book.write([line], 6, **(values | given))
    book.state.kept[invoice["id"]] = dict(kept or {})
    book.state.settle(invoice)
    return invoice


def _total_its_lines_do_not_make(book: Book) -> None:
    _invoice(book, {"amount": 181.0})


def _currency_nobody_knows(book: Book) -> None:
    _invoice(book, currency="XBT")


def _finer_than_its_currency(book: Book) -> None:
    _invoice(book, {"amount": 150.5, "tax_amount": 0.5}, currency="JPY", tax=0.3)


def _nobody_owes_it(book: Book) -> None:
    _invoice(book)["client"] = None


def _client_without_an_address(book: Book) -> None:
    _invoice(book, client=_client(book, "Sans Adresse", None))


def _client_with_half_an_address(book: Book) -> None:
    _invoice(book, client=_client(book, "Quelque Part", "Lieu-dit Les Granges\r\nFrance"))


def _rate_of_no_country(book: Book) -> None:
    _invoice(book, tax=13.37)


def _client(book: Book, name: str, address: str | None) -> Data:
    state = book.state
    client = objects.client(state.new_id("clients"), book.instant(60), name=name, address=address)
    book.clients[client["id"]] = False
    return state.add("clients", client)


DEFECTS: tuple[Callable[[Book], None], ...] = (
    _total_its_lines_do_not_make,
    _currency_nobody_knows,
    _finer_than_its_currency,
    _nobody_owes_it,
    _client_without_an_address,
    _client_with_half_an_address,
    _rate_of_no_country,
)

"""What does the account hold before anybody changes it? Deterministic for the options and the day."""

from __future__ import annotations

from random import Random
from typing import Any

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.harvest.sandbox import objects, words
from duebridge.plugins.harvest.sandbox.seed_book import Book
from duebridge.plugins.harvest.sandbox.seed_broken import add_broken
from duebridge.plugins.harvest.sandbox.seed_documents import COMMON, CURATED
from duebridge.plugins.harvest.sandbox.state import State, link

#: How many contacts the n-th client has, in turn.
_CONTACTS = (1, 2, 0, 1, 3, 1)


def seed(state: State, options: SandboxOptions) -> None:
    """Fill an empty `state`. Raises `ValueError` for invoices without any client to give them to."""
    if options.invoices and not options.customers:
        raise ValueError("invoices need at least one customer")
    rng = Random(options.seed)  # noqa: S311 - generated data, not secrets
    book = Book(state, rng)
    for name, service, expense in words.CATEGORIES:
        category = objects.category(state.new_id("invoice_item_categories"), book.instant(1500), name=name)
        state.add("invoice_item_categories", {**category, "use_as_service": service, "use_as_expense": expense})
    for place in range(options.customers):
        _client(book, rng, place)
    if options.invoices:
        _documents(book, rng, options.invoices)
    if options.broken and options.customers:
        add_broken(book, options.broken)


def _client(book: Book, rng: Random, place: int) -> None:
    """The n-th client: five in seven French; each fourth has a hostile name, one in nine is archived."""
    state, at = book.state, book.instant(rng.randrange(40, 900))
    address, currency = words.FRENCH_ADDRESSES[place % len(words.FRENCH_ADDRESSES)], "EUR"
    if foreign := place % 7 in (3, 5):
        address, currency = words.FOREIGN_ADDRESSES[place // 3 % len(words.FOREIGN_ADDRESSES)]
    elif place % 14 == 6:
        currency = "JPY"
    elif place % 14 == 13:
        currency = "TND"
    given = {"name": _name(place), "address": address, "currency": currency, "is_active": place % 9 != 8}
    client = state.add("clients", objects.client(state.new_id("clients"), at, **given))
    book.clients[client["id"]] = foreign or currency != "EUR"
    for number in range(_CONTACTS[place % len(_CONTACTS)]):
        _contact(book, rng, client, number)


def _name(place: int) -> str:
    if place % 4 == 1:
        return f"{words.HOSTILE[place // 4 % len(words.HOSTILE)]} {place}"
    return f"{words.COMPANIES[place % len(words.COMPANIES)]} {words.FORMS[place % len(words.FORMS)]} {place}"


def _contact(book: Book, rng: Random, client: dict[str, Any], number: int) -> None:
    """A contact; the third of a client has the first's address in capitals, as address books do."""
    state = book.state
    id = state.new_id("contacts")
    first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
    email = f"compta-{client['id']}@example.com" if number == 0 else f"contact-{id}@example.com"
    if number == 2:
        email = f"COMPTA-{client['id']}@example.com"
    given = {"first_name": first, "last_name": last, "email": email, "title": "Comptable" if number == 0 else None}
    given["phone_office"] = f"+33 1 70 {id % 90 + 10} {number:02} 18" if number % 2 == 0 else ""
    state.add("contacts", objects.contact(id, client["created_at"], link(client), **given))


def _documents(book: Book, rng: Random, rows: int) -> None:
    """Write exactly `rows` invoices: the curated ones as far as they fit, then common ones."""
    for write in CURATED[:rows]:
        write(book)
    weights, writers = zip(*COMMON, strict=True)
    for write in rng.choices(writers, weights, k=max(0, rows - len(CURATED))):
        write(book)

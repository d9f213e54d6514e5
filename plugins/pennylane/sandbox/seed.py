"""What does the account hold before anybody changes it? Deterministic for the options and the day."""

from __future__ import annotations

from random import Random

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.pennylane.sandbox.feed import KEPT, Change
from duebridge.plugins.pennylane.sandbox.seed_book import Book
from duebridge.plugins.pennylane.sandbox.seed_broken import add_broken
from duebridge.plugins.pennylane.sandbox.seed_clock import SeedClock, moment
from duebridge.plugins.pennylane.sandbox.seed_families import COMMON, CURATED
from duebridge.plugins.pennylane.sandbox.seed_people import (
    seed_customers,
    seed_ledger_accounts,
    seed_products,
    seed_subscriptions,
)
from duebridge.plugins.pennylane.sandbox.seed_recurring import seed_recurring
from duebridge.plugins.pennylane.sandbox.state import FEEDS, State
from duebridge.plugins.pennylane.sandbox.store import Row


def seed(state: State, options: SandboxOptions) -> None:
    """Fill an empty `state`. Raises `ValueError` for invoices without any customer to give them to."""
    if options.invoices and not options.customers:
        raise ValueError("invoices need at least one customer")
    rng = Random(options.seed)  # noqa: S311 - generated data, not secrets
    clock = SeedClock(state.today(), options.seed)
    seed_ledger_accounts(state, clock)
    seed_customers(state, clock, rng, options.customers)
    seed_products(state, clock, rng)
    seed_subscriptions(state, clock, rng)
    book = Book(state, clock, rng)
    _seed_documents(book, options.invoices)
    if options.broken and options.customers:
        add_broken(book, options.broken)
    for row in state.documents:
        state.judge(row)
    _touch(state, clock, rng)
    seed_recurring(state, options.seed)
    _record(state)


def _seed_documents(book: Book, rows: int) -> None:
    """Write exactly `rows` documents: the curated families as far as they fit, then common ones."""
    left = rows
    for family in CURATED:
        if family.size <= left:
            family.write(book)
            left -= family.size
    weights = [weight for weight, _ in COMMON]
    families = [family for _, family in COMMON]
    for family in book.rng.choices(families, weights, k=left):
        chosen = family if family.size <= left else families[0]
        if left:
            chosen.write(book)
            left -= chosen.size


def _touch(state: State, clock: SeedClock, rng: Random) -> None:
    """Let some older documents have been changed lately."""
    for row in state.documents:
        if rng.random() < 0.1:
            changed = clock.instant(rng.randrange(1, 27))
            row.data["updated_at"] = max(changed, row.data["created_at"])


def _record(state: State) -> None:
    """Put what happened within the retention into the changelogs, in order."""
    oldest = state.now() - KEPT
    for name in FEEDS:
        happened: list[tuple[str, Change, Row]] = []
        for row in state[name]:
            happened.append((row.data["created_at"], "insert", row))
            if row.data["updated_at"] != row.data["created_at"]:
                happened.append((row.data["updated_at"], "update", row))
        for at, change, row in sorted(happened, key=lambda each: each[0]):
            if moment(at) >= oldest:
                state.record(name, row, change, moment(at))

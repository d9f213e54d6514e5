"""Which customers, contacts, ledger accounts, products and subscriptions does the seeded account have?"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from duebridge.plugins.pennylane.sandbox import figures, objects
from duebridge.plugins.pennylane.sandbox.seed_clock import SeedClock
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import Row
from duebridge.plugins.pennylane.sandbox.words import (
    CHART,
    COMPANIES,
    FIRST_NAMES,
    FORMS,
    HOSTILE,
    LAST_NAMES,
    PAYMENT_CONDITIONS,
    PLACES,
    SERVICES,
)

Data = dict[str, Any]

CUSTOMER_ACCOUNTS = 24
PRODUCTS = 12
SUBSCRIPTIONS = 8
#: How many addresses the n-th customer has, in turn.
_EMAILS = (1, 3, 0, 1, 1, 2, 1, 0)


def seed_ledger_accounts(state: State, clock: SeedClock) -> None:
    """The accounts customers are booked on, some closed, and a few others."""
    accounts = state["ledger_accounts"]
    at = clock.instant(900)
    for place in range(CUSTOMER_ACCOUNTS):
        given = {"number": f"411{place:05}", "label": f"Client {COMPANIES[place % len(COMPANIES)]}"}
        accounts.add(Row(objects.ledger_account(accounts.new_id(), at, enabled=place % 9 != 8, **given)))
    for number, label, vat_rate, enabled in CHART:
        given = {"number": number, "label": label, "vat_rate": vat_rate, "type": "other"}
        accounts.add(Row(objects.ledger_account(accounts.new_id(), at, enabled=enabled, letterable=False, **given)))


def seed_customers(state: State, clock: SeedClock, rng: Random, count: int) -> None:
    """`count` customers: a quarter individuals; some without address, e-mail or account, some with hostile text."""
    customers, accounts = state["customers"], state["ledger_accounts"].ids
    for place in range(count):
        age = rng.randrange(2, 27) if place % 16 == 9 else rng.randrange(40, 800)
        at = clock.instant(age)
        given = {**_identity(rng, place), **_terms(rng, place)}
        given["ledger_account"] = None if place % 6 == 5 else {"id": accounts[place % CUSTOMER_ACCOUNTS]}
        id = customers.new_id()
        given["external_reference"] = f"{clock.seed:04x}-{id:08x}"
        customers.add(Row(objects.customer(id, at, **given)))
        _seed_contacts(state, rng, id, at, place % 3)


def _identity(rng: Random, place: int) -> Data:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    if place % 4 == 3:
        names = {"customer_type": "individual", "first_name": first, "last_name": last, "name": f"{first} {last}"}
    else:
        name = _company(rng, place)
        number = f"{810_000_000 + place}"
        names = {
            "customer_type": "company",
            "name": name,
            "reg_no": number,
            "vat_number": f"FR{place % 90 + 10}{number}",
        }
    return {**names, "recipient": f"{first} {last}" if place % 3 else "", "emails": _emails(place)}


def _company(rng: Random, place: int) -> str:
    """A company's name; every fifth is hostile, so that thirty companies show all of `HOSTILE`."""
    companies_before = place - (place + 1) // 4
    if companies_before % 5 == 1:
        return HOSTILE[companies_before // 5 % len(HOSTILE)].replace("\n", " ")
    return f"{COMPANIES[place % len(COMPANIES)]} {rng.choice(FORMS)} {place + 1}"


def _emails(place: int) -> list[str]:
    boxes = ("compta", "direction", "achats+factures")
    return [f"{box}@client-{place + 1}.example.org" for box in boxes[: _EMAILS[place % len(_EMAILS)]]]


def _terms(rng: Random, place: int) -> Data:
    return {
        "payment_conditions": PAYMENT_CONDITIONS[place % len(PAYMENT_CONDITIONS)],
        "billing_address": objects.address(*_place(rng, place)),
        "delivery_address": objects.address(*_place(rng, place + 3)) if place % 4 == 0 else objects.address(),
        "phone": f"+331{rng.randrange(10**8):08}" if place % 2 else "",
        "reference": f"CL-{place + 1:05}" if place % 3 != 2 else None,
        "notes": HOSTILE[place // 4 % len(HOSTILE)] if place % 4 == 2 else None,
        "billing_iban": "FR1420041010050500013M02606" if place % 8 == 0 else None,
        "billing_language": ("fr_FR", "en_GB", "de_DE")[place % 3],
    }


def _place(rng: Random, place: int) -> tuple[str, str, str, str]:
    """An address; every seventh is missing altogether, others lack a part."""
    street, postal_code, city, country = rng.choice(PLACES)
    if place % 7 == 5:
        return "", "", "", ""
    if place % 7 == 6:
        return street, "", "", country
    return street, postal_code, city, country


def _seed_contacts(state: State, rng: Random, customer_id: int, at: str, count: int) -> None:
    contacts = state["contacts"]
    for place in range(count):
        id, first, last = contacts.new_id(), rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        given = {
            "first_name": first,
            "last_name": last,
            "role": ("Comptable", "")[place],
            "email": f"contact-{id}@example.org" if place == 0 else "",
            "telephone_number": f"+334{rng.randrange(10**8):08}" if place == 0 else "",
        }
        contacts.add(Row(objects.contact(id, at, **given), owner=customer_id))


def seed_products(state: State, clock: SeedClock, rng: Random) -> None:
    """A dozen products, one archived, one in dollars."""
    products = state["products"]
    for place in range(PRODUCTS):
        cents = rng.randrange(10, 900) * 100
        given = {
            "label": SERVICES[place % len(SERVICES)],
            "price_before_tax": f"{cents / 100:.2f}",
            "price": f"{cents * 1.2 / 100:.2f}",
            "reference": f"P{place:03}" if place % 2 else None,
            "currency": "USD" if place == 5 else "EUR",
            "archived_at": clock.instant(60) if place == 7 else None,
        }
        products.add(Row(objects.product(products.new_id(), clock.instant(rng.randrange(40, 700)), **given)))


def seed_subscriptions(state: State, clock: SeedClock, rng: Random) -> None:
    """Subscriptions in every status and rhythm, when there are customers."""
    customers = state["customers"].ids
    statuses = ("in_progress", "draft", "stopped", "finished", "pending", "not_started")
    for place in range(SUBSCRIPTIONS if customers else 0):
        id, status = state["billing_subscriptions"].new_id(), statuses[place % len(statuses)]
        at, age = clock.instant(rng.randrange(100, 400)), rng.randrange(50, 99)
        start = clock.today + timedelta(days=20) if status == "not_started" else clock.today - timedelta(days=age)
        data = objects.subscription(
            id,
            at,
            status=status,
            label=f"Abonnement {place + 1}" if place % 3 else None,
            start=start.isoformat(),
            finish=(clock.today - timedelta(days=9)).isoformat() if status == "finished" else None,
            stopped_at=clock.instant(12) if status == "stopped" else None,
            activated_at=None if status == "draft" else at,
            recurring_rule=objects.recurring(
                *(("monthly", 1), ("yearly", 1), ("weekly", 2), ("monthly", 3))[place % 4]
            ),
            customer=objects.reference("customers", customers[place % len(customers)]),
            customer_invoice_data=objects.invoice_data(id, **_lay_lines(state, id, at, place + 1)),
        )
        state["billing_subscriptions"].add(Row(data))


def _lay_lines(state: State, subscription_id: int, at: str, seats: int) -> Data:
    """Give a subscription two lines; return its totals."""
    kept, products = state["subscription_lines"], state["products"].ids
    lines = []
    for place in range(2):
        given: Data = {"quantity": str(seats + place), "raw_currency_unit_price": "45.00"}
        given.update(figures.line_figures(given, "EUR"), label=SERVICES[place + seats % 5])
        given["product"] = objects.reference("products", products[seats % len(products)] if place else None)
        line = objects.line(kept.new_id(), at, **given)
        del line["substance"]  # the lines of subscriptions have none (spec)
        lines.append(kept.add(Row(line, owner=subscription_id)).data)
    return figures.summed(lines, "EUR")

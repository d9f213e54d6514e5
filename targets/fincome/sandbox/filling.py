"""What is filled in when a control call adds an object and leaves something out?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from duebridge.targets.fincome.sandbox.holdings import Holdings, Refusal, Values
from duebridge.targets.fincome.sandbox.shapes import ALIASES, SHAPES

_SINGULAR = {
    "customers": "customer",
    "products": "product",
    "prices": "price",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "credit_notes": "credit_note",
}


def filled(holdings: Holdings, collection: str, values: Values) -> Values:
    """Return `values` with what an object of `collection` needs beside them; 404 for a collection there is not."""
    name = ALIASES.get(collection, collection)
    if name not in SHAPES:
        raise Refusal(404, f"no collection {collection}; there are: {', '.join(SHAPES)}")
    id = values.get("id") or _free(holdings, name)
    return {"id": id, **_REST[name](holdings, id), **values}


def _free(holdings: Holdings, name: str) -> str:
    taken = holdings.shelf(name)
    number = len(taken) + 1
    while f"{_SINGULAR[name]}-{number}" in taken:
        number += 1
    return f"{_SINGULAR[name]}-{number}"


def _some(holdings: Holdings, name: str) -> Any:
    """The id of the first of a collection, made if there is none."""
    first = next(iter(holdings.shelf(name)), None)
    return first if first is not None else holdings.save(name, filled(holdings, name, {}))["id"]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _named(_holdings: Holdings, id: str) -> Values:
    return {"name": f"Sandbox {id}"}


def _price(_holdings: Holdings, id: str) -> Values:
    return {"name": f"Sandbox {id}", "amount": 100.0, "currency_code": "EUR"}


def _subscription(holdings: Holdings, _id: str) -> Values:
    return {"customer_id": _some(holdings, "customers"), "currency_code": "EUR", "status": "active"}


def _invoice(holdings: Holdings, id: str) -> Values:
    line = {"id": f"{id}-line-1", "currency_code": "EUR", "amount_excluding_tax_after_discount": 100.0}
    return {"customer_id": _some(holdings, "customers"), "date": _today(), "status": "open", "lines": [line]}


def _credit_note(holdings: Holdings, _id: str) -> Values:
    return {"invoice_id": _some(holdings, "invoices"), "date": _today(), "currency_code": "EUR", "amount": -10.0}


_REST: dict[str, Callable[[Holdings, str], Values]] = {
    "customers": _named,
    "products": _named,
    "prices": _price,
    "subscriptions": _subscription,
    "invoices": _invoice,
    "credit_notes": _credit_note,
}

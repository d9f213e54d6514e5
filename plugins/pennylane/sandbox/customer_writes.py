"""How are companies and individuals added and changed through the API?

Source: spec, POST and PUT /company_customers and /individual_customers: an `external_reference` is unique (409), a
ledger account is named by its number. Blank names and addresses are refused, as an integrator saw.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.feed import instant
from duebridge.plugins.pennylane.sandbox.refusals import conflict, not_found, unprocessable
from duebridge.plugins.pennylane.sandbox.state import State, stamp
from duebridge.plugins.pennylane.sandbox.store import Row, rooted

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.sandbox.answers import Asked
    from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

Data = dict[str, Any]
Answer = Callable[["PennylaneSandbox", "Asked"], bytes]

_ADDRESSES = ("billing_address", "delivery_address")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def created(kind: str) -> Answer:
    """POST of a customer of that type."""

    def answer(product: PennylaneSandbox, asked: Asked) -> bytes:
        state, body = product.state, asked.body
        _check(state, body, None)
        at = state.tick()
        customers = state["customers"]
        id = customers.new_id()
        given = {**_members(body), "customer_type": kind, "ledger_account": {"id": _account(state, body, id)}}
        if kind == "individual":
            given["name"] = f"{body['first_name']} {body['last_name']}".strip()
        row = customers.add(Row(objects.customer(id, instant(at), **given)))
        state.record("customers", row, "insert", at)
        return _alone(row, asked)

    return answer


def changed(kind: str) -> Answer:
    """PUT of a customer of that type: the members given."""

    def answer(product: PennylaneSandbox, asked: Asked) -> bytes:
        state, body = product.state, asked.body
        row = _found(state, asked.id, kind)
        _check(state, body, row)
        for name, value in _members(body).items():
            inner = row.data[name]
            row.data[name] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
        if kind == "individual":
            row.data["name"] = f"{row.data['first_name']} {row.data['last_name']}".strip()
        at = state.tick()
        stamp(row, at)
        state.record("customers", row, "update", at)
        return _alone(row, asked)

    return answer


def shown(kind: str) -> Answer:
    """GET of a customer of that type."""
    return lambda product, asked: _alone(_found(product.state, asked.id, kind), asked)


def _alone(row: Row, asked: Asked) -> bytes:
    """A customer as the endpoints of its type show it: they don't tell the type."""
    return rooted(Row({name: value for name, value in row.data.items() if name != "customer_type"}).wire, asked.root)


def _found(state: State, id: int, kind: str) -> Row:
    row = state["customers"].rows.get(id)
    if row is None or row.data["customer_type"] != kind:
        raise not_found()
    return row


def _members(body: Data) -> Data:
    """The members of a customer as they are shown; an address that is taken away is empty."""
    given = {name: value for name, value in body.items() if name != "ledger_account"}
    return {name: objects.address() if name in _ADDRESSES and value is None else value for name, value in given.items()}


def _check(state: State, body: Data, current: Row | None) -> None:
    for name in ("name", "last_name"):
        if name in body and not body[name].strip():
            raise unprocessable(f"{name.replace('_', ' ').capitalize()} can't be blank")
    for name in _ADDRESSES:
        _check_address(name, body.get(name))
    reference = body.get("external_reference")
    if reference is not None and any(
        row is not current and row.data["external_reference"] == reference for row in state["customers"]
    ):
        raise conflict()


def _check_address(name: str, address: Data | None) -> None:
    for part, value in (address or {}).items():
        if not value.strip():
            raise unprocessable(f"{name}: {part} can't be blank")
    country = (address or {}).get("country_alpha2")
    if country is not None and not _COUNTRY.fullmatch(country):
        raise unprocessable(f"{name}: country_alpha2 is not a country")


def _account(state: State, body: Data, id: int) -> int:
    """The customer's account: the one of the number given, or a new one."""
    number = (body.get("ledger_account") or {}).get("number") or f"411{id}"
    accounts = state["ledger_accounts"]
    known = next((row for row in accounts if row.data["number"] == number), None)
    if known is None:
        label = body.get("name") or f"{body.get('first_name', '')} {body.get('last_name', '')}".strip()
        at = instant(state.tick())
        known = accounts.add(Row(objects.ledger_account(accounts.new_id(), at, number=number, label=label)))
    return known.id

"""Which customer of the company is it already, if any?

By our reference, the registration number, the exact name, an e-mail address, in this order; the first of them that
finds somebody decides, and several are for a person to tell apart. Customers made for another client of the same
source, and those with another registration number, are somebody else: whom a client is attached to never depends on the
order in which clients are written. Source: spec, filters of GET /customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from duebridge.core.api import Payload, RecordError
from duebridge.plugins.pennylane.importing.client import Condition, ImportClient, ids_of
from duebridge.plugins.pennylane.importing.references import is_another_clients

_SIREN, _SIRET = 9, 14


def by_reference(client: ImportClient, reference: str) -> list[dict[str, Any]]:
    """Return the customers of exactly this reference."""
    found = client.found("/customers", ("external_reference", "eq", reference))
    return [customer for customer in found if customer.get("external_reference") == reference]


def existing(client: ImportClient, payload: Payload) -> tuple[dict[str, Any], str] | None:
    """Return the customer that `payload` is, and by what it was found. Raises `RecordError` when several are."""
    reference = payload["external_reference"]
    ours = by_reference(client, reference)
    if ours:
        return _only(ours, "reference", reference), "reference"
    for what, value, condition in _searches(payload):
        found = [each for each in client.found("/customers", condition) if _is(each, payload, what, reference)]
        if found:
            return _only(found, what, value), what
    return None


def _searches(payload: Payload) -> Iterator[tuple[str, str, Condition]]:
    number = _registration(payload.get("reg_no"))
    if number:
        yield "registration number", payload["reg_no"], ("reg_no", "in", _written(payload["reg_no"], number))
    name = _name(payload)
    if name:
        yield "name", name, ("name", "eq", name)
    emails = payload.get("emails") or []
    if emails:
        yield "e-mail address", _masked(emails[0]), ("emails", "in", emails)


def _written(given: str, number: str) -> list[str]:
    """As it is given, without spaces, and the company's number where that is an establishment's (SIRET: SIREN)."""
    shorter = [number[:_SIREN]] if number.isdecimal() and len(number) == _SIRET else []
    return list(dict.fromkeys([given, number, *shorter]))


def _is(customer: dict[str, Any], payload: Payload, what: str, reference: str) -> bool:
    """Whether what a search found is a candidate: nobody else's, and really what was searched for."""
    if is_another_clients(customer.get("external_reference"), reference):
        return False
    here, there = _company(payload.get("reg_no")), _company(customer.get("reg_no"))
    if here and there and here != there:
        return False
    if what == "name":
        return _folded(customer.get("name")) == _folded(_name(payload))
    if what == "e-mail address":
        wanted = {_folded(email) for email in payload["emails"]}
        return any(_folded(email) in wanted for email in customer.get("emails") or ())
    return here == there


def _only(found: Sequence[dict[str, Any]], what: str, value: str) -> dict[str, Any]:
    if len(found) > 1:
        raise RecordError(
            f"Pennylane has {len(found)} customers with the {what} {value} (ids {ids_of(found)}), and which one is "
            "meant is not guessed; merge them there, or give the right one the reference shown by `duebridge explain` "
            "as its external reference"
        )
    return found[0]


def _registration(number: object) -> str:
    return "".join(str(number or "").split())


def _company(number: object) -> str:
    """What a registration number says about the company: of a French establishment's, the company's part."""
    plain = _registration(number)
    return plain[:_SIREN] if plain.isdecimal() and len(plain) == _SIRET else plain


def _name(payload: Payload) -> str:
    names = (payload.get("first_name"), payload.get("last_name"))
    person = " ".join(str(name) for name in names if name) if payload["customer_type"] == "individual" else ""
    return str(payload.get("name") or person)


def _folded(text: object) -> str:
    return str(text or "").strip().casefold()


def _masked(email: str) -> str:
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else f"{email[:1]}***"

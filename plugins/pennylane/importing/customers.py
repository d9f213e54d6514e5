"""How is a customer attached, added or changed?

One that was there before is attached and stays as it is: its data belongs to the company's books. One that we added,
which its reference tells, is kept as the source has it. Source: spec, POST and PUT /company_customers and
/individual_customers.
"""

from __future__ import annotations

from typing import Any

from duebridge.core.api import Ack, Delivery, Payload, RecordError, Refused, UnknownOutcome
from duebridge.plugins.pennylane.importing.client import ImportClient, identity_of, ids_of, is_conflict
from duebridge.plugins.pennylane.importing.matching import by_reference, existing
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings

#: Fields of our payload that only one of the two types of customer has.
_COMPANYS = frozenset({"name", "vat_number", "reg_no"})
_INDIVIDUALS = frozenset({"first_name", "last_name"})
_NOT_SENT = frozenset({"customer_type"})
#: What clears a field; one that can't be cleared stays as it was.
_CLEARED: dict[str, Any] = {
    "emails": [],
    "phone": "",
    "recipient": "",
    "vat_number": "",
    "reg_no": "",
    "reference": None,
    "notes": None,
}
_ADDRESS = {
    "address": "street",
    "postal_code": "postal code",
    "city": "city",
    "country_alpha2": "country",
}


class Customers:
    """The company's customers."""

    def __init__(self, client: ImportClient, options: PennylaneTargetSettings) -> None:
        """Write through `client`, by `options`."""
        self._client = client
        self._options = options

    def add(self, delivery: Delivery) -> Ack:
        """Attach the customer, or add it. Raises `RecordError` when it can't be told or completed."""
        payload = delivery.payload or {}
        known = existing(self._client, payload)
        if known is not None:
            customer, what = known
            note = () if what == "reference" else (f"attached to customer {customer['id']}, found by its {what}",)
            return Ack(str(identity_of(customer)), note)
        kind = str(payload["customer_type"])
        body = self._complete(_body(payload, kind), kind)
        try:
            return Ack(str(identity_of(self._client.create(f"/{kind}_customers", body))))
        except Refused as refused:
            if not is_conflict(refused):
                raise
            return self._adopted(delivery.reference, refused)

    def change(self, delivery: Delivery) -> Ack:
        """Give a customer we added its new values; one that was there before stays as it is."""
        held = self._client.one(f"/customers/{delivery.target_id}")
        if held.get("external_reference") != delivery.reference:
            return Ack(delivery.target_id, ("changed at the source, and left as it is: it was in Pennylane before us",))
        kind = str(held.get("customer_type"))
        body = _body(delivery.payload or {}, kind)
        gone = _body(delivery.previous or {}, kind).keys() - body.keys()
        body |= {name: _CLEARED[name] for name in gone if name in _CLEARED}
        self._client.replace(f"/{kind}_customers/{delivery.target_id}", body)
        return Ack(delivery.target_id)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for the customer we added by its reference. Raises `UnknownOutcome` when there are several."""
        found = by_reference(self._client, delivery.reference)
        if len(found) > 1:
            raise UnknownOutcome(
                f"Pennylane has {len(found)} customers with the reference {delivery.reference} (ids {ids_of(found)}); "
                "merge them there, the next run takes the one that stays"
            )
        return Ack(str(identity_of(found[0]))) if found else None

    def _adopted(self, reference: str, refused: Refused) -> Ack:
        found = by_reference(self._client, reference)
        if len(found) != 1:
            raise RecordError(f"{refused}; no customer with the reference {reference} was found there") from refused
        return Ack(str(identity_of(found[0])), ("it was in Pennylane already, under our reference",))

    def _complete(self, body: Payload, kind: str) -> Payload:
        """`body` with all that a new customer needs. Raises `RecordError` naming what is missing."""
        needed = ("name",) if kind == "company" else ("first_name", "last_name")
        missing = [name.replace("_", " ") for name in needed if not body.get(name)]
        address = dict(body.get("billing_address") or {})
        if self._options.default_country is not None:
            address.setdefault("country_alpha2", self._options.default_country)
        missing += [f"{word} of its address" for part, word in _ADDRESS.items() if not address.get(part)]
        if missing:
            advice = "" if address.get("country_alpha2") else ", or set `default_country`"
            raise RecordError(
                f"Pennylane has no such customer yet, and to add it needs: {', '.join(missing)}; "
                f"complete it at the source{advice}, or create the customer in Pennylane"
            )
        return {**body, "billing_address": address}


def _body(payload: Payload, kind: str) -> Payload:
    """What of a payload a customer of this type takes."""
    others = _INDIVIDUALS if kind == "company" else _COMPANYS
    return {name: value for name, value in payload.items() if name not in others | _NOT_SENT}

"""How is a customer written, so that a bad contact never holds it back, and what was cleared is cleared?

One request when all is well. What the last accepted payload had and the new one has not is sent as null, contacts that
are gone are deleted. A customer refused with contacts is sent without them, and then each contact by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from duebridge.core.api import Ack, AuthError, Delivery, Json, Payload, Refused, RunError, UnknownOutcome
from duebridge.targets.upflow.client import UpflowClient
from duebridge.targets.upflow.contacts import gone_contacts, masked, with_cleared_names
from duebridge.targets.upflow.custom_fields import CustomFields

#: What Upflow answers to a body it can't take (400; 409 and 422 inferred).
_UNACCEPTABLE = frozenset({400, 409, 422})

#: Plain fields that may be absent, and are null once they were sent and are no longer there.
_CLEARABLE = ("vatNumber",)

Saved = tuple[str | None, tuple[str, ...]]


class Customers:
    """Writes customers with their contacts and custom fields."""

    def __init__(self, client: UpflowClient, fields: CustomFields) -> None:
        """Write through `client`; `fields` knows the ids of custom fields."""
        self._client = client
        self._fields = fields

    def save(self, delivery: Delivery) -> Ack:
        """Create or update the customer of `delivery`; the notes name contacts and custom fields left out."""
        payload = delivery.payload or {}
        body = _body(delivery.previous, payload)
        values = _values(delivery.previous, payload)
        target_id, notes = self._post(body, values)
        with _customer_taken():
            self._delete_contacts(delivery.reference, gone_contacts(delivery.previous, payload))
        return Ack(target_id, notes)

    def _post(self, body: Payload, values: dict[str, Json]) -> Saved:
        ids = self._fields.ids([name for name, value in values.items() if value is not None])
        whole = _with_custom_fields(body, values, ids)
        try:
            return self._client.save("customers", whole), _left_out(values, ids)
        except Refused as refusal:
            if refusal.status not in _UNACCEPTABLE:
                raise
            moved = "customFields" in whole and self._fields.renewed(ids) != ids
            if not moved and "contacts" not in whole:
                raise
        if moved:
            return self._post(body, values)
        target_id, notes = self._post_apart(whole)
        return target_id, (*_left_out(values, ids), *notes)

    def _post_apart(self, whole: Payload) -> Saved:
        contacts = whole["contacts"]
        target_id = self._client.save("customers", {name: value for name, value in whole.items() if name != "contacts"})
        with _customer_taken():
            notes = [self._save_contact(whole["externalId"], contact) for contact in contacts]
        return target_id, tuple(filter(None, notes))

    def _save_contact(self, customer: str, contact: Payload) -> str:
        """Send one contact; return a note when Upflow refuses it, in Upflow's words with the address masked."""
        try:
            self._client.save_contact(customer, contact)
        except Refused as refusal:
            if refusal.status not in _UNACCEPTABLE:
                raise
            shown = masked(contact["email"])
            words = re.sub(re.escape(contact["email"]), lambda _match: shown, refusal.text, flags=re.IGNORECASE)
            rank = "main contact" if contact["isMain"] else "contact"
            return f"{rank} {shown} left out, the customer went without: {words}"
        return ""

    def _delete_contacts(self, customer: str, gone: set[str]) -> None:
        if not gone:
            return
        ids = [str(contact["id"]) for contact in self._client.contacts(customer) if contact.get("externalId") in gone]
        for id in ids:
            self._client.delete_contact(customer, id)


@contextmanager
def _customer_taken() -> Iterator[None]:
    """Upflow has the customer already: what ends the requests after it must not make it pass for one never sent."""
    try:
        yield
    except (AuthError, RunError) as error:
        raise UnknownOutcome(f"Upflow took the customer, and perhaps not all of its contacts: {error}") from error


def _body(previous: Payload | None, payload: Payload) -> Payload:
    """Return the body without custom fields; parts sent before and no longer there are null."""
    before = previous or {}
    body = {name: value for name, value in payload.items() if name != "customFields"}
    body |= {name: None for name in _CLEARABLE if name in before and name not in payload}
    address = dict.fromkeys(before.get("address", {})) | payload.get("address", {})
    if address:
        body["address"] = address
    if "contacts" in payload:
        body["contacts"] = with_cleared_names(previous, payload)
    return body


def _values(previous: Payload | None, payload: Payload) -> dict[str, Json]:
    """Return custom field values by name; null for those sent before and no longer there."""
    values: dict[str, Json] = dict.fromkeys((previous or {}).get("customFields", {}))
    return {**values, **payload.get("customFields", {})}


def _with_custom_fields(body: Payload, values: dict[str, Json], ids: dict[str, str]) -> Payload:
    listed = [{"id": ids[name], "value": value} for name, value in values.items() if name in ids]
    return body | {"customFields": listed} if listed else body


def _left_out(values: dict[str, Json], ids: dict[str, str]) -> tuple[str, ...]:
    gone = [name for name, value in values.items() if value is not None and name not in ids]
    return tuple(f"Upflow no longer has a custom field named {name!r}: the customer went without it" for name in gone)

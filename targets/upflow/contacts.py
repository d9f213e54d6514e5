"""Which contacts does a customer have at Upflow, and which of them go?

Source: Upflow's page "Pennylane & Upflow", section Contacts: the addresses of the customer's own e-mail field, the
first one main, an individual's names on that one; the ledger's separate address book is not imported. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duebridge.core.api import Payload
from duebridge.targets.upflow.references import contact_reference


def contacts_of(
    source: str, customer_id: str, emails: Sequence[str], customer_type: str, first_name: str, last_name: str
) -> list[Payload] | None:
    """Return `[{externalId, email, isMain, firstName?, lastName?}]`, None without an address.

    An address written twice (capitals aside) counts once, where it stands first.
    """
    if not emails:
        return None
    contacts: dict[str, Payload] = {}
    for written in emails:
        email = written.strip()
        key = contact_reference(source, customer_id, email)
        if email and key not in contacts:
            contacts[key] = {"externalId": key, "email": email, "isMain": not contacts}
    if customer_type == "individual" and contacts:
        next(iter(contacts.values())).update(_names(first_name, last_name))
    return list(contacts.values()) or None


def gone_contacts(previous: Payload | None, payload: Payload) -> set[str]:
    """Return the keys of the contacts that were sent before and are no longer there."""
    return {*_by_key(previous)} - {*_by_key(payload)}


def with_cleared_names(previous: Payload | None, payload: Payload) -> list[Payload]:
    """Return the contacts of `payload`; a name sent before and no longer there is null, which clears it."""
    before = _by_key(previous)
    return [
        dict.fromkeys(before.get(contact["externalId"], {}).keys() - contact.keys()) | contact
        for contact in payload.get("contacts", ())
    ]


def masked(email: str) -> str:
    """Return `email` with only its first letter and its domain to read: `j***@acme.com`."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else f"{email[:1]}***"


def _names(first_name: str, last_name: str) -> dict[str, Any]:
    names = {"firstName": first_name.strip(), "lastName": last_name.strip()}
    return {name: value for name, value in names.items() if value}


def _by_key(payload: Payload | None) -> dict[str, Payload]:
    return {contact["externalId"]: contact for contact in (payload or {}).get("contacts", ())}

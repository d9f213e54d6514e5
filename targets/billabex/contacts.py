"""Which contacts does a customer have at Billabex?

Source: Billabex's page "Connect Pennylane" (contacts are synchronized, Contact changes). The addresses of the
customer's own e-mail field come first, then those of its address book. Billabex matches contacts by address, and by
similar names where there is none: one without an address is left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from duebridge.core.api import Contact, Payload

#: What Billabex's own connector takes where a language is missing.
DEFAULT_LANGUAGE = "fr"

_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_].*)?")


def contacts_of(
    emails: Sequence[str], contacts: Sequence[Contact], language: str | None, override: str | None
) -> list[Payload] | None:
    """Return `[{email, fullName, language}]`, None when nobody has an address.

    An address written twice (capitals aside) counts once, with the address book's name where that has one. With
    `override` every address is that one, so one contact is left.
    """
    found: dict[str, Payload] = {}
    for name, written in [*_named(contacts), *(("", email) for email in emails)]:
        email = (override or written).strip()
        if written.strip() and email.casefold() not in found:
            found[email.casefold()] = {
                "email": email,
                "fullName": name or email,
                "language": language_of(language),
            }
    order = {email.strip().casefold(): place for place, email in reversed(list(enumerate(emails)))}
    return sorted(found.values(), key=lambda contact: order.get(contact["email"].casefold(), len(order))) or None


def language_of(language: str | None) -> str:
    """Return the ISO 639-1 code of a language tag (`fr_FR`, `en-GB`, `de`)."""
    match = _LANGUAGE.fullmatch(language or "")
    return match[1].lower() if match else DEFAULT_LANGUAGE


def without_address(contacts: Iterable[Contact]) -> list[str] | None:
    """Return who is left out for want of an address: names, or the ids of those who have no name."""
    return [name_of(contact) or f"contact {contact.id}" for contact in contacts if not contact.email.strip()] or None


def gone_addresses(previous: Payload | None, payload: Payload) -> set[str]:
    """Return the addresses (casefolded) that were sent before and are no longer there."""
    return addresses(previous) - addresses(payload)


def addresses(payload: Payload | None) -> set[str]:
    """Return the addresses of a payload, casefolded."""
    return {contact["email"].casefold() for contact in (payload or {}).get("contacts", ())}


def masked(email: str) -> str:
    """Return `email` with only its first letter and its domain to read: `j***@acme.com`."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else f"{email[:1]}***"


def name_of(contact: Contact) -> str:
    """Return a person's first and last name."""
    return f"{contact.first_name} {contact.last_name}".strip()


def _named(contacts: Iterable[Contact]) -> Iterator[tuple[str, str]]:
    return ((name_of(contact), contact.email) for contact in contacts)

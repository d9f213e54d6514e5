"""How is a customer written: its account, and then its contacts, so that the whole can be made again at any point?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from duebridge.core.api import Ack, Delivery, Json, Memory, Payload, RecordError, Refused
from duebridge.targets.billabex.client import BillabexClient, Node
from duebridge.targets.billabex.contacts import gone_addresses, masked
from duebridge.targets.billabex.generations import Generations
from duebridge.targets.billabex.index import Entry, Index
from duebridge.targets.billabex.keys import content_of, create_key
from duebridge.targets.billabex.progress import refuse_read_only, taken
from duebridge.targets.billabex.settings import BillabexSettings

#: What Billabex answers to a body it can't take (inferred).
UNACCEPTABLE = frozenset({400, 409, 422})

_FIELDS = ("fullName", "currencyCode", "billingAddress")


class Accounts:
    """Writes accounts with their contacts."""

    def __init__(self, client: BillabexClient, index: Index, options: BillabexSettings, memory: Memory) -> None:
        """Write through `client`; `memory` keeps which contacts were there before us."""
        self._client = client
        self._index = index
        self._options = options
        self._memory = memory
        self._generations = Generations(memory)

    def save(self, delivery: Delivery) -> Ack:
        """Create or update the account of `delivery` and bring its contacts; the notes name those left out."""
        payload = delivery.payload or {}
        id, anew, there_before = self._save_account(delivery, payload)
        with taken("Billabex has the account"):
            notes = self._bring_contacts(id, delivery, payload, there_before=there_before and not anew)
        if anew and delivery.target_id is not None:
            notes = ("the account was no longer at Billabex: made again, with its documents", *notes)
        return Ack(id, notes, anew=anew)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for the account by its source link, and bring what an earlier attempt may have left to do.

        A list may not show yet what was made: before another account is, the same request is made again.
        """
        found = self._index.by_key("accounts", delivery.reference)
        if found is None and delivery.operation == "create" and delivery.previous:
            id = self._create(delivery, delivery.previous, replacing="")
        elif found is not None:
            id = found.id
        else:
            return None
        if delivery.payload is None:
            return Ack(id)
        with taken("Billabex has the account"):
            return Ack(id, self._bring_contacts(id, delivery, delivery.payload, there_before=True))

    def delete(self, delivery: Delivery) -> Ack:
        """Remove the account. One with documents we did not send stays: they would go with it."""
        id = delivery.target_id
        if id is None:
            return Ack()
        if held := self._client.found("accounts", id):
            refuse_read_only(held, "account")
            if others := self._index.documents_of(id):
                raise RecordError(
                    f"its account at Billabex still holds {len(others)} documents, which would be removed with it; "
                    "remove the account there by hand, or leave it"
                )
            self._generations.next(delivery.reference)
            self._client.delete("accounts", id)
            self._index.drop("accounts", id)
        return Ack()

    def _save_account(self, delivery: Delivery, payload: Payload) -> tuple[str, bool, bool]:
        """Return the account's id, whether it stands in the place of another, and whether it was there before."""
        id = delivery.target_id
        if id is None:
            found = self._index.by_key("accounts", delivery.reference)
            if found is None:
                return self._create(delivery, payload, replacing=""), False, False
            id = found.id
        held = self._client.found("accounts", id)
        if held is None:
            self._index.drop("accounts", id)
            return self._create(delivery, payload, replacing=id), True, False
        refuse_read_only(held, "account")
        if delivery.uncertain or _account(delivery.previous) != _account(payload):
            self._client.save_account(id, _account(payload))
        return id, False, True

    def _create(self, delivery: Delivery, payload: Payload, replacing: str) -> str:
        options = self._options
        link = {"connectionId": options.connection_id, "sourceId": delivery.reference}
        body = {**_account(payload), "contacts": [], "source": link}
        whose = (options.organization_id, options.connection_id, delivery.reference, replacing)
        generation = self._generations.of(delivery.reference)
        id = self._client.create_account(body, create_key(*whose, generation, body=content_of(body)))
        self._index.add("accounts", Entry(id, delivery.reference))
        return id

    def _bring_contacts(
        self, account: str, delivery: Delivery, payload: Payload, *, there_before: bool
    ) -> tuple[str, ...]:
        """Make and change what differs, then remove the contacts we made whose address is gone."""
        wanted = payload.get("contacts", ())
        gone = gone_addresses(delivery.previous, payload)
        notes = [f"{name} is left out: without an e-mail address" for name in payload.get("withoutAddress", ())]
        if wanted or gone or delivery.uncertain:
            held = _by_address(self._client.contacts(account)) if there_before or delivery.uncertain else {}
            self._keep_others(delivery, payload, held)
            notes += filter(None, [self._bring(account, contact, held) for contact in wanted])
            self._remove(account, delivery.reference, gone, held)
        return tuple(notes)

    def _bring(self, account: str, contact: Payload, held: Mapping[str, Node]) -> str:
        """Send one contact; return a note when Billabex refuses it, in its words with the address masked."""
        there = held.get(contact["email"].casefold())
        try:
            if there is None:
                self._client.create_contact(account, contact)
            elif not _same(there, contact):
                self._client.upsert_contact(account, contact)
        except Refused as refusal:
            if refusal.status not in UNACCEPTABLE:
                raise
            text = refusal.text.replace(contact["email"], masked(contact["email"]))
            return f"contact {masked(contact['email'])} is left out, Billabex refuses it: {text}"
        return ""

    def _remove(self, account: str, reference: str, gone: Iterable[str], held: Mapping[str, Node]) -> None:
        others = self._others(reference)
        for address in sorted(gone):
            if address in held and address not in others:
                self._client.delete_contact(account, str(held[address]["id"]))

    def _keep_others(self, delivery: Delivery, payload: Payload, held: Mapping[str, Node]) -> None:
        """Remember the addresses that were there before we first sent them: they are not ours to remove."""
        before = {contact["email"].casefold() for contact in (delivery.previous or {}).get("contacts", ())}
        new = [contact for contact in payload.get("contacts", ()) if contact["email"].casefold() not in before]
        met = {contact["email"].casefold() for contact in new if contact["email"].casefold() in held}
        if delivery.uncertain:  # an earlier attempt of ours may have made it, then it is as we send it
            met -= {key for key in met if any(_same(held[key], contact) for contact in new)}
        others = self._others(delivery.reference)
        if met - others:
            self._memory.put(f"contacts:{delivery.reference}", sorted(others | met))

    def _others(self, reference: str) -> set[str]:
        return set(self._memory.get(f"contacts:{reference}") or ())


def address_of(contact: Node) -> str:
    """A contact's address: Billabex writes it as text, or as an object with its state."""
    email = contact.get("email")
    found: Json = email.get("address") if isinstance(email, dict) else email
    return found if isinstance(found, str) else ""


def _by_address(contacts: Iterable[Node]) -> dict[str, Node]:
    return {address_of(contact).casefold(): contact for contact in contacts if address_of(contact)}


def _same(there: Node, contact: Payload) -> bool:
    return (there.get("fullName"), there.get("language")) == (contact["fullName"], contact["language"])


def _account(payload: Payload | None) -> Payload:
    return {name: payload[name] for name in _FIELDS if name in payload} if payload else {}

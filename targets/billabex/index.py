"""What does Billabex hold already, by our keys? Each list is read once in a run, when something asks for it.

For creates whose answer was lost in an earlier run, for what Billabex says it has, and for accounts, which are matched
by their source link. What this run makes and removes is kept up.
"""

from __future__ import annotations

from collections import defaultdict
from threading import RLock
from typing import NamedTuple

from duebridge.core.api import UnknownOutcome
from duebridge.targets.billabex.client import BillabexClient, Node

DOCUMENTS = ("invoices", "credit-notes")


class Entry(NamedTuple):
    """An object at Billabex: its id there, our key (empty: none), and for documents whose it is and its number."""

    id: str
    source_id: str
    account: str = ""
    number: str = ""


class _Shelf:
    """The objects of one list, by id and by our key."""

    def __init__(self) -> None:
        self.by_id: dict[str, Entry] = {}
        self.by_key: defaultdict[str, dict[str, Entry]] = defaultdict(dict)

    def put(self, entry: Entry) -> None:
        self.by_id[entry.id] = entry
        if entry.source_id:
            self.by_key[entry.source_id][entry.id] = entry

    def drop(self, id: str) -> None:
        if (entry := self.by_id.pop(id, None)) is not None:
            self.by_key[entry.source_id].pop(id, None)


class Index:
    """One organization's accounts and documents; safe to use from several threads."""

    def __init__(self, client: BillabexClient, connection_id: str) -> None:
        """Read with `client`; accounts linked under another `connection_id` are not ours."""
        self._client = client
        self._connection_id = connection_id
        self._lock = RLock()
        self._read: dict[str, _Shelf] = {}

    def by_key(self, collection: str, reference: str) -> Entry | None:
        """Return the object with our key. Raises `UnknownOutcome` when there are several."""
        with self._lock:
            found = list(self._shelf(collection).by_key.get(reference, {}).values())
        return _only(found, collection, f"the source id {reference}")

    def by_number(self, account: str, collection: str, number: str) -> Entry | None:
        """Return the document of this number at an account, if it has no source id that says otherwise."""
        found = [
            entry
            for entry in self._entries(collection)
            if (entry.account, entry.number, entry.source_id) == (account, number, "")
        ]
        return _only(found, collection, f"the number {number} at one account")

    def is_ours(self, account: str) -> bool:
        """Whether an account has a source link of our connection."""
        return any(entry.id == account and entry.source_id for entry in self._entries("accounts"))

    def documents_of(self, account: str) -> list[Entry]:
        """Return what is in an account."""
        return [entry for name in DOCUMENTS for entry in self._entries(name) if entry.account == account]

    def add(self, collection: str, entry: Entry) -> None:
        """Take note of what was made."""
        with self._lock:
            if collection in self._read:
                self._read[collection].put(entry)

    def drop(self, collection: str, id: str) -> None:
        """Take note of what was removed."""
        with self._lock:
            if collection in self._read:
                self._read[collection].drop(id)

    def _entries(self, collection: str) -> list[Entry]:
        with self._lock:
            return list(self._shelf(collection).by_id.values())

    def _shelf(self, collection: str) -> _Shelf:
        if collection not in self._read:
            shelf = _Shelf()
            for node in self._client.listed(collection):
                shelf.put(self._account(node) if collection == "accounts" else _document(node))
            self._read[collection] = shelf
        return self._read[collection]

    def _account(self, node: Node) -> Entry:
        link = node.get("source")
        if not isinstance(link, dict) or link.get("connectionId") != self._connection_id:
            return Entry(str(node["id"]), "")
        return Entry(str(node["id"]), str(link.get("sourceId") or ""))


def _document(node: Node) -> Entry:
    return Entry(
        str(node["id"]),
        str(node.get("sourceId") or ""),
        str(node.get("accountId") or ""),
        str(node.get("number") or ""),
    )


def _only(found: list[Entry], collection: str, what: str) -> Entry | None:
    if len(found) > 1:
        ids = ", ".join(entry.id for entry in found)
        raise UnknownOutcome(
            f"Billabex has {len(found)} {collection} with {what} ({ids}); "
            "remove all but one of them at Billabex, the next run takes the one that stays"
        )
    return found[0] if found else None

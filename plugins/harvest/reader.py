"""Which requests make up a read of one list: its rows, and what belongs to them?

A read of changes asks for what was updated since a bookmark, with an overlap: whether the API includes the instant
itself is not told, and what is being written at that moment may show a little later. Deletions are not told at all;
they show in a full read, and for open invoices when these are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from duebridge.core.api import Forbidden, Json, NotFound, Refused, RunError
from duebridge.plugins.harvest.client import HarvestClient, Params
from duebridge.plugins.harvest.paging import ListPage, Place, Row, walk

#: How far before a read's start the next read of changes begins.
OVERLAP = timedelta(minutes=10)
#: Up to so many are asked for one by one; more of them cost less in the list.
FEW = 10


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the lists of one account. `note` tells the run's report."""

    client: HarvestClient
    note: Callable[[str], None]

    def rows(self, path: str, key: str, params: Params, place: Place | None = None) -> Iterator[ListPage]:
        """The pages of a list, from `place` on."""
        return walk(self.client.get, self.client.own_path, path, key, params, place)

    def every(self, path: str, key: str, params: Params) -> list[Row]:
        """All rows of a list, each once, by id."""
        found = {row["id"]: row for page in self.rows(path, key, params) for row in page.rows}
        return [found[id] for id in sorted(found)]

    def one(self, path: str, id: str) -> Row | None:
        """The row with this id, None when it is no longer there. Raises `RunError` for what can't be it."""
        try:
            raw = self.client.get(f"{path}/{id}", {})
        except NotFound:
            return None
        except Refused as refused:
            raise RunError(str(refused)) from refused
        if not isinstance(raw, dict) or str(raw.get("id")) != id:
            raise RunError(f"Harvest answered something else than what was asked for (GET {path}/{id})")
        return raw

    def contacts_of(self, client_ids: Iterable[str]) -> dict[str, list[Row]]:
        """The contacts of these clients, by client, in order of id; one request for each."""
        return {id: self.every("/contacts", "contacts", {"client_id": int(id)}) for id in client_ids}

    def all_contacts(self) -> dict[str, list[Row]]:
        """Every contact, by client, in order of id."""
        found: dict[str, list[Row]] = {}
        for contact in self.every("/contacts", "contacts", {}):
            found.setdefault(client_of(contact), []).append(contact)
        return found

    def categories(self) -> Mapping[str, Row]:
        """The categories of lines by name, which is all a line tells; none when the token may not read them."""
        try:
            rows = self.every("/invoice_item_categories", "invoice_item_categories", {})
        except Forbidden as forbidden:
            self.note(
                f"lines have no unit and no product, because the token may not read their categories: {forbidden}"
            )
            return {}
        return {row["name"]: row for row in rows if isinstance(row.get("name"), str)}


def client_of(row: Mapping[str, Json]) -> str:
    """The id of the client a contact or an invoice belongs to; "" when it names none."""
    client: Any = row.get("client")
    return str(client["id"]) if isinstance(client, dict) and type(client.get("id")) is int else ""


def bookmark(now: datetime, told: datetime | None) -> str:
    """Where the next read of changes begins, when one begins now: by the clock that is behind, and an overlap."""
    earlier = now if told is None else min(now, told)
    return (earlier - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Who a customer's address book names; one request for each customer, made only when a target asks.

Source: spec, GET /customers/{id}/contacts; it is covered by the scope of customers.
"""

from __future__ import annotations

from collections.abc import Callable

from duebridge.core.api import Forbidden, Json
from duebridge.plugins.pennylane.client import PennylaneClient
from duebridge.plugins.pennylane.paging import NothingThere, walk


class Contacts:
    """Adds `_contacts`, by id, to customers."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None]) -> None:
        self._client = client
        self._note = note
        self._readable = True

    def attach(self, customers: list[dict[str, Json]]) -> list[dict[str, Json]]:
        """Return the customers with their contacts, less those deleted since the page was read."""
        return [raw for raw in customers if self._attached(raw)]

    def _attached(self, raw: dict[str, Json]) -> bool:
        if not self._readable:
            return True
        path = f"/customers/{raw['id']}/contacts"
        try:
            pages = walk(self._client.get, path, {"limit": 100, "sort": "id"})
            raw["_contacts"] = [contact for page in pages for contact in page.items]
        except NothingThere:
            return False
        except Forbidden as refused:
            self._readable = False
            self._note(f"Customers are read without their contacts: {refused}")
        return True

"""How do subscriptions get their lines, and documents the subscription that made them?

There is no list of all lines: each subscription costs a request (spec, GET /billing_subscriptions/{id}/invoice_lines).
Those read by their own stream are remembered for the documents of the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from duebridge.core.api import Forbidden, Json
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.filters import BATCH, batches, id_in
from duebridge.plugins.pennylane.lines import in_order
from duebridge.plugins.pennylane.paging import NothingThere, identity, walk
from duebridge.plugins.pennylane.references import References, id_of

PATH = "/billing_subscriptions"

Row = dict[str, Json]


class Subscriptions:
    """The subscriptions met in a run, with their lines. `products` tells the references of what the lines name."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None], products: References) -> None:
        self._client = client
        self._note = note
        self._products = products
        self._known: dict[str, Row | None] = {}
        self._readable = True

    def with_lines(self, rows: Iterable[Row]) -> list[Row]:
        """Return the subscriptions with `_lines`, by id, less those deleted since they were read."""
        found = [row for row in rows if self._lined(row)]
        self._products.attach([line for row in found for line in row["_lines"]], "product")
        self._known |= {identity(row): row for row in found}
        return found

    def attach(self, documents: Iterable[Row]) -> None:
        """Add `_subscription` to the documents a subscription made, where it is still there and may be read."""
        made = [(row, id) for row in documents if (id := id_of(row.get("billing_subscription"))) is not None]
        self._fetch({id for _, id in made})
        for row, id in made:
            row["_subscription"] = self._known.get(id)

    def _fetch(self, wanted: set[str]) -> None:
        for batch in batches(sorted(wanted - self._known.keys()), BATCH):
            if not self._readable:
                return
            params: Params = {"filter": id_in(batch), "limit": BATCH, "sort": "id"}
            try:
                rows = [row for page in walk(self._client.get, PATH, params) for row in page.items]
                self._known |= dict.fromkeys(batch)
                self.with_lines(rows)
            except Forbidden as refused:
                self._readable = False
                self._note(f"Documents are read without the subscription that made them: {refused}")

    def _lined(self, row: Row) -> bool:
        path = f"{PATH}/{row['id']}/invoice_lines"
        try:
            pages = walk(self._client.get, path, {"limit": 100, "sort": "id"})
            row["_lines"] = in_order(line for page in pages for line in page.items)
        except NothingThere:
            return False
        return True

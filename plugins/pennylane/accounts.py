"""Which ledger account a customer is booked on: its number and label, which the customer's own JSON doesn't hold.

A crawl reads the whole chart once, later reads only the accounts they meet. Source: spec, GET /ledger_accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from duebridge.core.api import Forbidden, Json
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.filters import BATCH, batches, id_in
from duebridge.plugins.pennylane.paging import walk

_PATH = "/ledger_accounts"
_LIMIT = 1000

Named = tuple[Json, Json]


class LedgerAccounts:
    """Adds `_ledger_account` ({"id", "number", "label"}) to customers; asks for each account once."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None]) -> None:
        self._client = client
        self._note = note
        self._known: dict[str, Named] = {}
        self._readable = True

    def load_all(self) -> None:
        """Read the whole chart of accounts."""
        self._load({"limit": _LIMIT, "sort": "id"})

    def attach(self, customers: Iterable[dict[str, Json]]) -> None:
        """Add the account of each customer that has one; without the scope nothing is added, and that is noted."""
        booked = [(raw, raw.get("ledger_account")) for raw in customers]
        self._fetch({account for _, link in booked for account in _id(link)})
        if not self._readable:
            return
        for raw, link in booked:
            if link is not None:
                raw["_ledger_account"] = self._named(link)

    def _named(self, link: Json) -> Json:
        for account in _id(link):
            number, label = self._known[account]
            return {"id": account, "number": number, "label": label}
        return link  # not an account link: canonical says so, and rejects the customer

    def _fetch(self, wanted: set[str]) -> None:
        for batch in batches(sorted(wanted - self._known.keys()), BATCH):
            if self._readable:
                self._load({"filter": id_in(batch), "limit": _LIMIT, "sort": "id"})
                for absent in batch:
                    self._known.setdefault(absent, (None, None))

    def _load(self, params: Params) -> None:
        try:
            for page in walk(self._client.get, _PATH, params):
                self._known.update((str(raw["id"]), (raw.get("number"), raw.get("label"))) for raw in page.items)
        except Forbidden:
            self._readable = False
            self._note(
                "Customers are read without their ledger account: the Pennylane token lacks the scope "
                "ledger_accounts:readonly. Create a token that has it to send the account too"
            )


def _id(link: Json) -> Iterator[str]:
    if isinstance(link, dict) and type(link.get("id")) is int:
        yield str(link["id"])

"""Billabex among the targets the proofs write to: what its stand-in holds in the end, by its own GET endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import httpx

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.targets.billabex.sandbox import BillabexSandbox
from duebridge.targets.billabex.sandbox.gate import TOKEN
from duebridge.targets.billabex.sandbox.state import ORGANIZATION

from .desks import Desk, Held, grouped, unheard

Row = dict[str, Any]


class BillabexDesk(Desk):
    """Billabex where a list lags by `lag` seconds and two accounts may have one source link: the hardest case."""

    name = "billabex"
    sandbox = BillabexSandbox
    headers: ClassVar[Mapping[str, str]] = {"Authorization": f"Bearer {TOKEN}"}
    collections = ("accounts", "contacts", "invoices", "credit-notes", "allocations")
    methods = frozenset({"POST", "PUT", "DELETE"})

    def __init__(self, lag: float = 0.0) -> None:
        self.lag = lag

    def product(self, clock: Callable[[], float]) -> ProductSandbox:
        product = BillabexSandbox(SandboxOptions(limits="off"))
        product.clock = clock
        product.configure({"unique_sources": False, "visible_after": self.lag})
        return product

    def block(self, url: str) -> Row:
        where = {"base_url": f"{url}/billabex", "token": TOKEN, "organization_id": ORGANIZATION}
        return {"connector": "billabex", "requests_per_minute": 1_000_000, **where}

    def held(self, url: str) -> dict[str, Held]:
        """Everything by our keys: an allocation's are those of both documents, a contact's its account and address."""
        with httpx.Client(base_url=f"{url}/billabex/api/public/v1/", headers=self.headers, timeout=60) as http:
            accounts = {node["id"]: node for node in _nodes(http, "accounts")}
            people = [
                (node, each) for node in accounts.values() for each in _nodes(http, f"accounts/{node['id']}/contacts")
            ]
            invoices, notes = list(_nodes(http, "invoices")), list(_nodes(http, "credit-notes"))
        keys = {node["id"]: node["sourceId"] for node in (*invoices, *notes)}
        owners = {id: node["source"]["sourceId"] for id, node in accounts.items()}
        return {
            "accounts": grouped((owners[id], _plain(node)) for id, node in accounts.items()),
            "contacts": grouped(
                (f"{owners[node['id']]}:{each['email']['address'].casefold()}", _plain(each)) for node, each in people
            ),
            "invoices": grouped((node["sourceId"], _document(node, owners)) for node in invoices),
            "credit-notes": grouped((node["sourceId"], _document(node, owners)) for node in notes),
            "allocations": grouped(
                (f"{node['sourceId']} {keys[entry['invoiceId']]}", entry["amount"])
                for node in notes
                for entry in node["creditAllocations"]
            ),
        }

    def lost_releases(self, rows: Iterable[Row]) -> int:
        return sum(row["path"].endswith("/credit-allocations/remove") for row in rows if unheard(row))


def _nodes(http: httpx.Client, path: str) -> Iterator[Row]:
    query: Row = {"organizationId": ORGANIZATION, "first": 100}
    while True:
        answer = http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        if not page["nodes"]:
            return
        yield from page["nodes"]
        query["after"] = page["pageInfo"]["endCursor"]


def _plain(node: Row) -> Row:
    return {name: value for name, value in node.items() if name != "id"}


def _document(node: Row, owners: Mapping[str, str]) -> Row:
    """A document without Billabex's ids; `file` is kept: the same bytes were sent."""
    dropped = {"id", "accountId", "creditAllocations"}
    return {name: value for name, value in node.items() if name not in dropped} | {"owner": owners[node["accountId"]]}

"""Pennylane's books among the targets the proofs write to: what its stand-in holds in the end, by its own GETs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import httpx

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from .desks import PENNYLANE, Desk, Held, grouped

#: What differs between two companies that hold the same: ids, moments, addresses.
_INCIDENTAL = frozenset(
    """
    id url ledger_account ledger_entry created_at updated_at public_file_url mandates pro_account_mandates contacts
    invoice_line_sections invoice_lines custom_header_fields categories payments matched_transactions appendices
    """.split()
)


class BooksDesk(Desk):
    """Pennylane as a target; documents are compared with their lines and their customer's reference."""

    name = "pennylane"
    sandbox: ClassVar[type[PennylaneSandbox]] = PennylaneSandbox
    headers: ClassVar[Mapping[str, str]] = {"Authorization": f"Bearer {PENNYLANE}"}
    collections = ("customers", "customer_invoices")
    methods = frozenset({"POST", "PUT"})

    def block(self, url: str) -> dict[str, Any]:
        where = {"connector": "pennylane", "token": PENNYLANE, "base_url": f"{url}/{self.name}"}
        accounts = {"Service": "706000", "Product": "707000"}
        taxes = {"default_country": "FR", "zero_rate_code": {"default": "exempt"}}
        return {**where, **taxes, "ledger_accounts": accounts, "on_change": "update"}

    def product(self, clock: Callable[[], float]) -> ProductSandbox:
        return self.sandbox(SandboxOptions(customers=0, invoices=0, limits="off"))

    def held(self, url: str) -> dict[str, Held]:
        with httpx.Client(base_url=f"{url}/{self.name}/api/external/v2", headers=self.headers, timeout=60) as http:
            customers, documents = list(_all(http, "customers")), list(_all(http, "customer_invoices"))
            names = {each["id"]: each["external_reference"] for each in customers}
            references = {each["id"]: each["external_reference"] for each in documents}
            shown = ((each["external_reference"], _shown(http, each, names, references)) for each in documents)
            return {
                "customers": grouped((each["external_reference"], _steady(each)) for each in customers),
                "customer_invoices": grouped(shown),
            }

    def lost_releases(self, rows: Iterable[dict[str, Any]]) -> int:
        return 0


class SecondCompany(PennylaneSandbox):
    """Pennylane's stand-in once more, beside the one that is read."""

    name: ClassVar[str] = "books"


class SecondCompanyDesk(BooksDesk):
    """The books of another Pennylane company: a source whose credit notes are linked to invoices."""

    name = "books"
    sandbox = SecondCompany

    def block(self, url: str) -> dict[str, Any]:
        return {**super().block(url), "allow_same_product": True}


def _steady(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _INCIDENTAL}


def _shown(http: httpx.Client, row: dict[str, Any], names: Mapping[int, str], documents: Mapping[int, str]) -> Any:
    credited = row["credited_invoice"]
    return {
        **_steady(row),
        "customer": names[row["customer"]["id"]],
        "credited_invoice": documents[credited["id"]] if credited else None,
        "lines": [_steady(each) for each in _all(http, f"customer_invoices/{row['id']}/invoice_lines")],
    }


def _all(http: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"sort": "id", "limit": 100}
    while True:
        page = http.get(f"/{path}", params=query).raise_for_status().json()
        yield from page["items"]
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]

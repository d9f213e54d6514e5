"""The ledgers the proofs read, how each is configured, and what it says was invoiced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from duebridge.core.sandbox.product import ProductSandbox
from duebridge.plugins.harvest.sandbox import HarvestSandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from .desks import PENNYLANE as TOKEN


@dataclass(frozen=True, eq=False)
class Ledger:
    """A source's stand-in, and the keys of its block."""

    sandbox: type[ProductSandbox]
    keys: Mapping[str, Any]

    def block(self, url: str) -> dict[str, Any]:
        """The connection's source, served at `url`."""
        return {"connector": self.sandbox.name, **self.keys, "base_url": f"{url}/{self.sandbox.name}"}


PENNYLANE = Ledger(PennylaneSandbox, {"token": TOKEN})
HARVEST = Ledger(HarvestSandbox, {"token": "sandbox-harvest", "account_id": "1234"})


def invoiced_by_harvest(url: str) -> set[str]:
    """What every finalised invoice of the account is called in Pennylane's books."""
    headers = {"Authorization": "Bearer sandbox-harvest", "Harvest-Account-Id": "1234", "User-Agent": "proofs"}
    found: set[str] = set()
    with httpx.Client(headers=headers, timeout=60) as http:
        address: str | None = f"{url}/harvest/v2/invoices?per_page=2000"
        while address is not None:
            page = http.get(address).raise_for_status().json()
            found |= {f"harvest-1234-invoice-{row['id']}" for row in page["invoices"] if row["state"] != "draft"}
            address = page["links"]["next"]
    return found

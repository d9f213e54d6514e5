"""What does Harvest's OpenAPI document say? Its reduced copy, and which members the objects of a collection have.

`contract.json` is made by `scripts/reduce_contract.py` from the public document (OpenAPI 3.0, API v2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

#: Collection -> the list that shows its objects, and the key they stand under there.
LISTS: Mapping[str, tuple[str, str]] = {
    "clients": ("/clients", "clients"),
    "contacts": ("/contacts", "contacts"),
    "invoices": ("/invoices", "invoices"),
    "invoice_item_categories": ("/invoice_item_categories", "invoice_item_categories"),
    "payments": ("/invoices/{invoiceId}/payments", "invoice_payments"),
}


@cache
def document() -> dict[str, Any]:
    """The reduced document."""
    found: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("contract.json").read_text("utf-8"))
    return found


def resolved(schema: Schema) -> Schema:
    """The schema itself, where it is a reference."""
    if "$ref" not in schema:
        return schema
    found: Schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


@cache
def members(collection: str) -> Mapping[str, Schema]:
    """The members of a collection's objects."""
    path, key = LISTS[collection]
    answer = document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    found: Mapping[str, Schema] = resolved(resolved(answer)["properties"][key]["items"])["properties"]
    return found

"""By which ids does Fincome know what we send?

Source: Fincome's mapping page: the ledger's own reference (`source_id`, which is the `external_reference` of a record)
for customers, products and prices; the ledger's id for documents and lines. One id for each item of a subscription.
"""

from __future__ import annotations

from duebridge.core.api import Customer, Price, Product, Record


def known_as(external_reference: str | None, id: str) -> str:
    """Return the ledger's own reference of a record, or its id when it has none."""
    return external_reference or id


def item_id(subscription_id: str, line_id: str) -> str:
    """Return the id of one item of a billing subscription: what Fincome calls a subscription."""
    return f"{subscription_id}:{line_id}"


def reference_of(record: Record) -> str:
    """Return the id Fincome knows `record` by; a billing subscription's is what its items have in common."""
    if isinstance(record, Customer | Product):
        return known_as(record.external_reference, record.id)
    if isinstance(record, Price):
        return known_as(record.external_reference, record.product_id)
    return record.id

"""Which customers does a write concern? Asked before the body is checked, so anything may be in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from duebridge.targets.upflow.sandbox.links import ARRAYS
from duebridge.targets.upflow.sandbox.state import Document, Keyed, Kind, Shelf, State

T = TypeVar("T", bound=Keyed)


def by_path(state: State, reference: str) -> frozenset[str]:
    """Name the customer of a path `/customers/{reference}`."""
    found = state.customers.lookup(reference)
    return frozenset({found.id if found else reference})


def by_body(state: State, body: Any) -> frozenset[str]:
    """Name the customer a body is about."""
    return frozenset(_customer_names(state, body))


def by_document(state: State, kind: Kind, reference: str) -> frozenset[str]:
    """Name the customer of the document at a path."""
    return frozenset(_owners([state.documents[kind].lookup(reference)]))


def by_document_body(state: State, kind: Kind, body: Any) -> frozenset[str]:
    """Name the customer a document's body gives it, and the one it has."""
    customer = body.get("customer") if isinstance(body, dict) else None
    return frozenset([*_customer_names(state, customer), *_owners([_find(state.documents[kind], body)])])


def by_link_body(state: State, body: Any) -> frozenset[str]:
    """Name the customers of the documents a reconcile call lists, and of those its key links now."""
    if not isinstance(body, dict):
        return frozenset()
    listed = [
        _find(state.documents[kind], item)
        for array, kind in ARRAYS
        if isinstance(items := body.get(array), list)
        for item in items
    ]
    key = body.get("externalId")
    link = state.links.get(key) if isinstance(key, str) else None
    linked = [document for pair in link.pairs for document in (pair.debit, pair.credit)] if link else []
    return frozenset(_owners([*listed, *linked]))


def _customer_names(state: State, keys: Any) -> Iterable[str]:
    if (found := _find(state.customers, keys)) is not None:
        yield found.id
    elif isinstance(keys, dict) and isinstance(keys.get("externalId"), str):
        yield f"external:{keys['externalId']}"


def _find(shelf: Shelf[T], keys: Any) -> T | None:
    if not isinstance(keys, dict):
        return None
    for name, prefix in (("id", ""), ("externalId", "external:")):
        if isinstance(value := keys.get(name), str) and (found := shelf.lookup(prefix + value)) is not None:
            return found
    return None


def _owners(documents: Iterable[Document | None]) -> Iterable[str]:
    return (document.customer.id for document in documents if document and document.customer)

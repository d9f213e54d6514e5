"""What does an operation get, and what does it answer? Calls, replies, pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from duebridge.targets.upflow.sandbox.refusal import invalid

LARGEST_PAGE = 500
USUAL_PAGE = 50

#: Path word -> array of the list's answer, where it is not the path word.
LIST_NAMES: Mapping[str, str] = {
    "credit_notes": "creditNotes",
    "payments": "items",
    "refunds": "items",
    "dunning_plans": "items",
    "custom_fields": "customFields",
    "bank_accounts": "bankAccounts",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the references in its path, its query and its JSON body."""

    ids: tuple[str, ...]
    query: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status, and JSON unless there is nothing to say."""

    status: int
    content: Any = None


def nobody(_call: Call) -> frozenset[str]:
    """Say that no customer is written to."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """What a method does at a path; `touches` names the customers it writes to, None for a read."""

    run: Callable[[Call], Reply]
    touches: Callable[[Call], frozenset[str]] | None = None


T_co = TypeVar("T_co", covariant=True)


class Listing(Sized, Iterable[T_co], Protocol[T_co]):
    """Something that can be counted and walked."""


def saved(outcome: tuple[Any, bool], show: Callable[[Any], dict[str, Any]]) -> Reply:
    """Answer 201 with what was created, 200 with what was updated."""
    item, new = outcome
    return Reply(201 if new else 200, show(item))


def page(path: str, items: Listing[Any], show: Callable[[Any], dict[str, Any]], query: Mapping[str, str]) -> Reply:
    """Answer the slice `offset`, `limit` of `items` (500 at most); other parameters are ignored, as by Upflow."""
    offset, limit = _number(query, "offset", 0), _number(query, "limit", USUAL_PAGE)
    if limit > LARGEST_PAGE:
        invalid(f"limit is at most {LARGEST_PAGE}")
    shown = [show(item) for item in islice(items, offset, offset + limit)]
    return Reply(200, {"offset": offset, "limit": limit, "total": len(items), LIST_NAMES.get(path, path): shown})


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    value = query.get(name)
    if value is None:
        return usual
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        invalid(f"{name} must be a whole number")
    return int(value)

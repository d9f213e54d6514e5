"""What is on the page that was asked for: one object, a list, a customer's contacts, an invoice's lines, changes?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from duebridge.plugins.pennylane.sandbox import ledger, uploads
from duebridge.plugins.pennylane.sandbox.contract import PREFIX, Operation
from duebridge.plugins.pennylane.sandbox.feed import read_start_date
from duebridge.plugins.pennylane.sandbox.filters import Filter
from duebridge.plugins.pennylane.sandbox.paging import envelope, read_cursor, take, walk, write_cursor
from duebridge.plugins.pennylane.sandbox.refusals import bad_request, not_found, unprocessable
from duebridge.plugins.pennylane.sandbox.store import Collection, Key, Origin, Row, rooted, sort_keys

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

#: How many lines of each invoice `include=invoice_lines` gives, whatever the limit (spec).
INCLUDED_LINES = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed the contract.

    `id` is the path's (0: none), `root` what stands before the links' own paths, `scopes` the token's, `body` what was
    sent: JSON that keeps to the contract, or an upload.
    """

    operation: Operation
    query: Mapping[str, str]
    id: int
    root: Origin
    scopes: tuple[str, ...]
    body: Any = None


def me(product: PennylaneSandbox, asked: Asked) -> bytes:  # noqa: ARG001 - answers share a signature
    """GET /me: the company, made up, and the token's scopes."""
    company = {"id": 9400, "name": "Sandbox SAS", "reg_no": "940000001", "accounting_logic": "FR_PCG"}
    user = {"id": 1, "first_name": "Ada", "last_name": "Martin", "email": "ada@example.org", "locale": "fr"}
    return json.dumps({"user": user, "company": company, "scopes": asked.scopes}).encode()


def one(collection: str) -> Callable[[PennylaneSandbox, Asked], bytes]:
    """GET of an object by its id."""
    return lambda product, asked: rooted(_found(product, collection, asked.id).wire, asked.root)


def listed(collection: str) -> Callable[[PennylaneSandbox, Asked], bytes]:
    """GET of a whole collection."""

    def answer(product: PennylaneSandbox, asked: Asked) -> bytes:
        page, following = _page(product.state[collection], asked)
        return envelope((row.wire for row in page), following, asked.root)

    return answer


def invoices(product: PennylaneSandbox, asked: Asked) -> bytes:
    """GET /customer_invoices, with the lines when they are asked for."""
    page, following = _page(product.state.documents, asked)
    extra = b""
    if "include" in asked.query:
        extra = b',"included":{"invoice_lines":{%b}}' % b",".join(_lines(product, row, asked) for row in page)
    return envelope((row.wire for row in page), following, asked.root, extra)


def owned(owners: str, collection: str) -> Callable[[PennylaneSandbox, Asked], bytes]:
    """GET of what belongs to one object."""

    def answer(product: PennylaneSandbox, asked: Asked) -> bytes:
        owner = _found(product, owners, asked.id)
        rows = [] if _shows_none(collection, owner) else product.state[collection].of(owner.id)
        page, following = _page(rows, asked)
        return envelope((row.wire for row in page), following, asked.root)

    return answer


def changelog(collection: str) -> Callable[[PennylaneSandbox, Asked], bytes]:
    """GET /changelogs/...: the kept events from a start or a cursor, oldest first."""

    def answer(product: PennylaneSandbox, asked: Asked) -> bytes:
        feed = product.state.feeds[collection]
        since, cursor = asked.query.get("start_date"), asked.query.get("cursor")
        if since is not None and cursor:
            raise bad_request("start_date and cursor can't be used together")
        start = feed.start(None if since is None else read_start_date(since), product.clock())
        position = read_cursor(cursor, "id")
        if isinstance(position, int):
            start = max(start, position + 1)
        end = start + asked.operation.limit(asked.query)
        following = write_cursor("id", end - 1) if end < len(feed.events) else None
        return envelope((json.dumps(event.shown()).encode() for event in feed.events[start:end]), following, asked.root)

    return answer


def ledger_entries(product: PennylaneSandbox, asked: Asked) -> bytes:
    """GET /ledger_entries: the sales entries of finalised documents."""
    page, following = _page(ledger.entries(product.state), asked)
    return envelope((row.wire for row in page), following, asked.root)


def ledger_entry(product: PennylaneSandbox, asked: Asked) -> bytes:
    """GET of one entry, with its lines."""
    return rooted(ledger.entry(product.state, asked.id).wire, asked.root)


def ledger_entry_lines(product: PennylaneSandbox, asked: Asked) -> bytes:
    """GET of the lines of one entry."""
    page, following = _page(ledger.entry_lines(product.state, asked.id), asked)
    return envelope((row.wire for row in page), following, asked.root)


def upload(product: PennylaneSandbox, asked: Asked) -> bytes:
    """POST /file_attachments."""
    return rooted(uploads.keep(product.state, asked.body).wire, asked.root)


def mark_as_paid(product: PennylaneSandbox, asked: Asked) -> None:
    """PUT .../mark_as_paid: settles what remains, leaving neither payment nor transaction."""
    row = _found(product, "customer_invoices", asked.id)
    if row.data["draft"] or row.facts["credit_note"]:
        raise unprocessable("Only a finalized invoice can be marked as paid")
    at = product.state.tick()
    product.control.documents.patch(row, {"paid": True}, at, event=not product.is_silent("payments"))


def _found(product: PennylaneSandbox, collection: str, id: int) -> Row:
    row = product.state[collection].rows.get(id)
    if row is None:
        raise not_found()
    return row


def _shows_none(collection: str, invoice: Row) -> bool:
    """Drafts and credit notes list no payments; drafts and archived invoices no matched transactions (spec)."""
    if collection == "payments":
        return bool(invoice.data["draft"] or invoice.facts["credit_note"])
    if collection == "matched_transactions":
        return bool(invoice.data["draft"] or invoice.data["archived_at"])
    return False


def _page(rows: Collection | list[Row], asked: Asked) -> tuple[list[Row], str | None]:
    """The page that was asked for, and the cursor after it."""
    field, descending = asked.operation.sort(asked.query)
    # Lines keep the order they were written in: by rank and by id are the same.
    field = "id" if field == "rank" else field
    by_id = rows.rows if isinstance(rows, Collection) else {row.id: row for row in rows}
    chosen = Filter(asked.query["filter"], asked.operation) if "filter" in asked.query else None
    keys = _keys(rows, by_id, field, chosen)
    ids = walk(keys, read_cursor(asked.query.get("cursor"), field), descending=descending)
    page, more = take(ids, by_id, None if chosen is None else chosen.keep, asked.operation.limit(asked.query))
    return page, write_cursor(field, _key(page[-1], field)) if more else None


def _keys(rows: Collection | list[Row], by_id: Mapping[int, Row], field: str, chosen: Filter | None) -> list[Key]:
    if chosen is not None and chosen.ids is not None:
        return sort_keys((by_id[id] for id in sorted(chosen.ids) if id in by_id), field)
    return rows.keys(field) if isinstance(rows, Collection) else sort_keys(rows, field)


def _key(row: Row, field: str) -> Key:
    return row.id if field == "id" else (row.data[field] or "", row.id)


def _lines(product: PennylaneSandbox, invoice: Row, asked: Asked) -> bytes:
    """The member of `included` for one invoice: its lines in the default order, and where more are."""
    lines = product.state["invoice_lines"].of(invoice.id)[::-1]
    shown, more = lines[:INCLUDED_LINES], len(lines) > INCLUDED_LINES
    path = f"{asked.root.url}{PREFIX}/customer_invoices/{invoice.id}/invoice_lines"
    following = f"{path}?cursor={write_cursor('id', shown[-1].id)}" if more else None
    return b'"%d":{"items":[%b],"has_more":%b,"next_url":%b}' % (
        invoice.id,
        b",".join(row.wire for row in shown),
        b"true" if more else b"false",
        json.dumps(following).encode(),
    )

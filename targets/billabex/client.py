"""Which HTTP calls does Billabex's API offer us? Calls and nothing else; paths below `/api/public/v1`.

Every write carries an `Idempotency-Key`, and its repeats carry the same: a create the caller's, any other one of its
own, since the same change made again later is another one. Everything raises what `Http` raises.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal
from urllib.parse import quote
from uuid import uuid4

from duebridge.core.api import (
    File,
    Form,
    Json,
    NotFound,
    Payload,
    PerMinute,
    Refused,
    RunError,
    Services,
    UnknownOutcome,
    shared_limiter,
)
from duebridge.targets.billabex.keys import boundary, content_of
from duebridge.targets.billabex.settings import BillabexSettings

ROOT = "/api/public/v1"
#: How many nodes we ask for at once: Billabex names no largest page.
PAGE = 100

Node = Mapping[str, Json]


class BillabexClient:
    """One organization's API, under its request budget; safe to use from several threads."""

    def __init__(self, options: BillabexSettings, services: Services) -> None:
        """Open no connection yet. All clients of one token at one address share one budget of requests."""
        self._token = options.token.get_secret_value()
        self._organization = options.organization_id
        self._source_id_field = options.source_id_field
        allowed = options.requests_per_minute
        whose = hashlib.sha256(f"billabex\n{options.base_url}\n{self._token}\n{allowed}".encode()).hexdigest()
        limiter = shared_limiter(whose, lambda: PerMinute(allowed))
        self._http = services.http(options.base_url, product="Billabex", headers=self._headers, limiter=limiter)

    def organization(self) -> Node:
        """Return our organization: `{id, name, ...}`."""
        return _object(self._http.get(f"{ROOT}/organizations/{_segment(self._organization)}"), "organizations")

    def listed(self, collection: str) -> Iterator[Node]:
        """Yield everything of the organization in `accounts`, `invoices` or `credit-notes`.

        A refusal is about the organization, not about a record: it is a `RunError`.
        """
        try:
            yield from map(self._named, self._nodes(collection, {"organizationId": self._organization}))
        except Refused as refusal:
            raise RunError(f"{refusal} (is organization_id {self._organization} the right one?)") from refusal

    def found(self, collection: str, id: str) -> Node | None:
        """Return the object `id` of `collection`; None when it is not there."""
        try:
            return self._named(_object(self._http.get(f"{ROOT}/{collection}/{_segment(id)}"), collection))
        except NotFound:
            return None

    def create_account(self, body: Payload, key: str) -> str:
        """Make an account; return its id."""
        return _made(
            self._write("POST", "accounts", {"organizationId": self._organization, **body}, key=key), "accounts"
        )

    def save_account(self, id: str, body: Payload) -> None:
        """Give the account `id` these fields."""
        self._write("PUT", f"accounts/{_segment(id)}", body)

    def contacts(self, account: str) -> Iterator[Node]:
        """Yield the contacts of an account."""
        return self._nodes(f"accounts/{_segment(account)}/contacts", {})

    def create_contact(self, account: str, body: Payload) -> None:
        """Make a contact at an account."""
        self._write("POST", f"accounts/{_segment(account)}/contacts", body)

    def upsert_contact(self, account: str, body: Payload) -> None:
        """Change the contact of an account that has this address."""
        self._write("PUT", f"accounts/{_segment(account)}/contacts/upsert", body)

    def delete_contact(self, account: str, id: str) -> None:
        """Remove a contact; one that is not there counts as removed."""
        self._write("DELETE", f"accounts/{_segment(account)}/contacts/{_segment(id)}", safety="delete")

    def create_document(self, collection: str, fields: Mapping[str, str], file: File | None, key: str) -> str:
        """Make an invoice or a credit note; return its id. The same content is the same bytes, whenever it is sent."""
        named = {self._source_id_field if name == "sourceId" else name: value for name, value in fields.items()}
        form = Form(named, {"file": file} if file is not None else {})
        kind = f"multipart/form-data; boundary={boundary(content_of(fields, file))}"
        return _made(self._write("POST", collection, form, key=key, content_type=kind), collection)

    def delete(self, collection: str, id: str) -> None:
        """Remove the object `id`, an account with all that is in it; one that is not there counts as removed."""
        self._write("DELETE", f"{collection}/{_segment(id)}", safety="delete")

    def set_paid(self, invoice: str, amount: Decimal) -> None:
        """Say how much of an invoice is paid in all, in major units."""
        self._write("PUT", f"invoices/{_segment(invoice)}/paid-amount", {"paidAmount": amount})

    def allocate(self, credit_note: str, invoice: str, amount: Decimal) -> None:
        """Settle so much of an invoice by a credit note."""
        self._write("POST", "credit-allocations", {"creditNoteId": credit_note, "invoiceId": invoice, "amount": amount})

    def unallocate(self, credit_note: str, invoice: str) -> None:
        """Take back what a credit note settles of an invoice."""
        self._write("POST", "credit-allocations/remove", {"creditNoteId": credit_note, "invoiceId": invoice})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _named(self, node: Node) -> Node:
        """An object with its source id as `sourceId`, whatever Billabex calls it."""
        name = self._source_id_field
        return {**node, "sourceId": node[name]} if name in node and name != "sourceId" else node

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _write(
        self,
        method: str,
        path: str,
        body: Payload | Form | None = None,
        *,
        key: str = "",
        safety: Literal["upsert", "delete"] = "upsert",
        content_type: str = "",
    ) -> Json:
        headers = {"Idempotency-Key": key or str(uuid4())} | ({"content-type": content_type} if content_type else {})
        return self._http.write(method, f"{ROOT}/{path}", body, safety=safety, headers=headers)

    def _nodes(self, path: str, params: Mapping[str, str]) -> Iterator[Node]:
        """Yield the nodes of all pages, until one has none."""
        seen: set[str] = set()
        query: dict[str, str | int] = {**params, "first": PAGE}
        while True:
            answer = self._http.get(f"{ROOT}/{path}", query)
            nodes = answer.get("nodes") if isinstance(answer, dict) else None
            if not (isinstance(nodes, list) and all(isinstance(node, dict) and _id(node) for node in nodes)):
                raise _unexpected(path, "no list of nodes with ids")
            if not nodes:
                return
            yield from nodes
            query["after"] = _next(path, answer, seen)


def _next(path: str, answer: Node, seen: set[str]) -> str:
    about = answer.get("pageInfo")
    cursor = about.get("endCursor") if isinstance(about, dict) else None
    if not isinstance(cursor, str) or not cursor:
        raise _unexpected(path, "nodes, but no cursor to what follows them")
    if cursor in seen:
        raise RunError(f"Billabex, GET {ROOT}/{path}: the pages go round in a circle; run again later")
    seen.add(cursor)
    return cursor


def _object(answer: Json, path: str) -> Node:
    if not isinstance(answer, dict) or not _id(answer):
        raise _unexpected(path, "no object with an id")
    return answer


def _unexpected(path: str, what: str) -> RunError:
    return RunError(
        f"Billabex, GET {ROOT}/{path}: the answer has {what}; check base_url, and whether Billabex changed its API"
    )


def _made(reply: Json, path: str) -> str:
    """The id in the answer to a create. One without may come from something in between: it is not taken for a yes."""
    id = _id(reply) if isinstance(reply, dict) else None
    if id is None:
        raise UnknownOutcome(
            f"Billabex may or may not have taken this: the answer to POST {ROOT}/{path} does not hold the object's id; "
            "it will be settled before anything is sent again"
        )
    return id


def _id(node: Node) -> str | None:
    found = node.get("id")
    return found if isinstance(found, str) and found else None


def _segment(id: str) -> str:
    return quote(id, safe="")

"""How do invoices, credit notes, payments and refunds come, change and go?

What is linked is protected: its currency and customer stay, its amount never falls below what is linked, and it can't
be deleted before the link is taken back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from duebridge.targets.upflow.sandbox.checks import Shape
from duebridge.targets.upflow.sandbox.refusal import conflict, invalid
from duebridge.targets.upflow.sandbox.shapes import CREDIT_NOTE, INVOICE, PAYMENT, PDF, REFUND
from duebridge.targets.upflow.sandbox.state import Customer, Document, Kind, State

_APART = frozenset({"id", "externalId", "customer"})


@dataclass(frozen=True, slots=True)
class Form:
    """The body of one kind of document, and the field that holds its total."""

    shape: Shape
    total: str


FORMS: Mapping[Kind, Form] = MappingProxyType(
    {
        "invoices": Form(INVOICE, "grossAmount"),
        "credit_notes": Form(CREDIT_NOTE, "grossAmount"),
        "payments": Form(PAYMENT, "amount"),
        "refunds": Form(REFUND, "amount"),
    }
)


class Documents:
    """The documents of one kind."""

    def __init__(self, state: State, kind: Kind) -> None:
        """Work on `state`."""
        self._state = state
        self._kind = kind
        self._form = FORMS[kind]
        self._shelf = state.documents[kind]

    def post(self, body: Any, owner: Customer | None = None) -> tuple[Document, bool]:
        """Create a document, or update the one with this id or externalId; say whether it is new.

        `owner` is the customer named by the path, when it names one.
        """
        if owner is not None and isinstance(body, dict):
            body = {"customer": {"id": owner.id}} | body
        checked = self._form.shape(body)
        existing = self._shelf.known(checked)
        return self._save(existing, checked, owner), existing is None

    def put(self, document: Document, body: Any) -> Document:
        """Change the given fields of `document`."""
        checked = self._form.shape.given(body)
        if checked.setdefault("id", document.id) != document.id:
            invalid(f"id {checked['id']!r} is not the document changed here")
        self._shelf.known(checked)
        return self._save(document, checked, None)

    def delete(self, document: Document) -> None:
        """Remove `document`; refused while it is linked."""
        if document.pairs:
            links = ", ".join(map(repr, document.pairs))
            conflict(f"the {self._shelf.noun} {document.id} is linked by {links}; take the link back first")
        if document.customer is not None:
            del document.customer.documents[document.id]
        self._shelf.drop(document)

    def attach_pdf(self, document: Document, body: Any) -> None:
        """Keep the digest of a base64 PDF."""
        data = PDF(body)["data"]
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            invalid("data is not base64")
        if b"%PDF" not in content[:1024]:
            invalid("data is not a PDF")
        document.pdf_digest = hashlib.sha256(content).hexdigest()

    def _save(self, document: Document | None, body: dict[str, Any], owner: Customer | None) -> Document:
        customer = self._customer(document, body)
        if owner is not None and customer is not owner:
            invalid(f"customer is not the customer of this path, {owner.id}")
        self._refuse_unknown_bank_account(body)
        before = document.values if document else {}
        values = before | {name: value for name, value in body.items() if name not in _APART}
        self._refuse_net_above_gross(values)
        if document is None:
            return self._create(body, values, customer)
        self._protect_linked(document, values, customer)
        return self._change(document, body, values, customer)

    def _create(self, body: dict[str, Any], values: dict[str, Any], customer: Customer | None) -> Document:
        now = self._state.now()
        document = Document(
            self._kind,
            self._state.new_id(),
            body.get("externalId"),
            values,
            values[self._form.total],
            values["currency"],
            customer,
            now,
            now,
        )
        self._shelf.put(document)
        if customer is not None:
            customer.documents[document.id] = document
        return document

    def _change(
        self, document: Document, body: dict[str, Any], values: dict[str, Any], customer: Customer | None
    ) -> Document:
        _move(document, customer)
        document.values = values
        document.amount = values[self._form.total]
        document.currency = values["currency"]
        document.forced = {}
        document.modified_at = self._state.now()
        if "externalId" in body:
            self._shelf.rename(document, body["externalId"])
        return document

    def _customer(self, document: Document | None, body: dict[str, Any]) -> Customer | None:
        if "customer" in body:
            return self._state.customers.named(body["customer"], "customer")
        return document.customer if document else None

    def _refuse_unknown_bank_account(self, body: dict[str, Any]) -> None:
        if "bankAccountId" in body and body["bankAccountId"] not in self._state.bank_accounts:
            invalid(f"bankAccountId names a bank account that does not exist: {body['bankAccountId']!r}")

    def _refuse_net_above_gross(self, values: dict[str, Any]) -> None:
        if "netAmount" in values and values["netAmount"] > values["grossAmount"]:
            invalid(f"netAmount {values['netAmount']} is above grossAmount {values['grossAmount']}")

    def _protect_linked(self, document: Document, values: dict[str, Any], customer: Customer | None) -> None:
        if not document.pairs:
            return
        total = self._form.total
        if values[total] < document.linked:
            invalid(f"{total} {values[total]} is below the {document.linked} that is linked; change the link first")
        if values["currency"] != document.currency:
            invalid(f"currency can't change from {document.currency} to {values['currency']} while linked")
        if customer is not document.customer:
            invalid(f"customer can't change while the {self._shelf.noun} {document.id} is linked")


def _move(document: Document, customer: Customer | None) -> None:
    if customer is document.customer:
        return
    if document.customer is not None:
        del document.customer.documents[document.id]
    if customer is not None:
        customer.documents[document.id] = document
    document.customer = customer

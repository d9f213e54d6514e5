"""How does an invoice or a credit note come into the books, once, and what becomes of it when it changes?

looked up by our reference -> customer, VAT codes, accounts -> file uploaded -> imported. Nothing imported can be
deleted or made again, so what is there already is adopted when it is the same, and shown to a person when it is not.
Source: spec, POST /customer_invoices/import (409) and PUT /customer_invoices/{id}/update_imported.
"""

from __future__ import annotations

from typing import Any

from duebridge.core.api import Ack, Delivery, NotFound, Payload, RecordError, Refused, UnknownOutcome, Withheld
from duebridge.plugins.pennylane.importing.bodies import body_of
from duebridge.plugins.pennylane.importing.client import ImportClient, identity_of, ids_of, is_conflict
from duebridge.plugins.pennylane.importing.comparing import (
    changes,
    differences,
    is_twin,
    line_differences,
    told,
)
from duebridge.plugins.pennylane.importing.ledger_accounts import LedgerAccountIds
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.uploads import file_of

_PATH = "/customer_invoices"
#: What may still be changed: nothing was paid on it, and no credit note stands against it.
_OPEN = frozenset({"upcoming", "late", "incomplete", "credit_note"})
#: The code of a document that has changed since it was imported.
CHANGED = "changed_after_import"
#: What an import says that can't be changed afterwards.
_FIXED = frozenset({"label"})


class Documents:
    """The company's invoices and credit notes; safe to use from several threads."""

    def __init__(self, client: ImportClient, options: PennylaneTargetSettings) -> None:
        """Write through `client`, by `options`."""
        self._client = client
        self._options = options
        self._accounts = LedgerAccountIds(client)
        self._countries: dict[int, str] = {}

    def add(self, delivery: Delivery) -> Ack:
        """Import the document, or adopt it. Raises `RecordError`, `UnknownOutcome` when the import's answer is lost."""
        held = self._by_reference(delivery.reference)
        body = self._body(delivery)
        if held:
            return self._adopted(held, body)
        self._refuse_twins(body)
        body["file_attachment_id"] = self._client.upload(file_of(delivery))
        try:
            return Ack(str(identity_of(self._client.create(f"{_PATH}/import", body))))
        except Refused as refused:
            if not is_conflict(refused):
                raise
            return self._after_conflict(delivery.reference, body, refused)

    def change(self, delivery: Delivery) -> Ack:
        """Change what was imported, if the settings say so and its state lets us. Raises `Withheld` otherwise."""
        path = f"{_PATH}/{delivery.target_id}"
        try:
            held = self._client.one(path)
        except NotFound as missing:
            raise RecordError(
                f"customer invoice {delivery.target_id}, which it became, is no longer in Pennylane ({missing})"
            ) from missing
        body = self._body(delivery)
        lines = sorted(self._client.all(f"{path}/invoice_lines"), key=identity_of)
        if not differences(held, body) and not line_differences(lines, body):
            return Ack(delivery.target_id, _left_alone(delivery))
        what = told(changes(delivery.previous, delivery.payload or {}))
        if self._options.on_change == "report":
            raise Withheld(
                f"changed at the source after it was imported ({what}); nothing was sent. Make the same change in "
                f"Pennylane (customer invoice {delivery.target_id}), which the next look takes for settled, or set "
                "`on_change: update`",
                CHANGED,
            )
        if held.get("status") not in _OPEN:
            raise Withheld(
                f"changed at the source after it was imported ({what}), and customer invoice {delivery.target_id} is "
                f"{held.get('status')} in Pennylane, so it is not changed there; correct it in Pennylane by hand",
                CHANGED,
            )
        self._client.change(f"{path}/update_imported", _replacement(body, lines))
        return Ack(delivery.target_id)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for the document by its reference. Raises `UnknownOutcome` when there are several."""
        found = self._by_reference(delivery.reference)
        if len(found) > 1:
            raise UnknownOutcome(
                f"Pennylane has {len(found)} documents with the reference {delivery.reference} (ids {ids_of(found)}); "
                "take the reference off all but one of them"
            )
        return Ack(str(identity_of(found[0]))) if found else None

    def _by_reference(self, reference: str) -> list[dict[str, Any]]:
        found = self._client.found(_PATH, ("external_reference", "eq", reference))
        return [document for document in found if document.get("external_reference") == reference]

    def _body(self, delivery: Delivery) -> Payload:
        customer = delivery.after[0] if delivery.after else None
        if customer is None:
            raise RecordError("Pennylane's id of its customer is not known; run `duebridge sync NAME --full`")
        id = int(customer)
        return body_of(delivery.payload or {}, id, self._country(id), self._accounts.id_of, self._options)

    def _country(self, customer_id: int) -> str:
        """The customer's country as Pennylane has it, asked once in a run."""
        if customer_id not in self._countries:
            address = self._client.one(f"/customers/{customer_id}").get("billing_address")
            told = address.get("country_alpha2") if isinstance(address, dict) else None
            self._countries[customer_id] = str(told or self._options.default_country or "").upper()
        return self._countries[customer_id]

    def _adopted(self, held: list[dict[str, Any]], body: Payload) -> Ack:
        if len(held) > 1:
            raise RecordError(
                f"Pennylane has {len(held)} documents with its reference (ids {ids_of(held)}); take the reference off "
                "all but one of them"
            )
        differing = differences(held[0], body)
        if differing:
            raise RecordError(
                f"Pennylane has a document with its reference already (customer invoice {held[0]['id']}), and a "
                f"different one ({told(differing)}); nothing was imported: correct one of them, or take the reference "
                "off that one"
            )
        return Ack(str(identity_of(held[0])), (f"adopted: customer invoice {held[0]['id']} was there already",))

    def _refuse_twins(self, body: Payload) -> None:
        if "invoice_number" not in body:
            return
        found = self._client.found(_PATH, ("invoice_number", "eq", body["invoice_number"]))
        twins = [document for document in found if is_twin(document, body)]
        if twins:
            raise RecordError(
                f"Pennylane has a document with the same number, date and total already (customer invoice "
                f"{ids_of(twins)}); nothing was imported, so that it isn't in the books twice. If it is this one, give "
                f"it the external reference {body['external_reference']}; if not, change the number at the source"
            )

    def _after_conflict(self, reference: str, body: Payload, refused: Refused) -> Ack:
        held = self._by_reference(reference)
        if held:
            return self._adopted(held, body)
        self._refuse_twins(body)
        raise RecordError(
            f"{refused}: Pennylane says that it has it already, and neither its reference nor its number, date and "
            "total are found there; look for the document in Pennylane"
        ) from refused


def _left_alone(delivery: Delivery) -> tuple[str, ...]:
    """What is to be told when nothing had to be changed."""
    changed = {change.partition(":")[0] for change in changes(delivery.previous, delivery.payload or {})}
    return (
        ("its label changed at the source; Pennylane keeps the one it was imported with",) if changed & _FIXED else ()
    )


def _replacement(body: Payload, lines: list[dict[str, Any]]) -> Payload:
    """The body that puts a document's lines in the place of those it has, and leaves what is fixed."""
    kept = {name: value for name, value in body.items() if name not in _FIXED | {"invoice_lines"}}
    new = {"create": body["invoice_lines"], "delete": [{"id": identity_of(line)} for line in lines]}
    return {**kept, "invoice_lines": new}

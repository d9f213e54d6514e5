"""What does an import, or a change of an imported document, make of the books?

A negative total makes a credit note. The sales entry is derived (`ledger`); which account each line goes to is kept
beside the document. Source: spec, POST /customer_invoices/import, PUT .../update_imported, POST .../link_credit_note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.import_rules import check_account, check_amounts, check_e_invoice
from duebridge.plugins.pennylane.sandbox.refusals import conflict, not_found, unprocessable
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import ROOT, Row, rooted

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.sandbox.answers import Asked
    from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

Data = dict[str, Any]

_TOTALS = ("currency_amount", "currency_amount_before_tax", "currency_tax")
#: What a document shows of an import as it was sent.
_SHOWN = (
    *("invoice_number", "date", "deadline", "currency", "label", "transaction_reference", "external_reference"),
    *("amount", "tax", *_TOTALS),
)
_LINE = ("label", "unit", "raw_currency_unit_price", "vat_rate", "currency_amount", "currency_tax", "amount", "tax")
_LINE_EXTRA = ("imputation_dates", "substance", "description", "discount")


def import_invoice(product: PennylaneSandbox, asked: Asked) -> bytes:
    """POST /customer_invoices/import."""
    state, body = product.state, asked.body
    file = state["file_attachments"].rows.get(body["file_attachment_id"])
    if file is None:
        raise unprocessable("File attachment not found")
    _check_customer(state, body["customer_id"])
    lines = body["invoice_lines"]
    check_e_invoice(body, lines)
    check_amounts(body, lines)
    _check_accounts(state, lines)
    if "external_reference" in body and _is_used(state, body["external_reference"]):
        raise conflict()
    values = _shown(body)
    values |= {
        "invoice_number": body.get("invoice_number", ""),
        "customer": {"id": body["customer_id"]},
        "filename": file.data["filename"],
        "invoice_lines": [_line(state, line) for line in lines],
    }
    if body.get("import_as_incomplete"):
        values["status"] = "incomplete"
    row = product.control.documents.create(values, state.tick())
    row.facts |= {"imported": True, "upload": file.facts["upload"]}
    _keep_accounts(state, row, [line.get("ledger_account_id") for line in lines])
    return rooted(row.wire, asked.root)


def update_imported(product: PennylaneSandbox, asked: Asked) -> bytes:
    """PUT /customer_invoices/{id}/update_imported: some members, and lines created, updated and deleted."""
    state, body = product.state, asked.body
    row = state.documents.rows.get(asked.id)
    if row is None:
        raise not_found()
    if row.data["draft"] or not row.facts.get("imported"):
        raise unprocessable("Only an imported invoice can be updated here")
    if "customer_id" in body:
        _check_customer(state, body["customer_id"])
    reference = body.get("external_reference", row.data["external_reference"])
    if reference != row.data["external_reference"] and _is_used(state, reference):
        raise unprocessable("external_reference has already been taken")
    lines, accounts = _changed_lines(state, row, body.get("invoice_lines", {}))
    after = {**row.data, **body}
    check_amounts(after, [_as_sent(line) for line in lines])
    values = _shown(body) | {"invoice_lines": lines}
    if "customer_id" in body:
        values["customer"] = {"id": body["customer_id"]}
    product.control.documents.patch(row, values, state.tick(), event=True)
    _keep_accounts(state, row, accounts)
    return rooted(row.wire, asked.root)


def link_credit_note(product: PennylaneSandbox, asked: Asked) -> bytes:
    """POST /customer_invoices/{id}/link_credit_note; `{id}` is the credited invoice."""
    documents = product.state.documents.rows
    invoice, note = documents.get(asked.id), documents.get(asked.body["credit_note_id"])
    if invoice is None or note is None:
        raise not_found()
    if invoice.facts["credit_note"] or not note.facts["credit_note"] or invoice.data["draft"] or note.data["draft"]:
        raise unprocessable("A finalized credit note can be linked to a finalized invoice only")
    if note.data["credited_invoice"] is not None:
        raise unprocessable("The credit note is already linked to an invoice")
    if note.data["customer"] != invoice.data["customer"] or note.data["currency"] != invoice.data["currency"]:
        raise unprocessable("The credit note and the invoice must have the same customer and currency")
    change = {"credited_invoice": {"id": invoice.id}}
    product.control.documents.patch(note, change, product.state.tick(), event=True)
    return rooted(note.wire, asked.root)


def _shown(body: Mapping[str, Any]) -> Data:
    """What a document shows of a body; an empty amount in euros counts as none."""
    return {name: body[name] for name in _SHOWN if name in body and body[name] != ""}


def _check_customer(state: State, id: int) -> None:
    if id not in state["customers"].rows:
        raise unprocessable("Customer not found")


def _check_accounts(state: State, lines: Sequence[Mapping[str, Any]]) -> None:
    for place, line in enumerate(lines, start=1):
        account = state["ledger_accounts"].rows.get(line.get("ledger_account_id", 0))
        check_account(place, line, account.data if account is not None else None)
        if "product_id" in line and line["product_id"] not in state["products"].rows:
            raise unprocessable(f"Invoice line {place}: product {line['product_id']} does not exist")


def _is_used(state: State, reference: str) -> bool:
    return any(row.data["external_reference"] == reference for row in state.documents)


def _line(state: State, sent: Mapping[str, Any]) -> Data:
    """A line as it is shown afterwards; amounts are kept as they were sent."""
    line: Data = {name: sent[name] for name in _LINE if sent.get(name, "") != ""}
    line |= {name: sent[name] for name in _LINE_EXTRA if sent.get(name) is not None}
    line["quantity"] = f"{Decimal(sent['quantity']):f}"
    before = objects.difference(sent["currency_amount"], sent["currency_tax"])
    line |= {"currency_amount_before_tax": before, "label": sent.get("label", "")}
    if "product_id" in sent:
        line["product"] = {"id": sent["product_id"], "url": f"{ROOT}/api/external/v2/products/{sent['product_id']}"}
    if "substance" not in line:
        account = state["ledger_accounts"].rows.get(sent.get("ledger_account_id", 0))
        line["substance"] = "goods" if account and account.data["number"].startswith("707") else "services"
    return line


def _changed_lines(state: State, row: Row, change: Mapping[str, Any]) -> tuple[list[Data], list[int | None]]:
    """The document's lines after a change, with the account of each."""
    kept = {line.id: line.data for line in state["invoice_lines"].of(row.id)}
    accounts: dict[int, int | None] = {id: row.facts.get("accounts", {}).get(id) for id in kept}
    for named in (*change.get("update", ()), *change.get("delete", ())):
        if named.get("id") not in kept:
            raise unprocessable(f"Invoice line {named.get('id')} does not belong to the invoice")
    for deleted in change.get("delete", ()):
        kept.pop(deleted["id"], None)
    _check_accounts(state, [*change.get("create", ()), *change.get("update", ())])
    for updated in change.get("update", ()):
        if updated["id"] in kept:
            kept[updated["id"]] = {**kept[updated["id"]], **_line(state, {**_as_sent(kept[updated["id"]]), **updated})}
            accounts[updated["id"]] = updated.get("ledger_account_id", accounts[updated["id"]])
    created = [_line(state, line) for line in change.get("create", ())]
    new_accounts = [line.get("ledger_account_id") for line in change.get("create", ())]
    return [*kept.values(), *created], [*(accounts[id] for id in kept), *new_accounts]


def _as_sent(line: Mapping[str, Any]) -> Data:
    """A kept line as an import would have sent it."""
    names = (*_LINE, *_LINE_EXTRA)
    return {**{name: line[name] for name in names if line.get(name) is not None}, "quantity": line["quantity"]}


def _keep_accounts(state: State, row: Row, accounts: Sequence[int | None]) -> None:
    lines = state["invoice_lines"].of(row.id)
    row.facts["accounts"] = {line.id: account for line, account in zip(lines, accounts, strict=True)}

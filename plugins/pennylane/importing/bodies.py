"""What does a document of ours look like as Pennylane takes it: with the customer's id, VAT codes and accounts?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from duebridge.core.api import Payload, RecordError
from duebridge.plugins.pennylane.importing.line_items import named
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.vat_codes import vat_code

#: Ours alone; they become something else in a body.
_OURS = frozenset({"customer", "invoice_lines"})


def body_of(
    payload: Payload, customer_id: int, country: str, account_id: Callable[[str], int], options: PennylaneTargetSettings
) -> Payload:
    """Return the body of an import but for its file. Raises `RecordError`, naming the line."""
    kept = {name: value for name, value in payload.items() if name not in _OURS}
    lines = []
    for place, line in enumerate(payload["invoice_lines"], start=1):
        try:
            lines.append(_line(line, country, account_id, options))
        except RecordError as refused:
            raise RecordError(f"{named(place, line['label'])}: {refused}") from None
    return {**kept, "customer_id": customer_id, "invoice_lines": lines}


def _line(line: Payload, country: str, account_id: Callable[[str], int], options: PennylaneTargetSettings) -> Payload:
    names = ("label", "unit", "raw_currency_unit_price", "currency_amount", "currency_tax")
    body: Payload = {name: line[name] for name in names}
    body |= {"quantity": Decimal(line["quantity"]), "vat_rate": vat_code(line, country, options)}
    number = options.ledger_accounts.get(line.get("category", ""))
    if number is not None:
        body["ledger_account_id"] = account_id(number)
    if options.periods and "imputation_dates" in line:
        body["imputation_dates"] = line["imputation_dates"]
    return body

"""Whatever Harvest invoices, Pennylane takes the import and its totals are those of the invoice, or a line is named.

Each body goes through the stand-in's own validation and into its books, in this process.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Invoice, RecordError
from duebridge.core.edge.payloads import encoded
from duebridge.core.engine.planning import encode
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.pennylane.importing.bodies import body_of
from duebridge.plugins.pennylane.importing.mapping import CREDIT_NOTE, INVOICE
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox, import_rules, imports, ledger
from duebridge.plugins.pennylane.sandbox.bodies import check, read_json, schema_of
from duebridge.plugins.pennylane.sandbox.refusals import Refusal
from duebridge.plugins.pennylane.sandbox.uploads import Upload, keep

from .random_invoices import random_document

OPTIONS = PennylaneTargetSettings.model_validate(
    {
        "token": "t",
        "zero_rate_code": {"default": "exempt"},
        "ledger_accounts": {"Service": "706000", "Product": "707000"},
    }
)
#: What the stand-in looks through at each import grows with it.
BOOK = 250


class Books:
    """The stand-in, its books begun anew now and then."""

    def __init__(self) -> None:
        self.product = PennylaneSandbox(SandboxOptions(customers=1, invoices=0, limits="off"))
        self.imported = 0

    def take(self, record: Any) -> dict[str, Any]:
        """Import a document; return how it stands in the list. Raises `RecordError`, or the stand-in's `Refusal`."""
        if self.imported % BOOK == 0:
            self.product.reset()
        self.imported += 1
        state = self.product.state
        accounts = {row.data["number"]: row.id for row in state["ledger_accounts"]}
        mapping = CREDIT_NOTE if isinstance(record, CreditNote) else INVOICE
        payload = read_json(encode(mapping.build(record, {"source": "harvest-1"}))[0].encode())
        body = body_of(payload, state["customers"].ids[0], "FR", accounts.__getitem__, OPTIONS)
        body["file_attachment_id"] = keep(state, Upload("a.pdf", "application/pdf", b"%PDF-")).id
        sent, schema = encoded(body), schema_of("post", "/customer_invoices/import")
        assert isinstance(sent, bytes)
        assert schema is not None
        received = read_json(sent)
        check(received, schema[1], "body")
        imports.import_invoice(self.product, SimpleNamespace(body=received, root=self.product.reached_at("")))  # type: ignore[arg-type]
        return next(reversed(list(state.documents))).data

    def entry(self, document: dict[str, Any]) -> tuple[Decimal, Decimal]:
        """Debit and credit of its entry."""
        lines = ledger.entry_lines(self.product.state, ledger.FIRST + document["id"])
        debit, credit = (sum((Decimal(line.data[side]) for line in lines), Decimal(0)) for side in ("debit", "credit"))
        return debit, credit

    def sums(self, document: dict[str, Any]) -> dict[str, Decimal]:
        """What its lines come to."""
        lines = self.product.state["invoice_lines"].of(document["id"])
        names = ("currency_amount", "currency_amount_before_tax", "currency_tax")
        return {name: sum((Decimal(line.data[name]) for line in lines), Decimal(0)) for name in names}


@pytest.mark.parametrize("number", [300, pytest.param(20_000, marks=pytest.mark.proof)])
def test_every_import_is_taken_with_the_same_totals_or_rejected_naming_a_line(
    number: int, record_property: Callable[[str, object], None]
) -> None:
    rng, books, seen = Random(20260301 + number), Books(), Counter[str]()  # noqa: S311 - generated data, not secrets
    for id in range(number):
        record = random_document(rng, id)
        held = _taken(books, record)
        if isinstance(held, str):
            assert re.match(r"line \d+", held), held
            assert "VAT code" in held
            seen["rejected"] += 1
            continue
        totals = {
            "currency_amount": record.amount,
            "currency_amount_before_tax": record.amount_before_tax,
            "currency_tax": record.tax,
        }
        assert {name: Decimal(held[name]) for name in totals} == totals
        assert books.sums(held) == totals
        debit, credit = books.entry(held)
        assert debit == credit
        seen["credit notes" if isinstance(record, CreditNote) else "invoices"] += 1
    record_property("documents", dict(seen))
    assert seen["invoices"] > number / 3
    assert seen["credit notes"] > 0
    assert seen["rejected"] > 0


def _taken(books: Books, record: Invoice | CreditNote) -> dict[str, Any] | str:
    """How it stands in the list, or why it was rejected."""
    try:
        return books.take(record)
    except RecordError as refused:
        return str(refused)


def test_a_wrong_cent_is_noticed_by_us_and_by_the_stand_in() -> None:
    record = random_document(Random(1), 1)  # noqa: S311 - generated data, not secrets
    cent = Decimal("0.01")
    more = {"amount": record.amount + cent, "amount_before_tax": record.amount_before_tax + cent}
    assert "where the document says" in str(_taken(Books(), record.model_copy(update=more)))
    line = {"currency_amount": "2.00", "currency_tax": "0.00", "quantity": 1, "raw_currency_unit_price": "1"}
    totals = {"currency_amount": "2.02", "currency_amount_before_tax": "2.02", "currency_tax": "0.00"}
    with pytest.raises(Refusal):
        import_rules.check_amounts(totals, [line])

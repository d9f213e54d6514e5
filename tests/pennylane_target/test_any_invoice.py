"""Whatever Harvest's API tells of an invoice, Pennylane takes the import with its very totals, or we say what is wrong.

The JSON is read as an answer's, understood by Harvest's connector and mapped by Pennylane's; each body then goes
through the stand-in's own validation and into its books, in this process.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Invoice, RecordError
from duebridge.core.edge.payloads import encoded
from duebridge.core.edge.reading import parsed
from duebridge.core.engine.planning import encode
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.harvest.canonical import document_type
from duebridge.plugins.harvest.source import HarvestSource
from duebridge.plugins.pennylane.importing.bodies import body_of
from duebridge.plugins.pennylane.importing.mapping import CREDIT_NOTE, INVOICE
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.target import PennylaneTarget
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox, import_rules, imports, ledger
from duebridge.plugins.pennylane.sandbox.bodies import check, read_json, schema_of
from duebridge.plugins.pennylane.sandbox.refusals import Refusal
from duebridge.plugins.pennylane.sandbox.uploads import Upload, keep

from ..conftest import Figure
from .random_invoices import Made, random_invoice

OPTIONS = PennylaneTargetSettings.model_validate(
    {
        "token": "t",
        "zero_rate_code": {"default": "exempt"},
        "ledger_accounts": {"Service": "706000", "Product": "707000"},
    }
)
#: What the stand-in looks through at each import grows with it.
BOOK = 250


#: What is wrong -> how a rejection for it begins.
REASONS = {
    "inconsistent": r"Harvest totals inconsistent: .+; open the invoice in Harvest",
    "finer than the currency": r"(amount|discount_amount|tax_amount|tax2_amount): amount \S+ has more decimals than",
    "no VAT code": r'line \d+ \("Item (?P<line>\d+)"\): Pennylane has no VAT code for',
}


def record_of(told: bytes) -> Invoice | CreditNote:
    """The record Harvest's connector makes of an invoice its API told. Raises `RecordError`."""
    raw = {**parsed(told), "_today": "2026-03-15", "_categories": {}}
    record = HarvestSource.canonical[document_type(raw)](raw)
    assert isinstance(record, Invoice | CreditNote)
    return record


class Books:
    """The stand-in, its books begun anew now and then."""

    def __init__(self) -> None:
        self.product = PennylaneSandbox(SandboxOptions(customers=1, invoices=0, limits="off"))
        self.imported = 0

    def take(self, told: bytes) -> dict[str, Any] | None:
        """Import what Harvest's API told; return how it stands in the list, None for what isn't sent."""
        record = record_of(told)
        decided = PennylaneTarget.rules[type(record)].decide(record)
        return self.bring(record) if decided.verdict == "sync" else None

    def bring(self, record: Invoice | CreditNote) -> dict[str, Any]:
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
def test_every_import_is_taken_with_the_same_totals_or_rejected_saying_which_line_or_figure(
    number: int, figure: Figure
) -> None:
    rng, books, seen = Random(20260301 + number), Books(), Counter[str]()  # noqa: S311 - generated data, not secrets
    for id in range(number):
        made = random_invoice(rng, id)
        seen[_became(books, made)] += 1
    imported, rejected = seen["invoice"] + seen["credit note"], {why: seen[why] for why in REASONS}
    figure(
        f"{number} random invoices of Harvest's API imported into Pennylane",
        f"{imported} taken with equal totals, {seen['credit note']} of them credit notes; {seen['draft']} drafts left; "
        f"rejected: {', '.join(f'{n} {why}' for why, n in rejected.items())}",
    )
    assert seen.total() == number
    assert imported > 0.65 * number
    assert seen["credit note"] > 0.03 * number
    assert all(n > 0.005 * number for n in (*rejected.values(), seen["draft"]))


def _became(books: Books, made: Made) -> str:
    """What became of an invoice, which is what must."""
    shown = made.json.decode()
    try:
        held = books.take(made.json)
    except RecordError as refused:
        return _rejected(made, str(refused))
    if held is None:
        assert made.fate == "draft", shown
        return "draft"
    assert made.fate == "imported", shown
    told = parsed(made.json)
    tax = sum(Decimal(told[name]) for name in ("tax_amount", "tax2_amount"))
    totals = {
        "currency_amount": Decimal(told["amount"]),
        "currency_amount_before_tax": told["amount"] - tax,
        "currency_tax": tax,
    }
    assert {name: Decimal(held[name]) for name in totals} == totals, shown
    assert books.sums(held) == totals, shown
    debit, credit = books.entry(held)
    assert debit == credit, shown
    return "credit note" if told["amount"] < 0 else "invoice"


def _rejected(made: Made, said: str) -> str:
    """That it had to be, for the reason that is said."""
    found = re.match(REASONS.get(made.fate, "nothing is wrong with it"), said)
    assert found, f"{said}: {made.json.decode()}"
    assert made.fate != "no VAT code" or int(found["line"]) in made.without_code, f"{said}: {made.json.decode()}"
    return made.fate


def test_a_wrong_cent_is_noticed_by_us_and_by_the_stand_in() -> None:
    rng = Random(1)  # noqa: S311 - generated data, not secrets
    record = next(
        record_of(made.json) for made in (random_invoice(rng, id) for id in range(100)) if made.fate == "imported"
    )
    cent = Decimal("0.01")
    more = {"amount": record.amount + cent, "amount_before_tax": record.amount_before_tax + cent}
    with pytest.raises(RecordError, match="where the document says"):
        Books().bring(record.model_copy(update=more))
    line = {"currency_amount": "2.00", "currency_tax": "0.00", "quantity": 1, "raw_currency_unit_price": "1"}
    totals = {"currency_amount": "2.02", "currency_amount_before_tax": "2.02", "currency_tax": "0.00"}
    with pytest.raises(Refusal):
        import_rules.check_amounts(totals, [line])

"""What do invoices and credit notes become: status, lines, amounts?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Discount, Invoice, Line, RecordError, Subscription
from duebridge.targets.fincome.mapping import CREDIT_NOTE, INVOICE, INVOICE_ROWS

CONTEXT = {"today": "2026-05-04", "timezone": "Europe/Paris", "discounts": "zero", "statuses": {}}

MakeInvoice = Callable[..., Invoice]
MakeCreditNote = Callable[..., CreditNote]
MakeLine = Callable[..., Line]
MakeSubscription = Callable[..., Subscription]


def invoice_of(record: Invoice, **context: Any) -> dict[str, Any]:
    return INVOICE.build(record, CONTEXT | context)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "upcoming"}, "open"),
        ({"status": "upcoming", "due_on": date(2026, 5, 1)}, "open"),
        ({"status": "late"}, "unpaid"),
        ({"status": "paid", "paid": True}, "paid"),
        ({"status": "paid"}, "paid"),
        ({"status": "late", "paid": True}, "paid"),
        ({"status": "cancelled", "paid": True}, "paid"),
        ({"status": "cancelled"}, "paid"),
        *[
            ({"status": word, "due_on": due}, reads)
            for word in ("partially_paid", "partially_cancelled", "partially_cancelled_draft")
            for due, reads in (
                (date(2026, 5, 3), "unpaid"),
                (date(2026, 5, 4), "open"),
                (date(2026, 5, 5), "open"),
                (None, "open"),
            )
        ],
    ],
)
def test_the_status_at_the_ledger_and_the_due_date_tell_how_an_invoice_reads(
    make_invoice: MakeInvoice, fields: Any, status: str
) -> None:
    assert invoice_of(make_invoice(**fields))["status"] == status


def test_a_line_carries_its_amounts_quantity_currency_and_description(
    make_invoice: MakeInvoice, make_line: MakeLine
) -> None:
    line = make_line("88", quantity="1.50", product_id="9", product_reference="pr-9")
    payload = invoice_of(make_invoice(currency="GBP", lines=(line,)))
    assert payload["lines"] == [
        {
            "id": "88",
            "subscription_id": None,
            "price_id": "pr-9",
            "product": "9",
            "description": "Accès",
            "currency_code": "GBP",
            "amount_excluding_tax_after_discount": "200.00",
            "tax_amount": "40.00",
            "discount_amount": "0.00",
            "quantity": "1.5",
            "period_start": None,
            "period_end": None,
        }
    ]


def test_the_description_stands_in_for_a_label_that_is_empty(make_invoice: MakeInvoice, make_line: MakeLine) -> None:
    lines = (make_line("1", label="", description="Hébergement"), make_line("2", label=""))
    assert [line["description"] for line in invoice_of(make_invoice(lines=lines))["lines"]] == ["Hébergement", None]


def test_a_product_without_a_reference_is_known_by_its_id(make_invoice: MakeInvoice, make_line: MakeLine) -> None:
    assert invoice_of(make_invoice(lines=(make_line(product_id="9"),)))["lines"][0]["price_id"] == "9"


def test_a_line_of_a_subscription_names_the_item_and_its_period(
    make_invoice: MakeInvoice, make_line: MakeLine, make_subscription: MakeSubscription
) -> None:
    invoice = make_invoice(subscription=make_subscription(), lines=(make_line("88", product_id="9"),))
    line = invoice_of(invoice)["lines"][0]
    assert (line["subscription_id"], line["period_start"], line["period_end"]) == ("310:2", "2026-03-02", "2026-04-02")
    assert INVOICE_ROWS.build(invoice, CONTEXT)["derived_periods"] == ["88"]


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"customer_id": None}, {"lines": ()}, {"lines": None}])
def test_no_line_names_an_item_that_is_not_at_fincome(
    make_invoice: MakeInvoice, make_line: MakeLine, make_subscription: MakeSubscription, fields: Any
) -> None:
    invoice = make_invoice(subscription=make_subscription(**fields), lines=(make_line(product_id="9"),))
    assert invoice_of(invoice)["lines"][0]["subscription_id"] is None


def test_discounts_are_zero_unless_the_connection_wants_the_real_ones(
    make_invoice: MakeInvoice, make_line: MakeLine
) -> None:
    invoice = make_invoice(lines=(make_line(discount=Discount(kind="absolute", value="15.00")),))
    assert invoice_of(invoice)["lines"][0]["discount_amount"] == "0.00"
    assert invoice_of(invoice, discounts="real")["lines"][0]["discount_amount"] == "15.00"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"issued_on": None}, "date: the document has no issue date"),
        ({"issued_on": date(1026, 3, 2)}, "is no day a document was issued on"),
        ({"lines": ()}, "lines: the document has none"),
        ({"lines": None}, "lines: they could not be read"),
        ({"currency": "XXX"}, "currency 'XXX'"),
    ],
)
def test_what_fincome_could_not_use_is_refused_with_the_field(make_invoice: MakeInvoice, fields: Any, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        invoice_of(make_invoice(**fields))


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_credit_note_is_negative_once_whatever_sign_the_ledger_gives(
    make_credit_note: MakeCreditNote, make_line: MakeLine, sign: str
) -> None:
    amounts = {"amount": f"{sign}240.00", "amount_before_tax": f"{sign}200.00", "tax": f"{sign}40.00"}
    for lines in ("", "-"):
        line = {"amount": f"{lines}240.00", "amount_before_tax": f"{lines}200.00", "tax": f"{lines}40.00"}
        payload = CREDIT_NOTE.build(make_credit_note(**amounts, lines=(make_line(**line),)), CONTEXT)
        assert (payload["amount"], payload["tax_amount"]) == ("-200.00", "-40.00")
        assert (payload["lines"][0]["amount"], payload["lines"][0]["tax_amount"]) == ("-200.00", "-40.00")


def test_a_line_that_counts_against_the_others_of_a_credit_note_still_does(
    make_credit_note: MakeCreditNote, make_line: MakeLine
) -> None:
    back = make_line("1", amount_before_tax="-250.00", tax="-50.00", amount="-300.00", quantity=-1)
    kept = make_line("2", amount_before_tax="50.00", tax="10.00", amount="60.00")
    flipped = [
        line.model_copy(update={"amount_before_tax": -line.amount_before_tax, "tax": -line.tax})
        for line in (back, kept)
    ]
    for lines in ((back, kept), tuple(flipped)):
        payload = CREDIT_NOTE.build(make_credit_note(lines=lines), CONTEXT)
        assert [line["amount"] for line in payload["lines"]] == ["-250.00", "50.00"]
        assert [line["tax_amount"] for line in payload["lines"]] == ["-50.00", "10.00"]
        assert payload["lines"][0]["quantity"] == "1"


@pytest.mark.parametrize(("before_tax", "differs"), [("200.00", None), ("180.00", "-20.00"), ("200.01", "0.01")])
def test_by_how_much_a_document_differs_from_its_lines_is_known(
    make_invoice: MakeInvoice, make_credit_note: MakeCreditNote, before_tax: str, differs: str | None
) -> None:
    assert invoice_of(make_invoice(amount_before_tax=before_tax)).get("beside_lines") == differs
    for sign in ("", "-"):
        note = make_credit_note(amount_before_tax=f"{sign}{before_tax}")
        assert CREDIT_NOTE.build(note, CONTEXT).get("beside_lines") == differs


def test_a_credit_note_names_itself_and_its_invoice_in_every_line(make_credit_note: MakeCreditNote) -> None:
    payload = CREDIT_NOTE.build(make_credit_note(), CONTEXT)
    assert payload["invoice_id"] == "30"
    assert [(line["credit_note_id"], line["invoice_id"]) for line in payload["lines"]] == [("40", "30")]
    assert {line["discount_amount"] for line in payload["lines"]} == {"0.00"}

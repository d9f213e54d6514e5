"""What the generated account holds: everything a rule tells apart, exact counts, sums that hold."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from duebridge.core.money import exponent
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox, contract
from duebridge.plugins.pennylane.sandbox.words import HOSTILE, PAYMENT_CONDITIONS

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def account(**options):
    return PennylaneSandbox(SandboxOptions(**options), clock=lambda: NOON)


def rows(product, collection="customer_invoices"):
    return [row.data for row in product.state[collection]]


@pytest.fixture(scope="module")
def product():
    return account()


@pytest.fixture(scope="module")
def invoices(product):
    return [row.data for row in product.state.documents if not row.facts["credit_note"]]


@pytest.fixture(scope="module")
def credit_notes(product):
    return [row.data for row in product.state.documents if row.facts["credit_note"]]


@pytest.mark.parametrize(
    ("customers", "invoices"), [(0, 0), (3, 0), (1, 1), (3, 10), (2, 57), (40, 200), (7, 199), (100, 1001)]
)
def test_there_are_exactly_as_many_rows_as_asked_for(customers, invoices):
    product = account(customers=customers, invoices=invoices)
    assert (len(product.state["customers"]), len(product.state.documents)) == (customers, invoices)


def test_invoices_without_customers_are_refused():
    with pytest.raises(ValueError, match="customer"):
        account(customers=0, invoices=1)


def test_the_same_seed_gives_the_same_account_and_another_a_different_one():
    first, again, other = account(seed=5), account(seed=5), account(seed=6)
    for name in first.state.collections:
        assert rows(first, name) == rows(again, name)
    assert first.state.feeds["customer_invoices"].events == again.state.feeds["customer_invoices"].events
    assert rows(first) != rows(other)


def test_every_customer_has_documents(product):
    owed = {row["customer"]["id"] for row in rows(product)}
    assert owed == {row["id"] for row in rows(product, "customers")}


def test_every_status_of_the_contract_occurs(product):
    words = contract.document()["components"]["schemas"]["CustomerInvoices__Response"]["properties"]["status"]["enum"]
    assert {row["status"] for row in rows(product)} == set(words)


@pytest.mark.parametrize("status", ["upcoming", "late", "paid"])
def test_each_currency_occurs_in_each_common_state(invoices, status):
    assert {row["currency"] for row in invoices if row["status"] == status} == {
        "EUR", "USD", "GBP", "CHF", "JPY", "TND",
    }  # fmt: skip


def told(row):
    return row["draft"], row["status"], row["paid"], row["credited_invoice"] is not None


#: draft, status, paid, linked: each row of the receivables page's credit note table.
CREDIT_NOTES = [
    (False, "credit_note", False, False),
    (False, "late", False, False),
    (False, "upcoming", False, False),
    (False, "upcoming", False, True),
    (False, "cancelled", False, False),
    (False, "cancelled", False, True),
    (False, "partially_cancelled", False, False),
    (False, "partially_cancelled", False, True),
    (False, "paid", True, True),
    (False, "cancelled", True, False),
    (False, "cancelled", True, True),
    (False, "paid", True, False),
    (False, "credit_note", True, False),
    (False, "credit_note", True, True),
    (False, "late", True, True),
    (False, "upcoming", True, True),
    (False, "partially_cancelled", True, True),
    (False, "partially_paid", True, True),
    (False, "archived", False, True),
    (False, "archived", False, False),
    (False, "incomplete", False, False),
    (True, "credit_note", False, False),
    (True, "credit_note", False, True),
    (True, "draft", False, False),
]


@pytest.mark.parametrize("row", CREDIT_NOTES, ids=str)
def test_each_kind_of_credit_note_occurs(credit_notes, row):
    assert row in {told(note) for note in credit_notes}


@pytest.mark.parametrize(
    ("draft", "status", "paid"),
    [
        (True, "draft", False),
        (True, "cancelled", False),
        (False, "cancelled", False),
        (False, "archived", False),
        (False, "archived", True),
        (False, "incomplete", False),
        (False, "partially_paid", False),
        (False, "partially_cancelled", False),
        (False, "proforma", False),
    ],
)
def test_each_kind_of_invoice_occurs(invoices, draft, status, paid):
    assert any((row["draft"], row["status"], row["paid"]) == (draft, status, paid) for row in invoices)


def test_an_archived_status_occurs_with_and_without_its_instant(invoices):
    assert {row["archived_at"] is None for row in invoices if row["status"] == "archived"} == {True, False}


def test_invoices_have_one_two_and_three_credit_notes(credit_notes):
    counts = Counter(note["credited_invoice"]["id"] for note in credit_notes if note["credited_invoice"])
    assert set(counts.values()) == {1, 2, 3}


def test_money_is_told_by_payments_by_transactions_by_both_and_by_neither(product):
    def told_by(row):
        return tuple(bool(product.state[name].of(row.id)) for name in ("payments", "matched_transactions"))

    paid = [row for row in product.state.documents if row.data["status"] == "paid" and not row.facts["credit_note"]]
    assert {told_by(row) for row in paid} == {(True, False), (False, True), (True, True), (False, False)}


def test_customers_vary_in_everything_a_mapping_reads(product):
    customers = rows(product, "customers")
    assert {row["customer_type"] for row in customers} == {"company", "individual"}
    assert {len(row["emails"]) for row in customers} >= {0, 1, 3}
    assert {row["payment_conditions"] for row in customers} == set(PAYMENT_CONDITIONS)
    for name in ("reference", "notes", "ledger_account", "billing_iban"):
        assert {row[name] is None for row in customers} == {True, False}
    for name in ("recipient", "phone"):
        assert {row[name] == "" for row in customers} == {True, False}
    blank = {"address": "", "postal_code": "", "city": "", "country_alpha2": ""}
    assert {row["billing_address"] == blank for row in customers} == {True, False}
    assert any(row["billing_address"]["address"] and not row["billing_address"]["city"] for row in customers)
    assert {len(product.state["contacts"].of(row["id"])) for row in customers} == {0, 1, 2}


def test_hostile_text_is_in_names_notes_and_labels(product, invoices):
    customers = rows(product, "customers")
    assert {row["name"] for row in customers} >= {text.replace("\n", " ") for text in HOSTILE}
    assert {row["notes"] for row in customers} >= set(HOSTILE)
    assert {row["label"] for row in invoices} >= {*HOSTILE, None}
    assert max(len(row["label"] or "") for row in invoices) == 2000


def test_lines_vary(product, invoices):
    counts = {len(product.state["invoice_lines"].of(row["id"])) for row in invoices}
    assert {1, 21, 45} <= counts
    lines = rows(product, "invoice_lines")
    for name in ("product", "imputation_dates"):
        assert {line[name] is None for line in lines} == {True, False}
    assert {line["discount"]["type"] for line in lines} == {"absolute", "relative"}
    assert {row["discount"]["value"] != "0" for row in invoices} == {True, False}
    assert {row["deadline"] is None for row in invoices if row["status"] == "upcoming"} == {True, False}


def test_some_ledger_accounts_are_disabled(product):
    accounts = rows(product, "ledger_accounts")
    assert len(accounts) > 24
    assert {account["enabled"] for account in accounts} == {True, False}


# --- sums ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[(40, 200, 1), (150, 1500, 2)], ids=str)
def sized(request):
    customers, count, seed = request.param
    return account(customers=customers, invoices=count, seed=seed)


def test_no_amount_has_more_decimals_than_its_currency(sized):
    for row in rows(sized):
        for name in ("currency_amount", "currency_amount_before_tax", "currency_tax", "remaining_amount_with_tax"):
            assert -Decimal(row[name]).as_tuple().exponent == exponent(row["currency"]), (name, row)


def test_totals_are_the_sums_of_their_lines_and_tax_makes_the_difference(sized):
    for row in rows(sized):
        lines = [line.data for line in sized.state["invoice_lines"].of(row["id"])]
        for name in ("currency_amount", "currency_amount_before_tax", "currency_tax"):
            assert Decimal(row[name]) == sum(Decimal(line[name]) for line in lines)
        assert Decimal(row["currency_amount"]) == Decimal(row["currency_amount_before_tax"]) + Decimal(
            row["currency_tax"]
        )


def test_what_remains_is_the_total_less_money_and_credit_notes(sized):
    """From what the API shows alone: an invoice's own payments or transactions, and the credit notes that count."""
    notes = [row.data for row in sized.state.documents if row.facts["credit_note"]]
    credited = Counter()
    for note in notes:
        manual = note["paid"] and note["status"] == "cancelled"
        listed = note["status"] in ("credit_note", "late", "upcoming", "cancelled", "partially_cancelled", "paid")
        if note["credited_invoice"] and listed and not manual and not note["draft"] and not note["archived_at"]:
            credited[note["credited_invoice"]["id"]] += -Decimal(note["currency_amount"])
    for row in sized.state.documents:
        if row.facts["credit_note"] or row.data["paid"]:
            continue
        total, remaining = Decimal(row.data["currency_amount"]), Decimal(row.data["remaining_amount_with_tax"])
        paid = [p.data for p in sized.state["payments"].of(row.id) if p.data["status"] == "confirmed"]
        matched = [t.data for t in sized.state["matched_transactions"].of(row.id)]
        money = max(sum(Decimal(each["currency_amount"]) for each in told) for told in (paid, matched))
        assert remaining == total - money - credited[row.id], row.data


def test_a_paid_invoice_has_nothing_left(sized):
    for row in rows(sized):
        assert Decimal(row["remaining_amount_with_tax"]) == 0 or not row["paid"]


def test_a_credit_note_has_the_customer_and_currency_of_its_invoice(sized):
    by_id = {row["id"]: row for row in rows(sized)}
    for row in by_id.values():
        if row["credited_invoice"]:
            invoice = by_id[row["credited_invoice"]["id"]]
            assert (row["customer"], row["currency"]) == (invoice["customer"], invoice["currency"])


def test_credit_notes_never_exceed_their_invoice(sized):
    by_id = {row["id"]: row for row in rows(sized)}
    taken = Counter()
    for row in by_id.values():
        if row["credited_invoice"] and not (row["paid"] and row["status"] == "cancelled"):
            taken[row["credited_invoice"]["id"]] -= Decimal(row["currency_amount"])
    assert all(amount <= Decimal(by_id[id]["currency_amount"]) for id, amount in taken.items())


def test_late_and_upcoming_invoices_read_as_their_deadline_says(invoices):
    for row in invoices:
        if row["status"] in ("late", "upcoming"):
            late = row["deadline"] is not None and row["deadline"] < NOON.date().isoformat()
            assert row["status"] == ("late" if late else "upcoming")


def test_numbers_are_unique_and_missing_on_drafts_alone(product):
    numbered = [row["invoice_number"] for row in rows(product) if not row["draft"]]
    assert len(set(numbered)) == len(numbered)
    assert all(numbered)
    assert {row["invoice_number"] for row in rows(product) if row["draft"]} == {""}


def test_default_data_has_a_customer_a_date_and_a_name_everywhere(sized):
    assert all(row["customer"] is not None and row["date"] is not None for row in rows(sized))
    assert all(row["name"].strip() for row in rows(sized, "customers"))


# --- broken --------------------------------------------------------------------------------------------------------


def test_broken_records_come_on_top_each_kind_in_turn():
    product = account(broken=13)
    assert (len(product.state["customers"]), len(product.state.documents)) == (42, 211)
    added = rows(product)[200:206]
    assert added[0]["customer"] is None
    assert added[1]["status"] == "mystery_status"
    assert -Decimal(added[2]["currency_amount"]).as_tuple().exponent > 2
    assert "O" in added[3]["currency_amount"]
    assert added[4]["date"] is None
    assert rows(product, "customers")[40]["name"] == ""
    assert added[5]["customer"] is None


def test_broken_records_leave_the_others_as_they_are():
    whole, broken = account(), account(broken=6)
    assert [row["currency_amount"] for row in rows(broken)[:200]] == [row["currency_amount"] for row in rows(whole)]

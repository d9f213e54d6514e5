"""Products and subscriptions of the stand-in: what the seeded account holds, and how control calls change it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox


def lines_of(api, id):
    return api.every(f"/billing_subscriptions/{id}/invoice_lines", sort="id")


@pytest.fixture(scope="module")
def account():
    return PennylaneSandbox(SandboxOptions())


@pytest.fixture(scope="module")
def subscriptions(account):
    return [row.data for row in account.state["billing_subscriptions"]]


@pytest.fixture(scope="module")
def made(account):
    """Each invoice a subscription made, with its lines and that subscription's."""
    state = account.state
    return [
        (row.data, [line.data for line in state["invoice_lines"].of(row.id)], [
            line.data for line in state["subscription_lines"].of(row.data["billing_subscription"]["id"])
        ])
        for row in state.documents
        if row.data["billing_subscription"]
    ]  # fmt: skip


def test_every_status_rhythm_and_mode_occurs(subscriptions):
    assert {row["status"] for row in subscriptions} == {
        "draft", "stopped", "finished", "pending", "not_started", "in_progress",
    }  # fmt: skip
    assert {row["mode"] for row in subscriptions} == {"awaiting_validation", "finalized", "email"}
    rhythms = {(row["recurring_rule"]["rule_type"], row["recurring_rule"]["interval"]) for row in subscriptions}
    assert rhythms >= {
        ("weekly", 1), ("weekly", 2), ("monthly", 1), ("monthly", 3), ("monthly", None), ("yearly", 1), ("yearly", 2),
    }  # fmt: skip


def test_dates_go_with_the_status(subscriptions, account):
    today = account.state.today().isoformat()
    for row in subscriptions:
        assert (row["stopped_at"] is not None) is (row["status"] == "stopped")
        assert (row["finish"] is not None and row["finish"] < today) is (row["status"] == "finished")
        assert (row["start"] > today) is (row["status"] == "not_started")
        assert row["activated_at"] is None or row["status"] != "draft"


def test_subscriptions_are_in_several_currencies_with_one_two_and_many_lines(account, subscriptions):
    currencies = {row["customer_invoice_data"]["currency"] for row in subscriptions}
    counts = {len(account.state["subscription_lines"].of(row["id"])) for row in subscriptions}
    assert currencies == {"EUR", "USD", "GBP", "CHF", "JPY", "TND"}
    assert counts == {1, 2, 3, 4, 25}
    assert {row["customer"] is None for row in subscriptions} == {True, False}


def test_the_amounts_of_a_subscription_are_the_sums_of_its_lines(account, subscriptions):
    for row in subscriptions:
        lines = [line.data for line in account.state["subscription_lines"].of(row["id"])]
        for name in ("currency_amount", "currency_amount_before_tax", "currency_tax"):
            assert sum(Decimal(line[name]) for line in lines) == Decimal(row["customer_invoice_data"][name])
    discounted = [line.data for line in account.state["subscription_lines"] if line.data["discount"]["value"] != "0"]
    assert discounted
    for line in discounted:
        whole = Decimal(line["quantity"]) * Decimal(line["raw_currency_unit_price"])
        assert Decimal(line["currency_amount_before_tax"]) == whole * Decimal("0.9")


def test_a_subscription_has_lines_with_the_same_product_or_label_and_without_a_product(account, subscriptions):
    found = Counter()
    for row in subscriptions:
        lines = [line.data for line in account.state["subscription_lines"].of(row["id"])]
        products = [line["product"]["id"] for line in lines if line["product"]]
        found["same product"] += len(set(products)) < len(products)
        found["same label"] += len({line["label"] for line in lines}) < len(lines)
        found["no product"] += len(products) < len(lines)
    assert all(found[name] for name in ("same product", "same label", "no product"))


def test_products_have_no_price_a_price_of_nothing_and_are_put_away(account):
    rows = [row.data for row in account.state["products"]]
    assert {"", "0.0"} < {row["price_before_tax"] for row in rows}
    assert {row["archived_at"] is None for row in rows} == {True, False}
    assert {row["currency"] for row in rows} == {"EUR", "USD"}
    assert len({row["external_reference"] for row in rows}) == len(rows)


def test_subscriptions_made_invoices_of_their_customer_in_their_currency(account, made):
    assert len(made) >= 15
    for invoice, _, _ in made[1:]:
        row = account.state["billing_subscriptions"].rows[invoice["billing_subscription"]["id"]].data
        if row["id"] > 31_008:  # the first few are older than this rule
            assert row["customer"]["id"] == invoice["customer"]["id"]
            assert row["customer_invoice_data"]["currency"] == invoice["currency"]
            assert row["status"] in {"in_progress", "stopped", "finished"}


def test_made_lines_are_told_by_product_or_label_or_not_at_all_with_and_without_a_period(made):
    found = Counter()
    for _, lines, items in made:
        products = {item["product"]["id"] for item in items if item["product"]}
        labels = {item["label"] for item in items}
        for line in lines:
            by_product = bool(line["product"]) and line["product"]["id"] in products
            found["product" if by_product else "label" if line["label"] in labels else "none"] += 1
            found["period" if line["imputation_dates"] else "no period"] += 1
    assert all(found[name] for name in ("product", "label", "none", "period", "no period"))


def test_small_accounts_have_subscriptions_too_and_empty_ones_none():
    small = PennylaneSandbox(SandboxOptions(customers=1, invoices=0)).state["billing_subscriptions"]
    assert len(small) == 20
    assert len(PennylaneSandbox(SandboxOptions(customers=0, invoices=0)).state["billing_subscriptions"]) == 0


# --- control calls


def test_a_subscription_is_made_with_its_lines_whose_sums_are_its_amounts(api):
    lines = [
        {"label": "A", "quantity": "2", "raw_currency_unit_price": "10.00"},
        {"label": "B", "currency_amount": "12.00"},
    ]
    row = api.make("billing_subscriptions", invoice_lines=lines, customer_invoice_data={"currency": "USD"})
    held = row["customer_invoice_data"]
    assert (held["currency"], held["currency_amount_before_tax"], held["currency_amount"]) == ("USD", "30.00", "36.00")
    assert [(line["label"], line["currency_amount_before_tax"]) for line in lines_of(api, row["id"])] == [
        ("A", "20.00"),
        ("B", "10.00"),
    ]


def test_other_lines_replace_those_there_are_and_nothing_else_changes_them(api):
    row = api.make("billing_subscriptions")
    stopped = api.change("billing_subscriptions", row["id"], status="stopped", stopped_at="2026-01-01T00:00:00Z")
    assert (stopped["status"], len(lines_of(api, row["id"]))) == ("stopped", 1)
    changed = api.change("billing_subscriptions", row["id"], invoice_lines=[{"currency_amount": "60.00"}] * 3)
    assert changed["customer_invoice_data"]["currency_amount"] == "180.00"
    assert len(lines_of(api, row["id"])) == 3


def test_a_deleted_subscription_takes_its_lines_along(api):
    row = api.make("billing_subscriptions")
    assert api.delete(f"/_sandbox/pennylane/billing_subscriptions/{row['id']}").status_code == 204
    assert api.refused(f"/billing_subscriptions/{row['id']}/invoice_lines")[0] == 404


@pytest.mark.parametrize("lines", [[], "x", [{"nonsense": 1}], [3]])
def test_lines_that_are_none_are_refused(api, lines):
    for method, path in (("POST", ""), ("PATCH", "/31001")):
        answer = api.request(method, f"/_sandbox/pennylane/billing_subscriptions{path}", json={"invoice_lines": lines})
        assert answer.status_code == 422
    assert len(lines_of(api, 31001)) == 2


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/products", "products:readonly"),
        ("/products/51001", "products:readonly"),
        ("/changelogs/products", "products:readonly"),
        ("/billing_subscriptions", "billing_subscriptions:readonly"),
        ("/billing_subscriptions/31001/invoice_lines", "billing_subscriptions:readonly"),
    ],
)
def test_their_scopes_are_asked_for(api, path, scope):
    api.switch(scopes=["customers:readonly", "customer_invoices:readonly"])
    status, body = api.refused(path)
    assert (status, scope in body["error"]) == (403, True)
    api.switch(scopes=[scope])
    assert api.found(path)

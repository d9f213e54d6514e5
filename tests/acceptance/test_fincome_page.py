"""Fincome's page "Pennylane integration mapping": is it so at Fincome, statement by statement?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from .fincome_ledger import credit, invoice, line, product, subscription
from .fincome_scene import API, NAME, XLSX, FincomeScene, Row

# --- Synchronized data; Technical mapping, Customers


def test_customers_have_id_name_email_country_postal_code_and_reference(small: FincomeScene) -> None:
    small.make(
        "customers",
        name="Vergers du Lac SARL",
        external_reference="pl-5521",
        emails=["compta@vergers.example", "autre@vergers.example"],
        reference="CL-0042",
        billing_address={"address": "1 quai", "postal_code": "74000", "city": "Annecy", "country_alpha2": "FR"},
    )
    small.synced()
    held = small.held("customers")["pl-5521"]
    assert {name: held[name] for name in ("name", "email", "country", "zip_code", "custom_properties")} == {
        "name": "Vergers du Lac SARL",
        "email": "compta@vergers.example",
        "country": "FR",
        "zip_code": "74000",
        "custom_properties": {"reference": "CL-0042"},
    }


def test_custom_references_follow_the_customers_reference_field(small: FincomeScene) -> None:
    id = small.make("customers", external_reference="pl-1", reference="CL-1")
    small.synced()
    assert small.held("customers")["pl-1"]["custom_properties"] == {"reference": "CL-1"}
    small.change("customers", id, reference="CL-2")
    small.synced()
    assert small.held("customers")["pl-1"]["custom_properties"] == {"reference": "CL-2"}
    small.change("customers", id, reference=None)
    small.synced()
    assert small.held("customers")["pl-1"]["custom_properties"] == {"reference": None}


# --- Data settings, Customer country / Postal code


@pytest.mark.parametrize(
    ("billing", "delivery", "country", "zip_code"),
    [
        (("FR", "74000"), ("BE", "1000"), "FR", "74000"),
        (("", ""), ("BE", "1000"), "BE", "1000"),
        (("FR", ""), ("BE", "1000"), "FR", "1000"),
        (("", "74000"), ("BE", ""), "BE", "74000"),
        (("", ""), ("", ""), None, None),
    ],
)
def test_country_and_postal_code_are_each_the_first_found_of_billing_and_delivery_address(
    small: FincomeScene, billing: Any, delivery: Any, country: str | None, zip_code: str | None
) -> None:
    def address(given: tuple[str, str]) -> Row:
        return {"address": "1 quai", "city": "Annecy", "country_alpha2": given[0], "postal_code": given[1]}

    small.make(
        "customers",
        external_reference="pl-1",
        billing_address=address(billing),
        delivery_address=address(delivery),
    )
    small.synced()
    held = small.held("customers")["pl-1"]
    assert (held["country"], held["zip_code"]) == (country, zip_code)


# --- Products & Prices


def test_a_product_and_its_price_share_the_reference_and_the_label(small: FincomeScene) -> None:
    product(small, label="Accès", external_reference="pr-9", price_before_tax="12.3456", currency="GBP")
    small.synced()
    assert small.held("products")["pr-9"]["name"] == "Accès"
    price = small.held("prices")["pr-9"]
    assert {name: price[name] for name in ("name", "amount", "currency_code", "product_id")} == {
        "name": "Accès",
        "amount": 12.3456,
        "currency_code": "GBP",
        "product_id": "pr-9",
    }


def test_a_product_nobody_priced_has_no_price(small: FincomeScene) -> None:
    product(small, external_reference="pr-9", price_before_tax="", price="")
    small.synced()
    assert set(small.held("products")) == {"pr-9"}
    assert small.held("prices") == {}


# --- Subscriptions


def test_each_line_of_a_billing_template_is_a_subscription_of_one_set(small: FincomeScene) -> None:
    access = product(small, external_reference="pr-9")
    id = subscription(
        small,
        line(product={"id": access}),
        line(label="Support", currency_amount_before_tax="30.00", currency_tax="6.00", currency_amount="36.00"),
        start="2026-01-01",
        finish="2026-12-31",
        activated_at="2025-12-18T09:00:00Z",
        stopped_at="2026-06-30T10:00:00Z",
        status="stopped",
    )
    small.synced()
    first, second = small.held("subscriptions").values()
    assert first["id"].startswith(f"{id}:")
    assert first["id"] != second["id"]
    dated = {
        "customer_id": "acme",
        "subscription_set_id": str(id),
        "currency_code": "EUR",
        "status": "canceled",
        "subscription_start_date": "2026-01-01",
        "canceled_at": "2026-06-30T10:00:00Z",
        "effective_cancellation_date": "2026-12-31",
        "deal_closed_date": "2025-12-18",
    }
    for held, price, monthly in ((first, "pr-9", 200), (second, None, 30)):
        assert {name: held[name] for name in dated} == dated
        assert (held["price_id"], held["monthly_amount"]) == (price, monthly)


@pytest.mark.parametrize(
    ("rhythm", "interval", "monthly"),
    [("monthly", 1, 200), ("monthly", 3, 66.67), ("yearly", 1, 16.67), ("yearly", 2, 8.33), ("weekly", 1, 866.67)],
)
def test_the_monthly_amount_follows_the_recurrence(
    small: FincomeScene, rhythm: str, interval: int, monthly: float
) -> None:
    subscription(small, line(), recurring_rule={"rule_type": rhythm, "interval": interval})
    small.synced()
    (held,) = small.held("subscriptions").values()
    assert held["monthly_amount"] == monthly


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("pending", "pending"),
        ("not_started", "future"),
        ("in_progress", "active"),
        ("stopped", "canceled"),
        ("finished", "ended"),
    ],
)
def test_the_status_of_a_subscription_is_told(small: FincomeScene, status: str, word: str) -> None:
    subscription(small, line(), status=status)
    small.synced()
    assert [held["status"] for held in small.held("subscriptions").values()] == [word]


def test_a_draft_subscription_and_one_of_nobody_stay(small: FincomeScene) -> None:
    subscription(small, line(), status="draft")
    subscription(small, line(), customer=None)
    assert small.synced()["subscription"]["skipped"] == {"draft": 1, "no_customer": 1}
    assert small.held("subscriptions") == {}


# --- Invoices & Lines


def test_an_invoice_has_id_date_number_status_and_customer(small: FincomeScene) -> None:
    id = invoice(small, invoice_number="F-2026-0314")
    small.synced()
    held = small.held("invoices")[id]
    assert (held["date"], held["invoice_number"], held["status"]) == (small.day(-5), "F-2026-0314", "open")
    assert held["customer_id"] == "acme"


def test_a_line_has_product_amount_vat_currency_quantity_and_description(small: FincomeScene) -> None:
    access = product(small, external_reference="pr-9")
    id = invoice(small, line(product={"id": access}, quantity="1.5"), currency="USD")
    small.synced()
    (held,) = small.held("invoices")[id]["lines"]
    assert {name: held[name] for name in held if name not in ("id", "custom_properties")} == {
        "subscription_id": None,
        "price_id": "pr-9",
        "description": "Accès",
        "quantity": 1.5,
        "currency_code": "USD",
        "amount_excluding_tax_after_discount": 200,
        "tax_amount": 40,
        "discount_amount": 0,
        "period_start": None,
        "period_end": None,
    }


@pytest.mark.parametrize(
    ("given", "due", "reads"),
    [
        ({"status": "upcoming"}, 25, "open"),
        ({"status": "late"}, -1, "unpaid"),
        ({"status": "partially_paid"}, 1, "open"),
        ({"status": "partially_paid"}, -1, "unpaid"),
        ({"status": "partially_cancelled"}, 1, "open"),
        ({"status": "partially_cancelled"}, -1, "unpaid"),
        ({"status": "paid", "paid": True}, -1, "paid"),
        ({"status": "cancelled", "paid": True}, -1, "paid"),
    ],
)
def test_the_status_reads_open_unpaid_or_paid(small: FincomeScene, given: Row, due: int, reads: str) -> None:
    id = invoice(small, deadline=small.day(due), **given)
    small.synced()
    assert small.held("invoices")[id]["status"] == reads


def test_an_invoice_paid_in_part_becomes_unpaid_when_its_due_date_is_over(small: FincomeScene) -> None:
    id = invoice(small, deadline=small.day(1), status="partially_paid")
    small.synced()
    assert small.held("invoices")[id]["status"] == "open"
    small.clock.ahead = timedelta(days=3)
    small.synced()
    assert small.held("invoices")[id]["status"] == "unpaid"


def test_two_items_with_one_product_are_billed_under_distinct_subscriptions(small: FincomeScene) -> None:
    access = {"id": product(small)}
    seats, admins = line(product=access), line(product=access, label="Accès admin")
    id = subscription(small, seats, admins)
    made = invoice(small, admins, seats, billing_subscription={"id": id})
    small.synced()
    billed = [each["subscription_id"] for each in small.held("invoices")[made]["lines"]]
    assert sorted(billed) == sorted(small.held("subscriptions"))
    assert billed == sorted(billed, reverse=True)  # the label tells which is which


def test_a_line_of_no_item_is_of_no_subscription(small: FincomeScene) -> None:
    id = subscription(small, line())
    made = invoice(small, line(), line(label="Frais de dossier"), billing_subscription={"id": id})
    small.synced()
    first, second = small.held("invoices")[made]["lines"]
    assert first["subscription_id"] in small.held("subscriptions")
    assert (second["subscription_id"], second["period_start"], second["period_end"]) == (None, None, None)


# --- Detailed operation, Service periods; the page on MRR from Pennylane


def test_a_period_is_the_one_the_line_is_allocated_to(small: FincomeScene) -> None:
    id = subscription(small, line())
    march = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    made = invoice(small, line(imputation_dates=march), billing_subscription={"id": id})
    small.synced()
    (held,) = small.held("invoices")[made]["lines"]
    assert (held["period_start"], held["period_end"]) == ("2026-03-01", "2026-04-01")


@pytest.mark.parametrize(
    ("rhythm", "interval", "end"),
    [("monthly", 1, "2026-02-28"), ("yearly", 1, "2027-01-31"), ("weekly", 2, "2026-02-14")],
)
def test_without_one_the_frequency_of_the_subscription_tells_it_from_the_day_of_issue(
    small: FincomeScene, rhythm: str, interval: int, end: str
) -> None:
    id = subscription(small, line(), recurring_rule={"rule_type": rhythm, "interval": interval})
    made = invoice(small, line(), billing_subscription={"id": id}, date="2026-01-31")
    small.synced()
    (held,) = small.held("invoices")[made]["lines"]
    assert (held["period_start"], held["period_end"]) == ("2026-01-31", end)


# --- Credit notes


def test_a_credit_note_belongs_to_its_invoice_with_reversed_lines_of_the_same_structure(small: FincomeScene) -> None:
    access = product(small, external_reference="pr-9")
    sold = invoice(small, line(product={"id": access}))
    given = line(
        product={"id": access},
        currency_amount="-240.00",
        currency_amount_before_tax="-200.00",
        currency_tax="-40.00",
        discount={"type": "relative", "value": "10"},
    )
    id = credit(small, sold, given)
    small.synced()
    held = small.held("credit_notes")[id]
    assert (held["invoice_id"], held["amount"], held["tax_amount"], held["currency_code"]) == (sold, -200, -40, "EUR")
    (reversed_line,) = held["lines"]
    assert (reversed_line["credit_note_id"], reversed_line["invoice_id"]) == (id, sold)
    assert (reversed_line["amount"], reversed_line["tax_amount"], reversed_line["discount_amount"]) == (-200, -40, 0)
    shared = set(small.held("invoices")[sold]["lines"][0]) - {"amount_excluding_tax_after_discount"}
    assert shared <= set(reversed_line)
    assert (reversed_line["price_id"], reversed_line["description"]) == ("pr-9", "Accès")


def test_amounts_are_negative_once_whatever_sign_the_ledger_gives(small: FincomeScene) -> None:
    sold = invoice(small, line())
    id = credit(small, sold, line(), status="credit_note")
    small.synced()
    held = small.held("credit_notes")[id]
    assert (held["amount"], held["tax_amount"]) == (-200, -40)
    assert (held["lines"][0]["amount"], held["lines"][0]["tax_amount"]) == (-200, -40)


@pytest.mark.parametrize("unsent", [{"draft": True}, {"archived_at": "2026-01-15T10:00:00.000000Z"}, None])
def test_a_credit_note_without_a_sent_invoice_stays(small: FincomeScene, unsent: Row | None) -> None:
    credit(small, invoice(small, **unsent) if unsent is not None else None)
    assert small.synced()["credit_note"]["skipped"] == {"no_invoice": 1}
    assert small.held("credit_notes") == {}


def test_a_credit_note_goes_once_its_invoice_is_sent(small: FincomeScene) -> None:
    sold = invoice(small, draft=True)
    id = credit(small, sold)
    small.synced()
    small.change("customer_invoices", int(sold), draft=False, status="upcoming")
    assert small.synced()["credit_note"]["created"] == 1
    assert small.held("credit_notes")[id]["invoice_id"] == sold


# --- To know


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"draft": True}, "draft"),
        ({"status": "draft"}, "draft"),
        ({"draft": True, "status": "cancelled"}, "draft"),
        ({"status": "archived"}, "archived"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "proforma"}, "other_document"),
        ({"status": "estimate_accepted"}, "other_document"),
    ],
)
def test_drafts_and_what_is_no_invoice_stay(small: FincomeScene, given: Row, code: str) -> None:
    invoice(small, **given)
    assert small.synced()["invoice"]["skipped"] == {code: 1}
    assert small.held("invoices") == {}


def test_discounts_are_zero_and_the_amount_is_after_them_unless_the_real_ones_are_wanted(small: FincomeScene) -> None:
    given = line(discount={"type": "relative", "value": "20"}, raw_currency_unit_price="125.00")
    id = invoice(small, given)
    small.synced()
    (held,) = small.held("invoices")[id]["lines"]
    assert (held["amount_excluding_tax_after_discount"], held["discount_amount"]) == (200, 0)
    small.configure(target="discounts: real")
    small.synced()
    (held,) = small.held("invoices")[id]["lines"]
    assert (held["amount_excluding_tax_after_discount"], held["discount_amount"]) == (200, 50)


def test_it_runs_every_night(small: FincomeScene) -> None:
    app = small.app()
    try:
        schedule = app.target_class(NAME).schedule
        assert (schedule.daily, schedule.timezone) == ("02:00", "Europe/Paris")
    finally:
        app.close()


@pytest.mark.parametrize("policy", ["report", "delete"])
def test_what_is_deleted_at_the_ledger_stays_at_fincome(small: FincomeScene, policy: str) -> None:
    small.configure(connection=f"on_delete: {policy}")
    kept, gone = invoice(small), invoice(small)
    other = small.make("customers", external_reference="other")
    small.synced()
    small.remove("customer_invoices", int(gone))
    small.remove("customers", other)
    report = small.synced()
    assert (report["invoice"]["gone"], report["customer"]["gone"]) == (1, 1)
    assert set(small.held("invoices")) == {kept, gone}
    assert "other" in small.held("customers")
    assert small.writes() == []


@pytest.mark.parametrize("change", ["deleted", "without the item"])
def test_what_a_subscription_billed_stays_under_it_when_it_is_gone_from_the_ledger(
    small: FincomeScene, change: str
) -> None:
    id, _other = subscription(small, line()), subscription(small, line())
    made = invoice(small, line(), billing_subscription={"id": id})
    small.synced()
    before = small.held("invoices")[made]["lines"]
    assert before[0]["subscription_id"] is not None
    if change == "deleted":
        small.remove("billing_subscriptions", id)
        small.change("customer_invoices", int(made), billing_subscription=None)
    else:
        small.change("billing_subscriptions", id, invoice_lines=[line(label="Autre offre")])
    for status in ("late", "paid"):
        small.change("customer_invoices", int(made), status=status)
        small.synced()
        assert small.held("invoices")[made]["lines"] == before
    assert before[0]["subscription_id"] in small.held("subscriptions")


def test_every_run_extracts_everything_and_writes_what_changed(small: FincomeScene) -> None:
    first, second = (invoice(small) for _ in range(2))
    small.synced()
    small.change("customer_invoices", int(second), invoice_number="F-2")
    kinds = small.synced()
    assert (kinds["invoice"]["read"], kinds["customer"]["read"]) == (2, 1)
    assert not any("changelogs" in row["path"] for row in small.asked)
    assert small.writes() == [("invoices", second)]
    assert set(small.held("invoices")) == {first, second}


# --- Integration overview


def test_all_kinds_of_the_ledger_arrive_page_by_page_in_the_order_they_depend_on_each_other(
    large: FincomeScene,
) -> None:
    kinds = large.synced()
    order = ["customers", "products", "prices", "subscriptions", "invoices", "credit_notes"]
    first = {path: at for at, (path, _) in reversed(list(enumerate(large.writes())))}
    assert sorted(first, key=lambda path: first[path]) == order
    pages = [row for row in large.asked if row["path"].endswith("/customer_invoices") and "cursor" in row["query"]]
    assert pages, "the invoice list came in one page"
    for kind, path in (("customer", "customers"), ("product", "products"), ("price", "prices")):
        assert len(large.held(path)) == kinds[kind]["created"]
    assert len(large.held("invoices")) == kinds["invoice"]["created"]
    assert len(large.held("credit_notes")) == kinds["credit_note"]["created"]


def test_what_fincome_holds_comes_to_what_the_ledger_says(large: FincomeScene) -> None:
    large.synced()
    rows = {str(row["id"]): row for row in large.ledger("customer_invoices")}
    for name, amount, held in (
        ("invoices", "amount_excluding_tax_after_discount", large.held("invoices")),
        ("credit_notes", "amount", large.held("credit_notes")),
    ):
        assert len(held) > 30, name
        for id, document in held.items():
            before = Decimal(rows[id]["currency_amount_before_tax"])
            sent = sum(Decimal(str(line[amount])) for line in document["lines"])
            assert sent == (before if name == "invoices" else -abs(before)), (name, id)
            assert {line["currency_code"] for line in document["lines"]} == {rows[id]["currency"]}


@pytest.mark.parametrize("mode", [API, XLSX])
def test_a_document_that_differs_from_its_lines_is_told(small: FincomeScene, mode: str) -> None:
    small.configure(mode)
    whole = {"currency_amount": "216.00", "currency_amount_before_tax": "180.00", "currency_tax": "36.00"}
    id = invoice(small, line(), **whole)
    invoice(small, line())
    report = small.sync()
    said = [note for note in report["notes"] if "differs from its lines" in note]
    assert len(said) == 1
    assert said[0].startswith(f"invoice {id}: the document differs from its lines by -20.00 before tax")
    if mode == API:
        assert small.held("invoices")[id]["lines"][0]["amount_excluding_tax_after_discount"] == 200


def test_amounts_stay_in_the_documents_currency(small: FincomeScene) -> None:
    id = invoice(
        small, line(currency_amount_before_tax="2000", currency_tax="400", currency_amount="2400"), currency="JPY"
    )
    small.synced()
    (held,) = small.held("invoices")[id]["lines"]
    assert (held["currency_code"], held["amount_excluding_tax_after_discount"], held["tax_amount"]) == (
        "JPY",
        2000,
        400,
    )


def test_a_second_night_writes_nothing_again(large: FincomeScene) -> None:
    large.synced()
    large.synced()
    assert large.writes() == []


# --- What the house promises beside the pages


def test_answers_that_are_lost_make_no_duplicates_and_lose_nothing(large: FincomeScene, hurried: None) -> None:
    lost = {"fault": "lost_answer", "product": "fincome", "method": "POST", "rate": 0.1}
    large.http.put(f"{large.url}/_sandbox/faults", json={"seed": 7, "rules": [lost]})
    try:
        large.sync()
    finally:
        large.http.put(f"{large.url}/_sandbox/faults", json={"rules": []})
    large.sync()
    kinds = large.synced()
    for kind, path in (("customer", "customers"), ("invoice", "invoices"), ("credit_note", "credit_notes")):
        assert len(large.held(path)) == kinds[kind]["unchanged"]
    assert large.writes() == []


@pytest.mark.parametrize("mode", [API, XLSX])
def test_nothing_of_an_excluded_customer_goes(small: FincomeScene, mode: str) -> None:
    left = small.make("customers", name="Left out", external_reference="left")
    subscription(small, line(), customer={"id": left})
    sold = invoice(small, customer={"id": left})
    credit(small, sold)
    kept = invoice(small)
    small.configure(mode, connection=f"exclude_customers: [{left}]")
    kinds = small.synced()
    for kind in ("customer", "subscription", "invoice", "credit_note"):
        assert kinds[kind]["skipped"] == {"excluded_customer": 1}
    if mode == API:
        assert set(small.held("customers")) == {"acme"}
        assert (set(small.held("invoices")), small.held("subscriptions")) == ({kept}, {})
    else:
        assert {row["invoice_id"].value for row in small.rows()} == {kept}


def test_what_fincome_refuses_is_told_with_its_fields_and_sent_again_later(small: FincomeScene) -> None:
    id = invoice(small)
    small.switch(subscription_required=True)
    assert small.sync()["kinds"]["invoice"]["rejected"] == 1
    app = small.app()
    try:
        (row,) = app.records(NAME, outcome="rejected")
        assert "lines.0.subscription_id: Field required" in row["why"]
    finally:
        app.close()
    small.switch(subscription_required=False)
    small.clock.ahead = timedelta(days=1)
    small.synced()
    assert set(small.held("invoices")) == {id}


def test_explain_tells_where_each_field_comes_from(small: FincomeScene) -> None:
    id = subscription(small, line())
    small.synced()
    app = small.app()
    try:
        told = app.explain(NAME, "subscription", str(id))
    finally:
        app.close()
    values = {field["target"]: field["value"] for field in told["fields"]}
    assert told["code"] == "subscription"
    assert (values["subscriptions.0.customer_id"], values["subscriptions.0.monthly_amount"]) == ("acme", "200.00")


@pytest.mark.parametrize("mode", [API, XLSX])
def test_what_was_sent_keeps_its_customer_and_product_when_they_are_gone_from_the_ledger(
    small: FincomeScene, mode: str
) -> None:
    small.configure(mode)
    gone, left = small.make("customers", name="Gone", external_reference="gone"), product(small)
    product(small)
    offer = line(product={"id": left})
    id = subscription(small, offer, customer={"id": gone})
    made = invoice(small, offer, customer={"id": gone}, billing_subscription={"id": id})
    small.synced()
    small.remove("customers", gone)
    small.remove("products", left)
    counts = small.synced()
    assert (counts["customer"]["gone"], counts["product"]["gone"]) == (1, 1)
    assert (counts["invoice"]["unchanged"], counts["subscription"]["unchanged"]) == (1, 1)
    if mode == XLSX:
        (row,) = small.rows()
        assert (row["customer_id"].value, row["price_id"].value) == ("gone", f"product-{left}")
        return
    small.change("customer_invoices", int(made), paid=True)
    assert small.synced()["invoice"]["updated"] == 1
    held = small.held("invoices")[made]
    assert (held["status"], held["customer_id"]) == ("paid", "gone")
    assert held["lines"][0]["price_id"] == f"product-{left}"

"""Products, prices, subscriptions, and what links to them: what each becomes, and what it costs to know."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from duebridge.core.api import AuthError, Cursor, Discount, Invoice, Price, Product, Record, RecordError, Subscription
from duebridge.plugins.pennylane import canonical, catalogue
from duebridge.plugins.pennylane.line_items import line

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.source import PennylaneSource

FORBIDDEN = (403, '{"error":"Access to this resource requires scope \\"x:readonly\\".","status":403}')
BOTH = frozenset({"product.label", "price.amount"})
AT = "2026-01-02T03:04:05.000000Z"


@pytest.fixture
def source(fake: Any, bench: Any) -> PennylaneSource:
    bench.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return bench.source(fake.base_url, fake.token)  # type: ignore[no-any-return]


def answer(*items: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "has_more": cursor is not None, "next_cursor": cursor}


def wanted(query: dict[str, str]) -> list[int]:
    return list(json.loads(query["filter"])[0]["value"])


def product(id: int = 5, **given: Any) -> dict[str, Any]:
    values = {"label": "Licence", "external_reference": f"ref-{id}", "price_before_tax": "12.5", "currency": "EUR"}
    return {"id": id, "reference": None, "unit": "piece", "vat_rate": "FR_200", "archived_at": None} | values | given


def rule(**given: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("day_of_month", "month_of_year", "week_start", "day", "count", "until"))
    return {**empty, "rule_type": "monthly", "interval": 3} | given


def subscription(id: int = 9, **given: Any) -> dict[str, Any]:
    amounts = {"currency_amount": "240.00", "currency_amount_before_tax": "200.00", "currency_tax": "40.00"}
    return {
        "id": id,
        "label": "Contrat",
        "status": "in_progress",
        "mode": "email",
        "start": "2026-01-01",
        "finish": "2026-12-31",
        "next_occurrence": "2026-04-01",
        "stopped_at": None,
        "activated_at": AT,
        "payment_conditions": "30_days",
        "recurring_rule": rule(),
        "customer": {"id": 1},
        "customer_invoice_data": {"label": "Facture", "currency": "USD", **amounts},
        "created_at": AT,
        "updated_at": AT,
    } | given


def item(id: int = 1, **given: Any) -> dict[str, Any]:
    amounts = {"currency_amount": "12.00", "currency_amount_before_tax": "10.00", "currency_tax": "2.00"}
    return {"id": id, "label": "Poste", "quantity": "2", "vat_rate": "FR_200", **amounts} | given


def document(id: int, **given: Any) -> dict[str, Any]:
    amounts = {"currency_amount": "12.00", "currency_amount_before_tax": "10.00", "currency_tax": "2.00"}
    values = {"invoice_number": f"F-{id}", "status": "late", "draft": False, "paid": False, "archived_at": None}
    dates = {"date": "2026-01-01", "deadline": None, "remaining_amount_with_tax": None, "credited_invoice": None}
    return {"id": id, "customer": {"id": 1}, "currency": "EUR", **amounts, **values, **dates} | given


def records(source: PennylaneSource, stream: str, needs: frozenset[str], since: Cursor | None = None) -> list[Record]:
    return [
        row if isinstance(row, Record) else source.canonical[kind](row)
        for page in source.fetch(stream, since, needs)
        for kind, row in page.items
    ]


# --- products and prices


def test_a_product_and_its_price_are_what_pennylane_says() -> None:
    raw = product(archived_at=AT, reference="P1", created_at=AT)
    instant = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    shared = {"label": "Licence", "external_reference": "ref-5", "currency": "EUR", "archived_at": instant}
    assert catalogue.product(raw) == Product.model_validate(
        {"id": "5", "reference": "P1", "price_before_tax": "12.5", "unit": "piece", "tax_code": "FR_200"}
        | shared
        | {"created_at": instant}
    )
    assert catalogue.price(raw) == Price.model_validate(
        {"id": "5", "product_id": "5", "amount": "12.5", "created_at": instant} | shared
    )
    assert catalogue.product(raw).archived
    assert catalogue.price(raw).archived


@pytest.mark.parametrize("said", [None, ""])
def test_a_product_nobody_priced_has_no_price(said: Any) -> None:
    raw = product(price_before_tax=said)
    assert catalogue.sold_as(raw, ["product", "price"]) == [Product]
    assert catalogue.sold_as(raw, ["price"]) == []
    assert catalogue.product(raw).price_before_tax is None


def test_a_free_product_has_a_price_of_nothing() -> None:
    raw = product(price_before_tax="0.0")
    assert catalogue.sold_as(raw, ["product", "price"]) == [Product, Price]
    assert catalogue.price(raw).amount == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"price_before_tax": "12,5"}, "price_before_tax"),
        ({"currency": "euro"}, "currency"),
        ({"label": None}, "label"),
    ],
)
def test_a_product_that_makes_no_sense_is_rejected_and_its_field_named(given: Any, field: str) -> None:
    for build in (catalogue.product, catalogue.price):
        with pytest.raises(RecordError, match=field):
            build(product(**given))


def test_products_and_prices_come_from_one_read_of_the_list(source: PennylaneSource, fake: Any) -> None:
    fake.serve(
        "/products",
        lambda query: answer(product(7)) if "cursor" in query else answer(product(), product(6), cursor="a"),
    )
    read = records(source, "products", BOTH)
    assert [(type(each), each.id) for each in read] == [
        (kind, id) for id in ("5", "6", "7") for kind in (Product, Price)
    ]
    assert fake.paths() == ["/products", "/products"]


@pytest.mark.parametrize(
    ("needs", "kinds"),
    [({"product.label"}, [Product]), ({"price.amount"}, [Price]), (BOTH, [Product, Price]), ((), [Product])],
)
def test_only_the_kinds_a_target_reads_are_given(source: PennylaneSource, fake: Any, needs: Any, kinds: Any) -> None:
    fake.serve("/products", lambda _: answer(product()))
    assert [type(each) for each in records(source, "products", frozenset(needs))] == kinds


def test_changed_products_come_from_their_change_feed(source: PennylaneSource, fake: Any) -> None:
    since = Cursor(crawl=False, position={"bookmark": "2026-03-01T11:00:00.000000Z"})
    event = {"id": 5, "operation": "update", **dict.fromkeys(("processed_at", "updated_at", "created_at"), AT)}
    fake.serve("/changelogs/products", lambda _: answer(event | {"processed_at": "2026-03-01T11:30:00Z"}))
    fake.serve("/products", lambda query: answer(*(product(each) for each in wanted(query))))
    assert [each.id for each in records(source, "products", BOTH, since)] == ["5", "5"]
    assert fake.paths() == ["/changelogs/products", "/products"]


# --- subscriptions


def test_a_subscription_is_what_pennylane_says() -> None:
    raw = subscription(_lines=[item(4, _product_reference="ref-5", product={"id": 5})], _customer_reference="C-1")
    instant = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    built = catalogue.subscription(raw)
    assert built.lines is not None
    assert [(each.id, each.product_id, each.product_reference) for each in built.lines] == [("4", "5", "ref-5")]
    assert built.model_copy(update={"lines": None}) == Subscription.model_validate(
        {
            "id": "9",
            "customer_id": "1",
            "customer_reference": "C-1",
            "label": "Contrat",
            "status": "in_progress",
            "mode": "email",
            "currency": "USD",
            "amount": "240.00",
            "amount_before_tax": "200.00",
            "tax": "40.00",
            "interval_unit": "month",
            "interval": 3,
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2026, 12, 31),
            "next_on": date(2026, 4, 1),
            "activated_at": instant,
            "payment_conditions": "30_days",
            "created_at": instant,
            "updated_at": instant,
        }
    )


@pytest.mark.parametrize(("word", "unit"), [("weekly", "week"), ("monthly", "month"), ("yearly", "year")])
def test_a_rhythm_without_an_interval_is_every_time(word: str, unit: str) -> None:
    built = catalogue.subscription(subscription(recurring_rule=rule(rule_type=word, interval=None, count=12)))
    assert (built.interval_unit, built.interval, built.occurrences) == (unit, 1, 12)


def test_a_draft_may_have_no_customer_and_a_label_may_be_that_of_its_invoices() -> None:
    built = catalogue.subscription(subscription(customer=None, label=None, status="draft"))
    assert (built.customer_id, built.label, built.lines) == (None, "Facture", None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"recurring_rule": rule(rule_type="daily")}, "recurs 'daily'"),
        ({"recurring_rule": rule(interval=0)}, "interval"),
        ({"recurring_rule": rule(interval="3")}, "interval"),
        ({"recurring_rule": None}, "recurring_rule"),
        ({"customer_invoice_data": None}, "customer_invoice_data"),
        ({"start": "01/01/2026"}, "start"),
        ({"stopped_at": "soon"}, "stopped_at"),
        ({"_lines": [item(quantity="many")]}, "line 1: quantity"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_rejected_and_its_field_named(given: Any, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        catalogue.subscription(subscription(**given))


def test_subscriptions_are_read_whole_each_time_for_they_have_no_change_feed(
    source: PennylaneSource, fake: Any, bench: Any
) -> None:
    fake.serve(
        "/billing_subscriptions",
        lambda query: answer(subscription(10)) if "cursor" in query else answer(subscription(), cursor="a"),
    )
    needs = frozenset({"subscription.status"})
    (first, last) = source.fetch("billing_subscriptions", None, needs)
    assert (first.cursor.crawl, last.cursor.crawl, last.last) == (True, False, True)

    again = list(bench.source(fake.base_url, fake.token).fetch("billing_subscriptions", last.cursor, needs))

    assert [row["id"] for page in again for _, row in page.items] == [9, 10]
    assert [(page.cursor.crawl, page.last) for page in again] == [(False, False), (False, True)]
    assert again[-1].cursor == Cursor(crawl=False, position={})
    assert set(fake.paths()) == {"/billing_subscriptions"}

    goes_on = list(bench.source(fake.base_url, fake.token).fetch("billing_subscriptions", again[0].cursor, needs))
    assert [row["id"] for page in goes_on for _, row in page.items] == [10]


def test_a_place_pennylane_no_longer_knows_costs_a_new_start(source: PennylaneSource, fake: Any) -> None:
    fake.serve(
        "/billing_subscriptions",
        lambda query: (400, '{"error":"bad cursor","status":400}') if "cursor" in query else answer(subscription()),
    )
    since = Cursor(crawl=False, position={"api_cursor": "old"})
    assert [each.id for each in records(source, "billing_subscriptions", frozenset(), since)] == ["9"]


def test_lines_cost_a_request_for_each_subscription_and_only_when_needed(source: PennylaneSource, fake: Any) -> None:
    fake.serve("/billing_subscriptions", lambda _: answer(subscription(), subscription(10)))
    fake.serve(
        "/billing_subscriptions/9/invoice_lines",
        lambda query: answer(item(1)) if "cursor" in query else answer(item(2), cursor="a"),
    )
    fake.serve("/billing_subscriptions/10/invoice_lines", lambda _: answer(item(3)))
    assert [each.lines for each in records(source, "billing_subscriptions", frozenset())] == [None, None]  # type: ignore[attr-defined]
    assert fake.paths() == ["/billing_subscriptions"]

    read = records(source, "billing_subscriptions", frozenset({"subscription.lines"}))

    assert [[line.id for line in each.lines] for each in read] == [["1", "2"], ["3"]]  # type: ignore[attr-defined]
    assert len(fake.paths()) == 5


def test_a_subscription_deleted_before_its_lines_were_read_is_left_out(source: PennylaneSource, fake: Any) -> None:
    fake.serve("/billing_subscriptions", lambda _: answer(subscription()))
    fake.serve("/billing_subscriptions/9/invoice_lines", lambda _: (404, "{}"))
    assert records(source, "billing_subscriptions", frozenset({"subscription.lines"})) == []


@pytest.mark.parametrize("stream", ["products", "billing_subscriptions"])
def test_a_token_without_the_scope_of_a_list_a_target_reads_asks_for_a_person(
    source: PennylaneSource, fake: Any, stream: str
) -> None:
    fake.serve(f"/{stream}", lambda _: FORBIDDEN)
    with pytest.raises(AuthError, match="x:readonly"):
        records(source, stream, frozenset())


@pytest.mark.parametrize(
    "scopes", [["customers:readonly", "customer_invoices:all"], ["customers:readonly", "customer_invoices:readonly"]]
)
def test_a_token_need_not_have_the_scopes_of_what_few_targets_read(
    source: PennylaneSource, fake: Any, scopes: Any
) -> None:
    fake.serve("/me", lambda _: {"company": {"id": 1, "name": "A"}, "scopes": scopes})
    assert source.check().id == "1"


# --- lines


@pytest.mark.parametrize(
    ("said", "discount"),
    [
        (None, None),
        ({"type": "absolute", "value": "0"}, None),
        ({"type": "absolute", "value": None}, None),
        ({"type": "absolute", "value": "25"}, Discount(kind="absolute", value=Decimal(25))),
        ({"type": "relative", "value": "10.0"}, Discount(kind="relative", value=Decimal(10))),
    ],
)
def test_a_line_tells_what_was_taken_off(said: Any, discount: Any) -> None:
    assert line(item(discount=said)).discount == discount


@pytest.mark.parametrize("said", ["10", {"type": "odd", "value": "1"}, {"type": "absolute", "value": "a"}])
def test_a_discount_that_makes_no_sense_rejects_its_line(said: Any) -> None:
    with pytest.raises(RecordError):
        line(item(discount=said))


# --- what documents link to


def test_customers_are_told_by_their_references_where_a_target_asks(source: PennylaneSource, fake: Any) -> None:
    rows = [document(1, customer={"id": 11}), document(2, customer={"id": 12}), document(3, customer={"id": 11})]
    fake.serve("/customer_invoices", lambda _: answer(*rows))
    known = {11: "C-11", 12: ""}
    fake.serve(
        "/customers",
        lambda query: answer(*({"id": each, "external_reference": known[each]} for each in wanted(query))),
    )
    for _ in range(2):
        read = records(source, "customer_invoices", frozenset({"invoice.customer_reference"}))
        assert [each.customer_reference for each in read] == ["C-11", None, "C-11"]  # type: ignore[attr-defined]
    assert fake.paths() == ["/customer_invoices", "/customers", "/customer_invoices"]


def test_products_of_lines_are_told_by_their_references(source: PennylaneSource, fake: Any) -> None:
    rows = [document(1), document(2)]
    lines = {"1": [item(1, product={"id": 5}), item(2, product=None)], "2": [item(3, product={"id": 6})]}
    included = {id: {"items": held, "has_more": False, "next_url": None} for id, held in lines.items()}
    fake.serve("/customer_invoices", lambda _: answer(*rows) | {"included": {"invoice_lines": included}})
    fake.serve("/products", lambda query: answer(*(product(each) for each in wanted(query) if each == 5)))
    read = records(source, "customer_invoices", frozenset({"invoice.lines"}))
    assert [[each.product_reference for each in document.lines] for document in read] == [["ref-5", None], [None]]  # type: ignore[attr-defined]
    assert fake.paths() == ["/customer_invoices", "/products"]


def test_references_that_may_not_be_read_are_left_out_and_that_is_said_once(
    source: PennylaneSource, fake: Any, bench: Any
) -> None:
    lines = {"items": [item(1, product={"id": 5})], "has_more": False, "next_url": None}
    fake.serve("/customer_invoices", lambda _: answer(document(1)) | {"included": {"invoice_lines": {"1": lines}}})
    fake.serve("/products", lambda _: FORBIDDEN)
    for _ in range(2):
        (read,) = records(source, "customer_invoices", frozenset({"invoice.lines"}))
        assert read.lines[0].product_id == "5"  # type: ignore[attr-defined]
        assert read.lines[0].product_reference is None  # type: ignore[attr-defined]
    assert fake.paths().count("/products") == 1
    assert len(bench.notes) == 1
    assert "products are left out" in bench.notes[0]


MADE = frozenset({"invoice.subscription.interval_unit"})


def test_the_subscription_that_made_a_document_comes_with_it_where_a_target_asks(
    source: PennylaneSource, fake: Any
) -> None:
    rows = [document(1, billing_subscription={"id": 9}), document(2), document(3, billing_subscription={"id": 10})]
    fake.serve("/customer_invoices", lambda _: answer(*rows))
    fake.serve("/billing_subscriptions", lambda query: answer(*(subscription(id) for id in wanted(query) if id == 9)))
    fake.serve("/billing_subscriptions/9/invoice_lines", lambda _: answer(item(1)))

    read = records(source, "customer_invoices", MADE)

    assert [each.subscription_id for each in read] == ["9", None, "10"]  # type: ignore[attr-defined]
    assert [each.subscription and each.subscription.interval_unit for each in read] == ["month", None, None]  # type: ignore[attr-defined]
    records(source, "customer_invoices", MADE)
    assert len(fake.paths()) == 4


def test_subscriptions_read_before_the_documents_cost_nothing_more(source: PennylaneSource, fake: Any) -> None:
    fake.serve("/billing_subscriptions", lambda _: answer(subscription()))
    fake.serve("/billing_subscriptions/9/invoice_lines", lambda _: answer(item(1)))
    fake.serve("/customer_invoices", lambda _: answer(document(1, billing_subscription={"id": 9})))
    (held,) = records(source, "billing_subscriptions", frozenset({"subscription.lines"}))
    (made,) = records(source, "customer_invoices", MADE)
    assert made.subscription == held  # type: ignore[attr-defined]
    assert len(fake.paths()) == 3


def test_subscriptions_that_may_not_be_read_are_left_out_of_documents_and_that_is_said(
    source: PennylaneSource, fake: Any, bench: Any
) -> None:
    fake.serve("/customer_invoices", lambda _: answer(document(1, billing_subscription={"id": 9})))
    fake.serve("/billing_subscriptions", lambda _: FORBIDDEN)
    (read,) = records(source, "customer_invoices", MADE)
    assert isinstance(read, Invoice)
    assert (read.subscription_id, read.subscription) == ("9", None)
    assert "without the subscription" in bench.notes[0]


def test_a_document_whose_subscription_makes_no_sense_is_rejected() -> None:
    with pytest.raises(RecordError, match="the subscription that made it: interval"):
        canonical.invoice(document(1, _subscription=subscription(recurring_rule=rule(interval=0))))


def test_the_id_of_its_subscription_alone_costs_nothing(source: PennylaneSource, fake: Any) -> None:
    fake.serve("/customer_invoices", lambda _: answer(document(1, billing_subscription={"id": 9})))
    (read,) = records(source, "customer_invoices", frozenset({"invoice.subscription_id"}))
    assert read.subscription_id == "9"  # type: ignore[attr-defined]
    assert fake.paths() == ["/customer_invoices"]

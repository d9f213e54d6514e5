"""Fincome's page "Pennylane integration mapping", and its page on file imports: is it so at Fincome?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.fincome.sandbox import FincomeSandbox

from .fincome_scene import API, NAME, SECRETS, XLSX, FincomeScene, Row
from .pacing import wide_budget
from .scene import Clock

OpenScene = Callable[..., FincomeScene]


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[..., tuple[RunningSandbox, Clock]]]:
    """Return what serves both stand-ins without limits, once for each size of the ledger."""
    running: dict[tuple[int, int], tuple[RunningSandbox, Clock]] = {}
    held = []
    with ExitStack() as stack:

        def serve(customers: int, invoices: int) -> tuple[RunningSandbox, Clock]:
            if (customers, invoices) not in running:
                options = SandboxOptions(customers=customers, invoices=invoices, limits="off")
                clock = Clock()
                products = [PennylaneSandbox(options, clock=clock), FincomeSandbox(options)]
                sandbox = stack.enter_context(running_sandbox(products))
                held.append(wide_budget(sandbox.base("pennylane"), SECRETS["PENNYLANE_TOKEN"]))
                running[customers, invoices] = sandbox, clock
            return running[customers, invoices]

        yield serve


@pytest.fixture
def open_scene(
    served: Callable[..., tuple[RunningSandbox, Clock]], registry: Registry, tmp_path: Path
) -> Iterator[OpenScene]:
    """Return a maker of scenes in the test's own folder, the stand-ins as at their start."""
    with httpx.Client(timeout=60) as http:

        def open_one(customers: int, invoices: int) -> FincomeScene:
            sandbox, clock = served(customers, invoices)
            clock.ahead = timedelta()
            assert http.post(f"{sandbox.url}/_sandbox/reset").status_code == 204
            scene = FincomeScene(sandbox.url, tmp_path, registry, http, clock)
            scene.configure()
            return scene

        yield open_one


@pytest.fixture
def ledger(open_scene: OpenScene) -> FincomeScene:
    """A ledger with one customer, `acme`, which documents go to unless told otherwise."""
    scene = open_scene(0, 0)
    for collection in ("products", "billing_subscriptions"):
        for row in scene.ledger(collection):
            scene.remove(collection, row["id"])
    scene.make("customers", name="Acme", external_reference="acme")
    return scene


@pytest.fixture
def usual(open_scene: OpenScene) -> FincomeScene:
    """A ledger with 40 customers, 300 rows in its invoice list, products and subscriptions of every kind."""
    return open_scene(40, 300)


def line(**given: Any) -> Row:
    """A line as Pennylane's stand-in takes it: two of something, 200 before tax, unless told otherwise."""
    usual = {"label": "Accès", "quantity": "2", "currency_amount_before_tax": "200.00", "currency_tax": "40.00"}
    return {**usual, "currency_amount": "240.00", **given}


def invoice(scene: FincomeScene, *lines: Row, **given: Any) -> str:
    """An invoice issued five days ago and due in 25; return its id as Fincome has it."""
    usual = {"date": scene.day(-5), "deadline": scene.day(25)}
    content = {"invoice_lines": list(lines)} if lines else {}
    return str(scene.make("customer_invoices", **usual | content | given))


def credit(scene: FincomeScene, of: str | None, *lines: Row, **given: Any) -> str:
    """A credit note of an invoice; return its id as Fincome has it."""
    link = {"credited_invoice": {"id": int(of)}} if of is not None else {}
    content = {"invoice_lines": list(lines)} if lines else {"currency_amount": "-120.00"}
    return str(scene.make("customer_invoices", **link | content | {"date": scene.day(-1)} | given))


def subscription(scene: FincomeScene, *lines: Row, **given: Any) -> int:
    """A monthly subscription in progress; return Pennylane's id."""
    made: int = scene.make("billing_subscriptions", invoice_lines=list(lines), **given)
    return made


def product(scene: FincomeScene, **given: Any) -> int:
    """A product; return Pennylane's id."""
    made: int = scene.make("products", **{"label": "Accès", "price_before_tax": "100.0", "currency": "EUR"} | given)
    return made


# --- Synchronized data; Technical mapping, Customers


def test_customers_have_id_name_email_country_postal_code_and_reference(ledger: FincomeScene) -> None:
    ledger.make(
        "customers",
        name="Vergers du Lac SARL",
        external_reference="pl-5521",
        emails=["compta@vergers.example", "autre@vergers.example"],
        reference="CL-0042",
        billing_address={"address": "1 quai", "postal_code": "74000", "city": "Annecy", "country_alpha2": "FR"},
    )
    ledger.synced()
    held = ledger.held("customers")["pl-5521"]
    assert {name: held[name] for name in ("name", "email", "country", "zip_code", "custom_properties")} == {
        "name": "Vergers du Lac SARL",
        "email": "compta@vergers.example",
        "country": "FR",
        "zip_code": "74000",
        "custom_properties": {"reference": "CL-0042"},
    }


def test_custom_references_follow_the_customers_reference_field(ledger: FincomeScene) -> None:
    id = ledger.make("customers", external_reference="pl-1", reference="CL-1")
    ledger.synced()
    assert ledger.held("customers")["pl-1"]["custom_properties"] == {"reference": "CL-1"}
    ledger.change("customers", id, reference="CL-2")
    ledger.synced()
    assert ledger.held("customers")["pl-1"]["custom_properties"] == {"reference": "CL-2"}
    ledger.change("customers", id, reference=None)
    ledger.synced()
    assert ledger.held("customers")["pl-1"]["custom_properties"] == {"reference": None}


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
    ledger: FincomeScene, billing: Any, delivery: Any, country: str | None, zip_code: str | None
) -> None:
    def address(given: tuple[str, str]) -> Row:
        return {"address": "1 quai", "city": "Annecy", "country_alpha2": given[0], "postal_code": given[1]}

    ledger.make(
        "customers",
        external_reference="pl-1",
        billing_address=address(billing),
        delivery_address=address(delivery),
    )
    ledger.synced()
    held = ledger.held("customers")["pl-1"]
    assert (held["country"], held["zip_code"]) == (country, zip_code)


# --- Products & Prices


def test_a_product_and_its_price_share_the_reference_and_the_label(ledger: FincomeScene) -> None:
    product(ledger, label="Accès", external_reference="pr-9", price_before_tax="12.3456", currency="GBP")
    ledger.synced()
    assert ledger.held("products")["pr-9"]["name"] == "Accès"
    price = ledger.held("prices")["pr-9"]
    assert {name: price[name] for name in ("name", "amount", "currency_code", "product_id")} == {
        "name": "Accès",
        "amount": 12.3456,
        "currency_code": "GBP",
        "product_id": "pr-9",
    }


def test_a_product_nobody_priced_has_no_price(ledger: FincomeScene) -> None:
    product(ledger, external_reference="pr-9", price_before_tax="", price="")
    ledger.synced()
    assert set(ledger.held("products")) == {"pr-9"}
    assert ledger.held("prices") == {}


# --- Subscriptions


def test_each_line_of_a_billing_template_is_a_subscription_of_one_set(ledger: FincomeScene) -> None:
    access = product(ledger, external_reference="pr-9")
    id = subscription(
        ledger,
        line(product={"id": access}),
        line(label="Support", currency_amount_before_tax="30.00", currency_tax="6.00", currency_amount="36.00"),
        start="2026-01-01",
        finish="2026-12-31",
        activated_at="2025-12-18T09:00:00Z",
        stopped_at="2026-06-30T10:00:00Z",
        status="stopped",
    )
    ledger.synced()
    first, second = ledger.held("subscriptions").values()
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
    ledger: FincomeScene, rhythm: str, interval: int, monthly: float
) -> None:
    subscription(ledger, line(), recurring_rule={"rule_type": rhythm, "interval": interval})
    ledger.synced()
    (held,) = ledger.held("subscriptions").values()
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
def test_the_status_of_a_subscription_is_told(ledger: FincomeScene, status: str, word: str) -> None:
    subscription(ledger, line(), status=status)
    ledger.synced()
    assert [held["status"] for held in ledger.held("subscriptions").values()] == [word]


def test_a_draft_subscription_and_one_of_nobody_stay(ledger: FincomeScene) -> None:
    subscription(ledger, line(), status="draft")
    subscription(ledger, line(), customer=None)
    assert ledger.synced()["subscription"]["skipped"] == {"draft": 1, "no_customer": 1}
    assert ledger.held("subscriptions") == {}


# --- Invoices & Lines


def test_an_invoice_has_id_date_number_status_and_customer(ledger: FincomeScene) -> None:
    id = invoice(ledger, invoice_number="F-2026-0314")
    ledger.synced()
    held = ledger.held("invoices")[id]
    assert (held["date"], held["invoice_number"], held["status"]) == (ledger.day(-5), "F-2026-0314", "open")
    assert held["customer_id"] == "acme"


def test_a_line_has_product_amount_vat_currency_quantity_and_description(ledger: FincomeScene) -> None:
    access = product(ledger, external_reference="pr-9")
    id = invoice(ledger, line(product={"id": access}, quantity="1.5"), currency="USD")
    ledger.synced()
    (held,) = ledger.held("invoices")[id]["lines"]
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
def test_the_status_reads_open_unpaid_or_paid(ledger: FincomeScene, given: Row, due: int, reads: str) -> None:
    id = invoice(ledger, deadline=ledger.day(due), **given)
    ledger.synced()
    assert ledger.held("invoices")[id]["status"] == reads


def test_an_invoice_paid_in_part_becomes_unpaid_when_its_due_date_is_over(ledger: FincomeScene) -> None:
    id = invoice(ledger, deadline=ledger.day(1), status="partially_paid")
    ledger.synced()
    assert ledger.held("invoices")[id]["status"] == "open"
    ledger.clock.ahead = timedelta(days=3)
    ledger.synced()
    assert ledger.held("invoices")[id]["status"] == "unpaid"


def test_two_items_with_one_product_are_billed_under_distinct_subscriptions(ledger: FincomeScene) -> None:
    access = {"id": product(ledger)}
    seats, admins = line(product=access), line(product=access, label="Accès admin")
    id = subscription(ledger, seats, admins)
    made = invoice(ledger, admins, seats, billing_subscription={"id": id})
    ledger.synced()
    billed = [each["subscription_id"] for each in ledger.held("invoices")[made]["lines"]]
    assert sorted(billed) == sorted(ledger.held("subscriptions"))
    assert billed == sorted(billed, reverse=True)  # the label tells which is which


def test_a_line_of_no_item_is_of_no_subscription(ledger: FincomeScene) -> None:
    id = subscription(ledger, line())
    made = invoice(ledger, line(), line(label="Frais de dossier"), billing_subscription={"id": id})
    ledger.synced()
    first, second = ledger.held("invoices")[made]["lines"]
    assert first["subscription_id"] in ledger.held("subscriptions")
    assert (second["subscription_id"], second["period_start"], second["period_end"]) == (None, None, None)


# --- Detailed operation, Service periods; the page on MRR from Pennylane


def test_a_period_is_the_one_the_line_is_allocated_to(ledger: FincomeScene) -> None:
    id = subscription(ledger, line())
    march = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    made = invoice(ledger, line(imputation_dates=march), billing_subscription={"id": id})
    ledger.synced()
    (held,) = ledger.held("invoices")[made]["lines"]
    assert (held["period_start"], held["period_end"]) == ("2026-03-01", "2026-04-01")


@pytest.mark.parametrize(
    ("rhythm", "interval", "end"),
    [("monthly", 1, "2026-02-28"), ("yearly", 1, "2027-01-31"), ("weekly", 2, "2026-02-14")],
)
def test_without_one_the_frequency_of_the_subscription_tells_it_from_the_day_of_issue(
    ledger: FincomeScene, rhythm: str, interval: int, end: str
) -> None:
    id = subscription(ledger, line(), recurring_rule={"rule_type": rhythm, "interval": interval})
    made = invoice(ledger, line(), billing_subscription={"id": id}, date="2026-01-31")
    ledger.synced()
    (held,) = ledger.held("invoices")[made]["lines"]
    assert (held["period_start"], held["period_end"]) == ("2026-01-31", end)


# --- Credit notes


def test_a_credit_note_belongs_to_its_invoice_with_reversed_lines_of_the_same_structure(ledger: FincomeScene) -> None:
    access = product(ledger, external_reference="pr-9")
    sold = invoice(ledger, line(product={"id": access}))
    given = line(
        product={"id": access},
        currency_amount="-240.00",
        currency_amount_before_tax="-200.00",
        currency_tax="-40.00",
        discount={"type": "relative", "value": "10"},
    )
    id = credit(ledger, sold, given)
    ledger.synced()
    held = ledger.held("credit_notes")[id]
    assert (held["invoice_id"], held["amount"], held["tax_amount"], held["currency_code"]) == (sold, -200, -40, "EUR")
    (reversed_line,) = held["lines"]
    assert (reversed_line["credit_note_id"], reversed_line["invoice_id"]) == (id, sold)
    assert (reversed_line["amount"], reversed_line["tax_amount"], reversed_line["discount_amount"]) == (-200, -40, 0)
    shared = set(ledger.held("invoices")[sold]["lines"][0]) - {"amount_excluding_tax_after_discount"}
    assert shared <= set(reversed_line)
    assert (reversed_line["price_id"], reversed_line["description"]) == ("pr-9", "Accès")


def test_amounts_are_negative_once_whatever_sign_the_ledger_gives(ledger: FincomeScene) -> None:
    sold = invoice(ledger, line())
    id = credit(ledger, sold, line(), status="credit_note")
    ledger.synced()
    held = ledger.held("credit_notes")[id]
    assert (held["amount"], held["tax_amount"]) == (-200, -40)
    assert (held["lines"][0]["amount"], held["lines"][0]["tax_amount"]) == (-200, -40)


@pytest.mark.parametrize("unsent", [{"draft": True}, {"archived_at": "2026-01-15T10:00:00.000000Z"}, None])
def test_a_credit_note_without_a_sent_invoice_stays(ledger: FincomeScene, unsent: Row | None) -> None:
    credit(ledger, invoice(ledger, **unsent) if unsent is not None else None)
    assert ledger.synced()["credit_note"]["skipped"] == {"no_invoice": 1}
    assert ledger.held("credit_notes") == {}


def test_a_credit_note_goes_once_its_invoice_is_sent(ledger: FincomeScene) -> None:
    sold = invoice(ledger, draft=True)
    id = credit(ledger, sold)
    ledger.synced()
    ledger.change("customer_invoices", int(sold), draft=False, status="upcoming")
    assert ledger.synced()["credit_note"]["created"] == 1
    assert ledger.held("credit_notes")[id]["invoice_id"] == sold


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
def test_drafts_and_what_is_no_invoice_stay(ledger: FincomeScene, given: Row, code: str) -> None:
    invoice(ledger, **given)
    assert ledger.synced()["invoice"]["skipped"] == {code: 1}
    assert ledger.held("invoices") == {}


def test_discounts_are_zero_and_the_amount_is_after_them_unless_the_real_ones_are_wanted(ledger: FincomeScene) -> None:
    given = line(discount={"type": "relative", "value": "20"}, raw_currency_unit_price="125.00")
    id = invoice(ledger, given)
    ledger.synced()
    (held,) = ledger.held("invoices")[id]["lines"]
    assert (held["amount_excluding_tax_after_discount"], held["discount_amount"]) == (200, 0)
    ledger.configure(target="discounts: real")
    ledger.synced()
    (held,) = ledger.held("invoices")[id]["lines"]
    assert (held["amount_excluding_tax_after_discount"], held["discount_amount"]) == (200, 50)


def test_it_runs_every_night(ledger: FincomeScene) -> None:
    app = ledger.app()
    try:
        schedule = app.target_class(NAME).schedule
        assert (schedule.daily, schedule.timezone) == ("02:00", "Europe/Paris")
    finally:
        app.close()


@pytest.mark.parametrize("policy", ["report", "delete"])
def test_what_is_deleted_at_the_ledger_stays_at_fincome(ledger: FincomeScene, policy: str) -> None:
    ledger.configure(connection=f"on_delete: {policy}")
    kept, gone = invoice(ledger), invoice(ledger)
    other = ledger.make("customers", external_reference="other")
    ledger.synced()
    ledger.remove("customer_invoices", int(gone))
    ledger.remove("customers", other)
    report = ledger.synced()
    assert (report["invoice"]["gone"], report["customer"]["gone"]) == (1, 1)
    assert set(ledger.held("invoices")) == {kept, gone}
    assert "other" in ledger.held("customers")
    assert ledger.writes() == []


@pytest.mark.parametrize("change", ["deleted", "without the item"])
def test_what_a_subscription_billed_stays_under_it_when_it_is_gone_from_the_ledger(
    ledger: FincomeScene, change: str
) -> None:
    id, _other = subscription(ledger, line()), subscription(ledger, line())
    made = invoice(ledger, line(), billing_subscription={"id": id})
    ledger.synced()
    before = ledger.held("invoices")[made]["lines"]
    assert before[0]["subscription_id"] is not None
    if change == "deleted":
        ledger.remove("billing_subscriptions", id)
        ledger.change("customer_invoices", int(made), billing_subscription=None)
    else:
        ledger.change("billing_subscriptions", id, invoice_lines=[line(label="Autre offre")])
    for status in ("late", "paid"):
        ledger.change("customer_invoices", int(made), status=status)
        ledger.synced()
        assert ledger.held("invoices")[made]["lines"] == before
    assert before[0]["subscription_id"] in ledger.held("subscriptions")


def test_every_run_extracts_everything_and_writes_what_changed(ledger: FincomeScene) -> None:
    first, second = (invoice(ledger) for _ in range(2))
    ledger.synced()
    ledger.change("customer_invoices", int(second), invoice_number="F-2")
    kinds = ledger.synced()
    assert (kinds["invoice"]["read"], kinds["customer"]["read"]) == (2, 1)
    assert not any("changelogs" in row["path"] for row in ledger.asked)
    assert ledger.writes() == [("invoices", second)]
    assert set(ledger.held("invoices")) == {first, second}


# --- Integration overview


def test_all_kinds_of_the_ledger_arrive_page_by_page_in_the_order_they_depend_on_each_other(
    usual: FincomeScene,
) -> None:
    kinds = usual.synced()
    order = ["customers", "products", "prices", "subscriptions", "invoices", "credit_notes"]
    first = {path: at for at, (path, _) in reversed(list(enumerate(usual.writes())))}
    assert sorted(first, key=lambda path: first[path]) == order
    pages = [row for row in usual.asked if row["path"].endswith("/customer_invoices") and "cursor" in row["query"]]
    assert pages, "the invoice list came in one page"
    for kind, path in (("customer", "customers"), ("product", "products"), ("price", "prices")):
        assert len(usual.held(path)) == kinds[kind]["created"]
    assert len(usual.held("invoices")) == kinds["invoice"]["created"]
    assert len(usual.held("credit_notes")) == kinds["credit_note"]["created"]


def test_what_fincome_holds_comes_to_what_the_ledger_says(usual: FincomeScene) -> None:
    usual.synced()
    rows = {str(row["id"]): row for row in usual.ledger("customer_invoices")}
    for name, amount, held in (
        ("invoices", "amount_excluding_tax_after_discount", usual.held("invoices")),
        ("credit_notes", "amount", usual.held("credit_notes")),
    ):
        assert len(held) > 30, name
        for id, document in held.items():
            before = Decimal(rows[id]["currency_amount_before_tax"])
            sent = sum(Decimal(str(line[amount])) for line in document["lines"])
            assert sent == (before if name == "invoices" else -abs(before)), (name, id)
            assert {line["currency_code"] for line in document["lines"]} == {rows[id]["currency"]}


def test_amounts_stay_in_the_documents_currency(ledger: FincomeScene) -> None:
    id = invoice(
        ledger, line(currency_amount_before_tax="2000", currency_tax="400", currency_amount="2400"), currency="JPY"
    )
    ledger.synced()
    (held,) = ledger.held("invoices")[id]["lines"]
    assert (held["currency_code"], held["amount_excluding_tax_after_discount"], held["tax_amount"]) == (
        "JPY",
        2000,
        400,
    )


def test_a_second_night_writes_nothing_again(usual: FincomeScene) -> None:
    usual.synced()
    usual.synced()
    assert usual.writes() == []


# --- The page on file imports


@pytest.fixture
def filed(usual: FincomeScene) -> FincomeScene:
    """The usual ledger, delivered as a workbook."""
    usual.configure(XLSX)
    usual.synced()
    return usual


def cells(rows: list[Row], *columns: str) -> set[tuple[Any, ...]]:
    return {tuple(row[column].value if column in row else None for column in columns) for row in rows}


def test_the_workbook_has_a_row_for_each_line_and_comes_to_what_the_ledger_says(filed: FincomeScene) -> None:
    ledger = {str(row["id"]): row for row in filed.ledger("customer_invoices")}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    rows = filed.rows()
    for row in rows:
        document = row["credit_note_id" if "credit_note_id" in row else "invoice_id"].value
        sums[document] += Decimal(str(row["amount_excluding_tax_after_discount"].value))
    assert len({row["invoice_line_item_id"].value for row in rows}) == len(rows) > len(sums) > 200
    for id, total in sums.items():
        before = Decimal(ledger[id]["currency_amount_before_tax"])
        assert total == before or total == -abs(before), id


def test_every_date_is_a_date_cell_shown_day_first(filed: FincomeScene) -> None:
    dated = [cell for row in filed.rows() for name, cell in row.items() if "date" in name or name.startswith("period")]
    assert len(dated) > 500
    assert all(cell.is_date and cell.number_format == "dd/mm/yyyy" for cell in dated)


def test_types_are_subscription_with_a_period_or_one_off_without(filed: FincomeScene) -> None:
    rows = filed.rows()
    recurring = [row for row in rows if row["type"].value == "subscription"]
    once = [row for row in rows if row["type"].value == "one_off"]
    assert len(recurring) > 10
    assert len(recurring) + len(once) == len(rows)
    assert all({"subscription_id", "period_start", "period_end"} <= row.keys() for row in recurring)
    assert not any({"subscription_id", "period_start", "period_end"} & row.keys() for row in once)


def test_periods_last_and_never_overlap_within_a_subscription(filed: FincomeScene) -> None:
    periods: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in filed.rows():
        if row["type"].value == "subscription":
            periods[row["subscription_id"].value].append((row["period_start"].value, row["period_end"].value))
    assert max(map(len, periods.values())) > 1
    for each in map(sorted, periods.values()):
        assert all(start < end for start, end in each)
        assert all(before[1] <= after[0] for before, after in pairwise(each))


def test_rows_of_one_invoice_and_of_one_customer_agree(filed: FincomeScene) -> None:
    rows = filed.rows()
    invoices = cells(rows, "invoice_id", "status", "date", "currency", "invoice_number", "customer_id", "exchange_rate")
    assert len(invoices) == len({row["invoice_id"].value for row in rows})
    customers = cells(rows, "customer_id", "customer_name", "customer_email", "customer_country", "customer_zip_code")
    assert len(customers) == len({row["customer_id"].value for row in rows})
    assert {status for _, status, *_ in invoices} == {"open", "paid", "unpaid"}


def test_credit_notes_are_rows_of_their_own_with_negative_amounts_that_name_their_invoice(filed: FincomeScene) -> None:
    rows = filed.rows()
    credits = [row for row in rows if "credit_note_id" in row]
    invoices = {row["invoice_id"].value for row in rows if "credit_note_id" not in row}
    assert len(credits) > 30
    assert all(row["amount_excluding_tax_after_discount"].value <= 0 for row in credits)
    assert {row["invoice_id"].value for row in credits} <= invoices


def test_the_ledgers_rate_is_shown_beside_the_amounts_in_their_own_currency(filed: FincomeScene) -> None:
    rates = cells(filed.rows(), "currency", "exchange_rate")
    assert ("EUR", 1) in rates
    assert len({currency for currency, _ in rates}) > 3
    assert all(rate not in (None, 1) for currency, rate in rates if currency != "EUR")


def test_headers_may_be_named_as_the_template_has_them(ledger: FincomeScene) -> None:
    ledger.configure(XLSX, target="columns: {invoice_id: invoiced_id, customer_name: Client}")
    id = invoice(ledger)
    ledger.synced()
    (row,) = ledger.rows()
    assert (row["invoiced_id"].value, row["Client"].value) == (id, "Acme")


def test_a_much_shorter_workbook_is_withheld_until_a_person_accepts_it(ledger: FincomeScene) -> None:
    ledger.configure(XLSX)
    made = [invoice(ledger) for _ in range(4)]
    ledger.synced()
    for id in made[:2]:
        ledger.remove("customer_invoices", int(id))
    report = ledger.sync()
    assert report["status"] == "stopped"
    assert "would have 2 rows where the last one had 4" in report["error"]
    assert len(ledger.workbooks()) == 1
    ledger.synced(accept_mass_change=True)
    assert len(ledger.workbooks()) == 2
    assert {row["invoice_id"].value for row in ledger.rows()} == set(made[2:])


def test_a_read_that_fails_leaves_the_folder_as_it_was(ledger: FincomeScene, hurried: None) -> None:
    ledger.configure(XLSX)
    invoice(ledger)
    ledger.synced()
    before = ledger.workbooks()
    fault = {"fault": "status", "status": 500, "product": "pennylane", "path": "/customer_invoices$"}
    ledger.http.put(f"{ledger.url}/_sandbox/faults", json={"rules": [fault]})
    try:
        report = ledger.sync()
    finally:
        ledger.http.put(f"{ledger.url}/_sandbox/faults", json={"rules": []})
    assert report["status"] == "incomplete"
    assert ledger.workbooks() == before


def test_a_day_has_the_same_workbook_however_often_it_is_made(filed: FincomeScene) -> None:
    def shown() -> list[dict[str, Any]]:
        return [{name: cell.value for name, cell in row.items()} for row in filed.rows()]

    first = shown()
    filed.synced()
    assert shown() == first
    assert len(filed.workbooks()) == 2
    assert datetime.now(UTC).strftime("fincome-%Y") in filed.workbooks()[-1].name


# --- What the house promises beside the pages


def test_answers_that_are_lost_make_no_duplicates_and_lose_nothing(usual: FincomeScene, hurried: None) -> None:
    lost = {"fault": "lost_answer", "product": "fincome", "method": "POST", "rate": 0.1}
    usual.http.put(f"{usual.url}/_sandbox/faults", json={"seed": 7, "rules": [lost]})
    try:
        usual.sync()
    finally:
        usual.http.put(f"{usual.url}/_sandbox/faults", json={"rules": []})
    usual.sync()
    kinds = usual.synced()
    for kind, path in (("customer", "customers"), ("invoice", "invoices"), ("credit_note", "credit_notes")):
        assert len(usual.held(path)) == kinds[kind]["unchanged"]
    assert usual.writes() == []


@pytest.mark.parametrize("mode", [API, XLSX])
def test_nothing_of_an_excluded_customer_goes(ledger: FincomeScene, mode: str) -> None:
    left = ledger.make("customers", name="Left out", external_reference="left")
    subscription(ledger, line(), customer={"id": left})
    sold = invoice(ledger, customer={"id": left})
    credit(ledger, sold)
    kept = invoice(ledger)
    ledger.configure(mode, connection=f"exclude_customers: [{left}]")
    kinds = ledger.synced()
    for kind in ("customer", "subscription", "invoice", "credit_note"):
        assert kinds[kind]["skipped"] == {"excluded_customer": 1}
    if mode == API:
        assert set(ledger.held("customers")) == {"acme"}
        assert (set(ledger.held("invoices")), ledger.held("subscriptions")) == ({kept}, {})
    else:
        assert {row["invoice_id"].value for row in ledger.rows()} == {kept}


def test_what_fincome_refuses_is_told_with_its_fields_and_sent_again_later(ledger: FincomeScene) -> None:
    id = invoice(ledger)
    ledger.switch(subscription_required=True)
    assert ledger.sync()["kinds"]["invoice"]["rejected"] == 1
    app = ledger.app()
    try:
        (row,) = app.records(NAME, outcome="rejected")
        assert "lines.0.subscription_id: Field required" in row["why"]
    finally:
        app.close()
    ledger.switch(subscription_required=False)
    ledger.clock.ahead = timedelta(days=1)
    ledger.synced()
    assert set(ledger.held("invoices")) == {id}


def test_explain_tells_where_each_field_comes_from(ledger: FincomeScene) -> None:
    id = subscription(ledger, line())
    ledger.synced()
    app = ledger.app()
    try:
        told = app.explain(NAME, "subscription", str(id))
    finally:
        app.close()
    values = {field["target"]: field["value"] for field in told["fields"]}
    assert told["code"] == "subscription"
    assert (values["subscriptions.0.customer_id"], values["subscriptions.0.monthly_amount"]) == ("acme", "200.00")

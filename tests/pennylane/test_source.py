"""The source against the stand-in: what it reads, in which order, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from typing import Any
from urllib.parse import parse_qsl

import pytest

from duebridge.core.api import (
    AuthError,
    CreditNote,
    Cursor,
    Customer,
    Document,
    Invoice,
    Page,
    Price,
    Product,
    Raw,
    Record,
    RecordError,
    Subscription,
    WindowLimiter,
)
from duebridge.core.edge.http import HttpFactory
from duebridge.core.edge.limits import without_pace
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane import canonical
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.plugins.pennylane.source import PennylaneSource

#: What the stand-in takes.
TOKEN = "sandbox-pennylane"
API = "/api/external/v2"
NOTHING: frozenset[str] = frozenset()
#: What Upflow's tables name.
UPFLOW = frozenset({"customer.ledger_account.number", "customer.emails", "invoice.remaining"})
LINES = frozenset({"invoice.lines", "credit_note.lines"})
PRICES = frozenset({"product.label", "price.amount", "subscription.lines"})
#: The streams a receivables tool has read.
RECEIVABLES = ("customers", "customer_invoices")
CUSTOMERS, ROWS = 130, 230
#: Longer than the margin of a crawl's bookmark, so that what was seeded is not told as new.
LATER = timedelta(minutes=10)


class Company:
    """A stand-in of its own for each test: requests of another would count in its limiter and its journal."""

    def __init__(self, product: PennylaneSandbox, url: str, bench: Any) -> None:
        self.product = product
        self.url = url
        self.bench = bench
        self._looked = 0

    def source(self, token: str = TOKEN) -> PennylaneSource:
        """A source of a new run."""
        return self.bench.source(f"{self.url}/pennylane", token)  # type: ignore[no-any-return]

    def requests(self) -> list[tuple[str, dict[str, str]]]:
        """(path below the API's prefix, query) of the requests since the last look."""
        limiter = WindowLimiter(10**6, 1.0)
        with closing(HttpFactory()(self.url, product="the sandbox", headers=dict, limiter=limiter)) as http:
            rows = [row for row in http.get("/_sandbox/journal") if row["product"] == "pennylane"]
        new, self._looked = rows[self._looked :], len(rows)
        return [(row["path"].partition(API)[2], dict(parse_qsl(row["query"]))) for row in new]

    def read(self, stream: str, since: Cursor | None, needs: frozenset[str] = NOTHING) -> list[Page]:
        """Every page of a read by a new run."""
        return list(self.source().fetch(stream, since, needs))


@pytest.fixture
def company(bench: Any) -> Iterator[Company]:
    product = PennylaneSandbox(SandboxOptions(customers=CUSTOMERS, invoices=ROWS, limits="off"))
    with running_sandbox([product]) as running, without_pace():
        yield Company(product, running.url, bench)


def ids(pages: Sequence[Page]) -> list[int]:
    return [int(row.id) if isinstance(row, Record) else row["id"] for page in pages for _, row in page.items]


def become(kind: type[Record], row: Raw | Record) -> Record:
    """The record of an item, which may be one already."""
    return row if isinstance(row, Record) else PennylaneSource.canonical[kind](row)


def told(page: Page) -> list[Raw]:
    """The JSON of a page whose items are JSON, as customers always are."""
    return [row for _, row in page.items if not isinstance(row, Record)]


def at_rest(company: Company, stream: str) -> Cursor:
    """The cursor after a crawl and a first look at the feed, which may tell of what was seeded just now."""
    company.bench.now = datetime.now(UTC)
    crawled = company.read(stream, None)[-1].cursor
    cursor = company.read(stream, crawled)[-1].cursor
    company.requests()
    return cursor


def test_the_account_is_the_company_of_the_token(company: Company) -> None:
    account = company.source().check()

    assert account.id.isdecimal()
    assert account.name


def test_a_token_pennylane_does_not_know_asks_for_a_person(company: Company) -> None:
    with pytest.raises(AuthError):
        company.source("another-token").check()


@pytest.mark.parametrize(("stream", "rows"), [("customers", CUSTOMERS), ("customer_invoices", ROWS)])
def test_a_crawl_reads_every_row_once_lowest_id_first(company: Company, stream: str, rows: int) -> None:
    pages = company.read(stream, None)

    read = ids(pages)
    assert len(read) == rows
    assert read == sorted(set(read))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [page.cursor.crawl for page in pages] == [True] * (len(pages) - 1) + [False]


def test_everything_the_stand_in_holds_becomes_a_record_of_the_type_it_was_read_as(company: Company) -> None:
    read: dict[type, int] = {}
    for stream in PennylaneSource.streams:
        for page in company.read(stream, None, UPFLOW | LINES | PRICES):
            for kind, raw in page.items:
                record = become(kind, raw)
                assert type(record) is kind
                read[kind] = read.get(kind, 0) + 1

    assert set(read) == {Customer, Product, Price, Subscription, Invoice, CreditNote}
    assert read[Price] == read[Product] - 1  # one has none
    assert read[Customer] == CUSTOMERS
    assert read[Invoice] + read[CreditNote] == ROWS


def test_what_is_broken_is_rejected_one_by_one_with_what_to_do(bench: Any) -> None:
    product = PennylaneSandbox(SandboxOptions(customers=20, invoices=40, limits="off", broken=12))
    with running_sandbox([product]) as running:
        source = bench.source(running.base("pennylane"), TOKEN)
        rows = [row for stream in source.streams for page in source.fetch(stream, None, LINES) for row in page.items]

    rejected = [reason for kind, row in rows if (reason := refusal(kind, row))]

    assert 0 < len(rejected) <= 12
    assert all("Pennylane" in reason for reason in rejected)


def refusal(kind: type[Record], row: Raw | Record) -> str:
    """Why the row can't become a record, "" when it can."""
    try:
        become(kind, row)
    except RecordError as refused:
        return str(refused)
    return ""


def test_a_crawl_sends_sort_and_limit_with_each_page_and_leaves_the_feeds_alone(company: Company) -> None:
    company.read("customer_invoices", None)

    requests = company.requests()
    assert {path for path, _ in requests} == {"/customer_invoices"}
    assert [(query["sort"], query["limit"], "include" in query) for _, query in requests] == [("id", "100", False)] * 3
    assert ["cursor" in query for _, query in requests] == [False, True, True]


def test_a_first_run_costs_a_request_for_each_full_page(company: Company) -> None:
    source = company.source()
    source.check()
    for stream in RECEIVABLES:
        list(source.fetch(stream, None, UPFLOW))

    requests = company.requests()
    accounts = sum(path == "/ledger_accounts" for path, _ in requests)
    assert accounts == 1
    assert len(requests) <= ceil(ROWS / 100) + ceil(CUSTOMERS / 100) + accounts + 1


def test_a_crawl_that_was_cut_short_goes_on_where_it_stopped(company: Company) -> None:
    (first,) = islice(company.source().fetch("customer_invoices", None, NOTHING), 1)
    bookmark = first.cursor.position["bookmark"]
    company.bench.now += timedelta(hours=1)

    rest = company.read("customer_invoices", first.cursor)

    assert len(ids([first])) == 100
    assert len(ids([first, *rest])) == len(set(ids([first, *rest]))) == ROWS
    assert rest[-1].cursor == Cursor(crawl=False, position={"bookmark": bookmark})


def test_a_crawl_keeps_a_place_before_its_first_request(company: Company) -> None:
    company.bench.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    (*_, last) = company.read("customers", None)

    assert last.cursor.position["bookmark"] == "2026-03-01T11:55:00.000000Z"


def test_a_run_without_changes_costs_three_requests_for_ever(company: Company) -> None:
    cursors = {stream: at_rest(company, stream) for stream in RECEIVABLES}

    for _ in range(3):
        company.bench.now += LATER
        source = company.source()
        source.check()
        for stream, since in cursors.items():
            (page,) = source.fetch(stream, since, UPFLOW)
            assert (list(page.items), list(page.deleted), page.last) == ([], [], True)
            cursors[stream] = page.cursor
        assert [path for path, _ in company.requests()] == [
            "/me",
            "/changelogs/customers",
            "/changelogs/customer_invoices",
        ]


CONTACTS = frozenset({"customer.contacts"})


def test_contacts_are_read_in_a_crawl_and_later_for_new_and_changed_customers_alone(company: Company) -> None:
    crawled = company.read("customers", None, CONTACTS)
    assert sum(path.endswith("/contacts") for path, _ in company.requests()) == CUSTOMERS
    since = company.read("customers", crawled[-1].cursor, CONTACTS)[-1].cursor
    company.bench.now += LATER
    company.requests()

    (quiet,) = company.read("customers", since, CONTACTS)
    assert [path for path, _ in company.requests()] == ["/changelogs/customers"]

    changed, new = ids(crawled)[3], company.product.create("customers", {"name": "Nouvelle"})["id"]
    company.product.create("contacts", {"customer_id": new, "email": "a@example.org"})
    company.product.patch("customers", str(changed), {"notes": "x"}, event=True)
    (page,) = company.read("customers", quiet.cursor, CONTACTS)

    paths = [path for path, _ in company.requests()]
    assert sorted(path for path in paths if path.endswith("/contacts")) == [
        f"/customers/{changed}/contacts",
        f"/customers/{new}/contacts",
    ]
    read = {record.id: record for record in (canonical.customer(raw) for raw in told(page))}
    assert [contact.email for contact in read[str(new)].contacts] == ["a@example.org"]


def test_what_made_an_invoice_and_what_it_sells_is_told_for_every_one_a_subscription_made(company: Company) -> None:
    source = company.source()
    needs = PRICES | LINES | {"subscription.customer_reference", "invoice.subscription", "invoice.customer_reference"}
    read: dict[type[Record], dict[str, Any]] = {}
    for stream in source.streams:
        for page in source.fetch(stream, None, needs):
            for kind, row in page.items:
                record = become(kind, row)
                read.setdefault(kind, {})[record.id] = record

    made = [invoice for invoice in read[Invoice].values() if invoice.subscription_id]
    assert len(made) > 10
    for invoice in made:
        assert invoice.subscription == read[Subscription][invoice.subscription_id]
    for document in (*read[Invoice].values(), *read[Subscription].values()):
        customer = read[Customer].get(document.customer_id)
        assert document.customer_reference == (customer and customer.external_reference)
        for line in document.lines:
            product = read[Product].get(line.product_id)
            assert line.product_reference == (product and product.external_reference)
    paths = [path for path, _ in company.requests()]
    for path, rows in (("/customers", CUSTOMERS), ("/products", 1)):  # its own list, then at most one a page
        assert paths.count(path) <= ceil(rows / 100) + 1 + ceil(ROWS / 100)
    assert paths.count("/billing_subscriptions") == 1


def test_twenty_five_changes_cost_at_most_eight_requests(company: Company) -> None:
    invoices = ids(company.read("customer_invoices", None))
    customers = ids(company.read("customers", None))
    cursors = {stream: at_rest(company, stream) for stream in RECEIVABLES}
    for id in invoices[:15]:
        company.product.patch("customer_invoices", str(id), {"label": "Changed"}, event=True)
    for id in customers[:10]:
        company.product.patch("customers", str(id), {"notes": "Changed"}, event=True)

    source = company.source()
    source.check()
    read = {stream: list(source.fetch(stream, since, UPFLOW)) for stream, since in cursors.items()}

    assert set(ids(read["customer_invoices"])) >= set(invoices[:15])
    assert sorted(ids(read["customers"])) == customers[:10]
    assert len(company.requests()) <= 8


def test_a_changed_row_is_read_as_it_is_now_and_only_once(company: Company) -> None:
    since = at_rest(company, "customers")
    id = ids(company.read("customers", None))[3]
    for note in ("one", "two", "three"):
        company.product.patch("customers", str(id), {"notes": note}, event=True)

    (page,) = company.read("customers", since)
    (after,) = company.read("customers", page.cursor)

    assert [(raw["id"], raw["notes"]) for raw in told(page)] == [(id, "three")]
    assert list(after.items) == []


def test_a_new_row_is_read_and_a_deleted_one_is_told(company: Company) -> None:
    since = at_rest(company, "customers")
    gone = ids(company.read("customers", None))[0]
    new = company.product.create("customers", {"name": "Nouvelle Société", "customer_type": "company"})
    company.product.delete("customers", str(gone), event=True)

    (page,) = company.read("customers", since)

    assert [raw["name"] for raw in told(page)] == ["Nouvelle Société"]
    assert ids([page]) == [new["id"]]
    assert list(page.deleted) == [str(gone)]


def test_a_row_changed_and_then_removed_without_a_word_is_told_as_deleted(company: Company) -> None:
    since = at_rest(company, "customers")
    id = ids(company.read("customers", None))[0]
    company.product.patch("customers", str(id), {"notes": "x"}, event=True)
    company.product.delete("customers", str(id), event=False)

    (page,) = company.read("customers", since)

    assert (list(page.items), list(page.deleted)) == ([], [str(id)])


def test_more_changes_than_a_filter_holds_are_asked_for_in_hundreds(company: Company) -> None:
    since = at_rest(company, "customers")
    changed = ids(company.read("customers", None))
    company.requests()
    for id in changed:
        company.product.patch("customers", str(id), {"notes": "x"}, event=True)

    (page,) = company.read("customers", since)

    assert sorted(ids([page])) == changed
    asked = [json.loads(query["filter"])[0]["value"] for path, query in company.requests() if path == "/customers"]
    assert [len(each) for each in asked] == [100, CUSTOMERS - 100]


def test_a_long_feed_is_told_page_by_page_and_goes_on_where_it_was_cut_short(company: Company) -> None:
    since = at_rest(company, "customers")
    changed = ids(company.read("customers", None))
    for turn in range(1010 // CUSTOMERS + 1):
        for id in changed:
            company.product.patch("customers", str(id), {"notes": f"turn {turn}"}, event=True)
    company.requests()

    (first,) = islice(company.source().fetch("customers", since, NOTHING), 1)
    (second,) = company.read("customers", first.cursor)

    feed = [query for path, query in company.requests() if path == "/changelogs/customers"]
    assert [sorted(query) for query in feed] == [["limit", "start_date"], ["cursor", "limit"]]
    assert (first.last, first.cursor.crawl, second.last) == (False, False, True)
    assert sorted(ids([first])) == changed
    assert set(ids([second])) <= set(changed)
    (after,) = company.read("customers", second.cursor)
    assert list(after.items) == []


def test_lines_come_whole_and_in_order_only_when_a_target_reads_them(company: Company) -> None:
    rows = {raw["id"]: raw for page in company.read("customer_invoices", None, LINES) for raw in told(page)}
    listed = [path for path, _ in company.requests() if path == "/customer_invoices"]

    assert len(listed) == ceil(ROWS / 100)
    lines = {id: [line["id"] for line in raw["_lines"]] for id, raw in rows.items()}
    assert all(each == sorted(set(each)) for each in lines.values())
    long = [id for id, each in lines.items() if len(each) > 20]
    assert long, "the stand-in has no invoice with more than 20 lines"
    for id in long:
        alone = company.source()._client.get(f"/customer_invoices/{id}/invoice_lines", {"limit": 100, "sort": "id"})
        assert lines[id][:100] == [line["id"] for line in alone["items"]]
    (page, *_) = company.read("customer_invoices", None)
    plain = [become(kind, row) for kind, row in page.items]
    assert all(isinstance(record, Document) and record.lines is None for record in plain)


def test_ledger_accounts_come_with_the_customers_that_have_one(company: Company) -> None:
    for page in company.read("customers", None, UPFLOW):
        for raw in told(page):
            record = canonical.customer(raw)
            booked = raw["ledger_account"]
            assert (record.ledger_account and record.ledger_account.id) == (booked and str(booked["id"]))
            assert record.ledger_account is None or record.ledger_account.number


def test_given_rows_are_read_again_and_those_gone_are_told(company: Company) -> None:
    known = [str(id) for id in ids(company.read("customer_invoices", None))]
    company.requests()

    pages = list(company.source().reread("customer_invoices", [*known[:150], "999999999", known[0]], NOTHING))

    assert sorted(ids(pages)) == sorted(int(id) for id in known[:150])
    assert [id for page in pages for id in page.deleted] == ["999999999"]
    assert [page.last for page in pages] == [False, True]
    assert len(company.requests()) == 2


def test_rereading_nothing_asks_nothing(company: Company) -> None:
    (page,) = company.source().reread("customer_invoices", [], NOTHING)

    assert (list(page.items), page.last) == ([], True)
    assert company.requests() == []

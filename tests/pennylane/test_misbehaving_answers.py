"""What the source does when Pennylane's answers aren't what the contract says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from duebridge.core.api import AuthError, Cursor, CursorExpired, Page, Raw, Record, RunError

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.source import PennylaneSource


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING: frozenset[str] = frozenset()
LINES = frozenset({"invoice.lines"})


@pytest.fixture
def source(fake: Any, bench: Any) -> PennylaneSource:
    bench.now = NOW
    return bench.source(fake.base_url, fake.token)  # type: ignore[no-any-return]


def rows(*ids: int, cursor: str | None = None, **more: Any) -> dict[str, Any]:
    items = [{"id": each, "currency_amount": "1.00", "credited_invoice": None, "status": "late"} for each in ids]
    return {"items": items, "has_more": cursor is not None, "next_cursor": cursor} | more


def events(*told: tuple[int, str, str], cursor: str | None = None) -> dict[str, Any]:
    items = [
        {"id": id, "operation": operation, "processed_at": at, "updated_at": at, "created_at": at}
        for id, operation, at in told
    ]
    return {"items": items, "has_more": cursor is not None, "next_cursor": cursor}


def wanted(query: dict[str, str]) -> list[int]:
    (condition,) = json.loads(query["filter"])
    assert (condition["field"], condition["operator"]) == ("id", "in")
    return list(condition["value"])


def bookmark(days: float = 1) -> Cursor:
    return Cursor(crawl=False, position={"bookmark": (NOW - timedelta(days=days)).isoformat()})


def told(page: Page) -> list[Raw]:
    """The JSON of a page; none of these rows keeps to the contract, so none is a record already."""
    return [row for _, row in page.items if not isinstance(row, Record)]


def ids(page: Page) -> list[int]:
    return [raw["id"] for raw in told(page)]


@pytest.mark.parametrize(
    "answer",
    [
        {"has_more": False, "next_cursor": None},
        {"items": None, "has_more": False, "next_cursor": None},
        rows(cursor="a"),
        rows(3, has_more=True),
        {"items": [{"name": "no id"}], "has_more": False, "next_cursor": None},
        rows(3, cursor="first"),
    ],
)
def test_a_second_page_that_cannot_be_one_ends_the_crawl_after_the_first(
    fake: Any, source: PennylaneSource, answer: dict[str, Any]
) -> None:
    fake.serve("/customers", lambda query: answer if "cursor" in query else rows(1, 2, cursor="first"))
    read = source.fetch("customers", None, NOTHING)

    first = next(read)
    with pytest.raises(RunError, match=r"GET /customers.*nothing is taken for deleted"):
        next(read)

    assert (ids(first), first.last, first.deleted) == ([1, 2], False, ())
    assert first.cursor == Cursor(
        crawl=True, position={"api_cursor": "first", "bookmark": "2026-03-01T11:55:00.000000Z"}
    )


def test_a_crawl_whose_place_is_no_longer_taken_begins_again_and_says_so(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    fake.serve("/customers", lambda query: (400, '{"error":"cursor","status":400}') if "cursor" in query else rows(1))
    since = Cursor(crawl=True, position={"api_cursor": "old", "bookmark": "2026-02-01T00:00:00Z"})

    (page,) = source.fetch("customers", since, NOTHING)

    assert (ids(page), page.last) == ([1], True)
    assert page.cursor == Cursor(crawl=False, position={"bookmark": "2026-03-01T11:55:00.000000Z"})
    assert bench.notes == ["Pennylane no longer knew where the read of customers had stopped, so it began again"]


def test_a_crawl_that_is_refused_its_own_cursor_ends_the_run(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customers", lambda query: (400, '{"error":"x"}') if "cursor" in query else rows(1, cursor="a"))

    with pytest.raises(RunError, match="no longer takes the page cursor of /customers"):
        list(source.fetch("customers", None, NOTHING))


def test_a_change_feed_that_forgot_the_bookmark_asks_for_a_crawl(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/changelogs/customers", lambda _: (422, '{"error":"start_date is too old","status":422}'))

    with pytest.raises(CursorExpired, match=r"no longer keeps the changes of customers since 2026-02-28.*in full"):
        list(source.fetch("customers", bookmark(), NOTHING))


def test_a_bookmark_too_old_for_the_feed_asks_for_a_crawl_without_a_request(fake: Any, source: PennylaneSource) -> None:
    with pytest.raises(CursorExpired, match="28 days ago"):
        list(source.fetch("customers", bookmark(days=28), NOTHING))
    assert fake.asked == []


def test_a_stale_page_cursor_in_the_feed_goes_back_to_the_bookmark(fake: Any, source: PennylaneSource) -> None:
    def feed(query: dict[str, str]) -> Any:
        assert ("cursor" in query) != ("start_date" in query)
        return (400, '{"error":"cursor"}') if "cursor" in query else events((5, "update", "2026-03-01T00:00:00Z"))

    fake.serve("/changelogs/customers", feed)
    fake.serve("/customers", lambda query: rows(*wanted(query)))
    since = Cursor(crawl=False, position={**bookmark().position, "api_cursor": "old", "handled": []})

    (page,) = source.fetch("customers", since, NOTHING)

    assert (ids(page), page.last) == ([5], True)
    assert [query.get("start_date") for path, query in fake.asked if path.startswith("/changelogs")] == [
        None,
        "2026-02-28T12:00:00+00:00",
    ]


def test_a_feed_that_refuses_every_page_cursor_ends_the_run(fake: Any, source: PennylaneSource) -> None:
    told = events((5, "delete", "2026-03-01T00:00:00Z"), cursor="a")
    fake.serve("/changelogs/customers", lambda query: (400, '{"error":"x"}') if "cursor" in query else told)
    fake.serve("/customers", lambda _: rows())

    with pytest.raises(RunError, match="no longer takes the page cursor"):
        list(source.fetch("customers", bookmark(), NOTHING))


def test_rows_that_were_not_asked_for_stop_the_read_before_anything_is_taken_for_deleted(
    fake: Any, source: PennylaneSource
) -> None:
    fake.serve("/changelogs/customers", lambda _: events((5, "update", "2026-03-01T00:00:00Z")))
    fake.serve("/customers", lambda _: rows(1, 2, 3))

    with pytest.raises(RunError, match="rows that were not asked for"):
        list(source.fetch("customers", bookmark(), NOTHING))


def test_the_rows_of_a_batch_may_come_on_several_pages(fake: Any, source: PennylaneSource) -> None:
    def some(query: dict[str, str]) -> dict[str, Any]:
        asked = wanted(query)
        return rows(*asked[2:]) if "cursor" in query else rows(*asked[:2], cursor="more")

    fake.serve("/customers", some)

    (page,) = source.reread("customers", ["1", "2", "3"], NOTHING)

    assert (ids(page), page.deleted, page.last) == ([1, 2, 3], [], True)


def test_a_quiet_feed_leaves_a_young_bookmark_and_moves_an_old_one(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/changelogs/customers", lambda _: events())

    (young,) = source.fetch("customers", bookmark(days=0.9), NOTHING)
    (old,) = source.fetch("customers", bookmark(days=20), NOTHING)

    assert young.cursor.position["bookmark"] == bookmark(days=0.9).position["bookmark"]
    assert old.cursor.position == {"bookmark": "2026-03-01T11:00:00.000000Z", "handled": []}
    assert (old.items, old.deleted, old.last) == ([], (), True)


def test_a_token_without_the_scopes_names_them_and_where_to_add_them(fake: Any, source: PennylaneSource) -> None:
    me = {"user": None, "company": {"id": 7, "name": "Acme"}, "scopes": ["customers:all", "products:readonly"]}
    fake.serve("/me", lambda _: me)

    with pytest.raises(AuthError, match=r"lacks the scope customer_invoices:readonly.*Connectivity > Developers"):
        source.check()


@pytest.mark.parametrize("scopes", [None, [], ["customers:readonly", "customer_invoices:all"]])
def test_a_token_is_taken_when_its_scopes_are_enough_or_not_told(
    fake: Any, source: PennylaneSource, scopes: list[str] | None
) -> None:
    company = {"id": 7, "name": "Acme", "reg_no": "123456789", "accounting_logic": "FR_PCG"}
    fake.serve("/me", lambda _: {"user": None, "company": company, "scopes": scopes})

    account = source.check()

    assert (account.id, account.name, account.detail) == ("7", "Acme", "123456789, FR_PCG")


def test_an_identity_without_a_company_ends_the_run(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/me", lambda _: {"user": None})

    with pytest.raises(RunError, match="GET /me"):
        source.check()


def line(id: int) -> dict[str, Any]:
    return {"id": id, "label": f"line {id}"}


def line_ids(page: Page) -> list[list[int]]:
    return [[each["id"] for each in raw["_lines"]] for raw in told(page)]


def all_lines(*ids: int) -> Callable[[dict[str, str]], dict[str, Any]]:
    return lambda _: {"items": [line(each) for each in ids], "has_more": False, "next_cursor": None}


def test_lines_are_read_one_document_at_a_time_when_they_no_longer_come_with_the_list(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    fake.serve("/customer_invoices", lambda query: rows(2) if "cursor" in query else rows(1, cursor="a"))
    fake.serve("/customer_invoices/1/invoice_lines", all_lines(10, 11))
    fake.serve("/customer_invoices/2/invoice_lines", all_lines())

    first, second = source.fetch("customer_invoices", None, LINES)

    assert (line_ids(first), line_ids(second)) == ([[10, 11]], [[]])
    lists = [query for path, query in fake.asked if path == "/customer_invoices"]
    assert [query.get("include") for query in lists] == ["invoice_lines", None]
    assert [query for path, query in fake.asked if path.endswith("lines")] == [{"limit": "100", "sort": "id"}] * 2
    assert len(bench.notes) == 1


def test_lines_are_read_one_document_at_a_time_when_including_them_is_refused(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    refusal = (400, '{"error":"include is not defined","status":400}')
    fake.serve("/customer_invoices", lambda query: refusal if "include" in query else rows(1))
    fake.serve("/customer_invoices/1/invoice_lines", all_lines(11, 10))

    (page,) = source.fetch("customer_invoices", None, LINES)

    assert line_ids(page) == [[10, 11]]
    assert bench.notes == [
        "Pennylane no longer sends lines with the invoice list; they are read invoice by invoice, slower"
    ]


@pytest.mark.parametrize(
    "next_url",
    [
        None,
        "https://elsewhere.example/api/external/v2/customer_invoices/1/invoice_lines?cursor=x",
        "//elsewhere.example/api/external/v2/customer_invoices/1/invoice_lines?cursor=x",
        "{base}/api/external/v2/customer_invoices/2/invoice_lines?cursor=x",
        "{base}/api/external/v2/customer_invoices/1/invoice_lines",
        "{base}/api/external/v2/customer_invoices/1/invoice_lines?cursor=stale",
    ],
)
def test_a_link_to_the_rest_that_cannot_be_followed_costs_requests_but_no_lines(
    fake: Any, source: PennylaneSource, next_url: str | None
) -> None:
    link = next_url and next_url.format(base=fake.base_url)
    held = {"1": {"items": [line(10)], "has_more": True, "next_url": link}}
    refusal = (400, '{"error":"cursor"}')
    fake.serve("/customer_invoices", lambda _: rows(1, included={"invoice_lines": held}))
    fake.serve(
        "/customer_invoices/1/invoice_lines",
        lambda query: refusal if "cursor" in query else all_lines(10, 11, 12)(query),
    )

    (page,) = source.fetch("customer_invoices", None, LINES)

    assert line_ids(page) == [[10, 11, 12]]


def test_included_lines_that_cannot_be_lines_stop_the_read(fake: Any, source: PennylaneSource) -> None:
    held = {"1": {"has_more": False, "next_url": None}}
    fake.serve("/customer_invoices", lambda _: rows(1, included={"invoice_lines": held}))

    with pytest.raises(RunError, match=r"/customer_invoices/1/invoice_lines"):
        list(source.fetch("customer_invoices", None, LINES))


def test_a_document_deleted_before_its_lines_were_read_is_gone(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customer_invoices", lambda _: rows(1, 2))
    fake.serve("/customer_invoices/1/invoice_lines", lambda _: (404, '{"error":"Not Found","status":404}'))
    fake.serve("/customer_invoices/2/invoice_lines", all_lines(20))

    (page,) = source.reread("customer_invoices", ["1", "2"], LINES)

    assert (ids(page), page.deleted) == ([2], ["1"])


def test_an_item_that_is_no_object_stops_the_read(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customers", lambda _: {"items": ["7"], "has_more": False, "next_cursor": None})

    with pytest.raises(RunError, match="an item without an id"):
        list(source.fetch("customers", None, NOTHING))

"""What a read of the account brings: everything at first, then what was updated since."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import AuthError, Cursor, Customer, Invoice, Payment, RunError
from duebridge.core.edge.limits import WindowLimiter
from duebridge.plugins.harvest.source import HarvestSource

from .conftest import ALL, Bench, Clock, Run


def test_a_first_read_brings_every_invoice_once_as_the_account_has_it(usual: Bench) -> None:
    rows = {str(row["id"]): row for row in usual.found("/invoices", per_page=2000)["invoices"]}
    run = Run(usual.source(), "invoices")
    assert set(run.records) == set(rows)
    for id, record in run.records.items():
        assert isinstance(record, Invoice) == (rows[id]["amount"] >= 0)
        assert record.amount == Decimal(str(rows[id]["amount"]))  # type: ignore[attr-defined]
        assert sum(each.amount for each in record.lines) == record.amount  # type: ignore[attr-defined]


def test_a_first_read_costs_one_request_for_each_list(usual: Bench) -> None:
    source = usual.source()
    source.check()
    for stream in ("clients", "invoice_item_categories", "invoices"):
        Run(source, stream)
    assert usual.paths() == [
        "/company",
        "/users/me",
        "/clients",
        "/contacts",
        "/invoice_item_categories",
        "/invoices",
        "/invoice_item_categories",
    ]


def test_what_is_not_needed_is_not_fetched(usual: Bench) -> None:
    source = usual.source()
    Run(source, "clients", needs=frozenset())
    Run(source, "invoices", needs=frozenset({"invoice.amount"}))
    assert usual.paths() == ["/users/me", "/clients", "/invoices"]


def test_clients_have_their_contacts(usual: Bench) -> None:
    contacts = usual.found("/contacts", per_page=2000)["contacts"]
    run = Run(usual.source(), "clients")
    for id, record in run.records.items():
        assert isinstance(record, Customer)
        own = sorted(row["id"] for row in contacts if str(row["client"]["id"]) == id)
        assert [each.id for each in record.contacts] == [str(each) for each in own]


def test_many_pages_bring_what_one_brings(usual: Bench) -> None:
    whole = {stream: Run(usual.source(), stream).records for stream in ("clients", "invoices")}
    usual.switch(page_size=7)
    for stream, records in whole.items():
        run = Run(usual.source(), stream)
        assert run.records == records
        assert len(run.pages) > 1
        assert [page.last for page in run.pages] == [False] * (len(run.pages) - 1) + [True]


def test_a_later_read_without_changes_brings_nothing_older_than_the_overlap(usual: Bench, clock: Clock) -> None:
    cursors = {stream: Run(usual.source(), stream).cursor for stream in HarvestSource.streams}
    clock.ahead += timedelta(hours=1)
    usual.asked()
    source = usual.source()
    for stream, cursor in cursors.items():
        assert cursor.crawl is False
        assert Run(source, stream, cursor).records == {}
    lists = [row for row in usual.asked() if not row["path"].endswith("/users/me")]
    assert len(lists) == 5
    assert all("updated_since" in row["query"] for row in lists)


def test_a_later_read_brings_what_was_made_and_changed_since(usual: Bench, clock: Clock) -> None:
    cursor = Run(usual.source(), "invoices").cursor
    clock.ahead += timedelta(hours=1)
    rows = usual.found("/invoices", state="open")["invoices"]
    usual.make("payments", invoice_id=rows[0]["id"])
    made = usual.make("invoices", line_items=[{"quantity": 2, "unit_price": 10}])

    source = usual.source()
    source.check()
    run = Run(source, "invoices", cursor)
    assert set(run.records) == {str(rows[0]["id"]), str(made["id"])}
    assert run.records[str(rows[0]["id"])].status == "paid"  # type: ignore[attr-defined]
    assert run.cursor.position["bookmark"] > cursor.position["bookmark"]


def test_a_change_during_a_read_is_seen_by_the_next(usual: Bench, clock: Clock) -> None:
    usual.switch(page_size=20)
    source = usual.source()
    pages = source.fetch("invoices", None, ALL)
    seen = [next(pages)]
    changed = usual.change("invoices", usual.found("/invoices")["invoices"][0]["id"], notes="new")
    seen += list(pages)
    clock.ahead += timedelta(hours=1)
    assert str(changed["id"]) in Run(source, "invoices", seen[-1].cursor).records


def test_a_clock_that_is_ahead_of_harvests_loses_nothing(usual: Bench, clock: Clock) -> None:
    """The bookmark is Harvest's own time, told with its answers."""
    source = usual.source()
    source.check()
    source.services = source.services.__class__(
        source.services.http, source.services.memory, source.services.note, lambda: clock() + timedelta(days=1)
    )
    cursor = Run(source, "invoices").cursor
    changed = usual.change("invoices", usual.found("/invoices")["invoices"][0]["id"], notes="new")
    assert str(changed["id"]) in Run(source, "invoices", cursor).records


@pytest.mark.parametrize("crawl", [True, False])
def test_a_read_that_stopped_goes_on_where_it_was(usual: Bench, crawl: bool) -> None:
    every = {str(row["id"]) for row in usual.found("/invoices", per_page=2000)["invoices"]}
    usual.switch(page_size=20)
    since = None if crawl else Cursor(crawl=False, position={"bookmark": "2000-01-01T00:00:00Z"})
    pages = usual.source().fetch("invoices", since, ALL)
    first = next(pages)
    usual.asked()

    run = Run(usual.source(), "invoices", first.cursor)

    asked = [row["query"] for row in usual.asked() if row["path"].endswith("/invoices")]
    assert first.cursor.crawl is crawl
    assert "page=2" in str(asked[0])
    assert set(run.records) == every


def test_a_place_that_is_no_longer_one_costs_a_new_start_not_a_gap(usual: Bench) -> None:
    link = f"{usual.url}/harvest/v2/clients?cursor=rubbish"
    stale = Cursor(crawl=True, position={"next": link, "until": "2026-01-01T00:00:00Z"})
    assert len(Run(usual.source(), "clients", stale).records) == 14
    assert usual.notes == ["Harvest no longer knew where the read of clients had stopped, so it began again"]


def test_an_invoice_that_slips_to_a_page_already_read_is_not_lost(usual: Bench) -> None:
    usual.switch(page_size=20)
    rows = [row["id"] for page in (1, 2, 3) for row in usual.found("/invoices", page=page)["invoices"]]
    pages = usual.source().fetch("invoices", None, ALL)
    seen = [next(pages)]
    usual.remove("invoices", rows[0])
    seen += list(pages)
    assert {raw["id"] for page in seen for _, raw in page.items} == set(rows)


def test_a_link_to_another_host_is_not_followed(httpserver: Any) -> None:
    from .fakes import pointed_at

    answer = {"invoices": [{"id": 1}], "links": {"next": "https://evil.example/v2/invoices?page=2"}}
    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": "Paris"})
    httpserver.expect_request("/v2/invoices").respond_with_json(answer)
    with pytest.raises(RunError, match="lies on another server"):
        list(pointed_at(httpserver).fetch("invoices", None, frozenset()))


# --- clients that changed by their contacts -------------------------------------------------------------------------


def later_clients(bench: Bench, clock: Clock, change: Any) -> Run:
    source = bench.source()
    cursor = Run(source, "clients").cursor
    clock.ahead += timedelta(hours=1)
    change()
    bench.asked()
    return Run(source, "clients", cursor)


def test_a_changed_contact_brings_its_client(usual: Bench, clock: Clock) -> None:
    contact = usual.found("/contacts")["contacts"][0]
    run = later_clients(usual, clock, lambda: usual.change("contacts", contact["id"], email="new@example.com"))
    (customer,) = run.records.values()
    assert isinstance(customer, Customer)
    assert customer.id == str(contact["client"]["id"])
    assert "new@example.com" in customer.emails


def test_many_changed_contacts_are_read_with_the_lists(usual: Bench, clock: Clock) -> None:
    clients = usual.found("/clients")["clients"]

    def change() -> None:
        for client in clients:
            usual.make("contacts", client_id=client["id"], email=f"new-{client['id']}@example.com")

    run = later_clients(usual, clock, change)
    assert all(f"new-{id}@example.com" in record.emails for id, record in run.records.items())  # type: ignore[attr-defined]
    assert len(run.records) == len(clients)
    assert usual.paths().count("/contacts") == 2


def test_a_client_that_changed_with_its_contact_comes_once(usual: Bench, clock: Clock) -> None:
    contact = usual.found("/contacts")["contacts"][0]

    def change() -> None:
        usual.change("contacts", contact["id"], email="new@example.com")
        usual.change("clients", contact["client"]["id"], name="Renamed")

    run = later_clients(usual, clock, change)
    assert len([item for page in run.pages for item in page.items]) == 1
    assert [record.name for record in run.records.values()] == ["Renamed"]  # type: ignore[attr-defined]


# --- reading again --------------------------------------------------------------------------------------------------


def again(bench: Bench, stream: str, ids: list[str]) -> tuple[dict[str, Any], list[str]]:
    source = bench.source()
    pages = list(source.reread(stream, ids, ALL))
    found = {str(raw["id"]): source.canonical[kind](raw) for page in pages for kind, raw in page.items}
    return found, [id for page in pages for id in page.deleted]


def test_an_open_invoice_becomes_late_by_time_alone(usual: Bench, clock: Clock) -> None:
    records = Run(usual.source(), "invoices").records
    upcoming = [id for id, record in records.items() if getattr(record, "status", "") == "upcoming"]
    clock.ahead += timedelta(days=90)
    found, gone = again(usual, "invoices", upcoming)
    assert {record.status for record in found.values()} == {"late"}
    assert (sorted(found), gone) == (sorted(upcoming), [])


def test_the_day_is_the_one_of_the_companys_time_zone(empty: Bench, clock: Clock) -> None:
    """Due on the 10th: at 23:30 UTC it is the 11th in Paris already, and the 10th in New York."""
    midday = clock().replace(hour=23, minute=30)
    clock.ahead += midday - clock()
    day = clock().date().isoformat()
    made = empty.make("invoices", payment_term="custom", issue_date=day, due_date=day)
    for zone, status in (("Paris", "late"), ("Eastern Time (US & Canada)", "upcoming")):
        empty.switch(timezone=zone)
        assert Run(empty.source(), "invoices").records[str(made["id"])].status == status  # type: ignore[attr-defined]


def test_many_are_looked_for_in_the_open_list_first_and_the_rest_one_by_one(usual: Bench) -> None:
    rows = usual.found("/invoices", state="open", per_page=2000)["invoices"]
    ids = [str(row["id"]) for row in rows]
    usual.make("payments", invoice_id=rows[0]["id"])
    usual.remove("invoices", rows[1]["id"])
    usual.asked()
    found, gone = again(usual, "invoices", ids)
    assert gone == [ids[1]]
    assert set(found) == set(ids) - {ids[1]}
    assert found[ids[0]].paid
    assert sorted(path for path in usual.paths() if path.startswith("/invoices")) == [
        "/invoices",
        f"/invoices/{min(ids[:2], key=int)}",
        f"/invoices/{max(ids[:2], key=int)}",
    ]


def test_few_are_asked_for_one_by_one(usual: Bench) -> None:
    client = usual.found("/clients")["clients"][0]
    found, gone = again(usual, "clients", [str(client["id"]), "1"])
    assert (list(found), gone) == ([str(client["id"])], ["1"])


def test_nothing_to_read_again_is_a_page_with_nothing(usual: Bench) -> None:
    pages = list(usual.source().reread("invoices", [], ALL))
    assert [(len(page.items), page.last) for page in pages] == [(0, True)]


# --- payments -------------------------------------------------------------------------------------------------------


def test_payments_are_read_of_the_invoices_that_may_have_any(usual: Bench) -> None:
    run = Run(usual.source(), "payments")
    assert run.records
    for record in run.records.values():
        assert isinstance(record, Payment)
        told = usual.found(f"/invoices/{record.invoice_id}/payments")["invoice_payments"]
        assert record.amount in [Decimal(str(row["amount"])) for row in told]


# --- the pace -------------------------------------------------------------------------------------------------------


def test_a_refusal_for_too_many_requests_is_waited_for(httpserver: Any) -> None:
    from .fakes import pointed_at

    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": "Paris"})
    httpserver.expect_oneshot_request("/v2/invoices").respond_with_json(
        {"message": "Too many requests"}, status=429, headers={"Retry-After": "0"}
    )
    httpserver.expect_request("/v2/invoices").respond_with_json({"invoices": [], "links": {"next": None}})
    pages = list(pointed_at(httpserver).fetch("invoices", None, frozenset()))
    assert [page.last for page in pages] == [True]


def test_all_sources_of_a_token_share_a_hundred_requests_in_fifteen_seconds(empty: Bench) -> None:
    first, second = empty.source(token="paced"), empty.source(token="paced")
    limiters = {id(source._client._http._terms.limiter) for source in (first, second)}
    limiter = first._client._http._terms.limiter
    assert len(limiters) == 1
    assert isinstance(limiter, WindowLimiter)
    assert (limiter.requests, limiter.seconds) == (100, 15.0)


# --- what the token may not read ------------------------------------------------------------------------------------


def test_categories_that_may_not_be_read_are_left_out_and_said(httpserver: Any) -> None:
    from .fakes import pointed_at

    line = {"id": 5, "kind": "Service", "amount": 0, "quantity": 1}
    row = {"id": 1, "client": {"id": 2}, "state": "open", "amount": 0, "due_amount": 0, "currency": "EUR"}
    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": "Paris"})
    httpserver.expect_request("/v2/invoices").respond_with_json(
        {"invoices": [row | {"line_items": [line]}], "links": {"next": None}}
    )
    httpserver.expect_request("/v2/invoice_item_categories").respond_with_json({"message": "no"}, status=403)
    notes: list[str] = []
    run = Run(pointed_at(httpserver, note=notes.append), "invoices")
    assert [each.unit for each in run.records["1"].lines] == [None]  # type: ignore[attr-defined]
    assert len(notes) == 1
    assert notes[0].startswith("lines have no unit and no product, because the token may not read their categories")


@pytest.mark.parametrize("status", [403, 404])
def test_a_zone_that_may_not_be_read_is_said_and_days_are_counted_in_utc(httpserver: Any, status: int) -> None:
    from .fakes import pointed_at

    httpserver.expect_request("/v2/users/me").respond_with_json({"message": "no"}, status=status)
    httpserver.expect_request("/v2/invoices").respond_with_json({"invoices": [], "links": {"next": None}})
    notes: list[str] = []
    Run(pointed_at(httpserver, note=notes.append), "invoices")
    assert len(notes) == 1
    assert notes[0].startswith("days are counted in UTC, because Harvest does not tell the time zone")


@pytest.mark.parametrize("stream", ["clients", "invoices"])
def test_a_list_that_may_not_be_read_is_an_error(usual: Bench, stream: str) -> None:
    source = usual.source()
    source.check()
    usual.switch(permitted=False)
    with pytest.raises(AuthError, match="does not permit this"):
        Run(source, stream)


def test_contacts_that_may_not_be_read_do_not_pass_for_none(httpserver: Any) -> None:
    """A customer without addresses would lose those it has at a target."""
    from .fakes import pointed_at

    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": "Paris"})
    httpserver.expect_request("/v2/clients").respond_with_json({"clients": [{"id": 1}], "links": {"next": None}})
    httpserver.expect_request("/v2/contacts").respond_with_json({"message": "no"}, status=403)
    with pytest.raises(AuthError):
        Run(pointed_at(httpserver), "clients")

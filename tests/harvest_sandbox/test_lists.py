"""Lists: pages by number and by cursor, links, nulls, filters."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, Clock

LISTS = [
    ("/clients", "clients"),
    ("/contacts", "contacts"),
    ("/invoices", "invoices"),
    ("/invoice_item_categories", "invoice_item_categories"),
]


@pytest.mark.parametrize(("path", "key"), LISTS)
@pytest.mark.parametrize("size", [1, 2, 7, 2000])
def test_links_lead_over_every_row_once(api: Api, path: str, key: str, size: int) -> None:
    whole = [row["id"] for row in api.found(path, per_page=2000)[key]]
    pages = api.pages(path, per_page=size)
    assert [row["id"] for page in pages for row in page[key]] == whole
    assert {page["total_entries"] for page in pages} == {len(whole)}
    assert {page["total_pages"] for page in pages} == {len(pages)}
    assert {page["per_page"] for page in pages} == {size}


@pytest.mark.parametrize(("path", "key"), LISTS)
def test_clients_that_count_pages_keep_working(api: Api, path: str, key: str) -> None:
    whole = [row["id"] for row in api.found(path, per_page=2000)[key]]
    found, number = [], 1
    while number is not None:
        page = api.found(path, per_page=2, page=number)
        assert page["page"] == number
        assert page["previous_page"] == (number - 1 if number > 1 else None)
        found += [row["id"] for row in page[key]]
        number = page["next_page"]
    assert found == whole


def test_with_cursors_only_the_first_and_the_last_page_have_a_number(api: Api) -> None:
    pages = api.pages("/clients", per_page=10)
    assert [page["page"] for page in pages] == [1, None, None, 4]
    assert [page["next_page"] for page in pages] == [2, None, None, None]
    assert [page["previous_page"] for page in pages] == [None, None, None, 3]
    assert all("cursor=" in page["links"]["next"] and "ref=next_cursor" in page["links"]["next"] for page in pages[:-1])
    assert all(page["links"]["first"] and page["links"]["last"] for page in pages)


def test_invoices_have_numbers_on_every_page(api: Api) -> None:
    pages = api.pages("/invoices", per_page=50)
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert all("page=" in page["links"]["next"] and "cursor" not in page["links"]["next"] for page in pages[:-1])


def test_a_page_has_its_usual_size_when_nobody_says(api: Api) -> None:
    assert api.found("/invoices")["per_page"] == 100
    assert api.found("/clients")["per_page"] == 2000


def test_a_cursor_wins_over_a_number(api: Api) -> None:
    link = api.found("/clients", per_page=5)["links"]["next"]
    plain, both = api.get(link).json(), api.get(f"{link}&page=7").json()
    assert both["clients"] == plain["clients"]


def test_a_cursor_holds_when_its_row_goes_and_another_comes(api: Api) -> None:
    page = api.found("/contacts", per_page=5)
    rest = [row["id"] for row in api.found("/contacts")["contacts"]][5:]
    api.remove("contacts", page["contacts"][-1]["id"])
    api.make("contacts", client_id=page["contacts"][0]["client"]["id"])
    assert [row["id"] for row in api.get(page["links"]["next"]).json()["contacts"]] == rest[:5]


def test_the_latest_issued_invoice_comes_first_and_the_latest_made_client(api: Api) -> None:
    days = [row["issue_date"] for row in api.found("/invoices", per_page=2000)["invoices"]]
    made = [row["created_at"] for row in api.found("/clients")["clients"]]
    assert days == sorted(days, reverse=True)
    assert made == sorted(made, reverse=True)


def test_links_keep_the_filters(api: Api) -> None:
    pages = api.pages("/invoices", state="paid", per_page=9, updated_since="2020-01-01T00:00:00Z")
    assert {row["state"] for page in pages for row in page["invoices"]} == {"paid"}
    assert len(pages) > 2


def test_invoices_are_filtered(api: Api) -> None:
    rows = api.found("/invoices", per_page=2000)["invoices"]
    client, day = rows[7]["client"]["id"], rows[50]["issue_date"]
    for query, keep in (
        ({"client_id": client}, lambda row: row["client"]["id"] == client),
        ({"state": "closed"}, lambda row: row["state"] == "closed"),
        ({"from": day}, lambda row: row["issue_date"] >= day),
        ({"to": day}, lambda row: row["issue_date"] <= day),
        ({"from": day, "to": day}, lambda row: row["issue_date"] == day),
        ({"project_id": 1}, lambda _: False),
    ):
        expected = [row for row in rows if keep(row)]
        assert api.found("/invoices", per_page=2000, **query)["invoices"] == expected
        assert expected or "project_id" in query


def test_clients_and_contacts_are_filtered(api: Api) -> None:
    rows = api.found("/clients")["clients"]
    assert {row["is_active"] for row in rows} == {True, False}
    assert api.found("/clients", is_active="false")["clients"] == [row for row in rows if not row["is_active"]]
    contacts = api.found("/contacts")["contacts"]
    client = contacts[0]["client"]["id"]
    expected = [row for row in contacts if row["client"]["id"] == client]
    assert api.found("/contacts", client_id=client)["contacts"] == expected


@pytest.mark.parametrize("path", ["/clients", "/contacts", "/invoices", "/invoice_item_categories"])
def test_only_what_was_updated_since_is_listed(api: Api, clock: Clock, path: str) -> None:
    key = path[1:]
    since = clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert api.found(path, updated_since=since)[key] == []
    row = api.found(path)[key][0]
    api.change(key, row["id"], **({"name": "New"} if "name" in row else {"updated_at": "2999-01-01T00:00:00Z"}))
    assert [each["id"] for each in api.found(path, updated_since=since)[key]] == [row["id"]]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/invoices", {"per_page": 2001}),
        ("/clients", {"per_page": 2001}),
        ("/clients", {"per_page": 0}),
        ("/clients", {"per_page": "many"}),
        ("/clients", {"page": 0}),
        ("/clients", {"cursor": "rubbish"}),
        ("/clients", {"is_active": "maybe"}),
        ("/invoices", {"updated_since": "soon"}),
        ("/invoices", {"from": "2026-02-30"}),
        ("/invoices", {"state": "late"}),
        ("/invoices", {"client_id": "x"}),
    ],
)
def test_what_can_not_be_asked_is_unprocessable(api: Api, path: str, query: dict[str, Any]) -> None:
    status, body = api.refused(path, **query)
    assert status == 422
    assert next(iter(query)) in body["message"]


def test_a_page_behind_the_last_is_empty(api: Api) -> None:
    page = api.found("/invoices", page=99)
    assert (page["invoices"], page["next_page"], page["links"]["next"]) == ([], None, None)

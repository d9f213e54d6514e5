"""How Pennylane's stand-in lists: pages, cursors, orders, filters and included lines."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

API = "/pennylane/api/external/v2"


def ids(items):
    return [item["id"] for item in items]


# --- pages ---------------------------------------------------------------------------------------------------------


def test_a_page_holds_twenty_rows_newest_first_unless_asked_otherwise(api):
    page = api.found("/customer_invoices")
    assert len(page["items"]) == 20
    assert ids(page["items"]) == sorted(ids(page["items"]), reverse=True)
    assert page["has_more"] is True


@pytest.mark.parametrize("sort", ["id", "-id", "date", "-date"])
def test_pages_give_every_row_once_in_order(api, sort):
    rows = api.every("/customer_invoices", limit=7, sort=sort)
    assert len(set(ids(rows))) == len(rows) == 200
    field = sort.removeprefix("-")
    keys = [(row[field] or "", row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_a_row_added_between_pages_is_met_when_sorted_by_id(api):
    first = api.found("/customers", sort="id", limit=39)
    added = api.make("customers", name="Late")["id"]
    rest = api.found("/customers", sort="id", limit=39, cursor=first["next_cursor"])
    assert ids(rest["items"]) == [193957379, added]


def test_a_removed_row_does_not_break_the_cursor_that_stands_on_it(api):
    first = api.found("/customers", sort="id", limit=5)
    api.delete(f"/_sandbox/pennylane/customers/{first['items'][-1]['id']}")
    rest = api.found("/customers", sort="id", limit=1, cursor=first["next_cursor"])
    assert ids(rest["items"]) == [first["items"][-1]["id"] + 1]


def test_a_second_page_without_the_filter_is_unfiltered(api):
    first = api.found("/customer_invoices", filter=[("credit_note", "eq", "true")], sort="id", limit=2)
    rows = api.found("/customer_invoices", sort="id", limit=100, cursor=first["next_cursor"])["items"]
    start = first["items"][-1]["id"]
    assert ids(rows) == list(range(start + 1, start + 101))


@pytest.mark.parametrize(
    ("path", "largest"),
    [
        ("/customers", 100),
        ("/customer_invoices", 100),
        ("/products", 100),
        ("/billing_subscriptions", 100),
        ("/ledger_accounts", 1000),
        ("/changelogs/customers", 1000),
        ("/changelogs/customer_invoices", 1000),
    ],
)
def test_a_limit_outside_the_bounds_is_refused_not_clamped(api, path, largest):
    assert api.found(path, limit=largest)
    assert api.refused(path, limit=largest + 1)[1]["code"] == "MoreThanMaximum"
    assert api.refused(path, limit=0)[1]["code"] == "LessThanMinimum"
    assert api.refused(path, limit="many") == (
        400,
        {"message": "expected integer, but received 'many'", "field": "limit", "code": "ValidateError"},
    )


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "%%%"},
        {"cursor": "bm90IGpzb24"},
        {"cursor": "WyJpZCIsImEiXQ"},
        {"sort": "name"},
        {"sort": "--id"},
        {"sort": ""},
        {"filters": "[]"},
        {"per_page": "10"},
        {"include": "payments"},
        {"page": "2"},
    ],
)
def test_what_the_contract_does_not_offer_is_refused(api, query):
    status, body = api.refused("/customer_invoices", **query)
    assert status == 400
    assert body.get("message") or body.get("error")


def test_the_switch_of_the_2026_migration_is_ignored(api):
    assert api.found("/customers", use_2026_api_changes="true")["items"]


# --- filters -------------------------------------------------------------------------------------------------------


def test_conditions_are_anded(api):
    rows = api.every(
        "/customer_invoices", filter=[("credit_note", "eq", True), ("draft", "eq", "false"), ("id", "gt", 2400050)]
    )
    assert rows
    assert all(row["currency_amount"].startswith("-") and not row["draft"] and row["id"] > 2400050 for row in rows)


def test_ids_are_fetched_in_one_request_and_missing_ones_are_left_out(api):
    wanted = [2400003, 2400001, 1]
    found = api.found("/customer_invoices", filter=[("id", "in", wanted)], limit=100)["items"]
    assert ids(found) == [2400003, 2400001]
    assert ids(api.found("/customer_invoices", filter=[("id", "in", ["2400003"])])["items"]) == [2400003]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("lt", [1, 2]),
        ("lteq", [1, 2, 3]),
        ("gt", [4, 5]),
        ("gteq", [3, 4, 5]),
        ("eq", [3]),
        ("not_eq", [1, 2, 4, 5]),
    ],
)
def test_each_comparison_compares(api, operator, expected):
    first = 2400000
    rows = api.every("/customer_invoices", filter=[("id", operator, first + 3), ("id", "lteq", first + 5)], sort="id")
    assert [row["id"] - first for row in rows] == expected


def test_texts_are_found_by_their_start(api):
    made = api.make("customers", name="Acme Nord", external_reference="ours-17")
    assert ids(api.found("/customers", filter=[("name", "start_with", "Acme")])["items"]) == [made["id"]]
    assert ids(api.found("/customers", filter=[("external_reference", "start_with", "ours")])["items"]) == [made["id"]]


def test_individuals_have_no_registration_number_to_find(api):
    rows = api.every("/customers", filter=[("reg_no", "not_eq", "810000000")], limit=100)
    assert {row["customer_type"] for row in rows} == {"company"}


def test_emails_are_found_whatever_their_capitals(api):
    made = api.make("customers", name="Acme", emails=["Compta@Acme.example"])
    assert ids(api.found("/customers", filter=[("emails", "in", ["COMPTA@acme.example"])])["items"]) == [made["id"]]


def test_null_matches_nothing(api):
    nobody = api.make("customer_invoices", customer=None)
    rows = api.every("/customer_invoices", filter=[("customer_id", "not_eq", 1)], limit=100)
    assert len(rows) == 200
    assert nobody["id"] not in ids(rows)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        '"draft"',
        "[1]",
        '[{"field": "draft", "operator": "eq"}]',
        '[{"field": "draft", "operator": "eq", "value": "true", "more": 1}]',
        '[{"field": "draft", "operator": "eq", "value": "yes"}]',
        '[{"field": "draft", "operator": "not_eq", "value": "true"}]',
        '[{"field": "status", "operator": "eq", "value": "late"}]',
        '[{"field": "updated_at", "operator": "gt", "value": "2026-01-01"}]',
        '[{"field": "id", "operator": "like", "value": "1"}]',
        '[{"field": "id", "operator": "eq", "value": "one"}]',
        '[{"field": "id", "operator": ["eq"], "value": 1}]',
        '[{"field": ["id"], "operator": "eq", "value": 1}]',
        '[{"field": "date", "operator": "eq", "value": "2026-02-30"}]',
        '[{"field": "date", "operator": "eq", "value": "20260201"}]',
        '[{"field": "id", "operator": "in", "value": [null]}]',
        "[" * 3000,
    ],
)
def test_a_filter_that_is_not_offered_is_refused(api, text):
    status, body = api.refused("/customer_invoices", filter=text)
    assert (status, body["status"]) == (400, 400)


# --- lines ---------------------------------------------------------------------------------------------------------


def lines_of(count):
    return [{"label": f"Line {place}", "quantity": "2", "raw_currency_unit_price": "10.00"} for place in range(count)]


def test_included_lines_stop_at_twenty_with_a_link_to_the_rest(api):
    many = api.make("customer_invoices", invoice_lines=lines_of(25))
    few = api.make("customer_invoices", invoice_lines=lines_of(2))
    page = api.found("/customer_invoices", include="invoice_lines", limit=2)
    first, second = (page["included"]["invoice_lines"][str(row["id"])] for row in (many, few))
    assert (len(second["items"]), second["has_more"], second["next_url"]) == (2, False, None)
    assert (len(first["items"]), first["has_more"]) == (20, True)
    rest = api.get(first["next_url"]).json()
    assert (len(rest["items"]), rest["has_more"]) == (5, False)
    assert sorted(line["label"] for line in first["items"] + rest["items"]) == sorted(
        f"Line {place}" for place in range(25)
    )


def test_lines_are_included_on_request_only(api):
    assert "included" not in api.found("/customer_invoices")
    assert api.refused("/customer_invoices/2400001", include="invoice_lines")[0] == 400


def test_lines_come_reversed_unless_sorted(api):
    made = api.make("customer_invoices", invoice_lines=lines_of(3))["id"]
    path = f"/customer_invoices/{made}/invoice_lines"
    assert [line["label"] for line in api.found(path)["items"]] == ["Line 2", "Line 1", "Line 0"]
    for sort in ("id", "rank"):
        assert [line["label"] for line in api.every(path, sort=sort, limit=2)] == ["Line 0", "Line 1", "Line 2"]


def test_links_lead_back_to_the_server_that_was_asked(api, running):
    row = api.found("/customer_invoices", limit=1)["items"][0]
    for name in ("customer", "invoice_lines", "payments", "matched_transactions"):
        assert row[name]["url"].startswith(f"{running.url}{API}/")
        assert api.get(row[name]["url"]).status_code == 200


def test_the_link_to_more_lines_carries_a_cursor_alone(api):
    api.make("customer_invoices", invoice_lines=lines_of(21))
    page = api.found("/customer_invoices", include="invoice_lines", limit=1)
    ((_, entry),) = page["included"]["invoice_lines"].items()
    assert [name for name, _ in parse_qsl(urlsplit(entry["next_url"]).query)] == ["cursor"]
    assert json.dumps(entry).count('"label"') == 20

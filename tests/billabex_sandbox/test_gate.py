"""Who may ask, how often, how are repeats answered, and what do lists, switches and control calls show?"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.running import RunningSandbox
from duebridge.targets.billabex.sandbox.state import ORGANIZATION

from .conftest import Billabex


def test_without_the_token_nothing_is_answered_but_the_status(running: RunningSandbox) -> None:
    base = f"{running.base('billabex')}/api/public/v1"
    assert httpx.get(f"{base}/status").status_code == 200
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "sandbox-billabex"}):
        assert httpx.get(f"{base}/organizations", headers=headers).status_code == 401


def test_the_organization_is_listed_and_shown(billabex: Billabex) -> None:
    (one,) = billabex.nodes("organizations")
    assert one["id"] == ORGANIZATION
    assert billabex.get(f"organizations/{ORGANIZATION}").json() == one
    assert billabex.get("organizations/another").status_code == 404


def test_the_301st_request_of_a_minute_is_refused_and_the_headers_tell(billabex: Billabex, clock: Any) -> None:
    answers = [billabex.get("organizations") for _ in range(301)]
    assert [answer.status_code for answer in answers] == [200] * 300 + [429]
    assert [answers[0].headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining")] == ["300", "299"]
    assert answers[-1].headers["retry-after"] == "60"
    assert int(answers[-1].headers["x-ratelimit-reset"]) == int(clock.now) + 60
    clock.now += 60
    assert billabex.get("organizations").status_code == 200


def test_a_key_is_answered_the_same_again_and_refused_with_another_request(billabex: Billabex, acme: str) -> None:
    first, again = (billabex.invoice(acme, key="k-1") for _ in range(2))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(billabex.nodes("invoices")) == 1
    other = billabex.invoice(acme, "F-2", key="k-1")
    assert (other.status_code, other.json()["message"]) == (422, "this Idempotency-Key was used for another request")
    other_file = billabex.invoice(acme, key="k-1", file=("f.pdf", b"%PDF-1.4 other", "application/pdf"))
    assert other_file.status_code == 422


def test_a_refusal_is_not_kept_under_its_key_and_a_key_is_forgotten_in_time(
    billabex: Billabex, acme: str, clock: Any
) -> None:
    assert billabex.invoice(acme, key="k-1", taxAmount="999").status_code == 400
    assert billabex.invoice(acme, key="k-1").status_code == 201
    clock.now += 86_400
    assert billabex.invoice(acme, key="k-1").status_code == 409


def test_lists_are_paged_until_one_is_empty(billabex: Billabex) -> None:
    for n in range(5):
        billabex.account(fullName=f"Compte {n}")
    seen: list[str] = []
    query: dict[str, Any] = {"organizationId": ORGANIZATION, "first": 2}
    while (page := billabex.get("accounts", params=query).json())["nodes"]:
        seen += [node["fullName"] for node in page["nodes"]]
        assert set(page) == {"nodes", "pageInfo"}
        query["after"] = page["pageInfo"]["endCursor"]
    assert seen == [f"Compte {n}" for n in range(5)]
    assert page["pageInfo"] == {"endCursor": None}


@pytest.mark.parametrize(
    "query", [{"first": 0}, {"first": "all"}, {"first": 101}, {"after": "x"}, {"after": "cGxhY2U6eA=="}]
)
def test_a_page_that_can_not_be_is_refused(billabex: Billabex, query: dict[str, Any]) -> None:
    assert billabex.get("accounts", params={"organizationId": ORGANIZATION, **query}).status_code == 400


def test_a_list_needs_its_organization(billabex: Billabex) -> None:
    assert billabex.get("invoices").status_code == 400
    assert billabex.get("invoices", params={"organizationId": "another"}).status_code == 404


def test_a_lagging_list_shows_what_is_new_later(billabex: Billabex, clock: Any, product: Any) -> None:
    product.configure({"visible_after": 30})
    id = billabex.account().json()["id"]
    assert billabex.nodes("accounts") == []
    assert billabex.get(f"accounts/{id}").status_code == 200
    clock.now += 30
    assert len(billabex.nodes("accounts")) == 1


def test_unknown_paths_methods_and_bodies_are_refused(billabex: Billabex, acme: str) -> None:
    assert billabex.get("payments").status_code == 404
    assert billabex.get("invoices/none").status_code == 404
    assert (refused := billabex.put("accounts")).status_code == 405
    assert refused.headers["allow"] == "GET, POST"
    assert billabex.put(f"accounts/{acme}", content=b"{").status_code == 400
    assert billabex.put(f"accounts/{acme}", content=b'{"fullName": NaN}').status_code == 400


@pytest.mark.parametrize("collection", ["accounts", "invoices", "credit-notes"])
def test_what_is_read_only_is_left_as_it_is(
    billabex: Billabex, running: RunningSandbox, acme: str, collection: str
) -> None:
    ids = {"accounts": acme}
    ids["invoices"] = billabex.invoice(acme).json()["id"]
    ids["credit-notes"] = billabex.credit_note(acme).json()["id"]
    path = f"{running.url}/_sandbox/billabex/{collection}/{ids[collection]}"
    assert httpx.patch(path, json={"readOnlyReason": "managed by NetSuite"}).status_code == 200
    shown = billabex.get(f"{collection}/{ids[collection]}").json()
    assert shown["readOnlyReason"] == "managed by NetSuite"
    assert billabex.delete(f"{collection}/{ids[collection]}").status_code == 409


def test_control_calls_make_change_and_remove(billabex: Billabex, running: RunningSandbox) -> None:
    control = f"{running.url}/_sandbox/billabex"
    assert httpx.post(f"{control}/invoices", json={}).status_code == 422, "there is no account yet"
    account = httpx.post(f"{control}/accounts", json={"fullName": "Acme"}).json()["id"]
    invoice = httpx.post(f"{control}/invoices", json={"totalAmount": "80.50"}).json()
    assert (invoice["accountId"], invoice["totalAmount"]) == (account, 80.5)
    patched = httpx.patch(f"{control}/invoices/{invoice['id']}", json={"paidAmount": 80.5}).json()
    assert patched["status"] == "paid"
    assert httpx.patch(f"{control}/invoices/{invoice['id']}", json={"number": "X"}).status_code == 422
    assert httpx.patch(f"{control}/accounts/{account}", json={"fullName": "Beta"}).json()["fullName"] == "Beta"
    contact = httpx.post(f"{control}/contacts", json={"email": "a@b.example"}).json()["id"]
    assert httpx.patch(f"{control}/contacts/{contact}", json={"fullName": "Ana"}).json()["fullName"] == "Ana"
    assert httpx.delete(f"{control}/contacts/{contact}").status_code == 204
    assert httpx.delete(f"{control}/accounts/{account}").status_code == 204
    assert httpx.delete(f"{control}/accounts/{account}").status_code == 404
    assert httpx.post(f"{control}/payments", json={}).status_code == 404
    assert billabex.nodes("invoices") == []


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"visible_after": 5}, 200),
        ({"visible_after": -1}, 422),
        ({"visible_after": True}, 422),
        ({"auto_allocate": "no"}, 422),
        ({"another": 1}, 422),
    ],
)
def test_switches_are_turned_by_name(running: RunningSandbox, values: dict[str, Any], status: int) -> None:
    answer = httpx.put(f"{running.url}/_sandbox/settings/billabex", json=values)
    assert answer.status_code == status

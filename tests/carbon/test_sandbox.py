"""What does Carbon's stand-in take, show and refuse?"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.testing.carbon.sandbox import TOKEN, CarbonSandbox

CUSTOMER = {"reference": "c1", "name": "Acme"}
INVOICE = {"reference": "i1", "customer_reference": "c1", "currency": "EUR", "amount": 1200}
NOTE = {"reference": "n1", "customer_reference": "c1", "currency": "EUR", "amount": 300}
PAYMENT = {"reference": "p1", "invoice_reference": "i1", "amount": 500}
ALLOCATION = {"reference": "a1", "invoice_reference": "i1", "credit_note_reference": "n1", "amount": 300}


def post(http: httpx.Client, collection: str, body: Any) -> dict[str, Any]:
    answer = http.post(collection, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shown(http: httpx.Client, collection: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = http.get(collection, params=query).json()["items"]
    return items


@pytest.fixture
def books(http: httpx.Client) -> httpx.Client:
    """A company with one object of every sort."""
    for collection, body in (("customers", CUSTOMER), ("invoices", INVOICE), ("credit_notes", NOTE)):
        post(http, collection, body)
    post(http, "payments", PAYMENT)
    post(http, "allocations", ALLOCATION)
    return http


def test_the_same_post_twice_makes_two_objects_and_a_search_finds_both(http: httpx.Client) -> None:
    first, second = post(http, "customers", CUSTOMER), post(http, "customers", CUSTOMER)
    assert first["id"] != second["id"]
    assert shown(http, "customers", reference="c1") == [first, second]


def test_a_search_is_exact(http: httpx.Client) -> None:
    post(http, "customers", CUSTOMER | {"reference": "c10"})
    assert shown(http, "customers", reference="c1") == []
    assert shown(http, "customers", reference="C10") == []


def test_lists_come_in_pages_oldest_first(http: httpx.Client) -> None:
    made = [post(http, "customers", CUSTOMER | {"reference": f"c{n}"})["id"] for n in range(5)]
    pages = [[item["id"] for item in shown(http, "customers", page=page, size=2)] for page in (1, 2, 3, 4)]
    assert pages == [made[:2], made[2:4], made[4:], []]
    assert http.get("customers", params={"size": 2}).json()["total"] == 5


def test_a_document_shows_what_is_outstanding_on_it(books: httpx.Client) -> None:
    assert [item["outstanding"] for item in shown(books, "invoices")] == [400]
    assert [item["outstanding"] for item in shown(books, "credit_notes")] == [0]
    post(books, "payments", PAYMENT)
    assert [item["outstanding"] for item in shown(books, "invoices")] == [-100]


def test_a_put_replaces_the_fields_and_keeps_the_id(books: httpx.Client) -> None:
    (before,) = shown(books, "invoices")
    answer = books.put(f"invoices/{before['id']}", json=INVOICE | {"reference": "i2", "amount": 900})
    assert answer.status_code == 200
    assert answer.json() == {"id": before["id"], **INVOICE, "reference": "i2", "amount": 900, "outstanding": 900}
    assert shown(books, "invoices", reference="i1") == []
    assert shown(books, "invoices", reference="i2") == [answer.json()]


def test_an_allocation_can_only_be_removed_and_made_again(books: httpx.Client) -> None:
    (allocation,) = shown(books, "allocations")
    assert books.put(f"allocations/{allocation['id']}", json=ALLOCATION).status_code == 405
    assert books.delete(f"allocations/{allocation['id']}").status_code == 204
    assert [item["outstanding"] for item in shown(books, "invoices")] == [700]


def test_what_others_name_can_not_be_removed_unless_another_has_its_reference(books: httpx.Client) -> None:
    (customer,) = shown(books, "customers")
    refused = books.delete(f"customers/{customer['id']}")
    assert (refused.status_code, refused.json()) == (409, {"message": "c1 is named by 2 other objects"})
    post(books, "customers", CUSTOMER)
    assert books.delete(f"customers/{customer['id']}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "customers/none", None, 404, "no none in customers"),
        ("DELETE", "customers/none", None, 404, "no none in customers"),
        ("PUT", "customers/none", CUSTOMER, 404, "no none in customers"),
        ("GET", "planets", None, 404, "no collection planets"),
        ("POST", "planets", CUSTOMER, 404, "no collection planets"),
        ("POST", "customers", [], 422, "must be a JSON object"),
        ("POST", "customers", {"reference": "c1"}, 422, "name missing"),
        ("POST", "customers", CUSTOMER | {"colour": "red"}, 422, "customers have no colour"),
        ("POST", "customers", CUSTOMER | {"name": 1}, 422, "name must be of another type"),
        ("POST", "invoices", INVOICE | {"amount": True}, 422, "amount must be of another type"),
        ("POST", "invoices", INVOICE, 422, "there is no c1 in customers"),
        ("GET", "customers?size=201", None, 422, "size is at most 200"),
        ("GET", "customers?page=0", None, 422, "page must be a whole number"),
        ("GET", "customers?page=%C2%B2", None, 422, "page must be a whole number"),
    ],
)
def test_what_it_refuses_and_the_words(
    http: httpx.Client, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answer = http.request(method, path, json=body) if body is not None else http.request(method, path)
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_a_body_that_is_no_json_is_refused(http: httpx.Client) -> None:
    assert http.post("customers", content=b"{").status_code == 400


def test_nothing_is_told_without_the_token(http: httpx.Client) -> None:
    assert http.get("company", headers={"Authorization": "Bearer other"}).status_code == 401
    assert http.get("company").json() == {"id": "carbon-1", "name": "Carbon Copies SARL"}


def test_a_search_shows_what_is_new_only_after_the_time_set(
    http: httpx.Client, carbon: CarbonSandbox, sandbox: RunningSandbox
) -> None:
    now = [100.0]
    carbon.clock = lambda: now[0]
    settings = f"{sandbox.url}/_sandbox/settings/carbon"
    assert httpx.put(settings, json={"visible_after": 5}).json() == {"visible_after": 5.0}

    made = post(http, "customers", CUSTOMER)
    assert (shown(http, "customers"), shown(http, "customers", reference="c1")) == ([], [])
    assert http.get(f"customers/{made['id']}").json() == made
    now[0] += 5
    assert (shown(http, "customers"), shown(http, "customers", reference="c1")) == ([made], [made])


@pytest.mark.parametrize("value", [-1, True, "5", None])
def test_a_switch_it_can_not_turn_is_refused(sandbox: RunningSandbox, value: Any) -> None:
    answer = httpx.put(f"{sandbox.url}/_sandbox/settings/carbon", json={"visible_after": value})
    assert (answer.status_code, answer.json()) == (422, {"error": "visible_after must be seconds, 0 or more"})


def test_control_calls_make_change_and_remove_without_the_token(http: httpx.Client, sandbox: RunningSandbox) -> None:
    base = f"{sandbox.url}/_sandbox/carbon/customers"
    made = httpx.post(base, json=CUSTOMER).json()
    changed = httpx.patch(f"{base}/{made['id']}", json={"email": "a@example.com"}).json()
    assert shown(http, "customers") == [changed] == [made | {"email": "a@example.com"}]
    assert httpx.delete(f"{base}/{made['id']}").status_code == 204
    assert httpx.delete(f"{base}/{made['id']}").status_code == 404
    assert httpx.post(base, json={"name": "x"}).status_code == 422


def test_with_real_limits_the_601st_request_of_a_minute_is_refused() -> None:
    with running_sandbox([CarbonSandbox(SandboxOptions(limits="real"))]) as sandbox:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"{sandbox.base('carbon')}/v1/", headers=headers) as http:
            statuses = [http.get("company").status_code for _ in range(600)]
            refused = http.get("company")
    assert set(statuses) == {200}
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")

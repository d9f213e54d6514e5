"""How do tests and demonstrations put objects at Fincome's stand-in, and take them away?"""

from __future__ import annotations

import httpx
import pytest

from .bodies import customer, invoice, line, subscription


@pytest.mark.parametrize(
    "collection", ["customers", "products", "prices", "subscriptions", "invoices", "credit_notes", "clients", "plans"]
)
def test_an_object_is_made_with_all_it_needs(control: httpx.Client, fincome: httpx.Client, collection: str) -> None:
    made = control.post(collection, json={}).json()
    assert fincome.get(f"{collection}/{made['id']}").json() == made
    other = control.post(collection, json={}).json()
    assert made["id"] != other["id"]


def test_what_is_given_is_kept(control: httpx.Client, fincome: httpx.Client) -> None:
    control.post("customers", json={"id": "pl-7", "name": "Vergers"})
    control.post("invoices", json={"id": "30", "status": "paid", "date": "2026-03-02"})
    assert fincome.get("customers/pl-7").json()["name"] == "Vergers"
    held = fincome.get("invoices/30").json()
    assert (held["status"], held["date"], held["customer_id"]) == ("paid", "2026-03-02", "pl-7")


def test_an_object_is_changed_and_removed(control: httpx.Client, fincome: httpx.Client) -> None:
    made = control.post("customers", json={}).json()
    assert control.patch(f"customers/{made['id']}", json={"name": "V"}).json()["name"] == "V"
    assert control.delete(f"customers/{made['id']}").status_code == 204
    assert fincome.get("customers").json()["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "payments", {}, 404),
        ("PATCH", "customers/pl-9", {"name": "V"}, 404),
        ("DELETE", "customers/pl-9", None, 404),
        ("POST", "invoices", {"status": "late"}, 422),
        ("POST", "customers", {"city": "Annecy"}, 422),
    ],
)
def test_what_can_not_be_done_is_told(
    control: httpx.Client, method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    answer = control.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_whether_an_invoice_must_name_a_subscription_is_a_switch(fincome: httpx.Client, served: str) -> None:
    switch = f"{served}/_sandbox/settings/fincome"
    fincome.post("customers", json=customer())
    fincome.post("subscriptions", json=subscription())
    assert httpx.put(switch, json={"subscription_required": True}).json() == {"subscription_required": True}
    refused = fincome.post("invoices", json=invoice())
    assert [each["loc"] for each in refused.json()["detail"]] == [["body", "lines", 0, "subscription_id"]]
    tied = invoice(lines=[line(), line(id="89", subscription_id="310:2")])
    assert (refused.status_code, fincome.post("invoices", json=tied).status_code) == (422, 202)
    assert httpx.put(switch, json={"subscription_required": 1}).status_code == 422
    assert httpx.put(switch, json={"other": True}).status_code == 422
    assert httpx.put(switch, json={"subscription_required": False}).status_code == 200
    assert fincome.post("invoices", json=invoice()).status_code == 202


def test_a_reset_leaves_an_empty_account(control: httpx.Client, fincome: httpx.Client, served: str) -> None:
    control.post("invoices", json={})
    assert httpx.post(f"{served}/_sandbox/reset").status_code == 204
    assert [fincome.get(path).json()["total"] for path in ("customers", "invoices")] == [0, 0]

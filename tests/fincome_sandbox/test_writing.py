"""What does Fincome's stand-in take, keep and show?"""

from __future__ import annotations

import httpx
import pytest

from .bodies import credit_note, customer, invoice, line, subscription


def test_writing_an_id_again_replaces_what_it_names(fincome: httpx.Client) -> None:
    first = fincome.post("customers", json=customer(email="a@vergers.example"))
    again = fincome.post("customers", json=customer(name="Vergers"))
    assert (first.status_code, again.status_code) == (202, 202)
    held = fincome.get("customers").json()
    assert held["total"] == 1
    assert (held["items"][0]["name"], held["items"][0]["email"]) == ("Vergers", None)
    assert held["items"][0]["created_at"] == first.json()["created_at"]


def test_a_customer_has_all_the_fields_fincome_documents(fincome: httpx.Client) -> None:
    shown = fincome.post("customers", json={"id": "pl-8"}).json()
    assert {name: value for name, value in shown.items() if not name.endswith("_at")} == {
        "id": "pl-8",
        "root_parent_id": None,
        "name": None,
        "email": None,
        "country": None,
        "zip_code": None,
        "custom_properties": {},
    }


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update_by_id_changes_the_fields_given_alone(fincome: httpx.Client, method: str) -> None:
    fincome.post("customers", json=customer(custom_properties={"reference": "CL-7", "segment": "A"}))
    answer = fincome.request(method, "customers/pl-7", json={"name": "V", "custom_properties": {"segment": "B"}})
    assert answer.status_code == 202
    held = fincome.get("customers/pl-7").json()
    assert (held["name"], held["country"]) == ("V", "FR")
    assert held["custom_properties"] == {"reference": "CL-7", "segment": "B"}


def test_invoices_and_credit_notes_are_shown_as_they_were_written(fincome: httpx.Client) -> None:
    fincome.post("customers", json=customer())
    fincome.post("subscriptions", json=subscription())
    assert fincome.post("invoices", json=invoice(lines=[line(subscription_id="310:2")])).status_code == 202
    assert fincome.post("credit_notes", json=credit_note()).status_code == 202
    held = fincome.get("invoices/30").json()
    assert (held["customer_id"], held["date"], held["status"]) == ("pl-7", "2026-03-02", "open")
    assert held["lines"][0]["subscription_id"] == "310:2"
    assert held["lines"][0]["amount_excluding_tax_after_discount"] == 1200
    assert fincome.get("credit_notes/40").json()["lines"][0]["amount"] == -100
    assert fincome.get("subscriptions/310:2").json()["monthly_amount"] == 400.5


def test_the_lines_of_all_invoices_are_listed_too(fincome: httpx.Client) -> None:
    fincome.post("customers", json=customer())
    for id in ("30", "31"):
        fincome.post("invoices", json=invoice(id=id, lines=[line(id=f"{id}-1"), line(id=f"{id}-2")]))
    listed = fincome.get("invoice_lines").json()
    assert [(row["invoice_id"], row["id"]) for row in listed["items"]] == [
        ("30", "30-1"),
        ("30", "30-2"),
        ("31", "31-1"),
        ("31", "31-2"),
    ]


def test_collections_have_the_other_names_of_fincomes_pages(fincome: httpx.Client) -> None:
    fincome.post("clients", json=customer())
    fincome.post("plans", json={"id": "9", "amount": 100, "currency_code": "EUR"})
    assert fincome.get("customers").json()["total"] == fincome.get("prices").json()["total"] == 1


def test_an_id_may_hold_anything(fincome: httpx.Client) -> None:
    fincome.post("customers", json=customer(id="a/b c?é"))
    assert fincome.get("customers/a%2Fb%20c%3F%C3%A9").json()["id"] == "a/b c?é"


def test_lists_come_in_pages_oldest_first(fincome: httpx.Client) -> None:
    for number in range(5):
        fincome.post("products", json={"id": str(number)})
    page = fincome.get("products", params={"limit": 2, "offset": 2}).json()
    assert [row["id"] for row in page["items"]] == ["2", "3"]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 2)
    assert fincome.get("products", params={"offset": 5}).json()["items"] == []

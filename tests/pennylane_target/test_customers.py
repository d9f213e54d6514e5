"""Whom a document is attached to: the customer Pennylane has, by what it is known, or one that is added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .desk import FRENCH, Company, Desk, bill, client, counts


def imported_for(desk: Desk, company: Company) -> int:
    """Whom the only document was imported for."""
    report = desk.sync()
    assert report.status == "succeeded", report.error
    assert desk.rejected() == {}
    id: int = company.the_invoice()["customer"]["id"]
    return id


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        ({"external_reference": "ledger-books-1-client-1"}, {}),
        ({"reg_no": "810000001"}, {"reg_no": "810000001"}),
        ({"reg_no": "810000001"}, {"reg_no": "810 000 001 00012"}),
        ({"name": "Customer 1"}, {}),
        ({"emails": ["A@acme.fr"]}, {"emails": ["x@acme.fr", "a@Acme.fr"]}),
    ],
    ids=["reference", "registration number", "establishment", "name", "e-mail"],
)
def test_a_customer_pennylane_has_is_attached_and_stays_as_it_is(
    desk: Desk, company: Company, there: dict[str, Any], ours: dict[str, Any]
) -> None:
    known = company.make("customers", **{"name": "In the books", **there})
    company.make("customers", name="Somebody else", emails=["z@acme.fr"], reg_no="899999999")
    desk.source.put(client("1", billing_address=None, **ours), bill("10"))
    assert imported_for(desk, company) == known["id"]
    desk.source.put(client("1", phone="01 02 03 04 05", **ours))
    desk.sync()
    found = company.get(f"/customers/{known['id']}")
    if "external_reference" not in there:
        assert found == known
    assert len(company.customers()) == 2


def test_the_first_way_that_finds_somebody_decides(desk: Desk, company: Company) -> None:
    company.make("customers", name="Customer 1")
    number = company.make("customers", name="Another", reg_no="810000001")
    desk.source.put(client("1", reg_no="810000001"), bill("10"))
    assert imported_for(desk, company) == number["id"]


@pytest.mark.parametrize("there", [{"name": "Customer 1"}, {"emails": ["a@acme.fr"]}, {"reg_no": "810000001"}])
def test_two_candidates_are_named_and_neither_is_chosen(desk: Desk, company: Company, there: dict[str, Any]) -> None:
    ids = [company.make("customers", **there)["id"] for _ in range(2)]
    desk.source.put(client("1", emails=["a@acme.fr"], reg_no="810000001" if "reg_no" in there else ""), bill("10"))
    desk.source.put(client("2"), bill("11", "2"))
    report = desk.sync()
    why = desk.rejected()["customer:1"]
    assert all(str(id) in why for id in ids)
    assert "not guessed" in why
    assert counts(report, "invoice") == {"read": 2, "created": 1, "customer_not_sent": 1}


def test_another_registration_number_is_somebody_else(desk: Desk, company: Company) -> None:
    company.make("customers", name="Customer 1", reg_no="899999999", emails=["a@acme.fr"])
    desk.source.put(client("1", reg_no="810000001", emails=["a@acme.fr"]), bill("10"))
    imported_for(desk, company)
    assert len(company.customers()) == 2


def test_two_clients_of_one_name_are_two_customers_in_whatever_order_they_are_written(
    desk: Desk, company: Company
) -> None:
    for id in ("1", "2"):
        desk.source.put(client(id, name="Acme", emails=["a@acme.fr"]))
    desk.source.put(bill("10", "1"))
    desk.sync()
    desk.source.put(bill("11", "2"))
    desk.sync()
    assert sorted(each["external_reference"] for each in company.customers()) == [
        "ledger-books-1-client-1",
        "ledger-books-1-client-2",
    ]


@pytest.mark.parametrize(
    ("address", "missing"),
    [
        (None, "street of its address, postal code of its address, city of its address"),
        ({**FRENCH, "postal_code": ""}, "postal code of its address"),
        ({**FRENCH, "city": " "}, "city of its address"),
        ({**FRENCH, "address": ""}, "street of its address"),
    ],
)
def test_a_missing_part_of_the_address_is_named_and_never_made_up(
    desk: Desk, company: Company, address: Any, missing: str
) -> None:
    desk.source.put(client("1", billing_address=address), bill("10"), client("2"), bill("11", "2"))
    report = desk.sync()
    assert f"needs: {missing}; complete it at the source" in desk.rejected()["customer:1"]
    assert counts(report, "invoice") == {"read": 2, "created": 1, "customer_not_sent": 1}
    assert [each["name"] for each in company.customers()] == ["Customer 2"]


def test_the_country_may_come_from_the_settings_and_else_is_asked_for(
    open_desk: Callable[..., Desk], company: Company
) -> None:
    plain = open_desk()
    plain.source.put(client("1", billing_address={**FRENCH, "country": ""}), bill("10"))
    plain.sync()
    assert "country of its address" in plain.rejected()["customer:1"]
    assert "default_country" in plain.rejected()["customer:1"]
    settled = open_desk(default_country="BE")
    settled.source.put(client("1", billing_address={**FRENCH, "country": ""}))
    settled.source.put(bill("10", lines=[{**bill("10")["lines"][0], "tax_rate": "21"}]))
    settled.sync()
    assert company.customers()[0]["billing_address"]["country_alpha2"] == "BE"


def test_a_person_is_added_as_one(desk: Desk, company: Company) -> None:
    desk.source.put(client("1", customer_type="individual", first_name="Zoé", last_name="Roux", name="Zoé Roux"))
    desk.source.put(bill("10"))
    imported_for(desk, company)
    (found,) = company.customers()
    assert (found["customer_type"], found["name"], found["last_name"]) == ("individual", "Zoé Roux", "Roux")


def test_a_customer_that_was_added_follows_the_source_and_what_is_cleared_there_is_cleared(
    desk: Desk, company: Company
) -> None:
    full = {"emails": ["a@acme.fr"], "phone": "01", "notes": "n", "reference": "r", "payment_conditions": "45_days"}
    desk.source.put(client("1", **full), bill("10"))
    desk.sync()
    (added,) = company.customers()
    assert {name: added[name] for name in full} == full
    desk.source.put(client("1", name="Renamed", payment_conditions="as agreed"))
    assert counts(desk.sync(), "customer") == {"read": 1, "updated": 1}
    (changed,) = company.customers()
    cleared = {"name": "Renamed", "emails": [], "phone": "", "notes": None, "reference": None}
    assert {name: changed[name] for name in cleared} == cleared
    assert changed["external_reference"] == added["external_reference"]


def test_a_customer_removed_in_pennylane_is_told_when_it_changes(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    (added,) = company.customers()
    assert company.http.delete(f"/_sandbox/pennylane/customers/{added['id']}").status_code == 204
    desk.source.put(client("1", phone="01"))
    desk.sync()
    assert "nothing there" in desk.rejected()["customer:1"]

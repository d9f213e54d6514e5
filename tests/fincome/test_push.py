"""How is each kind written to Fincome's API, and what if it does not go well?"""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import AuthError, Delivery, RecordError, RunError, Services, UnknownOutcome
from duebridge.core.testing import Fault, faults

CUSTOMER = {"id": "pl-7", "name": "Vergers du Lac", "custom_properties": {"reference": "CL-7"}}
ITEM = {
    "id": "310:2",
    "customer_id": "pl-7",
    "subscription_set_id": "310",
    "price_id": None,
    "currency_code": "EUR",
    "status": "active",
    "subscription_start_date": "2026-01-01",
    "canceled_at": None,
    "effective_cancellation_date": None,
    "deal_closed_date": None,
    "monthly_amount": "200.00",
}
LINE = {
    "id": "88",
    "subscription_id": "310:2",
    "price_id": None,
    "description": "Accès",
    "currency_code": "EUR",
    "amount_excluding_tax_after_discount": "200.10",
    "tax_amount": "40.02",
    "discount_amount": "0.00",
    "quantity": "1.5",
    "period_start": "2026-03-01",
    "period_end": "2026-04-01",
}
INVOICE = {"id": "30", "customer_id": "pl-7", "date": "2026-03-02", "status": "open", "lines": [LINE]}


def delivery(kind: str, payload: dict[str, Any] | None, **fields: Any) -> Delivery:
    id = payload["id"] if payload and "id" in payload else "310"
    return Delivery(kind, id, "", "create", id, payload)._replace(**fields)


def items(*ids: str) -> dict[str, Any]:
    return {"subscriptions": [ITEM | {"id": id} for id in ids]}


def test_a_customer_is_created_and_updated_under_our_id(account: Any) -> None:
    target = account.target()
    assert target.push(delivery("customer", CUSTOMER)).target_id == "pl-7"
    target.push(delivery("customer", {**CUSTOMER, "name": "Vergers"}, operation="update", previous=CUSTOMER))
    assert [row["name"] for row in account.ask("customers")["items"]] == ["Vergers"]


def test_what_is_gone_from_the_ledger_is_cleared(account: Any) -> None:
    target = account.target()
    full = {**CUSTOMER, "email": "a@vergers.example", "country": "FR", "zip_code": "74000"}
    target.push(delivery("customer", full))
    target.push(delivery("customer", {"id": "pl-7", "name": "Vergers"}, operation="update", previous=full))
    held = account.ask("customers/pl-7")
    assert (held["email"], held["country"], held["zip_code"]) == (None, None, None)
    assert held["custom_properties"] == {"reference": None}


def test_numbers_go_as_numbers_and_exactly(account: Any) -> None:
    target = account.target()
    for each in (
        delivery("customer", CUSTOMER),
        delivery("subscription", items("310:2")),
        delivery("price", {"id": "9", "name": "Accès", "amount": "12.3456", "currency_code": "EUR"}),
        delivery("invoice", INVOICE),
    ):
        target.push(each)
    line = account.ask("invoices/30")["lines"][0]
    assert [str(line[name]) for name in ("amount_excluding_tax_after_discount", "tax_amount", "quantity")] == [
        "200.1",
        "40.02",
        "1.5",
    ]
    assert str(account.ask("prices/9")["amount"]) == "12.3456"
    assert account.ask("subscriptions/310:2")["monthly_amount"] == 200


def test_every_item_of_a_billing_subscription_is_a_subscription_of_its_own(account: Any) -> None:
    target = account.target()
    target.push(delivery("customer", CUSTOMER))
    target.push(delivery("subscription", items("310:2", "310:3")))
    rows = account.ask("subscriptions")["items"]
    assert [(row["id"], row["subscription_set_id"]) for row in rows] == [("310:2", "310"), ("310:3", "310")]


def test_an_item_that_is_gone_stays_in_fincome_and_that_is_told(account: Any) -> None:
    target = account.target()
    target.push(delivery("customer", CUSTOMER))
    target.push(delivery("subscription", items("310:2", "310:3")))
    ack = target.push(delivery("subscription", items("310:3"), previous=items("310:2", "310:3")))
    assert ack.notes == ("item 310:2 is gone from the ledger; it stays in Fincome",)
    assert account.ask("subscriptions")["total"] == 2


def test_another_reference_is_another_object_at_fincome_and_that_is_told(account: Any) -> None:
    target = account.target()
    target.push(delivery("customer", CUSTOMER))
    ack = target.push(delivery("customer", {**CUSTOMER, "id": "pl-8"}, operation="update", previous=CUSTOMER))
    assert ack.notes == ("it is pl-8 now; what Fincome has as pl-7 stays there, merge or remove it by hand",)
    assert account.ask("customers")["total"] == 2


def test_a_refusal_names_the_fields(account: Any) -> None:
    wrong = {**INVOICE, "status": "pending", "lines": [{**LINE, "period_end": "2026-03-01"}]}
    with pytest.raises(RecordError) as refused:
        account.target().push(delivery("invoice", wrong))
    assert "status: Input should be 'open', 'paid' or 'unpaid'" in str(refused.value)
    assert "lines.0: Value error, period_start must be before period_end" in str(refused.value)


def test_what_an_invoice_names_must_be_there(account: Any) -> None:
    with pytest.raises(RecordError, match=r"customer_id: There is no 'pl-7' in customers; lines.0.subscription_id"):
        account.target().push(delivery("invoice", INVOICE))


def test_a_refused_item_is_named(account: Any) -> None:
    with pytest.raises(RecordError, match=r"item 310:2: .*customer_id: There is no 'pl-7'"):
        account.target().push(delivery("subscription", items("310:2")))


def test_when_the_answers_stop_after_some_items_the_outcome_is_unknown_and_repeating_is_safe(
    account: Any, hurried: None
) -> None:
    target = account.target()
    target.push(delivery("customer", CUSTOMER))
    wrong_key = Fault(fault="status", status=403, method="POST", path="/subscriptions$", skip=1)
    with faults(account.url, wrong_key), pytest.raises(UnknownOutcome, match="1 of 2 items were taken, then:"):
        target.push(delivery("subscription", items("310:2", "310:3")))
    target.push(delivery("subscription", items("310:2", "310:3"), uncertain=True))
    assert account.ask("subscriptions")["total"] == 2


def test_when_nothing_was_taken_the_error_stays_what_it_is(account: Any, hurried: None) -> None:
    refused = Fault(fault="status", status=403, method="POST", path="/subscriptions$")
    with faults(account.url, refused), pytest.raises(AuthError, match="Settings > Developers"):
        account.target().push(delivery("subscription", items("310:2")))


@pytest.mark.parametrize("text", ["3", '"yes"', "[]", "true"])
def test_an_answer_that_is_no_object_may_or_may_not_be_a_yes(account: Any, text: str) -> None:
    strange = Fault(fault="answer", path="/customers$", method="POST", text=text, status=202)
    with faults(account.url, strange), pytest.raises(UnknownOutcome, match="POST /product/customers"):
        account.target().push(delivery("customer", CUSTOMER))


def test_an_accepted_write_without_a_body_is_taken_for_done(account: Any) -> None:
    empty = Fault(fault="answer", path="/customers$", method="POST", text="", status=202)
    with faults(account.url, empty):
        assert account.target().push(delivery("customer", CUSTOMER)).target_id is None


def test_nothing_is_ever_deleted(account: Any) -> None:
    with pytest.raises(RecordError, match="takes nothing away"):
        account.target().push(delivery("customer", None, operation="delete"))
    assert account.requests() == []


def test_paths_and_the_header_are_as_the_settings_say(account: Any) -> None:
    names = {"customers": "clients", "prices": "plans"}
    for header in ("Authorization", "APIKey", "api-key"):
        account.target(header=header, paths=names).push(delivery("customer", CUSTOMER))
    account.target(paths=names).push(delivery("price", {"id": "9", "amount": "1", "currency_code": "EUR"}))
    assert {path for _, path, _ in account.requests()} == {"clients", "plans"}
    assert account.ask("customers")["total"] == account.ask("prices")["total"] == 1


def test_the_key_is_tried_and_a_wrong_one_told_with_where_to_get_another(account: Any) -> None:
    assert account.target().check().name == "Fincome account"
    with pytest.raises(AuthError, match="Settings > Developers; the header it goes in is the setting `header`"):
        account.target(api_key="wrong-key").check()


def test_an_api_that_lists_nothing_still_lets_the_key_be_tried(account: Any) -> None:
    with faults(account.url, Fault(fault="status", status=405, method="GET", path="/customers$")):
        assert account.target().check().id
    with pytest.raises(RunError, match="setting `paths`"):
        account.target(paths={"customers": "nowhere"}).check()


def test_the_day_is_that_of_the_time_zone(account: Any, services: Services) -> None:
    assert account.target().context()["today"] == "2026-05-04"
    assert account.target(timezone="Pacific/Kiritimati").context()["today"] == "2026-05-04"
    assert account.target(timezone="Pacific/Pago_Pago").context()["today"] == "2026-05-03"

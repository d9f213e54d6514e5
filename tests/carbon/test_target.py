"""What does Carbon's connector ask for each write, and how does it find what a lost answer left?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from duebridge.core.connector import Account, Ack, Delivery
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome
from duebridge.core.registry import Registry
from duebridge.core.sandbox.running import RunningSandbox
from duebridge.core.testing import Fault, carbon, faults
from duebridge.core.testing.carbon.target import CarbonTarget

Make = Callable[..., Delivery]


def held(http: httpx.Client, collection: str = "customers") -> list[dict[str, object]]:
    items: list[dict[str, object]] = http.get(collection).json()["items"]
    return items


def test_the_plugin_keeps_its_contracts() -> None:
    registry = Registry(strict=True)
    plugin = registry.register(carbon, "carbon")
    assert plugin.offers == ("target carbon", "target carbon-lagging")
    assert list(registry.sandboxes) == ["carbon"]


def test_it_is_not_offered_to_users() -> None:
    assert not [name for name in Registry.load().targets if name.startswith("carbon")]


def test_it_says_whose_token_it_has(target: CarbonTarget) -> None:
    assert target.check() == Account("carbon-1", "Carbon Copies SARL")


def test_a_wrong_token_is_told_as_such(target: CarbonTarget, sandbox: RunningSandbox) -> None:
    with (
        faults(sandbox.url, Fault(fault="status", status=401)),
        pytest.raises(AuthError, match="does not accept our credentials"),
    ):
        target.check()


def test_an_answer_of_another_server_is_told_as_such(target: CarbonTarget, sandbox: RunningSandbox) -> None:
    with (
        faults(sandbox.url, Fault(fault="answer", text="{}")),
        pytest.raises(RunError, match="names no company; check base_url"),
    ):
        target.check()


def test_a_create_a_change_and_a_removal(target: CarbonTarget, http: httpx.Client, delivery: Make) -> None:
    made = target.push(delivery("create"))
    assert held(http) == [{"id": made.target_id, "reference": "book-customer-1", "name": "Acme"}]

    assert target.push(delivery("update", target_id=made.target_id, name="Acme SAS")) == made
    assert [item["name"] for item in held(http)] == ["Acme SAS"]

    assert target.push(delivery("delete", target_id=made.target_id)) == Ack()
    assert held(http) == []
    assert target.push(delivery("delete", target_id=made.target_id)) == Ack()


def test_a_create_whose_answer_is_lost_is_sent_once_and_found_by_its_reference(
    target: CarbonTarget, http: httpx.Client, sandbox: RunningSandbox, delivery: Make
) -> None:
    assert target.find(delivery("create")) is None
    with faults(sandbox.url, Fault(fault="lost_answer", method="POST")) as ordered:
        with pytest.raises(UnknownOutcome, match="may or may not have taken this"):
            target.push(delivery("create"))
        assert ordered.struck == [1]
    (item,) = held(http)
    assert target.find(delivery("create")) == Ack(str(item["id"]))


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_changes_and_removals_are_repeated_until_an_answer_comes(
    target: CarbonTarget, sandbox: RunningSandbox, delivery: Make, operation: str
) -> None:
    made = target.push(delivery("create"))
    with faults(sandbox.url, Fault(fault="lost_answer", times=2)) as ordered:
        target.push(delivery(operation, target_id=made.target_id))
        assert ordered.struck == [2]


def test_an_answer_without_an_id_leaves_a_create_unknown(
    target: CarbonTarget, sandbox: RunningSandbox, delivery: Make
) -> None:
    with (
        faults(sandbox.url, Fault(fault="answer", method="POST", text="{}")),
        pytest.raises(UnknownOutcome, match="without an id"),
    ):
        target.push(delivery("create"))


def test_two_of_one_reference_are_not_chosen_between(target: CarbonTarget, delivery: Make) -> None:
    ids = [target.push(delivery("create")).target_id for _ in range(2)]
    with pytest.raises(UnknownOutcome, match=f"Carbon has 2 customers .*{ids[0]}, {ids[1]}.*remove all but one"):
        target.find(delivery("create"))


def test_a_search_that_lists_things_without_ids_finds_nothing_out(
    target: CarbonTarget, sandbox: RunningSandbox, delivery: Make
) -> None:
    with (
        faults(sandbox.url, Fault(fault="answer", text='{"items": [{"reference": "book-customer-1"}]}')),
        pytest.raises(RunError, match="lists no objects with ids"),
    ):
        target.find(delivery("create"))


def test_a_change_of_something_whose_id_is_not_known_is_refused(target: CarbonTarget, delivery: Make) -> None:
    with pytest.raises(RecordError, match="id of it is not known"):
        target.push(delivery("update"))


def test_balances_are_what_carbon_shows_credit_notes_owed_back(target: CarbonTarget, http: httpx.Client) -> None:
    customer = {"reference": "c1", "name": "Acme"}
    document = {"customer_reference": "c1", "currency": "EUR"}
    assert http.post("customers", json=customer).status_code == 201
    assert http.post("invoices", json={**document, "reference": "i1", "amount": 1200}).status_code == 201
    assert http.post("credit_notes", json={**document, "reference": "n1", "amount": 250}).status_code == 201
    told = [(balance.reference, balance.kind, balance.outstanding, balance.customer) for balance in target.balances()]
    assert told == [("i1", "invoice", Decimal("12.00"), "c1"), ("n1", "credit_note", Decimal("-2.50"), "c1")]

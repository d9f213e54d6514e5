"""What if Upflow answers 200 with something that is not what it answers?"""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import Delivery, RunError, UnknownOutcome
from duebridge.core.testing import Fault, faults

NO_OBJECTS = ["null", "3", '"yes"', "[]", "[3]", "true"]
NO_IDS = ["", "{}", '{"id": null}', '{"id": ""}', '{"id": []}', '{"id": {}}', '{"id": true}', '{"status": "ok"}']


def answer(path: str, text: str) -> Fault:
    """The answer to everything at the end of a path, given without asking the stand-in."""
    return Fault(fault="answer", path=f"{path}$", text=text)


def customer() -> Delivery:
    """The first delivery of a customer."""
    payload = {"externalId": "c-7", "name": "Vergers du Lac SARL"}
    return Delivery("customer", "7", "", operation="create", reference="c-7", payload=payload)


def link() -> Delivery:
    """The first delivery of a link."""
    payload = {"externalId": "l-1", "invoices": [], "creditNotes": []}
    return Delivery("credit_note", "40", "30", operation="create", reference="l-1", write="link", payload=payload)


@pytest.mark.parametrize("text", [*NO_OBJECTS, *NO_IDS])
def test_a_write_whose_answer_names_no_object_may_or_may_not_have_happened(desk: Any, text: str) -> None:
    target = desk.target()
    with faults(desk.url, answer("/customers", text)), pytest.raises(UnknownOutcome, match="POST /v1/customers"):
        target.push(customer())

    assert target.push(customer()).target_id


@pytest.mark.parametrize(
    ("text", "fine"), [*((text, False) for text in NO_OBJECTS[1:]), ("", True), ("{}", True), ('{"id": "l-1"}', True)]
)
def test_a_link_is_made_when_upflow_answers_with_an_object_or_with_nothing(desk: Any, text: str, fine: bool) -> None:
    with faults(desk.url, answer("/reconcile", text)):
        if fine:
            desk.target().push(link())
            return
        with pytest.raises(UnknownOutcome, match="POST /v1/reconcile"):
            desk.target().push(link())


@pytest.mark.parametrize(
    "text",
    [
        *NO_OBJECTS,
        "{}",
        '{"customFields": null}',
        '{"customFields": {}}',
        '{"customFields": [3]}',
        '{"customFields": [[]]}',
        '{"customFields": [{}]}',
        '{"customFields": [{"id": 1}]}',
        '{"customFields": [{"id": [], "name": "VAT"}]}',
        '{"customFields": [{"id": "f", "name": []}]}',
        '{"customFields": [], "total": "many"}',
        '{"customFields": [], "total": null}',
        '{"customFields": [], "total": 7}',
    ],
)
def test_a_list_that_is_none_ends_the_run_before_anything_is_written(desk: Any, text: str) -> None:
    with faults(desk.url, answer("/custom_fields", text)), pytest.raises(RunError, match="GET /v1/custom_fields"):
        desk.target().context()


@pytest.mark.parametrize(
    "item",
    ["3", "[]", "{}", '{"currency": "EUR"}', '{"currency": "EUR", "amountOutstanding": "much"}', '{"currency": []}'],
)
def test_a_document_that_does_not_tell_what_is_outstanding_ends_a_comparison(desk: Any, item: str) -> None:
    with (
        faults(desk.url, answer("/invoices", f'{{"invoices": [{item}], "total": 1}}')),
        pytest.raises(RunError, match="GET /v1/invoices"),
    ):
        list(desk.target().balances())

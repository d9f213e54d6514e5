"""Whatever arrives, Pennylane's stand-in answers within its contract: requests generated from the contract itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane.sandbox import TOKEN, PennylaneSandbox, contract, shapes
from duebridge.plugins.pennylane.sandbox.control import COLLECTIONS

FIRST = {
    "customers": 193957340,
    "customer_invoices": 2400001,
    "products": 51001,
    "billing_subscriptions": 31001,
    "ledger_accounts": 41001,
    "company_customers": 193957340,
    "individual_customers": 193957343,
    "ledger_entries": 702400001,
}
OWNERS = {
    "contacts": {"customer_id": 193957340},
    "payments": {"customer_invoice_id": 2400001},
    "matched_transactions": {"customer_invoice_id": 2400001},
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
OPERATIONS = [
    (method.upper(), path) for path, operations in contract.document()["paths"].items() for method in operations
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
#: An operation without parameters can't be asked wrongly.
MODES = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in (POSITIVE, NEGATIVE)
    if mode is POSITIVE or not path.endswith("/me")
]
PACE = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running_sandbox([PennylaneSandbox(SandboxOptions(limits="off"))]) as sandbox:
        yield sandbox.base("pennylane")


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=base.removesuffix("/pennylane"), headers=headers) as client:
        yield client


def narrowed(parameter: dict[str, Any], path: str) -> dict[str, Any]:
    """The parameter with the words the contract names beside its schema, so that valid requests are valid to us too."""
    values: list[Any] = []
    if parameter["in"] == "path":
        owner = path.removeprefix(f"{contract.PREFIX}/").partition("/")[0]
        values = [FIRST[owner], FIRST[owner] + 1, FIRST[owner] + 2, 1]
        if parameter["schema"]["type"] == "string":
            values = [str(value) for value in values]
    elif parameter["name"] == "filter":
        values = [json.dumps([condition]) for condition in conditions(parameter["x-filters"])]
    elif parameter["name"] in ("sort", "include"):
        words = parameter[f"x-{parameter['name']}"]
        values = [*words, *(f"-{word}" for word in words if parameter["name"] == "sort")]
    elif parameter["name"] == "cursor":
        values = [""]
    return {**parameter, "schema": {**parameter["schema"], "enum": values}} if values else parameter


def conditions(fields: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """One condition for each operator of each field."""
    special = {"draft": "true", "credit_note": True, "enabled": "false", "date": "2026-01-31", "start": "2026-01-31"}
    for field, operators in fields.items():
        for operator in operators:
            value = special.get(field, "2400001")
            yield {"field": field, "operator": operator, "value": [value] if "in" in operator.split("_") else value}


@pytest.fixture(scope="module")
def schema() -> Any:
    paths = {
        path: {
            method: {**operation, "parameters": [narrowed(each, path) for each in operation["parameters"]]}
            for method, operation in operations.items()
        }
        for path, operations in contract.document()["paths"].items()
    }
    shared = {"schemas": contract.document()["components"]["schemas"]}
    return schemathesis.openapi.from_dict({**contract.document(), "paths": paths, "components": shared})


@pytest.mark.parametrize(("method", "path", "mode"), MODES)
def test_generated_requests_are_answered_within_the_contract(schema, base, method, path, mode):
    operation = schema[path][method]
    seen = set()

    @PACE
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call_and_validate(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)
        seen.add(answer.status_code)

    ask()
    # a body within the contract names things that aren't there, or amounts that don't add up
    assert mode is NEGATIVE or method == "POST" or "import" in path or seen & {200, 204}


texts = st.sampled_from(
    [
        "120.00",
        "-1",
        "1e3",
        "1e400",
        "NaN",
        "2026-03-01",
        "late",
        "paid",
        "JPY",
        "XAU",
        "individual",
        "\ud800",
        "=1+1",
        "",
    ]
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "url", "type"]), inner),
    max_leaves=4,
)
values = texts | texts | texts | st.booleans() | odd
linked = st.just({"id": 2400001}) | st.just({"id": 193957341})
EXTRA = {
    "customer_invoices": ["invoice_lines"],
    "billing_subscriptions": ["invoice_lines"],
    "contacts": ["customer_id"],
    "payments": ["customer_invoice_id"],
}


def objects_of(collection: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some members of a collection's objects, with values that mostly have the wrong type."""
    names = sorted([*shapes._members(collection), *EXTRA.get(collection, ())])
    return st.dictionaries(st.sampled_from(names), values | linked, max_size=3)


calls = st.sampled_from(COLLECTIONS).flatmap(
    lambda collection: st.tuples(st.just(collection), objects_of(collection), objects_of(collection))
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(call=calls)
def test_any_json_in_a_control_call_is_taken_or_refused(client, call):
    collection, first, second = call
    made = client.post(f"/_sandbox/pennylane/{collection}", content=json.dumps(OWNERS.get(collection, {}) | first))
    assert made.status_code in {201, 422}
    if made.status_code == 201:
        changed = client.patch(f"/_sandbox/pennylane/{collection}/{made.json()['id']}", content=json.dumps(second))
        assert changed.status_code in {200, 422}
    for path in (
        "/customers",
        "/customer_invoices?sort=date",
        "/changelogs/customer_invoices",
        "/billing_subscriptions",
    ):
        assert client.get(f"/pennylane{contract.PREFIX}{path}").status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=%00", "limit=%F0%9F%92%B6", "limit=%D9%A1", "limit=1e1", "limit=+1", "sort=%ff", "cursor=%00"]
)
def test_odd_text_in_a_query_is_refused(client, query):
    assert client.get(f"/pennylane{contract.PREFIX}/customers?{query}").status_code == 400

"""Whatever arrives, Harvest's stand-in answers within its contract: requests generated from the contract itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from duebridge.core.sandbox.running import RunningSandbox
from duebridge.plugins.harvest.sandbox import contract
from duebridge.plugins.harvest.sandbox.state import COLLECTIONS

from .conftest import HEADERS, Api

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
PACE = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(contract.document())


@pytest.mark.parametrize("path", sorted(contract.document()["paths"]))
def test_generated_requests_are_answered_within_the_contract(schema: Any, running: RunningSandbox, path: str) -> None:
    seen = set()

    @PACE
    @given(case=schema[path]["get"].as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def ask(case: Any) -> None:
        answer = case.call_and_validate(base_url=f"{running.base('harvest')}/v2", headers=HEADERS, checks=CHECKS)
        seen.add(answer.status_code)

    ask()
    assert seen <= {200, 404, 422}
    assert seen


texts = st.sampled_from(
    [
        "120.00",
        "1e3",
        "2026-03-01",
        "2026-03-01T10:00:00Z",
        "open",
        "paid",
        "draft",
        "custom",
        "net 30",
        "JPY",
        "\ud800",
        "=1+1",
        "",
    ]
)
numbers = (
    st.integers(-5, 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, 1, 0.005, 12.5])
)
odd = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "name", "quantity", "unit_price", "taxed", "project"]), inner)
    ),
    max_leaves=4,
)
values = texts | texts | numbers | st.booleans() | odd


def objects_of(collection: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some members of a collection's objects, with values that mostly have the wrong type."""
    names = sorted([*contract.members(collection), "client_id", "invoice_id"])
    return st.dictionaries(st.sampled_from(names), values, max_size=3)


calls = st.sampled_from(COLLECTIONS).flatmap(
    lambda collection: st.tuples(st.just(collection), objects_of(collection), objects_of(collection))
)
OWNERS = {"contacts": {"client_id": 5735001}, "payments": {"invoice_id": 13150001}}


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(call=calls)
def test_any_json_in_a_control_call_is_taken_or_refused(client: Api, call: Any) -> None:
    collection, first, second = call
    made = client.post(f"/_sandbox/harvest/{collection}", content=json.dumps(OWNERS.get(collection, {}) | first))
    assert made.status_code in {201, 422}
    if made.status_code == 201:
        changed = client.patch(f"/_sandbox/harvest/{collection}/{made.json()['id']}", content=json.dumps(second))
        assert changed.status_code in {200, 422}
    query = {"updated_since": "2020-01-01T00:00:00Z", "per_page": 3}
    for path in ("/clients", "/contacts", "/invoices", "/invoice_item_categories", "/invoices/13150001/payments"):
        page = client.found(path, **query)
        assert page["links"]["next"] is None or client.get(page["links"]["next"]).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "per_page=%00",
        "per_page=%F0%9F%92%B6",
        "per_page=%D9%A1",
        "per_page=1e1",
        "per_page=+1",
        "cursor=%00",
        "page=-1",
    ],
)
def test_odd_text_in_a_query_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/harvest/v2/clients?{query}").status_code == 422

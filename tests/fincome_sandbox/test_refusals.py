"""What does Fincome's stand-in refuse, and how does it say so?"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duebridge.targets.fincome.sandbox.shapes import SHAPES

from .bodies import credit_note, customer, invoice, line, subscription


@pytest.fixture
def filled(fincome: httpx.Client) -> httpx.Client:
    """An account with a customer, a subscription and an invoice."""
    for path, body in (("customers", customer()), ("subscriptions", subscription()), ("invoices", invoice())):
        assert fincome.post(path, json=body).status_code == 202
    return fincome


def complaints(answer: httpx.Response) -> set[str]:
    """The places a 422 complains of, dotted."""
    assert answer.status_code == 422, answer.text
    detail = answer.json()["detail"]
    assert all(set(entry) == {"loc", "msg", "type"} for entry in detail)
    return {".".join(map(str, entry["loc"])) for entry in detail}


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"X-API-Key": "other"}, {"Authorization": "Bearer other"}])
def test_without_the_key_nothing_is_answered(served: str, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{served}/fincome/product/customers", headers=headers)
    assert answer.status_code == 401
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("name", ["X-API-Key", "api-key", "APIKey", "Authorization"])
def test_the_key_is_taken_in_any_usual_header(served: str, name: str) -> None:
    for value in ("sandbox-fincome", "Bearer sandbox-fincome"):
        assert httpx.get(f"{served}/fincome/product/customers", headers={name: value}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "places"),
    [
        ("customers", {"name": "without id"}, {"body.id"}),
        ("customers", customer(id=""), {"body.id"}),
        ("customers", customer(id=7), {"body.id"}),
        ("customers", customer(city="Annecy"), {"body.city"}),
        ("customers", customer(zip_code=74000), {"body.zip_code"}),
        ("customers", customer(custom_properties=["CL-7"]), {"body.custom_properties"}),
        ("customers", [], {"body"}),
        ("customers", None, {"body"}),
        ("prices", {"id": "9", "currency_code": "EUR"}, {"body.amount"}),
        ("prices", {"id": "9", "amount": "12.50", "currency_code": "EUR"}, {"body.amount"}),
        ("prices", {"id": "9", "amount": True, "currency_code": "eur"}, {"body.amount", "body.currency_code"}),
        ("subscriptions", subscription(customer_id="pl-8"), {"body.customer_id"}),
        ("subscriptions", subscription(subscription_start_date=1767225600.0), {"body.subscription_start_date"}),
        ("subscriptions", subscription(subscription_start_date="01/03/2026"), {"body.subscription_start_date"}),
        ("invoices", invoice(status="pending"), {"body.status"}),
        ("invoices", invoice(status="late"), {"body.status"}),
        ("invoices", invoice(customer_id="pl-8"), {"body.customer_id"}),
        ("invoices", invoice(lines=[]), {"body.lines"}),
        ("invoices", invoice(date=None), {"body.date"}),
        ("invoices", invoice(date=20260302), {"body.date"}),
        ("invoices", invoice(date="2026-03-02T10:00:00Z"), {"body.date"}),
        ("invoices", invoice(lines=[line(subscription_id="310:9")]), {"body.lines.0.subscription_id"}),
        ("invoices", invoice(lines=[line(period_end="2026-03-01")]), {"body.lines.0"}),
        ("invoices", invoice(lines=[line(period_end=None)]), {"body.lines.0"}),
        ("invoices", invoice(lines=[line(), line()]), {"body"}),
        (
            "invoices",
            invoice(lines=[line(amount_excluding_tax_after_discount="1200.00")]),
            {"body.lines.0.amount_excluding_tax_after_discount"},
        ),
        ("credit_notes", credit_note(invoice_id="31"), {"body.invoice_id"}),
        ("credit_notes", credit_note(amount=100), {"body.amount"}),
        ("credit_notes", credit_note(lines=[{"id": "90", "currency_code": "EUR", "amount": 100}]), {"body"}),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_places(
    filled: httpx.Client, path: str, body: Any, places: set[str]
) -> None:
    before = filled.get(path).json()["items"]
    assert complaints(filled.post(path, json=body)) == places
    assert filled.get(path).json()["items"] == before


def test_an_update_is_checked_like_a_whole(filled: httpx.Client) -> None:
    assert complaints(filled.patch("invoices/30", json={"status": "late"})) == {"body.status"}
    assert complaints(filled.patch("invoices/30", json={"id": "31"})) == {"body.id"}
    assert complaints(filled.patch("invoices/30", json=[])) == {"body"}
    assert filled.patch("invoices/31", json={}).status_code == 404


@pytest.mark.parametrize("text", ["", "{", '{"id": NaN}', "[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(fincome: httpx.Client, text: str) -> None:
    assert complaints(fincome.post("customers", content=text)) == {"body"}


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "offset=-1", "offset=1.5"])
def test_a_page_that_can_not_be_is_refused(fincome: httpx.Client, query: str) -> None:
    assert complaints(fincome.get(f"customers?{query}")) == {f"query.{query.partition('=')[0]}"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "payments", 404),
        ("POST", "payments", 404),
        ("GET", "customers/pl-9", 404),
        ("GET", "customers/pl-7/invoices", 404),
        ("DELETE", "customers/pl-7", 405),
        ("DELETE", "invoices/30", 405),
        ("POST", "customers/pl-7", 405),
        ("PATCH", "customers", 405),
    ],
)
def test_there_is_nothing_else_and_nothing_is_deleted(
    filled: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = filled.request(method, path, json={} if method != "GET" else None)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert filled.get("invoices").json()["total"] == 1


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["pl-7", "30", "310:2", "EUR", "2026-03-01", "open", ""])
    | st.text(max_size=5)
    | st.characters(categories=["Cs"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "amount", "currency_code", "period_start", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
bodies = st.sampled_from(sorted(SHAPES)).flatmap(
    lambda path: st.tuples(
        st.just(path), st.dictionaries(st.sampled_from(sorted(SHAPES[path].model_fields)), values) | values
    )
)


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=bodies)
def test_any_json_is_taken_or_refused(filled: httpx.Client, request: tuple[str, Any]) -> None:
    path, body = request
    answer = filled.post(path, content=json.dumps(body))
    assert answer.status_code in (202, 422), answer.text
    assert filled.get(path).status_code == 200

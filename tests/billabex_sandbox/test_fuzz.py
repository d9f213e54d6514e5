"""Whatever arrives, Billabex's stand-in answers with a decision, never with a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import PDF, Billabex, date, fields

WORDS = """organizationId fullName currencyCode billingAddress contacts source connectionId sourceId email language city
    paidAmount paidDate year month day creditNoteId invoiceId amount lastUpdate""".split()
PLACES = [
    ("POST", "accounts"),
    ("PUT", "accounts/{account}"),
    ("PUT", "accounts/{account}/source"),
    ("POST", "accounts/{account}/contacts"),
    ("PUT", "accounts/{account}/contacts/upsert"),
    ("PUT", "invoices/{invoice}/paid-amount"),
    ("POST", "credit-allocations"),
    ("POST", "credit-allocations/remove"),
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["EUR", "fr", "a@b.example", "2026-03-01", "", "b111abe0-0000-4000-8000-000000000001"])
    | st.text(max_size=5)
    | st.characters(categories=["Cs"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8) | st.sampled_from(
    ["12.00", "1e5", "-0", "NaN", "2026", "99", "0"]
)
FORM = [
    *fields("", ""),
    *date("dueDate", 1, 1, 1),
    "paidAmount",
    "sourceId",
    "poNumber",
    "billingAddress[city]",
    "x[y]",
]

SETTINGS = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def there(billabex: Billabex, product: Any) -> dict[str, str]:
    """An account and an invoice; without limits."""
    product.gate.limited = False
    account = billabex.account().json()["id"]
    return {"account": account, "invoice": billabex.invoice(account).json()["id"]}


def decided(answer: Any) -> None:
    assert answer.status_code in {200, 201, 204, 400, 404, 409}, answer.text
    if answer.status_code >= 400:
        assert answer.json()["message"]


@SETTINGS
@given(place=st.sampled_from(PLACES), body=st.dictionaries(st.sampled_from(WORDS), values) | values)
def test_any_json_is_taken_or_refused(
    billabex: Billabex, there: dict[str, str], place: tuple[str, str], body: Any
) -> None:
    method, path = place
    decided(billabex.request(method, path.format(**there), content=json.dumps(body).encode()))
    assert billabex.get(f"invoices/{there['invoice']}").status_code == 200


@SETTINGS
@given(
    form=st.dictionaries(st.sampled_from(FORM), texts),
    base=st.booleans(),
    file=st.sampled_from([None, PDF, ("", b"", "")]),
)
def test_any_form_is_taken_or_refused(
    billabex: Billabex, there: dict[str, str], form: dict[str, str], base: bool, file: Any
) -> None:
    whole = fields(there["account"], "F-9") | date("dueDate", 2026, 4, 1) if base else {}
    decided(billabex._send("invoices", {**whole, **form}, file, ""))
    decided(billabex._send("credit-notes", {**whole, **form}, file, ""))
    assert billabex.nodes("accounts")


@SETTINGS
@given(
    raw=st.binary(max_size=60), kind=st.sampled_from(["multipart/form-data; boundary=b", "multipart/form-data", "a/b"])
)
def test_bytes_that_are_no_form_are_refused(billabex: Billabex, there: dict[str, str], raw: bytes, kind: str) -> None:
    decided(billabex.post("invoices", content=raw, headers={"content-type": kind}))


@pytest.mark.parametrize("body", [b'{"\\ud800": 1}', b'{"amount": 1e99999999999999999999}'])
def test_half_characters_and_endless_exponents_are_refused(billabex: Billabex, body: bytes) -> None:
    assert billabex.post("credit-allocations", content=body).status_code == 400

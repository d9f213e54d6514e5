"""Whatever JSON arrives, Upflow's stand-in answers with a decision, never with a crash."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duebridge.targets.upflow.sandbox import shapes

PATHS = {
    "/customers": shapes.CUSTOMER,
    "/customers/external:c1/contacts": shapes.CONTACT,
    "/customers/external:c1/invoices": shapes.INVOICE,
    "/invoices": shapes.INVOICE,
    "/credit_notes": shapes.CREDIT_NOTE,
    "/payments": shapes.PAYMENT,
    "/refunds": shapes.REFUND,
    "/reconcile": shapes.RECONCILE,
    "/custom_fields": shapes.CUSTOM_FIELD,
    "/invoices/external:i1/pdf": shapes.PDF,
}
WORDS = [
    "id",
    "externalId",
    "amountLinked",
    "email",
    "value",
    "enabled",
    "wireTransfer",
    "bankAccount",
    "customId",
    "isMain",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["c1", "i1", "p1", "EUR", "2026-03-01", "a@b.example", "TEXT", "external:c1", ""])
    | st.text(max_size=5)
    | st.characters(categories=["Cs"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)
bodies = st.sampled_from(sorted(PATHS)).flatmap(
    lambda path: st.tuples(st.just(path), st.dictionaries(st.sampled_from(sorted(PATHS[path].fields)), values) | values)
)


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=bodies)
def test_any_json_is_taken_or_refused(upflow, request):
    path, body = request
    answer = upflow.post(path, content=json.dumps(body).encode())
    assert answer.status_code in {200, 201, 204, 400, 404}
    if answer.status_code >= 400:
        assert answer.json()["message"]
    assert upflow.get("/customers?limit=500").status_code == 200

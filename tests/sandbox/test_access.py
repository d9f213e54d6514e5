"""Who may ask Pennylane's stand-in what, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

API = "/pennylane/api/external/v2"
UNAUTHORIZED = {"error": "The access token is invalid", "status": 401}


@pytest.mark.parametrize("header", ["", "Bearer wrong", "sandbox-pennylane", "Basic sandbox-pennylane", "Bearer"])
def test_a_request_without_the_token_is_refused(running, header):
    answer = httpx.get(f"{running.url}{API}/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_a_token_made_invalid_is_refused_everywhere(api):
    api.switch(token_valid=False)
    assert api.refused("/me") == (401, UNAUTHORIZED)
    assert api.refused("/customers") == (401, UNAUTHORIZED)
    api.switch(token_valid=True)
    assert api.found("/me")["company"]["name"] == "Sandbox SAS"


def test_a_missing_scope_is_named(api):
    api.switch(scopes=["customers:readonly"])
    assert api.found("/me")["scopes"] == ["customers:readonly"]
    assert api.found("/customers")["items"]
    assert api.refused("/ledger_accounts") == (
        403,
        {"error": 'Access to this resource requires scope "ledger_accounts:readonly".', "status": 403},
    )
    written = api.put(f"{API}/customer_invoices/2400001/mark_as_paid")
    assert (written.status_code, written.json()["error"]) == (
        403,
        'Access to this resource requires scope "customer_invoices:all".',
    )


def test_all_scopes_come_back(api):
    api.switch(scopes=[])
    assert api.switch(scopes=None)["scopes"] is None
    assert api.found("/products")["items"]


@pytest.mark.parametrize(
    "path", ["/customers/1", "/customer_invoices/1/payments", "/suppliers", "/customers/1/nothing"]
)
def test_what_is_not_there_is_not_found(api, path):
    assert api.refused(path) == (404, {"error": "Not Found", "status": 404})


class Paced:
    """A stand-in with real limits whose clock stands until the test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 15, 12, 0, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def paced():
    clock = Paced()
    product = PennylaneSandbox(SandboxOptions(customers=2, invoices=3), clock=clock)
    with running_sandbox([product]) as sandbox, httpx.Client(base_url=sandbox.url) as client:
        client.headers["Authorization"] = "Bearer sandbox-pennylane"
        yield clock, client


def test_every_answer_tells_what_is_left_of_the_window(paced):
    _, client = paced
    reset = str(int(datetime(2026, 3, 15, 12, 0, 5, tzinfo=UTC).timestamp()))
    for left, path in ((24, "/me"), (23, "/nowhere"), (22, "/customers?limit=0"), (21, "/customers/1")):
        headers = client.get(API + path).headers
        told = tuple(headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset"))
        assert told == ("25", str(left), reset)


def test_the_twenty_sixth_request_of_a_window_is_refused_in_plain_text(paced):
    _, client = paced
    assert [client.get(f"{API}/me").status_code for _ in range(26)] == [200] * 25 + [429]
    refused = client.get(f"{API}/me")
    assert refused.headers["retry-after"] == "4"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["content-type"].startswith("text/plain")
    assert refused.text == "Rate limit exceeded. Please retry in 4 seconds."


def test_windows_end_at_multiples_of_five_seconds(paced):
    clock, client = paced
    for _ in range(26):
        client.get(f"{API}/me")
    clock.now += timedelta(seconds=3, milliseconds=900)
    assert client.get(f"{API}/me").headers["retry-after"] == "1"
    clock.now += timedelta(milliseconds=100)
    assert client.get(f"{API}/me").headers["ratelimit-remaining"] == "24"


def test_each_token_has_its_own_window(paced):
    _, client = paced
    for _ in range(26):
        client.get(f"{API}/me")
    other = client.get(f"{API}/me", headers={"Authorization": "Bearer somebody else"})
    assert (other.status_code, other.headers["ratelimit-remaining"]) == (401, "24")


def test_without_limits_nothing_is_counted(api):
    answers = [api.get(f"{API}/me") for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(name.startswith("ratelimit") for name in answers[-1].headers)

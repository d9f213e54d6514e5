"""The sandbox server: what it journals, what its control calls refuse, how it starts and stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from duebridge.core.errors import ConfigError
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane.sandbox import TOKEN, PennylaneSandbox

SMALL = SandboxOptions(customers=3, invoices=10, limits="off")
API = "/pennylane/api/external/v2"


def test_the_journal_tells_each_product_request_oldest_first(api):
    before = datetime.now(UTC)
    api.get(f"{API}/customers", params={"limit": "2", "sort": "id"})
    api.put(f"{API}/customer_invoices/1/mark_as_paid", json={"paid": True})
    first, second = api.get("/_sandbox/journal").json()
    assert before <= datetime.fromisoformat(first.pop("at")) <= datetime.fromisoformat(second.pop("at"))
    assert first == {
        "product": "pennylane",
        "method": "GET",
        "path": f"{API}/customers",
        "query": "limit=2&sort=id",
        "status": 200,
        "body": None,
    }
    assert (second["method"], second["status"], second["body"]) == ("PUT", 404, {"paid": True})


def test_the_journal_leaves_out_control_calls(api):
    api.make("customers", name="Acme")
    api.get("/_sandbox/journal")
    assert api.get("/_sandbox/journal").json() == []


def test_a_body_that_is_not_json_is_journalled_as_null(api):
    api.put(f"{API}/customer_invoices/1/mark_as_paid", content=b"\xff\x00 not json")
    assert api.get("/_sandbox/journal").json()[0]["body"] is None


def test_reset_brings_back_the_seeded_state_and_an_empty_journal(api):
    seeded = api.every("/customers", limit=100)
    api.make("customers", name="Acme")
    api.switch(token_valid=False)
    api.post("/_sandbox/reset")
    assert api.get("/_sandbox/journal").json() == []
    assert api.every("/customers", limit=100) == seeded


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/_sandbox/nobody/customers", 404),
        ("POST", "/_sandbox/pennylane/estimates", 404),
        ("PATCH", "/_sandbox/pennylane/customers/1", 404),
        ("PATCH", "/_sandbox/pennylane/customers/abc", 404),
        ("DELETE", "/_sandbox/pennylane/customers/1", 404),
        ("PUT", "/_sandbox/settings/nobody", 404),
        ("PATCH", "/_sandbox/pennylane/customers/193957340?event=maybe", 422),
    ],
)
def test_a_control_call_that_cannot_be_carried_out_says_why(api, method, path, status):
    answer = api.request(method, path, json={})
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3"])
def test_a_control_call_takes_a_json_object_only(api, body):
    answer = api.post("/_sandbox/pennylane/customers", content=body)
    assert answer.status_code == 422
    assert "JSON" in answer.json()["error"]


@pytest.mark.parametrize(
    "values",
    [
        {"nonsense": 1},
        {"silent": ["everything"]},
        {"scopes": ["x"]},
        {"token_valid": 1},
        {"today": "soon"},
        {"files": "nonsense"},
        {"files": []},
    ],
)
def test_a_switch_that_does_not_exist_is_refused(api, values):
    assert api.put("/_sandbox/settings/pennylane", json=values).status_code == 422
    assert api.get("/_sandbox/settings/pennylane").json() == {
        "silent": [],
        "scopes": None,
        "token_valid": True,
        "today": None,
        "files": "ready",
    }


def test_products_are_served_under_their_own_prefix_alone(api):
    assert api.get("/api/external/v2/me").status_code == 404
    assert api.get(f"{API}/me").status_code == 200


def test_a_taken_port_is_refused_by_its_number():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)), running_sandbox([PennylaneSandbox(SMALL)], port):
            pass


def test_the_port_is_free_again_after_the_block():
    with running_sandbox([PennylaneSandbox(SMALL)]) as first:
        assert httpx.get(f"{first.base('pennylane')}/api/external/v2/me").status_code == 401
    with running_sandbox([PennylaneSandbox(SMALL)], first.port) as second:
        assert second.url == first.url


SERVE = """
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import serve_forever
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
print("up", flush=True)
serve_forever([PennylaneSandbox(SandboxOptions(customers=3, invoices=10))], {port})
print("down")
"""


def test_it_serves_until_it_is_interrupted_and_stops_without_a_traceback():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = SERVE.format(port=port)
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert answered(f"http://127.0.0.1:{port}{API}/me") == 401
    finally:
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (0, "up\ndown\n", "")


def answered(url):
    """The status of the first answer, within twenty seconds."""
    pause, deadline = threading.Event(), time.monotonic() + 20
    while True:
        try:
            return httpx.get(url).status_code
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            pause.wait(0.05)


def test_a_wrapper_stands_between_the_journal_and_the_routes():
    def silence(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].endswith("/me"):
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
            else:
                await app(scope, receive, send)

        return wrapped

    with (
        running_sandbox([PennylaneSandbox(SMALL)], inside=[silence]) as sandbox,
        httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        assert client.get(f"{API}/me").status_code == 503
        assert client.get(f"{API}/customers").status_code == 200
        assert [row["status"] for row in client.get("/_sandbox/journal").json()] == [503, 200]

"""Keys, limits and overlapping imports at Upflow's stand-in."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.targets.upflow.sandbox import UpflowSandbox
from duebridge.targets.upflow.sandbox.gate import AT_ONCE, PER_MINUTE, Gate

KEYS = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}


class Held:
    """Keeps every write of a stand-in in its middle until told to go, or until `release_at` writes are there."""

    def __init__(self, product, release_at=None):
        self.go = threading.Event()
        self.arrived = 0
        self.release_at = release_at
        product.pause = self.pause

    async def pause(self):
        self.arrived += 1
        if self.arrived == self.release_at:
            self.go.set()
        async with asyncio.timeout(30):
            while not self.go.is_set():
                await asyncio.sleep(0.005)


@pytest.fixture
def strict(serve):
    """A stand-in with the published limits, whose minute stands still until told."""
    with serve(UpflowSandbox(SandboxOptions(limits="real"))) as server:
        server.product.gate.clock = lambda: 1000.0
        yield server


@pytest.mark.parametrize(
    "keys",
    [{}, {"X-Api-Key": "sandbox-upflow-key"}, KEYS | {"X-Api-Secret": "wrong"}, {"Authorization": "Bearer x"}],
)
def test_wrong_keys_are_refused(upflow, refused, keys):
    refused(httpx.get(f"{upflow.base_url}customers", headers=keys), 401, "X-Api-Key")


def test_keys_are_asked_for_before_anything_else_is_told(upflow, refused):
    refused(httpx.get(f"{upflow.base_url}no/such/path"), 401)


def test_an_unknown_path_is_not_found(upflow, refused):
    refused(upflow.get("/nothing"), 404, "/v1/nothing")
    refused(upflow.get("/customers/x/y/z/"), 404)


def test_a_method_that_is_not_offered_says_which_are(upflow, refused):
    answer = upflow.patch("/customers/external:c1", json={})
    refused(answer, 405, "PATCH")
    assert answer.headers["allow"] == "DELETE, GET, PUT"


def test_the_601st_request_of_a_minute_is_told_when_to_come_back(strict, refused):
    with httpx.Client(base_url=f"{strict.url}/v1", headers=KEYS) as client:
        assert {client.get("/users").status_code for _ in range(PER_MINUTE)} == {200}
        strict.product.gate.clock = lambda: 1020.5
        answer = client.get("/users")
        refused(answer, 429, "600")
        assert answer.headers["retry-after"] == "40"
        strict.product.gate.clock = lambda: 1060.0
        assert client.get("/users").status_code == 200


def test_an_eleventh_request_at_once_is_refused(strict):
    held = Held(strict.product)
    with httpx.Client(base_url=f"{strict.url}/v1", headers=KEYS) as client, ThreadPoolExecutor(AT_ONCE + 5) as pool:
        sent = [pool.submit(client.post, "/customers", json={"name": "x"}) for _ in range(AT_ONCE + 5)]
        first = [future.result() for future in islice(as_completed(sent, timeout=30), 5)]
        held.go.set()
        codes = [future.result().status_code for future in sent]
    assert {answer.status_code for answer in first} == {429}
    assert {answer.headers["retry-after"] for answer in first} == {"1"}
    assert (codes.count(201), codes.count(429)) == (AT_ONCE, 5)


def test_a_reset_empties_the_minute(strict):
    with httpx.Client(base_url=f"{strict.url}/v1", headers=KEYS) as client:
        while client.get("/users").status_code == 200:
            pass
        strict.product.reset()
        assert client.get("/users").status_code == 200


def test_without_limits_nothing_is_counted(upflow):
    assert {upflow.get("/users").status_code for _ in range(PER_MINUTE + 5)} == {200}


def codes_in_order_of_answer(held, *calls):
    """Send all at once; let the held writes go on once the first answer is there."""
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = as_completed([pool.submit(call) for call in calls], timeout=30)
        first = next(answers).result().status_code
        held.go.set()
        return [first, *(future.result().status_code for future in answers)]


def test_two_writes_for_one_customer_at_once_are_refused_and_remembered(product, upflow):
    upflow.send_customer("c1")
    codes = codes_in_order_of_answer(
        Held(product), lambda: upflow.send_invoice("i1"), lambda: upflow.send_payment("p1")
    )
    assert codes == [409, 201]
    assert len(product.overlapping_writes) == 1
    assert "customer" in product.overlapping_writes[0]


def test_two_creations_of_one_customer_at_once_are_refused(product, upflow):
    codes = codes_in_order_of_answer(
        Held(product), lambda: upflow.send_customer("c1"), lambda: upflow.send_customer("c1")
    )
    assert codes == [409, 201]


def test_a_link_concerns_the_customer_of_its_documents(product, upflow):
    upflow.send_customer("c1")
    upflow.send_invoice("i1")
    upflow.send_payment("p1")
    codes = codes_in_order_of_answer(
        Held(product),
        lambda: upflow.link(invoices={"i1": 5}, payments={"p1": 5}),
        lambda: upflow.send_credit_note("n1"),
    )
    assert codes == [409, 201]
    assert len(product.overlapping_writes) == 1


def test_writes_for_different_customers_may_meet(product, upflow):
    upflow.send_customer("c1")
    upflow.send_customer("c2")
    held = Held(product, release_at=2)
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(upflow.send_invoice, f"i{key}", f"c{key}") for key in (1, 2)]
        assert [future.result().status_code for future in sent] == [201, 201]
    assert held.arrived == 2
    assert product.overlapping_writes == []


def test_a_customer_is_free_again_after_a_refused_write(upflow, refused):
    upflow.send_customer("c1")
    refused(upflow.send_invoice("i1", grossAmount=-1), 400)
    assert upflow.send_invoice("i1").status_code == 201


def test_a_gate_frees_its_places_when_a_write_fails():
    gate = Gate(limited=True)
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), gate.slot(), gate.hold(frozenset({"c"}), "POST"):
            raise ZeroDivisionError
    assert gate.overlapping_writes == []

"""Servers that hang, drip, reset and half-close: does every call end within its deadline, and with the truth?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import pytest

from duebridge.core.connector import Safety
from duebridge.core.edge.http import Http, HttpFactory
from duebridge.core.edge.limits import WindowLimiter
from duebridge.core.errors import DueBridgeError, RunError, UnknownOutcome
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.testing import Fault, faults
from duebridge.targets.upflow.sandbox import UpflowSandbox

from .conftest import Figure

DEADLINE = 0.4
CREDENTIALS = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}

SILENCES = {
    "hang": Fault(fault="hang"),
    "hang after acting": Fault(fault="hang", act=True),
    "drip": Fault(fault="drip", seconds=0.1),
    "drip from the head on": Fault(fault="drip", at="head", seconds=0.1),
    "reset": Fault(fault="reset"),
    "reset after acting": Fault(fault="reset", act=True),
    "half-closed": Fault(fault="cut", at="head"),
    "cut": Fault(fault="cut"),
    "lost answer": Fault(fault="lost_answer"),
    "endless": Fault(fault="huge", bytes=2**34),
}
SAFETIES: tuple[Safety | None, ...] = (None, "upsert", "create_once", "replace", "delete")


@dataclass(frozen=True)
class Call:
    """One call of the edge: what it raised, and in how many seconds."""

    raised: DueBridgeError | None
    seconds: float


def call(http: Http, safety: Safety | None) -> Call:
    """Read, or write in one of the ways there are."""
    begun = time.monotonic()
    raised = None
    try:
        if safety is None:
            http.get("/v1/customers")
        elif safety == "delete":
            http.write("DELETE", "/v1/payments/external:p-1", safety=safety)
        else:
            http.write("POST", "/v1/customers", {"name": "Acme", "externalId": "c-1"}, safety=safety)
    except DueBridgeError as error:
        raised = error
    return Call(raised, time.monotonic() - begun)


def prepare(http: Http) -> None:
    """See that there is something to delete."""
    http.write("POST", "/v1/customers", {"name": "Acme", "externalId": "c-1"}, safety="upsert")
    payment = {"amount": 100, "currency": "EUR", "instrument": "WIRE_TRANSFER", "validatedAt": "2026-03-01"}
    paid = payment | {"externalId": "p-1", "customer": {"externalId": "c-1"}}
    http.write("POST", "/v1/payments", paid, safety="upsert")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox([UpflowSandbox(SandboxOptions(customers=0, invoices=0, limits="off"))]) as running:
        yield running


def edge(sandbox: RunningSandbox, retries: int = 0) -> Http:
    """An edge of short deadlines that waits no time between attempts."""
    return HttpFactory(sleep=lambda _: None)(
        sandbox.base("upflow"),
        product="Upflow",
        headers=lambda: CREDENTIALS,
        limiter=WindowLimiter(10_000, 0.01),
        deadline=DEADLINE,
        retries=retries,
    )


def test_every_call_to_a_server_that_will_not_answer_ends_within_its_deadline_and_a_second(
    sandbox: RunningSandbox, figure: Figure
) -> None:
    slowest = 0.0
    http = edge(sandbox)
    for (name, fault), safety in product(SILENCES.items(), SAFETIES):
        prepare(http)
        with faults(sandbox.url, fault) as ordered:
            made = call(http, safety)
            assert ordered.struck == [1], (name, safety)
        assert isinstance(made.raised, RunError if safety is None else UnknownOutcome), (name, safety, made.raised)
        assert made.seconds < DEADLINE + 1, (name, safety, made.seconds)
        slowest = max(slowest, made.seconds)
    http.close()
    figure(
        f"{', '.join(SILENCES)}; a read and four kinds of write each, deadline {DEADLINE} s",
        f"{len(SILENCES) * len(SAFETIES)} calls, the slowest {slowest:.2f} s",
    )


def test_twenty_calls_at_once_that_hang_or_drip_end_within_the_same_deadline(
    sandbox: RunningSandbox, figure: Figure
) -> None:
    http = edge(sandbox)
    rules = [Fault(fault="hang", rate=0.5), Fault(fault="drip", at="head", seconds=0.05)]
    with faults(sandbox.url, *rules, seed=3) as ordered, ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda number: call(http, SAFETIES[number % 4]), range(20)))
        assert min(ordered.struck) > 0
        assert sum(ordered.struck) == 20
    http.close()
    slowest = max(each.seconds for each in made)
    assert all(each.raised is not None for each in made)
    assert slowest < DEADLINE + 1
    figure(f"20 calls at once, hanging or dripping, deadline {DEADLINE} s", f"the slowest {slowest:.2f} s")


@pytest.mark.parametrize("safety", [None, "upsert", "replace", "delete", "create_once"])
def test_repetitions_have_the_same_deadline_each_and_a_create_once_has_none(
    sandbox: RunningSandbox, safety: Safety | None
) -> None:
    http = edge(sandbox, retries=2)
    attempts = 1 if safety == "create_once" else 3
    with faults(sandbox.url, Fault(fault="hang")) as ordered:
        made = call(http, safety)
        assert ordered.struck == [attempts]
    http.close()
    assert made.raised is not None
    assert made.seconds < attempts * DEADLINE + 1


def test_a_call_after_a_fault_finds_a_sound_connection(sandbox: RunningSandbox) -> None:
    http = edge(sandbox)
    for name, fault in SILENCES.items():
        with faults(sandbox.url, fault):
            assert call(http, None).raised is not None, name
        assert call(http, None).raised is None, name
    http.close()

"""A running stand-in for Harvest, its clock in the test's hands, and sources that read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any

import httpx
import pytest

from duebridge.core.api import Cursor, Json, Page, Record, Services, WindowLimiter, shared_limiter
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.harvest.sandbox import TOKEN, HarvestSandbox
from duebridge.plugins.harvest.settings import HarvestSettings
from duebridge.plugins.harvest.source import HarvestSource

ALL = frozenset({"customer.emails", "customer.contacts", "invoice.lines"})


class Clock:
    """The time of the stand-in and of the sources: the real one, moved by what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class KeptMemory(dict[str, Any]):
    """A connector's memory, for one test."""

    def put(self, key: str, value: Json) -> None:
        """Keep `value`."""
        self[key] = value


class Bench:
    """An account at the stand-in, control calls to it, and sources that read it. `notes` is what they said."""

    def __init__(self, url: str, clock: Clock, http: httpx.Client) -> None:
        self.url = url
        self.clock = clock
        self.http = http
        self.notes: list[str] = []
        self.opened: list[HarvestSource] = []
        self._seen = 0

    def source(self, **settings: Any) -> HarvestSource:
        """A source as a new run would build it."""
        block = {"token": TOKEN, "account_id": "1234", "base_url": f"{self.url}/harvest"} | settings
        read = HarvestSettings.model_validate(block)
        services = Services(HttpFactory(), KeptMemory(), self._note, self.clock)
        self.opened.append(HarvestSource(read, services))
        return self.opened[-1]

    def make(self, collection: str, **values: Any) -> dict[str, Any]:
        """Create by a control call."""
        return self._answer("POST", collection, values, 201)

    def change(self, collection: str, id: int, **values: Any) -> dict[str, Any]:
        """Patch by a control call."""
        return self._answer("PATCH", f"{collection}/{id}", values, 200)

    def remove(self, collection: str, id: int) -> None:
        """Delete by a control call."""
        assert self.http.delete(f"/_sandbox/harvest/{collection}/{id}").status_code == 204

    def switch(self, **values: Any) -> None:
        """Turn the stand-in's switches."""
        assert self.http.put("/_sandbox/settings/harvest", json=values).status_code == 200

    def found(self, path: str, **query: Any) -> Any:
        """The JSON of a GET of the API."""
        answer = self.http.get(f"/harvest/v2{path}", params=query, headers=HEADERS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def asked(self) -> list[dict[str, Any]]:
        """Every request to the stand-in since the last look."""
        rows: list[dict[str, Any]] = self.http.get("/_sandbox/journal").json()
        seen, self._seen = self._seen, len(rows)
        return rows[seen:]

    def paths(self) -> list[str]:
        """The paths of `asked`, below the version."""
        return [row["path"].partition("/v2")[2] for row in self.asked()]

    def _answer(self, method: str, path: str, values: Any, status: int) -> dict[str, Any]:
        answer = self.http.request(method, f"/_sandbox/harvest/{path}", json=values)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


HEADERS = {"authorization": f"Bearer {TOKEN}", "harvest-account-id": "1234", "user-agent": "Tests (tests@example.com)"}


class Run:
    """What one read of a stream gave: pages, the cursor after them, and the records by id."""

    def __init__(
        self, source: HarvestSource, stream: str, since: Cursor | None = None, needs: frozenset[str] = ALL
    ) -> None:
        self.pages: list[Page] = list(source.fetch(stream, since, needs))
        self.cursor = self.pages[-1].cursor
        self.records: Mapping[str, Record] = {
            record.id: record for record in map(_made(source), chain.from_iterable(page.items for page in self.pages))
        }


def _made(source: HarvestSource) -> Any:
    return lambda item: source.canonical[item[0]](item[1])


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def stand_in(clock: Clock) -> Iterator[str]:
    """The address of a stand-in with the usual data."""
    options = SandboxOptions(customers=14, invoices=60, seed=2, limits="off")
    with running_sandbox([HarvestSandbox(options, clock=clock)]) as running:
        yield running.url


@pytest.fixture(scope="session")
def empty_stand_in(clock: Clock) -> Iterator[str]:
    """The address of a stand-in without clients and invoices."""
    options = SandboxOptions(customers=0, invoices=0, limits="off")
    with running_sandbox([HarvestSandbox(options, clock=clock)]) as running:
        yield running.url


def unpaced(base_url: str) -> None:
    """Let requests with the stand-in's token go without waiting; pace has tests of its own."""
    shared_limiter(sha256(f"{base_url}\n{TOKEN}".encode()).hexdigest(), lambda: WindowLimiter(10**6, 1))


def _bench(url: str, clock: Clock) -> Iterator[Bench]:
    clock.ahead = timedelta()
    unpaced(f"{url}/harvest")
    with httpx.Client(base_url=url, timeout=30) as http:
        assert http.post("/_sandbox/reset").status_code == 204
        made = Bench(url, clock, http)
        yield made
        for source in made.opened:
            source.close()


@pytest.fixture
def usual(stand_in: str, clock: Clock) -> Iterator[Bench]:
    """The account as seeded."""
    yield from _bench(stand_in, clock)


@pytest.fixture
def empty(empty_stand_in: str, clock: Clock) -> Iterator[Bench]:
    """An account without clients and invoices: what a test makes is all there is."""
    yield from _bench(empty_stand_in, clock)

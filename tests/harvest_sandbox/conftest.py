"""A running sandbox with Harvest's stand-in, its clock in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.harvest.sandbox import ACCOUNT, TOKEN, HarvestSandbox

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Harvest-Account-Id": ACCOUNT, "User-Agent": "Tests (tests@example.com)"}


class Clock:
    """The stand-in's time; runs with the real one, moved by what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Api(httpx.Client):
    """Harvest's API and the sandbox's control calls, short."""

    def found(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.get(f"/harvest/v2{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, **query: Any) -> tuple[int, Any]:
        """Status and JSON of a GET that fails."""
        answer = self.get(f"/harvest/v2{path}", params=query)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()

    def pages(self, path: str, **query: Any) -> list[Any]:
        """All pages of a list, as `links.next` leads."""
        found = [self.found(path, **query)]
        while (link := found[-1]["links"]["next"]) is not None:
            answer = self.get(link)
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
        return found

    def make(self, collection: str, **values: Any) -> dict[str, Any]:
        """Create by a control call."""
        return self._controlled("POST", collection, values, 201)

    def change(self, collection: str, id: int, event: str = "record", **values: Any) -> dict[str, Any]:
        """Patch by a control call."""
        return self._controlled("PATCH", f"{collection}/{id}?event={event}", values, 200)

    def remove(self, collection: str, id: int) -> None:
        """Delete by a control call."""
        assert self.delete(f"/_sandbox/harvest/{collection}/{id}").status_code == 204

    def unusable(self, method: str, path: str, values: Any) -> str:
        """What a control call says that can't be carried out."""
        answer = self.request(method, f"/_sandbox/harvest/{path}", json=values)
        assert answer.status_code in (404, 422), answer.text
        return str(answer.json()["error"])

    def switch(self, **values: Any) -> dict[str, Any]:
        """Turn the stand-in's switches."""
        answer = self.put("/_sandbox/settings/harvest", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def _controlled(self, method: str, path: str, values: Any, status: int) -> dict[str, Any]:
        answer = self.request(method, f"/_sandbox/harvest/{path}", json=values)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def running(clock: Clock) -> Iterator[RunningSandbox]:
    with running_sandbox([HarvestSandbox(SandboxOptions(limits="off"), clock=clock)]) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def client(running: RunningSandbox) -> Iterator[Api]:
    with Api(base_url=running.url, headers=HEADERS, timeout=30) as client:
        yield client


@pytest.fixture
def api(client: Api, clock: Clock) -> Api:
    """The client, of a sandbox as seeded."""
    clock.ahead = timedelta()
    assert client.post("/_sandbox/reset").status_code == 204
    return client

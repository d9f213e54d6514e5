"""A running sandbox with Pennylane's stand-in, its clock in the test's hands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.sandbox import TOKEN, PennylaneSandbox

API = "/pennylane/api/external/v2"


class Clock:
    """The stand-in's time; runs with the real one, moved by what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Api(httpx.Client):
    """Pennylane's API and the sandbox's control calls, short."""

    def found(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that succeeds; `filter` may be a list of triples."""
        answer = self.get(API + path, params=_queries(query))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, **query: Any) -> tuple[int, Any]:
        """Status and JSON of a GET that fails."""
        answer = self.get(API + path, params=_queries(query))
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list, over its pages."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.found(path, **query)
            items += page["items"]
            if not page["has_more"]:
                assert page["next_cursor"] is None
                return items
            query = {key: value for key, value in query.items() if key != "start_date"} | {
                "cursor": page["next_cursor"]
            }

    def everything(self, *paths: str) -> list[list[dict[str, Any]]]:
        """All items of these lists, but for what is another in each answer."""
        return [[steady(row) for row in self.every(path, limit=100)] for path in paths]

    def same(self, path: str, row: dict[str, Any]) -> bool:
        """Whether the object at `path` is `row`, but for what is another in each answer."""
        return steady(self.found(path)) == steady(row)

    def make(self, collection: str, **values: Any) -> dict[str, Any]:
        """Create by a control call."""
        answer = self.post(f"/_sandbox/pennylane/{collection}", json=values)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def change(self, collection: str, id: int, event: str = "record", **values: Any) -> dict[str, Any]:
        """Patch by a control call."""
        answer = self.patch(f"/_sandbox/pennylane/{collection}/{id}", json=values, params={"event": event})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def switch(self, **values: Any) -> dict[str, Any]:
        """Turn the stand-in's switches."""
        answer = self.put("/_sandbox/settings/pennylane", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def events_of(self, id: int, feed: str = "customer_invoices") -> list[str]:
        """The operations the changelog tells of one id, in order."""
        events = self.every(f"/changelogs/{feed}", limit=1000)
        return [event["operation"] for event in events if event["id"] == id]


def steady(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the address of its file, which is another in each answer."""
    return {name: value for name, value in row.items() if name != "public_file_url"}


def _queries(query: dict[str, Any]) -> dict[str, Any]:
    conditions = query.get("filter")
    if isinstance(conditions, list):
        named = [dict(zip(("field", "operator", "value"), each, strict=True)) for each in conditions]
        return {**query, "filter": json.dumps(named)}
    return query


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def running(clock: Clock) -> Iterator[RunningSandbox]:
    with running_sandbox([PennylaneSandbox(SandboxOptions(limits="off"), clock=clock)]) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def client(running: RunningSandbox) -> Iterator[Api]:
    with Api(base_url=running.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def api(client: Api, clock: Clock) -> Api:
    """The client, of a sandbox as seeded."""
    clock.ahead = timedelta()
    assert client.post("/_sandbox/reset").status_code == 204
    return client

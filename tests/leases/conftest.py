"""Each test over both databases, which two processes may open; a PostgreSQL server only where one is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duebridge.core.store.store import Store

from ..postgresql.conftest import migrated, server  # noqa: TID252 - folders of tests have no absolute names
from .desk import Desk

__all__ = ["migrated", "server"]

Until = Callable[[Callable[[], object]], None]
PATIENCE = 30.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'leases.db'}"
        return
    running, template = request.getfixturevalue("server"), request.getfixturevalue("migrated")
    name = running.fresh(template)
    yield running.url(name)
    running.drop(name)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """The store as one process sees it."""
    opened = Store.open(database)
    yield opened
    opened.close()


@pytest.fixture
def also(database: str) -> Iterator[Store]:
    """The same store, as another process sees it."""
    opened = Store.open(database)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: str, tmp_path: Path) -> Iterator[Desk]:
    """A connection of five customers whose writes wait while the test wants them to."""
    opened = Desk(tmp_path, database)
    yield opened
    opened.close()


@pytest.fixture
def until() -> Until:
    """Return a function that waits for a condition, and fails the test when it stays false for 30 seconds."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within 30 seconds"
            time.sleep(0.01)

    return wait

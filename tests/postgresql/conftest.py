"""One server for all tests of a worker, and for each test a database of its own, migrated as an empty store is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from duebridge.core.store.store import Store
from duebridge.core.testing import Rig

from .server import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server; without programs to run it the tests fail, saying what to install."""
    try:
        with running() as started:
            yield started
    except LookupError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def migrated(server: Server) -> str:
    """The name of a database with our tables and nothing in them."""
    name = server.fresh()
    Store.open(server.url(name)).close()
    return name


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """The name of a database with nothing in it at all."""
    name = server.fresh()
    yield name
    server.drop(name)


@pytest.fixture
def database(server: Server, migrated: str) -> Iterator[str]:
    """The address of an empty store."""
    name = server.fresh(migrated)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def rig(database: str) -> Iterator[Rig]:
    """A connection that has never run."""
    made = Rig(database)
    yield made
    made.close()

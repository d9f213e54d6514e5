"""Opening a PostgreSQL address: what is said when it can't be, and processes that open an empty one together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from duebridge.core.errors import ConfigError
from duebridge.core.store.store import Store

from .server import PASSWORD, Server

OPEN = "import sys; from duebridge.core.store.store import Store; print(Store.open(sys.argv[1]).connection_id('acme'))"


def refusal(url: str) -> str:
    """What a person is told about `url`."""
    with pytest.raises(ConfigError) as refused:
        Store.open(url)
    return str(refused.value)


def test_a_password_that_is_refused_is_not_shown(server: Server, empty: str) -> None:
    said = refusal(server.url(empty, password="not-the-one"))
    assert "password authentication failed" in said
    assert "not-the-one" not in said


def test_a_database_that_there_is_not_is_named(server: Server) -> None:
    said = refusal(server.url("nowhere"))
    assert 'database "nowhere" does not exist' in said
    assert PASSWORD not in said


def test_a_server_that_does_not_answer_is_named() -> None:
    assert "127.0.0.1:1/duebridge can't be opened" in refusal("postgresql+psycopg://u:secret@127.0.0.1:1/duebridge")


def test_an_option_the_driver_does_not_know_is_named(server: Server, empty: str) -> None:
    assert "ssl_mode" in refusal(f"{server.url(empty)}?ssl_mode=require")


def test_a_role_that_may_not_make_tables_is_told_so(server: Server, empty: str) -> None:
    server.admin("DROP ROLE IF EXISTS reader")
    server.admin("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    said = refusal(server.url(empty, "reader", "reader"))
    assert "permission denied for schema public" in said
    assert "check `database` and its rights" in said


def test_processes_that_open_an_empty_database_together_make_its_tables_once(
    server: Server, empty: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", OPEN, server.url(empty)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert len({number for number, _ in said}) == 1


def test_an_opened_database_is_opened_again_without_a_change(server: Server, empty: str) -> None:
    Store.open(server.url(empty)).close()
    before = server.admin("SELECT count(*) FROM pg_class", empty)
    Store.open(server.url(empty)).close()
    assert server.admin("SELECT count(*) FROM pg_class", empty) == before
    assert server.admin("SELECT version_num FROM alembic_version", empty) != []

"""PostgreSQL goes away during a run, or somebody holds its locks: what is said, and does the next run go on?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response

from ..acceptance.comparison import check_what_arrived
from ..acceptance.interference import is_page
from ..acceptance.scene import NAME, OpenScene, Scene
from ..postgresql.server import PASSWORD, USER, Server, running
from .canaries import Canaries
from .conftest import Figure

#: The first number of our advisory locks (core/store/database.py).
LOCKS = 0x44424C4B


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of this file's own: it is stopped and started."""
    with running() as started:
        yield started


@pytest.fixture
def ledger(open_scene: OpenScene, server: Server) -> Iterator[Scene]:
    """A ledger of several pages, over a database of its own."""
    scene, name = open_scene(customers=40, invoices=300), server.fresh()
    scene.environ["DATABASE_PASSWORD"] = PASSWORD.replace(" ", "%20")
    place = f"postgresql://{USER}:${{DATABASE_PASSWORD}}@127.0.0.1:{server.port}/{name}"
    text = scene.yaml.read_text(encoding="utf-8")
    waiting = "?options=-c%20lock_timeout%3D200ms"
    scene.yaml.write_text(text.replace("sqlite:///duebridge.db", f'"{place}{waiting}"'), encoding="utf-8")
    yield scene
    server.drop(name)


def lose_at_a_page(scene: Scene, server: Server) -> None:
    async def between(request: Request) -> Response | None:
        if is_page(request, "customer_invoices", later=True):
            scene.served.interference.between = None
            server.stop()
        return None

    scene.served.interference.between = between


def lose_at_a_write(scene: Scene, server: Server) -> None:
    before = 90

    async def pause() -> None:
        nonlocal before
        before -= 1
        if before == 0:
            server.stop()

    scene.served.upflow.pause = pause


@pytest.mark.parametrize("at", [lose_at_a_page, lose_at_a_write])
def test_a_server_stopped_in_the_middle_of_a_run_ends_it_and_the_next_completes_it(
    ledger: Scene,
    server: Server,
    at: Callable[[Scene, Server], None],
    capsys: pytest.CaptureFixture[str],
    figure: Figure,
) -> None:
    password = Canaries({"password": ledger.environ["DATABASE_PASSWORD"], "as it is": PASSWORD})
    at(ledger, server)

    try:
        run = ledger.sync()
    finally:
        server.start()

    assert (run.report["status"], run.exit_code) == ("incomplete", 1)
    assert f"127.0.0.1:{server.port}/" in run.report["error"]
    assert "see that the server runs" in run.report["error"]
    assert "run again" in run.report["error"]
    assert any("could not be kept" in note for note in run.report["notes"])
    password.check("report", str(run.report))
    password.check("log", capsys.readouterr().err)
    ledger.synced()
    check_what_arrived(ledger, "fix")
    assert ledger.synced().upflow == []
    figure(f"PostgreSQL stopped, {at.__name__}", "incomplete, exit 1, next run completes, 0 duplicates")


def test_a_writer_that_does_not_end_is_not_waited_for_beyond_the_lock_timeout(ledger: Scene, server: Server) -> None:
    ledger.synced()
    ledger.change("customers", ledger.ledger("customers")[0]["id"], name="Nom d'après")
    name = ledger.yaml.read_text(encoding="utf-8").partition(f"{server.port}/")[2].partition("?")[0]
    other = {"host": "127.0.0.1", "port": server.port, "dbname": name, "user": USER, "password": PASSWORD}
    with psycopg.connect(**other) as holding:  # type: ignore[arg-type] # psycopg wants each named
        holding.execute("SELECT pg_advisory_xact_lock(%s, (SELECT id FROM connections WHERE name = %s))", (LOCKS, NAME))
        run = ledger.sync()

    assert (run.report["status"], run.exit_code) == ("incomplete", 1)
    assert "lock timeout" in run.report["error"]
    assert "another process" in run.report["error"]
    ledger.synced()
    check_what_arrived(ledger, "fix")

"""After a good run, a full read comes back hollow: does anything of it reach Upflow before a person has looked?

The ledger is Pennylane's stand-in; between it and the reader stands one that passes answers on changed, from a second
stand-in with the same data or another company's. What Upflow was asked is in the journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.server import create_app
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from ..acceptance.comparison import check_what_arrived
from ..acceptance.conftest import serving
from ..acceptance.scene import NAME, Row, Run, Scene, Served
from .conftest import Figure

SIZE: dict[str, Any] = {"customers": 80, "invoices": 300, "limits": "off"}
LISTS = ("/customers", "/customer_invoices")
#: What is done to an answer to GET /me or to a list: its path's last word and its body.
Distortion = Callable[[str, Row], Row]


def nothing(path: str, body: Row) -> Row:
    return {**body, "items": [], "has_more": False, "next_cursor": None} if path in LISTS else body


def a_tenth(path: str, body: Row) -> Row:
    return {**body, "items": [row for row in body["items"] if row["id"] % 10 == 0]} if path in LISTS else body


def hundredfold(path: str, body: Row) -> Row:
    if path != "/customer_invoices":
        return body
    return {
        **body,
        "items": [{name: _hundredfold(name, value) for name, value in row.items()} for row in body["items"]],
    }


def _hundredfold(name: str, value: Any) -> Any:
    money = isinstance(value, str) and ("amount" in name or name in ("tax", "currency_tax"))
    return str(Decimal(value) * 100) if money else value


def as_it_is(path: str, body: Row) -> Row:
    return body


def under_other_ids(path: str, body: Row) -> Row:
    return _shifted(body) if path in LISTS else body


def _shifted(value: Any) -> Any:
    """The same with every id moved far from those there are, and the contents of what has none."""
    if isinstance(value, list):
        return [_shifted(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each + 10**9 if name == "id" and isinstance(each, int) else _shifted(each) for name, each in value.items()
    }


def another_company(path: str, body: Row) -> Row:
    return {**body, "company": {**body["company"], "id": 9401, "name": "Autre SAS"}} if path == "/me" else body


#: What a full read gives, the seed of the ledger it comes from, what is done to it.
HOLLOW = {
    "nothing": (1, nothing),
    "10 % of the rows": (1, a_tenth),
    "another company's data under the same ids": (2, as_it_is),
    "another company's data under ids of its own": (2, under_other_ids),
    "another company, as GET /me says": (2, another_company),
    "every amount times 100": (1, hundredfold),
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(**SIZE) as made:
        yield made


@pytest.fixture(scope="module")
def ledger_of() -> Callable[[int], httpx.ASGITransport]:
    """The way to a second stand-in of Pennylane, by its seed."""
    apps = {seed: create_app([PennylaneSandbox(SandboxOptions(**SIZE, seed=seed))]) for seed in (1, 2)}
    return lambda seed: httpx.ASGITransport(apps[seed])


@pytest.fixture
def scene(served: Served, tmp_path: Path) -> Iterator[Scene]:
    """A connection that had a good first run of 380 rows; the scene is as at its start."""
    with httpx.Client(timeout=60) as http:
        served.interference.between = None
        assert http.post(f"{served.running.url}/_sandbox/reset").status_code == 204
        made = Scene(served, tmp_path, Registry.load(), http)
        made.configure()
        first = made.synced()
        assert sum(kind["created"] for kind in first.report["kinds"].values()) >= 200
        yield made
        served.interference.between = None


@contextmanager
def reading_from(scene: Scene, ledger: httpx.ASGITransport, distort: Distortion) -> Iterator[None]:
    """Answer what is asked of Pennylane from the stand-in `ledger`, as `distort` leaves it."""

    async def between(request: Request) -> Response | None:
        if not request.url.path.startswith("/pennylane/"):
            return None
        headers = {"Authorization": request.headers["authorization"]}
        async with httpx.AsyncClient(transport=ledger) as http:
            answer = await http.get(str(request.url), headers=headers)
        body = distort(request.url.path.partition("/v2")[2], answer.json())
        return Response(json.dumps(body), answer.status_code, media_type="application/json")

    scene.served.interference.between = between
    try:
        yield
    finally:
        scene.served.interference.between = None


def held_at_upflow(scene: Scene) -> dict[str, dict[str, Row]]:
    return {name: scene.desk(name) for name in ("customers", "invoices", "credit_notes", "payments")}


def stopped(run: Run) -> str:
    assert (run.report["status"], run.exit_code, run.writes) == ("stopped", 1, []), run.report
    return str(run.report["error"])


def notes_of_plan(scene: Scene) -> list[str]:
    app = App(load_configuration(scene.yaml, scene.registry, scene.environ), scene.registry, now=scene.clock)
    try:
        return list(app.plan(NAME).as_json()["notes"])
    finally:
        app.close()


@pytest.mark.parametrize("on_delete", ["delete", pytest.param("report", marks=pytest.mark.proof)])
@pytest.mark.parametrize("what", HOLLOW)
def test_a_hollow_full_read_stops_before_the_first_write_and_harms_nothing(
    scene: Scene, ledger_of: Callable[[int], httpx.ASGITransport], figure: Figure, what: str, on_delete: str
) -> None:
    scene.configure(connection=f"on_delete: {on_delete}")
    scene.synced()
    before = held_at_upflow(scene)
    seed, distort = HOLLOW[what]
    with reading_from(scene, ledger_of(seed), distort):
        said = stopped(scene.sync(full=True))
        assert f"`duebridge sync {NAME} --accept-mass-change`" in said
        again = [stopped(scene.sync()), stopped(scene.sync())]
        assert any(note.startswith("a sync would be stopped by the guard: ") for note in notes_of_plan(scene))
    assert held_at_upflow(scene) == before

    whole = scene.synced()
    assert whole.writes == []
    check_what_arrived(scene, "fix")
    assert scene.synced().upflow == []
    figure(
        f"guard, {what}, on_delete {on_delete}", f"{1 + len(again)} runs stopped, 0 writes; 0 writes once it is whole"
    )


@pytest.mark.parametrize("what", ["nothing", *(pytest.param(what, marks=pytest.mark.proof) for what in [*HOLLOW][1:])])
def test_a_hollow_read_that_is_accepted_is_carried_out_and_then_settled(
    scene: Scene, ledger_of: Callable[[int], httpx.ASGITransport], figure: Figure, what: str
) -> None:
    scene.configure(connection="on_delete: delete")
    seed, distort = HOLLOW[what]
    with reading_from(scene, ledger_of(seed), distort):
        stopped(scene.sync(full=True))
        accepted = scene.sync(accept_mass_change=True)
        assert accepted.report["status"] == "succeeded", accepted.report
        assert any(note.startswith("accepted by --accept-mass-change: ") for note in accepted.report["notes"])
        assert scene.sync(full=True).writes == []
    assert accepted.writes
    if distort is nothing:
        assert held_at_upflow(scene) == {"customers": {}, "invoices": {}, "credit_notes": {}, "payments": {}}
    figure(f"guard, {what}, accepted", f"{len(accepted.writes)} writes, then none")

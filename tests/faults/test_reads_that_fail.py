"""A read fails at request k, for every k: is anything taken for deleted, and does the next run complete it?

Each read is first made undisturbed, to count its requests and to see what must be at Upflow; then once for every k and
every way to fail, in which request k and all after it fail until the run is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration

from ..acceptance.changes import untouched_invoices
from ..acceptance.comparison import check_what_arrived
from ..acceptance.scene import NAME, OpenScene, Run, Scene
from .conftest import Figure
from .desk import everything
from .spoiling import WAYS, Hurried, Spoilt

#: Requests of any read that are not of a list: who we are.
ME = 1
#: The guard has proofs of its own.
DELETES = "on_delete: delete\nfull_every: 24h\nrefresh_open: 1h\nguard: {share: 1.0, min: 100000}"


@dataclass(frozen=True)
class Stage:
    """One kind of read: how it comes about (before every run, the completing one not), and how it is asked for."""

    prepare: Callable[[Scene, int], None]
    full: bool = False


def _nothing(scene: Scene, turn: int) -> None:
    del scene, turn


def _forget(scene: Scene, turn: int) -> None:
    """Both ends as at the start, so that the next run is a first one."""
    del turn
    assert scene.http.post(f"{scene.url}/_sandbox/reset").status_code == 204
    for path in scene.folder.glob("duebridge.db*"):
        path.unlink()


def _let_an_hour_pass(scene: Scene, turn: int) -> None:
    del turn
    scene.clock.ahead += timedelta(minutes=61)


def _change(scene: Scene, turn: int) -> None:
    """Something of every kind that a feed tells, none of it a deletion: more changes than one list request takes."""
    for row in scene.ledger("customers"):
        scene.change("customers", row["id"], name=f"Nom {turn} de {row['id']}")
    rows = scene.ledger("customer_invoices")
    for row in rows[:130]:
        scene.change("customer_invoices", row["id"], pdf_invoice_subject=f"Objet {turn}", label=f"Facture {turn}")
    open_ones = untouched_invoices(scene)
    if len(open_ones) > 2:
        scene.change("customer_invoices", open_ones[0], paid=True)
        scene.make("customer_invoices", credited_invoice={"id": open_ones[1]})
    scene.make("customer_invoices", currency_amount=f"{100 + turn}.00")


def _rebook(scene: Scene, turn: int) -> None:
    """Accounts the customers' read must look up beside their list."""
    for row in scene.ledger("customers"):
        account = scene.make("ledger_accounts", number=f"411{turn:04}{row['id'] % 1000:04}", label=f"Compte {turn}")
        scene.change("customers", row["id"], ledger_account={"id": account["id"]})


STAGES = {
    "first crawl": Stage(_forget),
    "later full crawl": Stage(_nothing, full=True),
    "change feed": Stage(_change),
    "reread of open documents": Stage(_let_an_hour_pass),
    "ledger accounts": Stage(_rebook),
}


@pytest.fixture
def ledger(open_scene: OpenScene) -> Scene:
    """A ledger of which no list fits on one page, but for the accounts."""
    scene = open_scene(customers=120, invoices=330)
    scene.configure(connection=DELETES)
    return scene


def planned_deletes(scene: Scene) -> int:
    """How many removals the stored records would lead to now, by `plan --with-stored`."""
    app = App(load_configuration(scene.yaml, scene.registry, scene.environ), scene.registry, now=scene.clock)
    try:
        return sum(change["action"] == "delete" for change in app.plan(NAME, with_stored=True).changes)
    finally:
        app.close()


def removals(run: Run) -> list[tuple[str, str]]:
    """What of a run's requests takes something away at Upflow: DELETEs, and links made empty."""
    return [
        (row["method"], row["path"])
        for row in run.upflow
        if row["method"] == "DELETE" or (row["path"].endswith("/reconcile") and not (row["body"] or {}).get("invoices"))
    ]


def check_failed(scene: Scene, spoilt: Spoilt, run: Run) -> None:
    """A run whose read failed wrote nothing and plans to remove nothing."""
    assert run.report["status"] == "incomplete", run.report
    assert run.exit_code == 1
    assert "Traceback" not in run.report["error"]
    assert len(spoilt.met) > spoilt.passing, "nothing was spoilt"
    assert run.writes == []
    assert all(kind["gone"] == kind["deleted"] == 0 for kind in run.report["kinds"].values()), run.report
    if spoilt.passing > ME:
        assert planned_deletes(scene) == 0


def failing_at_every_request(scene: Scene, stage: Stage, ways: Sequence[str]) -> tuple[int, int]:
    """Make the read of `stage` fail at each of its requests in each of `ways`; return requests and runs."""
    if stage.prepare is not _forget:
        scene.synced()
    undisturbed = Spoilt("refused", passing=10**6)
    stage.prepare(scene, 0)
    scene.served.interference.between = undisturbed.between
    scene.synced(full=stage.full)
    scene.served.interference.between = None
    requests, runs = len(undisturbed.met), 0
    check_what_arrived(scene, "fix")
    for way in ways:
        for passing in range(requests):
            runs += 1
            stage.prepare(scene, runs)
            one_failure(scene, stage, way, passing)
    return requests, runs


def one_failure(scene: Scene, stage: Stage, way: str, passing: int) -> None:
    """Fail after `passing` requests, then let a run through: it must leave what an undisturbed one leaves."""
    before = everything(scene)
    spoilt = Spoilt(way, passing)
    scene.served.interference.between = spoilt.between
    failed = scene.sync(full=stage.full, stopping=Hurried())
    scene.served.interference.between = None
    check_failed(scene, spoilt, failed)
    assert everything(scene) == before

    completed = scene.synced(full=stage.full)

    assert removals(completed) == []
    assert all(kind["gone"] == kind["deleted"] == 0 for kind in completed.report["kinds"].values())
    check_what_arrived(scene, "fix")


@pytest.mark.parametrize("name", STAGES)
def test_a_refused_read_at_any_request_deletes_nothing_and_the_next_run_completes_it(
    ledger: Scene, name: str, figure: Figure
) -> None:
    requests, runs = failing_at_every_request(ledger, STAGES[name], ["refused"])

    assert requests >= 4
    figure(f"{name}: read refused at each of {requests} requests", f"0 deletes planned, {runs} of {runs} completed")


@pytest.mark.proof
@pytest.mark.parametrize("way", [way for way in WAYS if way != "refused"])
@pytest.mark.parametrize("name", STAGES)
def test_a_read_that_fails_in_whatever_way_deletes_nothing_and_the_next_run_completes_it(
    ledger: Scene, name: str, way: str, figure: Figure
) -> None:
    requests, runs = failing_at_every_request(ledger, STAGES[name], [way])

    figure(f"{name}: {way} at each of {requests} requests", f"0 deletes planned, {runs} of {runs} completed")


def test_a_feed_that_fails_keeps_real_deletions_for_the_run_that_completes_it(ledger: Scene, figure: Figure) -> None:
    ledger.synced()
    requests = 5
    for turn, passing in enumerate(range(1, requests)):
        _change(ledger, turn)
        gone = [id for id in untouched_invoices(ledger) if id != untouched_invoices(ledger)[0]][:2]
        for id in gone:
            ledger.remove("customer_invoices", id)
        spoilt = Spoilt("refused", passing)
        ledger.served.interference.between = spoilt.between
        failed = ledger.sync(stopping=Hurried())
        ledger.served.interference.between = None
        assert (failed.report["status"], failed.writes) == ("incomplete", [])

        completed = ledger.synced()

        deleted = [path for method, path in removals(completed) if method == "DELETE"]
        assert sorted(deleted) == sorted(f"/upflow/v1/invoices/external:pennylane-invoice-{id}" for id in gone)
        check_what_arrived(ledger, "fix")
    figure("change feed with 2 real deletions, failed at requests 2 to 5", "exactly those 2 deleted each time")


def test_two_failed_reads_in_a_row_at_growing_places_delete_nothing(ledger: Scene) -> None:
    ledger.synced()
    for passing in (2, 3, 4):
        spoilt = Spoilt("another shape", passing)
        ledger.served.interference.between = spoilt.between
        failed = ledger.sync(full=True, stopping=Hurried())
        ledger.served.interference.between = None
        check_failed(ledger, spoilt, failed)

    completed = ledger.synced()

    assert completed.upflow == []
    check_what_arrived(ledger, "fix")

"""What if the process is killed while it writes to Billabex? Nothing is doubled or lost, and the next runs finish it.

The scenes, the points and the driver are those of `test_killed`; lists lag behind what was made. A repeated create is
the very same request, which Billabex answers as at first: how often one was sent is not counted here, what it holds is.
Where a record is gone before its create is settled nothing may be sent to find out, so lists are up to date there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.core.testing import carbon, laid_out
from duebridge.targets.billabex.sandbox import BillabexSandbox

from ..acceptance.scene import Clock, Row
from .billabex_desk import BillabexDesk
from .desks import Held, difference
from .kill.databases import SqliteDatabase
from .kill.desks import KilledDesk, Sent
from .kill.driver import LIVES, Driver, Kill, driving
from .kill.oracle import Rehearsal, rehearsed, told_apart
from .kill.points import WRITING, points
from .kill.scenes import AGAIN, DELETIONS, FIRST, RELINKS, UPDATES, Play
from .kill.stage import Stage, staged

Figure = Callable[[str, str], None]
OnStage = Callable[[Play], tuple[Stage, Rehearsal]]

SCENES = (FIRST, UPDATES, RELINKS, DELETIONS, AGAIN)
#: How long lists lag (seconds): longer than any of the runs.
LAG = 600
MOST_RUNS = 2


class KilledBillabex(KilledDesk, BillabexDesk):
    """Two accounts may have one source link here: what keeps them apart is the connector."""

    repeats = True

    def serve(self, clock: Clock) -> ProductSandbox:
        self.product = BillabexSandbox(SandboxOptions(limits="off"))
        self.product.clock = lambda: clock().timestamp()
        return self.product

    def open(self, url: str) -> None:
        self.product.configure({"unique_sources": False})

    def held(self, url: str) -> dict[str, Held]:
        lag = self.product.configure({})["visible_after"]
        self.product.configure({"visible_after": 0})
        held = super().held(url)
        self.product.configure({"visible_after": lag})
        return held

    def as_sent(self, row: Row) -> Sent:
        return Sent(row["path"], "", row["method"], None)

    def keep(self) -> Any:
        return copy.deepcopy(self.product.state)

    def put_back(self, kept: Any) -> None:
        self.product.hold(copy.deepcopy(kept), self.product.routes.switches)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A warm process that forks a child for every run."""
    with driving(laid_out(tmp_path_factory.mktemp("plugins"), "carbon", carbon.__name__)) as started:
        yield started


@pytest.fixture(scope="module")
def on_stage(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnStage]:
    """Return the stage and the rehearsal of a scene there, each made once."""
    with ExitStack() as stack:

        @cache
        def stage() -> Stage:
            folder = tmp_path_factory.mktemp("billabex")
            return stack.enter_context(staged(driver, KilledBillabex(), SqliteDatabase(), folder))

        @cache
        def rehearsal(play: Play) -> Rehearsal:
            return rehearsed(stage(), play)

        yield lambda play: (stage(), rehearsal(play))


def survived(stage: Stage, rehearsal: Rehearsal, *kills: Kill) -> int:
    """Play the scene with these kills and check what stands afterwards; return how many hit."""
    stage.put_back(rehearsal.start)
    stage.scene.clock.ahead = rehearsal.play.ahead
    stage.desk.product.configure({"visible_after": 0 if rehearsal.play is AGAIN else LAG})
    hits = 0
    for kill in kills:
        hits += stage.sync(kill).killed
        if rehearsal.ledger_later is not None:
            stage.put_back_ledger(rehearsal.ledger_later)
    for _ in range(MOST_RUNS):
        run = stage.sync(LIVES)
        held = stage.desk.held(stage.scene.url)
        if run.code == 0 and not difference(held, rehearsal.held):
            break
    where = f"in {rehearsal.play}, killed " + ", then ".join(map(str, kills))
    assert run.report.get("status") == "succeeded", f"{where}: {run}"
    assert not difference(held, rehearsal.held), f"{where}: {told_apart(held, rehearsal.held)}"
    assert stage.ask("SELECT n FROM intents") == [], where
    assert stage.ask("SELECT key FROM records WHERE due OR uncertain OR outcome IN ('unknown', 'rejected')") == [], (
        where
    )
    sent = len(stage.sent())
    assert stage.sync(LIVES).code == 0, where
    assert len(stage.sent()) == sent, f"{where}: a further run writes again"
    return hits


@pytest.mark.proof
@pytest.mark.parametrize("play", SCENES, ids=str)
def test_a_run_killed_at_any_named_point_loses_and_doubles_nothing(
    on_stage: OnStage, figure: Figure, play: Play
) -> None:
    stage, rehearsal = on_stage(play)
    names = [name for name in points("billabex", (WRITING,)) if rehearsal.passed.get(name)]
    hits = sum(survived(stage, rehearsal, Kill(name, (rehearsal.passed[name] + 1) // 2)) for name in names)
    assert hits == len(names)
    figure(f"SIGKILL in {play}, Billabex", f"{len(names)} points, {hits} kills: 0 duplicates, 0 lost, 0 different")


@pytest.mark.proof
def test_every_point_of_the_connectors_own_is_passed_by_one_of_the_scenes(on_stage: OnStage) -> None:
    passed = {name for play in SCENES for name in on_stage(play)[1].passed}
    own = set(points("billabex", (WRITING,))) - set(points("carbon", (WRITING,)))
    assert own <= passed


HANDFUL = [
    (FIRST, "write: answered, answer not read"),
    (FIRST, "account there, contacts not"),
    (UPDATES, "a document removed, not made again"),
    (RELINKS, "link released, not made again"),
]


@pytest.mark.parametrize(("play", "point"), HANDFUL, ids=str)
def test_a_run_killed_at_the_likeliest_points_loses_and_doubles_nothing(
    on_stage: OnStage, play: Play, point: str
) -> None:
    stage, rehearsal = on_stage(play)
    assert survived(stage, rehearsal, Kill(point, (rehearsal.passed[point] + 1) // 2)) == 1


def test_a_run_killed_twice_in_a_row_loses_and_doubles_nothing(on_stage: OnStage) -> None:
    stage, rehearsal = on_stage(UPDATES)
    middle = (rehearsal.passed["write: in flight"] + 1) // 2
    assert survived(stage, rehearsal, Kill("write: in flight", middle), Kill("write: in flight", 1)) == 2

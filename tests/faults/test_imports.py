"""Is a document ever imported twice, or not at all, when answers are lost and processes killed?

Oracle: what a second Pennylane company holds in the end, object by object with lines and links, against an import of
the same documents that nothing disturbed. Nothing imported can be taken back, so each must be there exactly once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.testing import Fault, carbon, laid_out
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from .books import BooksDesk, SecondCompany, unpaced_books
from .conftest import Figure
from .desks import PENNYLANE, count, difference, unheard
from .kill.driver import LIVES, Driver, Ended, Kill, driving
from .kill.points import LOOKED, WRITING, points
from .kill.stage import UnderWay
from .play import Play, playing

DESK = BooksDesk()
SMALL = {"customers": 12, "invoices": 60}
LARGE = {"customers": 300, "invoices": 2400}
IMPORTS, EVERYTHING = (r"/import$", "imports"), (r".*", "all writes")
LOSSES = [
    pytest.param(SMALL, *IMPORTS, id="imports"),
    pytest.param(SMALL, *EVERYTHING, id="all writes"),
    pytest.param(LARGE, *IMPORTS, id="imports, large", marks=pytest.mark.proof),
]
MOST_RUNS = 20
#: Longer than a search may lag behind, and than a document waits whose file could not be uploaded.
LAG = timedelta(hours=25)


@contextmanager
def importing(folder: Path, size: dict[str, int]) -> Iterator[Play]:
    """A play that imports everything, however old."""
    with playing(DESK, folder, **size, history="all") as play:
        pace = unpaced_books(play.url)
        yield play
        assert pace is not None


def settle(play: Play, rejected: int | None = None) -> None:
    """Run until everything is settled, and no more than `rejected` records are; time passes between the runs."""
    for _ in range(MOST_RUNS):
        report = play.bench.sync()
        play.reports.append(report)
        assert report.consistent(), report.as_json()
        left = len(play.bench.records("rejected"))
        if report.status == "succeeded" and left == (left if rejected is None else rejected):
            return
        play.clock.ahead += LAG
    raise AssertionError(report.as_json())


def imports(play: Play) -> int:
    """How many imports the company carried out."""
    return sum(row["path"].endswith("/import") and (row.get("acted") or row["status"]) < 300 for row in play.writes())


@pytest.mark.parametrize(("size", "path", "what"), LOSSES)
def test_with_half_of_the_answers_lost_each_document_is_imported_exactly_once(
    tmp_path: Path, figure: Figure, size: dict[str, int], path: str, what: str
) -> None:
    for name in ("undisturbed", "disturbed"):
        (tmp_path / name).mkdir()
    with importing(tmp_path / "undisturbed", size) as play:
        settle(play)
        wanted, rejected = play.held(), len(play.bench.records("rejected"))
    with importing(tmp_path / "disturbed", size) as play:
        lost = [Fault(fault="lost_answer", method=method, path=path, rate=0.5) for method in ("POST", "PUT")]
        play.order(*lost, seed=3)
        settle(play, rejected)
        held = play.held()
        assert not difference(held, wanted), difference(held, wanted)
        assert imports(play) == len(held["customer_invoices"]) == count({"": held["customer_invoices"]})
        unheard_of = sum(unheard(row) for row in play.writes())
        assert unheard_of > size["invoices"] / 8
        figure(
            f"half of the answers to {what} lost, {imports(play)} documents",
            f"{unheard_of} answers lost, {len(play.reports)} runs, 0 duplicates, 0 lost, 0 different",
        )


# --- killed processes ------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """Two companies and a folder; `duebridge sync` runs there, and is killed on order."""

    driver: Driver
    url: str
    root: Path
    under_way: UnderWay
    http: httpx.Client
    plays: int = 0
    ahead: timedelta = timedelta()

    def begin(self) -> None:
        """Both companies as at their start, an empty folder."""
        self.http.post(f"{self.url}/_sandbox/reset").raise_for_status()
        self.plays, self.ahead = self.plays + 1, timedelta()
        self.folder.mkdir()
        source = {"connector": "pennylane", "token": PENNYLANE, "base_url": f"{self.url}/pennylane"}
        connection = {"source": source, "target": DESK.block(self.url), "history": "all", "schedule": "manual"}
        written = {"database": "sqlite:///duebridge.db", "connections": {"books": connection}}
        (self.folder / "duebridge.yaml").write_text(json.dumps(written), encoding="utf-8")

    @property
    def folder(self) -> Path:
        return self.root / str(self.plays)

    def sync(self, kill: Kill = LIVES) -> Ended:
        """Run the connection; return when both companies are done with what they were sent."""
        ended = self.driver.sync(self.folder, "books", "books", {}, ahead=self.ahead.total_seconds(), kill=kill)
        self.journal()
        self.under_way.wait_for_none()
        return ended

    def journal(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.http.get(f"{self.url}/_sandbox/journal").json()
        return [row for row in rows if row["product"] == "books"]

    def until_settled(self) -> int:
        """How many runs it took, time passing between them."""
        for runs in range(1, 4):
            self.ahead += LAG
            ended = self.sync()
            if ended.code == 0:
                assert ended.report["status"] == "succeeded"
                return runs
        raise AssertionError(ended.said)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    under_way = UnderWay()
    products = [
        PennylaneSandbox(SandboxOptions(customers=6, invoices=30, seed=3, limits="off")),
        SecondCompany(SandboxOptions(customers=0, invoices=0, limits="off")),
    ]
    with (
        running_sandbox(products, inside=[under_way.wrap]) as running,
        httpx.Client(timeout=60) as http,
        driving(laid_out(tmp_path_factory.mktemp("plugins"), "carbon", carbon.__name__)) as driver,
    ):
        yield Stage(driver, running.url, tmp_path_factory.mktemp("imports"), under_way, http)


@pytest.fixture(scope="module")
def undisturbed(stage: Stage) -> tuple[Any, dict[str, int]]:
    """What an undisturbed import leaves, and how often it passed each point."""
    stage.begin()
    ended = stage.sync()
    assert ended.code == 0, ended.said
    return DESK.held(stage.url), ended.passed


def killed_at(stage: Stage, undisturbed: tuple[Any, dict[str, int]], kills: list[Kill]) -> int:
    """Import with a run killed at each of `kills`; return how many hit. Nothing may be doubled, lost or different."""
    wanted, _ = undisturbed
    stage.begin()
    hits = 0
    for kill in kills:
        hits += stage.sync(kill).killed
        stage.ahead += LAG
    stage.until_settled()
    held = DESK.held(stage.url)
    assert not difference(held, wanted), f"{difference(held, wanted)}, killed {', '.join(map(str, kills))}"
    made = Counter(
        row["body"]["external_reference"]
        for row in stage.journal()
        if row["path"].endswith("/import") and (row["status"] or 500) < 300
    )
    assert set(made.values()) == {1}, f"killed {', '.join(map(str, kills))}"
    written = len([row for row in stage.journal() if row["method"] != "GET"])
    assert stage.sync().code == 0
    assert len([row for row in stage.journal() if row["method"] != "GET"]) == written
    return hits


def middle(passed: dict[str, int], point: str) -> Kill:
    return Kill(point, (passed[point] + 1) // 2)


@pytest.mark.parametrize("point", ["write: answered, answer not read", "uploaded, not imported", "made, not settled"])
def test_an_import_killed_at_the_likeliest_points_is_there_exactly_once(
    stage: Stage, undisturbed: tuple[Any, dict[str, int]], point: str
) -> None:
    assert killed_at(stage, undisturbed, [middle(undisturbed[1], point)]) == 1


@pytest.mark.proof
def test_an_import_killed_at_any_named_point_is_there_exactly_once(
    stage: Stage, undisturbed: tuple[Any, dict[str, int]], figure: Figure
) -> None:
    passed = undisturbed[1]
    names = [name for name in points("books", (WRITING,)) if passed.get(name)]
    assert len(names) > 12
    kills = [Kill(name, at) for name in names for at in sorted({1, (passed[name] + 1) // 2, passed[name]})]
    hits = sum(killed_at(stage, undisturbed, [kill]) for kill in kills)
    assert hits == len(kills)
    figure("SIGKILL while importing", f"{len(names)} points, {hits} kills: 0 duplicates, 0 lost, 0 different")


@pytest.mark.proof
def test_an_import_killed_while_it_looks_for_what_a_killed_one_made_is_there_exactly_once(
    stage: Stage, undisturbed: tuple[Any, dict[str, int]]
) -> None:
    first = middle(undisturbed[1], "write: answered, answer not read")
    # the run in between notices, and a search may not show it yet
    for point in ("earlier attempt to be looked for", LOOKED):
        assert killed_at(stage, undisturbed, [first, LIVES, Kill(point, 1)]) == 2

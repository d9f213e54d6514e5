"""Can a short or half-written invoice file be in the delivery folder? What it leaves out would be closed at the factor.

A kill is a SIGKILL of a real `duebridge sync`: at every passing of every point of a run, or at random moments. A failed
read is one whose request k and all after it fail, for every k. What a reader sees afterwards is each time what it saw
before, or the whole new file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from starlette.requests import Request
from starlette.responses import Response

from duebridge.targets.afakto.sandbox import read_delivery

from ..afakto.scene import CODE, NAME, Scene
from ..afakto.sftp_server import PASSWORD, serving_sftp
from ..afakto.staging import OpenScene, afakto_scene, afakto_served, installed
from .conftest import Figure
from .kill.driver import LIVES, Driver, Ended, Kill, driving
from .kill.points import UNNAMED, points
from .spoiling import WAYS, Spoilt

__all__ = ["afakto_scene", "afakto_served", "installed"]

BLOCKS, KILLS_OF_A_BLOCK = 4, 25
#: Where a run is killed in the ordinary suite: around the moment a file gets its name.
PART, REMOTE_PART = "a part of a file written", "a part of a file uploaded"
LIKELIEST = (
    "delivery announced",
    PART,
    "file forced to disk, not renamed",
    "file renamed",
    "one file delivered",
    "both files delivered, not remembered",
    "publication: not committed",
)

REMOTE = ("delivery announced", REMOTE_PART, "file uploaded, not renamed", "file renamed over there")


def seen(folder: Path) -> dict[str, bytes]:
    """The files a reader takes: what `*` stands for in a shell, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A warm process that forks a child for every run."""
    with driving(tmp_path_factory.mktemp("no-plugins")) as started:
        yield started


@dataclass
class Killed:
    """A scene whose syncs are processes of their own; `whole` has the content each sort of file must have.

    `folder` is where a reader looks.
    """

    scene: Scene
    driver: Driver
    folder: Path
    whole: dict[str, bytes]
    passed: dict[str, int]
    seconds: float
    #: What one undisturbed run left, in the database and in the folder.
    delivered: dict[Path, bytes] = field(default_factory=dict)

    def sync(self, kill: Kill = LIVES) -> Ended:
        """Run the connection as a process, killed or not; each a second after the one before."""
        self.scene.clock.ahead += timedelta(seconds=1)
        ahead = self.scene.clock.ahead.total_seconds()
        return self.driver.sync(self.scene.folder, NAME, "afakto", dict(self.scene.environ), ahead=ahead, kill=kill)

    def start_over(self, *, delivered_before: bool) -> None:
        """Have no database and an empty folder again, or what one earlier run left."""
        for path in self._files():
            path.unlink()
        if delivered_before:
            for path, content in self.delivered.items():
                path.write_bytes(content)

    def deliver(self) -> None:
        """Run undisturbed for the first time, and keep what that leaves."""
        self.start_over(delivered_before=False)
        assert self.sync().code == 0
        self.delivered = {path: path.read_bytes() for path in self._files()}

    def _files(self) -> list[Path]:
        return [*self.scene.folder.glob("duebridge.db*"), *self.folder.iterdir()]

    def harmless(self, kill: Kill, *, delivered_before: bool) -> bool:
        """Kill a run; then let one through. Return whether the kill hit."""
        self.start_over(delivered_before=delivered_before)
        before = seen(self.folder)
        ended = self.sync(kill)
        try:
            self._check(before)
            finished = self.sync()
            assert finished.code == 0, finished.said
            assert finished.report["status"] == "succeeded"
            self._check(before)
            assert not [path for path in self.folder.iterdir() if path.name.startswith(".")]
            assert invoice_files(seen(self.folder)) > invoice_files(before)
        except AssertionError as failure:
            failure.add_note(f"killed {kill}, {'after a delivery' if delivered_before else 'first run'}")
            raise
        return ended.killed

    def _check(self, before: dict[str, bytes]) -> None:
        """A reader sees what it saw before, and beside it nothing but whole files that the importer takes."""
        now = seen(self.folder)
        assert before.items() <= now.items()
        for name, content in now.items():
            assert content == self.whole[name.rpartition("_")[2]], f"{name} is not whole"
        if now:
            read_delivery(self.folder)


def invoice_files(files: dict[str, bytes]) -> int:
    return len([name for name in files if name.endswith("_invoices.csv")])


def rehearsed(scene: Scene, forking: Driver, folder: Path) -> Killed:
    """Return a stage with what an undisturbed second run delivers and passes."""
    stage = Killed(scene, forking, folder, {}, {}, 0.0)
    stage.deliver()
    ended = stage.sync()
    assert ended.code == 0, ended.said
    stage.whole = {name.rpartition("_")[2]: content for name, content in seen(folder).items()}
    assert stage.whole.keys() == {"buyers.csv", "invoices.csv"}
    assert stage.whole["invoices.csv"].count(b"\r\n") > 20
    stage.passed, stage.seconds = ended.passed, ended.seconds
    return stage


@pytest.fixture
def killed(afakto_scene: OpenScene, forking: Driver) -> Killed:
    """A small ledger of several pages, delivered to a folder."""
    scene = afakto_scene(customers=12, invoices=60)
    return rehearsed(scene, forking, scene.delivered)


@pytest.fixture
def killed_remote(afakto_scene: OpenScene, forking: Driver, tmp_path: Path) -> Iterator[Killed]:
    """The same, delivered to an SFTP server."""
    scene = afakto_scene(customers=12, invoices=60)
    with serving_sftp(tmp_path / "remote") as server:
        scene.environ["SFTP_PASSWORD"] = PASSWORD
        scene.configure(sftp=server.block(password="${SFTP_PASSWORD}"))
        yield rehearsed(scene, forking, server.folder)


def test_a_run_killed_around_the_moment_of_delivery_leaves_whole_files_or_none(killed: Killed, figure: Figure) -> None:
    for point in LIKELIEST:
        # the last passing; of the parts of a file the last but one, after which the invoices' file is not whole yet
        passing = killed.passed[point] - (point == PART)
        assert killed.harmless(Kill(point, passing), delivered_before=False), point
    figure("SIGKILL around the delivery", f"{len(LIKELIEST)} kills, 0 short files, 0 half-written")


def test_so_does_one_that_delivers_to_an_sftp_server(killed_remote: Killed, figure: Figure) -> None:
    for point in REMOTE:
        passing = killed_remote.passed[point] - (point == REMOTE_PART)
        assert killed_remote.harmless(Kill(point, passing), delivered_before=True), point
    figure("SIGKILL around a delivery over SFTP", f"{len(REMOTE)} kills, 0 short files, 0 half-written")


@pytest.mark.proof
@pytest.mark.parametrize("first", [1, 2], ids=["odd passings", "even passings"])
@pytest.mark.parametrize("delivered_before", [False, True], ids=["first run", "later run"])
def test_a_run_killed_at_any_point_leaves_whole_files_or_none(
    killed: Killed, figure: Figure, first: int, *, delivered_before: bool
) -> None:
    named = {point for point in points("afakto") if killed.passed.get(point)}
    assert set(LIKELIEST) <= set(killed.passed)
    assert not any(point.startswith(UNNAMED) for point in killed.passed)
    kills = [Kill("", passing) for passing in range(first, sum(killed.passed.values()) + 1, 2)]
    hits = sum(killed.harmless(kill, delivered_before=delivered_before) for kill in kills)
    assert hits == len(kills) or not delivered_before
    what = f"{'a later run' if delivered_before else 'a first run'} at every {'odd' if first == 1 else 'even'} passing"
    figure(f"SIGKILL of {what} of {len(named)} points", f"{hits} kills, 0 short files, 0 half-written")


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1, BLOCKS + 1))
def test_a_run_killed_at_random_moments_leaves_whole_files_or_none(killed: Killed, figure: Figure, seed: int) -> None:
    random, hits = Random(seed), 0  # noqa: S311 - a seed that gives the same moments again
    while hits < KILLS_OF_A_BLOCK:
        kill = Kill(after=random.uniform(0.0, killed.seconds))
        hits += killed.harmless(kill, delivered_before=random.random() < 0.7)
    figure(f"SIGKILL at random moments, seed {seed}", f"{hits} kills, 0 short files, 0 half-written")


# --- reads that fail


@pytest.fixture
def paged(afakto_scene: OpenScene) -> Scene:
    """A ledger of which no list fits on one page, delivered once."""
    scene = afakto_scene(customers=120, invoices=330)
    scene.synced()
    return scene


def failing_at_every_request(scene: Scene, way: str) -> int:
    """Fail every request in turn; return how many there are."""
    undisturbed = Spoilt(way, passing=10**6)
    scene.served.interference.between = undisturbed.between
    scene.synced()
    before = seen(scene.delivered)
    for passing in range(len(undisturbed.met)):
        spoilt = Spoilt(way, passing)
        scene.served.interference.between = spoilt.between
        run = scene.sync()
        assert run.exit_code != 0, run.report
        assert len(spoilt.met) > passing, "nothing was spoilt"
        assert seen(scene.delivered) == before
        assert len(list(scene.delivered.iterdir())) == len(before)
    scene.served.interference.between = None
    scene.synced()
    assert scene.book().companies[CODE].invoices.keys() == scene.invoices().keys()
    return len(undisturbed.met)


@pytest.mark.usefixtures("hurried")
def test_a_read_refused_at_any_request_delivers_nothing(paged: Scene, figure: Figure) -> None:
    requests = failing_at_every_request(paged, "refused")
    assert requests >= 7
    figure(f"read for a snapshot refused at each of {requests} requests", "0 files delivered")


@pytest.mark.proof
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("way", [way for way in WAYS if way != "refused"])
def test_a_read_that_fails_in_whatever_way_delivers_nothing(paged: Scene, way: str, figure: Figure) -> None:
    requests = failing_at_every_request(paged, way)
    figure(f"read for a snapshot, {way} at each of {requests} requests", "0 files delivered")


@pytest.mark.parametrize("kept", [0, 10])
def test_a_list_that_ends_too_early_is_withheld(paged: Scene, kept: int) -> None:
    before = seen(paged.delivered)
    paged.served.interference.between = cut_to(paged.ledger("customer_invoices")[:kept])

    run = paged.sync()

    assert (run.exit_code, run.report["status"]) == (1, "stopped")
    assert seen(paged.delivered) == before


@pytest.mark.parametrize("kept", [0, 3])
def test_so_is_a_short_one_of_so_few_invoices_that_no_guard_counts_them(afakto_scene: OpenScene, kept: int) -> None:
    scene = afakto_scene(customers=0, invoices=0)
    customer = scene.customer()
    for n in range(12):
        scene.invoice(customer, f"F-{n}")
    scene.synced()
    before = seen(scene.delivered)
    scene.served.interference.between = cut_to(scene.ledger("customer_invoices")[:kept])

    run = scene.sync()

    assert (run.exit_code, run.report["status"]) == (1, "stopped")
    assert seen(scene.delivered) == before


def cut_to(rows: list[dict[str, object]]) -> Callable[..., object]:
    """Answer the list of documents with `rows` alone, as if there were no more."""
    page = json.dumps({"items": rows, "has_more": False, "next_cursor": None})

    async def between(request: Request) -> Response | None:
        wanted = request.url.path.endswith("/v2/customer_invoices")
        return Response(page, 200, media_type="application/json") if wanted else None

    return between

"""Is anything doubled or lost when answers are lost after the product has acted?

Oracle: what the stand-in holds in the end, object by object, against a run of the same ledger that nothing disturbed;
how often it acted without our hearing of it is in its journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from duebridge.core.testing import Fault

from .desks import CarbonDesk, Desk, Held, UpflowDesk, count, difference
from .life import changes
from .play import Play, playing

Figure = Callable[[str, str], None]
Size = dict[str, int]
Undisturbed = tuple[Mapping[str, Held], int]

SMALL: Size = {"customers": 20, "invoices": 120}
LARGE: Size = {"customers": 1000, "invoices": 7600}
MIDDLING: Size = {"customers": 40, "invoices": 400}
LIVELY: Size = {"customers": 400, "invoices": 3000}
CREATES = 10_000

UPSERT, CREATE_ONCE = pytest.param(UpflowDesk(), id="upsert"), pytest.param(CarbonDesk(), id="create_once")
DESKS = [UPSERT, CREATE_ONCE]
RATES = [0.01, 0.1, 0.5]
WRITES = ("POST", "PUT", "DELETE")


def proof(size: Size) -> object:
    """A size of the slow half."""
    return pytest.param(size, id="large", marks=pytest.mark.proof)


def lost(rate: float, *methods: str) -> list[Fault]:
    """Lose this share of the answers to `methods`, after acting."""
    return [Fault(fault="lost_answer", method=method, rate=rate) for method in methods]


@pytest.fixture(scope="module")
def first_sync(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Desk, Size], Undisturbed]:
    """Return what an undisturbed first sync leaves, made once for each desk and size, and day: it dates the data."""
    made: dict[tuple[object, ...], Undisturbed] = {}

    def leaves(desk: Desk, size: Size) -> Undisturbed:
        key = (desk.name, *size.values(), datetime.now(UTC).date())
        if key not in made:
            made[key] = undisturbed(desk, tmp_path_factory.mktemp("undisturbed"), size)
        return made[key]

    return leaves


def undisturbed(desk: Desk, folder: Path, size: Size, then: Callable[[Play], None] = lambda _: None) -> Undisturbed:
    """What the desk holds when nothing goes wrong, and how many creates that took at first."""
    with playing(desk, folder, **size, on_delete="delete") as play:
        assert len(play.settle()) == 1
        creates = play.creates()
        then(play)
        held = play.held()
    assert not difference(held, held), "the undisturbed run made something twice"
    return held, creates


@pytest.mark.parametrize("size", [pytest.param(SMALL, id="small"), proof(LARGE)])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("desk", DESKS)
def test_answers_lost_to_creates_double_and_lose_nothing(
    tmp_path: Path,
    figure: Figure,
    first_sync: Callable[[Desk, Size], Undisturbed],
    desk: Desk,
    rate: float,
    size: Size,
) -> None:
    wanted, creates = first_sync(desk, size)
    with playing(desk, tmp_path, **size) as play:
        play.order(*lost(rate, *WRITES), seed=7)
        shown: list[int] = []
        reports = play.settle(lambda: shown.append(len(play.unknown_records())))
        held, unheard = play.held(), play.lost()["POST"]
    found = difference(held, wanted)

    figure(
        f"answers lost after acting on {rate:.0%} of writes, {desk.name}",
        f"{creates} creates, {unheard} answers lost, {found['duplicates']} duplicates, {found['lost']} lost; "
        f"{len(reports)} runs, unknown after each: {', '.join(str(report.unknown) for report in reports)}",
    )
    assert not found
    assert unheard > 0
    assert [report.unknown for report in reports] == [*shown, 0]
    assert size is SMALL or creates >= CREATES


@pytest.mark.parametrize("size", [pytest.param(SMALL, id="small"), proof(LARGE)])
def test_what_was_created_without_an_answer_is_settled_by_the_next_run(
    tmp_path: Path, figure: Figure, size: Size
) -> None:
    with playing(CarbonDesk(), tmp_path, **size) as play:
        play.order(*lost(0.5, "POST"), seed=3)
        play.settle()
        created, posts = count(play.held()), play.creates()
    settled = [before.keys() - after.keys() for before, after in pairwise([*play.shown, {}])]

    figure(
        "a create whose answer was lost, on its next run",
        f"{sum(map(len, settled))} of {sum(map(len, play.shown))} settled, {posts - created} sent again",
    )
    assert play.shown
    assert settled == [before.keys() for before in play.shown]
    assert posts == created


@pytest.mark.parametrize("size", [pytest.param(MIDDLING, id="small"), proof(LIVELY)])
@pytest.mark.parametrize("desk", DESKS)
def test_answers_lost_to_changes_links_releases_and_deletes_leave_what_an_undisturbed_life_leaves(
    tmp_path: Path, figure: Figure, desk: Desk, size: Size
) -> None:
    number = size["customers"] // 10

    def live(play: Play) -> None:
        changes(play, number)

    (tmp_path / "undisturbed").mkdir()
    wanted, _ = undisturbed(desk, tmp_path / "undisturbed", size, live)
    with playing(desk, tmp_path, **size, on_delete="delete") as play:
        play.order(*lost(0.5, *WRITES), seed=11)
        play.settle()
        live(play)
        held, unheard, releases = play.held(), play.lost(), desk.lost_releases(play.writes())
    found = difference(held, wanted)

    figure(
        f"half of all answers lost through a first sync and two rounds of changes, {desk.name}",
        f"{found['duplicates']} duplicates, {found['lost']} lost, {found['different']} different; answers lost: "
        f"{', '.join(f'{n} {method}' for method, n in sorted(unheard.items()))}, {releases} of them releases; "
        f"{len(play.reports)} runs",
    )
    assert not found
    assert unheard.keys() == desk.methods
    assert releases > 0

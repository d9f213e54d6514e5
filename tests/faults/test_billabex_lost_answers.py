"""Is anything doubled or lost at Billabex when answers are lost after it has acted?

Its creates carry a key, so a repeat is the same request; what stays unknown is looked for in the next run. Two accounts
may have one source link here, and contacts any address: only what the connector does keeps them apart. Oracle as in
`test_lost_answers`: what the stand-in holds, object by object, against an undisturbed run of the same ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from duebridge.core.testing import Fault

from .billabex_desk import BillabexDesk
from .desks import Held, difference
from .life import changes
from .play import Play, playing

Figure = Callable[[str, str], None]
Size = dict[str, int]
Undisturbed = tuple[Mapping[str, Held], int]

SMALL: Size = {"customers": 20, "invoices": 120}
LARGE: Size = {"customers": 1000, "invoices": 14_000}
MIDDLING: Size = {"customers": 40, "invoices": 400}
LIVELY: Size = {"customers": 400, "invoices": 3000}
CREATES = 10_000

WRITES = ("POST", "PUT", "DELETE")
#: How much later Billabex is asked what it holds: its lists lag behind.
LATER = timedelta(minutes=2)


def proof(size: Size) -> object:
    """A size of the slow half."""
    return pytest.param(size, id="large", marks=pytest.mark.proof)


RATES = [
    *(pytest.param(rate, SMALL, id=f"{rate}-small") for rate in (0.01, 0.1, 0.5)),
    *(pytest.param(rate, LARGE, id=f"{rate}-large", marks=pytest.mark.proof) for rate in (0.01, 0.1, 0.5)),
]


def lost(rate: float, *methods: str) -> list[Fault]:
    """Lose this share of the answers to `methods`, after acting."""
    return [Fault(fault="lost_answer", method=method, rate=rate) for method in methods]


def later(play: Play) -> None:
    """Let the time pass in which a list may lag."""
    play.clock.ahead += LATER


@pytest.fixture(scope="module")
def first_sync(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Size], Undisturbed]:
    """Return what an undisturbed first sync leaves, made once for each size, and day: it dates the data."""
    made: dict[tuple[object, ...], Undisturbed] = {}

    def leaves(size: Size) -> Undisturbed:
        key = (*size.values(), datetime.now(UTC).date())
        if key not in made:
            made[key] = undisturbed(tmp_path_factory.mktemp("undisturbed"), size)
        return made[key]

    return leaves


def undisturbed(folder: Path, size: Size, then: Callable[[Play], None] = lambda _: None) -> Undisturbed:
    """What Billabex holds when nothing goes wrong, and how many creates that took at first."""
    with playing(BillabexDesk(), folder, **size, on_delete="delete") as play:
        assert len(play.settle()) == 1
        creates = play.creates()
        then(play)
        held = play.held()
    assert not difference(held, held), "the undisturbed run made something twice"
    return held, creates


@pytest.mark.parametrize(("rate", "size"), RATES)
def test_answers_lost_to_creates_double_and_lose_nothing(
    tmp_path: Path, figure: Figure, first_sync: Callable[[Size], Undisturbed], rate: float, size: Size
) -> None:
    wanted, creates = first_sync(size)
    with playing(BillabexDesk(lag=30), tmp_path, **size) as play:
        play.order(*lost(rate, *WRITES), seed=7)
        reports = play.settle()
        later(play)
        held, unheard = play.held(), play.lost()["POST"]
    found = difference(held, wanted)

    figure(
        f"answers lost after acting on {rate:.0%} of writes, Billabex, lists lagging by 30 s",
        f"{creates} creates, {unheard} answers lost, {found['duplicates']} duplicates, {found['lost']} lost; "
        f"{len(reports)} runs, unknown after each: {', '.join(str(report.unknown) for report in reports)}",
    )
    assert not found
    assert unheard > 0
    assert size is not LARGE or creates >= CREATES


@pytest.mark.parametrize("size", [pytest.param(MIDDLING, id="small"), proof(LIVELY)])
def test_answers_lost_to_changes_replacements_and_removals_leave_what_an_undisturbed_life_leaves(
    tmp_path: Path, figure: Figure, size: Size
) -> None:
    number = size["customers"] // 10

    def live(play: Play) -> None:
        changes(play, number)

    (tmp_path / "undisturbed").mkdir()
    wanted, _ = undisturbed(tmp_path / "undisturbed", size, live)
    with playing(BillabexDesk(), tmp_path, **size, on_delete="delete") as play:
        play.between = lambda: later(play)
        play.order(*lost(0.5, *WRITES), seed=11)
        play.settle()
        live(play)
        held, unheard, releases = play.held(), play.lost(), play.desk.lost_releases(play.writes())
    found = difference(held, wanted)

    figure(
        "half of all answers lost through a first sync and two rounds of changes, Billabex",
        f"{found['duplicates']} duplicates, {found['lost']} lost, {found['different']} different; answers lost: "
        f"{', '.join(f'{n} {method}' for method, n in sorted(unheard.items()))}, {releases} of them releases; "
        f"{len(play.reports)} runs",
    )
    assert not found
    assert unheard.keys() == play.desk.methods
    assert releases > 0

"""Is anything doubled or lost when answers are lost after the product has acted?

Oracle: what the stand-in holds in the end, object by object, against a run of the same ledger that nothing disturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .desks import CarbonDesk, Desk, Held, UpflowDesk, count, difference
from .play import Play, playing

Figure = Callable[[str, str], None]
Size = dict[str, int]

SMALL: Size = {"customers": 20, "invoices": 120}
LARGE: Size = {"customers": 1000, "invoices": 7600}
ENOUGH = 10_000

DESKS = [pytest.param(UpflowDesk(), id="upsert"), pytest.param(CarbonDesk(), id="create_once")]
SIZES = [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.proof)]
RATES = [0.01, 0.1, 0.5]
LOST = {"fault": "lost_answer"}
WRITES = ("POST", "PUT", "DELETE")


def lost(rate: float, *methods: str) -> list[dict[str, object]]:
    """Lose this share of the answers to `methods`, after acting."""
    return [{**LOST, "method": method, "rate": rate} for method in methods]


def undisturbed(desk: Desk, folder: Path, size: Size, then: Callable[[Play], None] | None = None) -> Mapping[str, Held]:
    """What the desk holds when nothing goes wrong."""
    folder.mkdir()
    with playing(desk, folder, **size, on_delete="delete") as play:
        assert len(play.settle()) == 1
        if then is not None:
            then(play)
        held = play.held()
    assert not difference(held, held), "the undisturbed run made something twice"
    return held


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("desk", DESKS)
def test_no_lost_answer_to_a_create_doubles_or_loses_anything(
    tmp_path: Path, figure: Figure, desk: Desk, rate: float, size: Size
) -> None:
    wanted = undisturbed(desk, tmp_path / "undisturbed", size)
    with playing(desk, tmp_path, **size) as play:
        play.order(*lost(rate, *WRITES), seed=7)
        reports = play.settle()
        unknown = [report.unknown for report in reports]
        creates, found = play.creates(), difference(play.held(), wanted)

    assert not found
    assert all(play.shown)
    assert size is SMALL or count(wanted) >= ENOUGH
    figure(
        f"answers lost on {rate:.0%} of writes, {desk.name}",
        f"{count(wanted)} objects, {creates} POSTs, {found['duplicates']} duplicates, {found['lost']} lost; "
        f"unknown run by run {unknown}",
    )

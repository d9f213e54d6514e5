"""Is a document ever imported twice, or not at all, when answers are lost?

Oracle: what Pennylane holds in the end, object by object with lines and links, against an import of the same documents
that nothing disturbed, and what Harvest says it invoiced. Nothing imported can be taken back, so each must be there
exactly once.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from duebridge.core.testing import Fault

from .books import BooksDesk, SecondCompanyDesk
from .conftest import Figure
from .desks import Desk, count, difference, unheard
from .ledgers import HARVEST, PENNYLANE, Ledger, invoiced_by_harvest
from .play import Play, playing

SMALL = {"customers": 12, "invoices": 60}
LARGE = {"customers": 300, "invoices": 2400}
IMPORTS, EVERYTHING = (r"/import$", "imports"), (r".*", "all writes")
LOSSES = [
    pytest.param(HARVEST, BooksDesk(), SMALL, *IMPORTS, id="imports"),
    pytest.param(HARVEST, BooksDesk(), SMALL, *EVERYTHING, id="all writes"),
    pytest.param(HARVEST, BooksDesk(), LARGE, *IMPORTS, id="imports, large", marks=pytest.mark.proof),
    # links of credit notes: Harvest has none
    pytest.param(PENNYLANE, SecondCompanyDesk(), SMALL, *EVERYTHING, id="all writes, from Pennylane"),
]
MOST_RUNS = 20
#: Longer than a search may lag behind, and than a document waits whose file could not be uploaded.
LAG = timedelta(hours=25)


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


@pytest.mark.parametrize(("ledger", "desk", "size", "path", "what"), LOSSES)
def test_with_half_of_the_answers_lost_each_document_is_imported_exactly_once(
    tmp_path: Path, figure: Figure, ledger: Ledger, desk: Desk, size: dict[str, int], path: str, what: str
) -> None:
    for name in ("undisturbed", "disturbed"):
        (tmp_path / name).mkdir()
    with playing(desk, tmp_path / "undisturbed", ledger=ledger, **size, history="all") as play:
        settle(play)
        wanted, rejected = play.held(), len(play.bench.records("rejected"))
    with playing(desk, tmp_path / "disturbed", ledger=ledger, **size, history="all") as play:
        lost = [Fault(fault="lost_answer", method=method, path=path, rate=0.5) for method in ("POST", "PUT")]
        play.order(*lost, seed=3)
        settle(play, rejected)
        held = play.held()
        assert not difference(held, wanted), difference(held, wanted)
        assert imports(play) == len(held["customer_invoices"]) == count({"": held["customer_invoices"]})
        if ledger is HARVEST:
            assert held["customer_invoices"].keys() == invoiced_by_harvest(play.url)
        unheard_of = sum(unheard(row) for row in play.writes())
        assert unheard_of > size["invoices"] / 8
        figure(
            f"half of the answers to {what} lost, {ledger.sandbox.name} to Pennylane, {imports(play)} documents",
            f"{unheard_of} answers lost, {len(play.reports)} runs, 0 duplicates, 0 lost, 0 different",
        )

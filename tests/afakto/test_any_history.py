"""Whatever happens at the ledger, and however often it was read before, the files are those of a first read.

What can't be expressed any more is left out of the game: of it, what was delivered before stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from duebridge.core.testing import Rig, credit_note, customer, invoice
from duebridge.targets.afakto.sandbox import read_delivery
from duebridge.targets.afakto.settings import AfaktoSettings
from duebridge.targets.afakto.target import AfaktoTarget, AfaktoWithSettled

from .scene import CODE

ROUNDS, CHANGES = 12, 8
CUSTOMERS = [str(n) for n in range(1, 6)]
INVOICES = [str(n) for n in range(100, 125)]
#: How many invoices, the first ones, have credit notes; they are always there.
CREDITED = 6
NOTES = [str(n) for n in range(200, 220)]

Files = dict[str, set[tuple[tuple[str, str], ...]]]


class Side:
    """A connection of an in-memory ledger to a folder."""

    def __init__(self, folder: Path, rig: Rig, settled: bool) -> None:
        folder.mkdir()
        options = AfaktoSettings(company_code=CODE, directory=str(folder), include_settled=settled)
        self.rig = rig
        self.folder = folder
        self.target = (AfaktoWithSettled if settled else AfaktoTarget)(options, rig.services)

    def run(self) -> Files:
        """Sync; return the rows of the files delivered last, none for a file that was not."""
        before = set(self.folder.iterdir())
        report = self.rig.run(self.target, accept_mass_change=True)
        assert report.status == "succeeded", report.as_json()
        assert report.consistent(), report.as_json()
        self.rig.pass_time(hours=1)
        return {path.name.rpartition("_")[2]: rows(path) for path in set(self.folder.iterdir()) - before}


def rows(path: Path) -> set[tuple[tuple[str, str], ...]]:
    text = io.StringIO(path.read_bytes().decode(), newline="")
    return {tuple(sorted(row.items())) for row in csv.DictReader(text)}


@contextmanager
def side(root: Path, name: str, *, settled: bool) -> Iterator[Side]:
    rig = Rig(f"sqlite:///{root / name}.db")
    try:
        yield Side(root / name, rig, settled)
    finally:
        rig.close()


def some_change(random: Random) -> dict[str, Any] | tuple[str, str]:
    """An item put into the books, or (stream, id) to be taken out of them."""
    kind = random.choices(["customer", "invoice", "note", "gone"], [1, 5, 6, 2])[0]
    if kind == "customer":
        return customer(random.choice(CUSTOMERS), name=random.choice(["Acme", "Emca"]))
    if kind == "gone":
        return "documents", random.choice(INVOICES[CREDITED:] + NOTES)
    who, currency = random.choice(CUSTOMERS), random.choice(["EUR", "EUR", "USD"])
    number = random.choice([{}, {}, {}, {"number": f"N-{random.randrange(4)}"}])
    if kind == "invoice":
        left = random.choice(["100.00", "40.00", "0.00", None])
        status = random.choice(["upcoming", "late", "partially_paid", "paid", "cancelled", "draft"])
        given = {"remaining": left, "status": status, "draft": status == "draft", "paid": random.random() < 0.1}
        return invoice(random.choice(INVOICES), who, "100.00", currency=currency, **given, **number)
    given = {
        "invoice_id": random.choice([None, *INVOICES[:CREDITED]]),
        "status": random.choice(["credit_note", "cancelled", "draft"]),
        "paid": random.random() < 0.2,
        "issued_on": f"2026-01-{random.randrange(10, 20)}",
    }
    return credit_note(
        random.choice(NOTES), who, random.choice(["-30.00", "-70.00"]), currency=currency, **given, **number
    )


def change(book: Side, random: Random) -> None:
    """Make some changes, told or untold by the ledger's feed."""
    for _ in range(CHANGES):
        made, told = some_change(random), random.random() < 0.5
        if isinstance(made, dict):
            book.rig.source.put(made, event=told)
        elif made[1] in book.rig.source.books[made[0]]:
            book.rig.source.remove(*made, event=told)


@pytest.mark.parametrize("settled", [False, True], ids=["open", "settled too"])
@pytest.mark.parametrize("seed", range(4))
def test_the_files_do_not_depend_on_what_was_delivered_before(tmp_path: Path, seed: int, *, settled: bool) -> None:
    random = Random(seed)  # noqa: S311 - a seed that gives the same history again
    with side(tmp_path, "known", settled=settled) as known:
        known.rig.source.put(*(customer(id) for id in CUSTOMERS))
        known.rig.source.put(*(invoice(id, CUSTOMERS[0], "100.00") for id in INVOICES[:CREDITED]))
        for turn in range(ROUNDS):
            change(known, random)
            with side(tmp_path, f"new-{turn}", settled=settled) as new:
                new.rig.now = known.rig.now
                new.rig.source.books = known.rig.source.books
                assert known.run() == new.run(), f"turn {turn}"
        read_delivery(known.folder)

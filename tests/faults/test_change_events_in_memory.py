"""The same events many times over, between a ledger and a desk in memory: is the desk the same however told?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.connector import Cursor, Page, Services, Settings
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.reading import Rhythm
from duebridge.core.testing import LedgerSource, Rig, credit_note, customer, invoice

from .conftest import Figure

POLICY = Policy(rhythm=Rhythm(timedelta(days=90), timedelta(days=90)), on_delete="delete")
WORDS = ("customer", "invoice", "pay", "archive", "credit", "unlink", "delete", "restore", "reprice")
ACTS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 6)), min_size=1, max_size=12)


class RepeatingLedger(LedgerSource):
    """Tells changes in another order, several times, on pages of a few; some of them again on the next page."""

    def __init__(self, source_settings: Settings, services: Services, random: Random) -> None:
        super().__init__(source_settings, services)
        self.random = random

    def fetch(self, stream: str, since: Cursor | None, needs: frozenset[str]) -> Iterator[Page]:
        """Crawl as ever; what changed since the bookmark comes as this ledger tells it."""
        if since is None or since.crawl:
            yield from super().fetch(stream, since, needs)
            return
        end = Cursor(crawl=False, position={"seen": len(self.changes)})
        told = [id for where, id in self.changes[since.position["seen"] :] if where == stream]
        told += [id for id in told if self.random.random() < 0.5]
        self.random.shuffle(told)
        while told:
            size = self.random.randint(1, 4)
            page, told = told[:size], told[size:]
            if page and self.random.random() < 0.3:
                told = [*page, *told] if len(told) < 40 else told  # the same page again
            yield self._page(stream, page, since)
        yield Page([], end, last=True)

    def _page(self, stream: str, ids: list[str], cursor: Cursor) -> Page:
        found = next(super().reread(stream, list(dict.fromkeys(ids)), frozenset()))
        return Page(found.items, cursor, deleted=found.deleted)


def act(source: LedgerSource, word: str, number: int) -> None:
    """Let one thing happen; what there is nothing for does nothing."""
    documents, id = source.books["documents"], str(number)
    held: Mapping[str, Any] | None = documents.get(id)
    if word == "customer":
        source.put(customer(str(1 + number % 2), name=f"Name {number}{len(source.changes)}"))
    elif word == "invoice" or (word == "restore" and held is None):
        source.put(invoice(id, str(1 + number % 2), f"{number}0.00"))
    elif word == "credit":
        source.put(credit_note(str(10 + number), str(1 + number % 2), f"-{number}.00", invoice_id=id))
    elif word == "unlink" and str(10 + number) in documents:
        source.put({**documents[str(10 + number)], "invoice_id": None})
    elif held is not None and word == "delete":
        source.remove("documents", id)
    elif held is not None and word in ("pay", "archive", "reprice"):
        changed = {"pay": {"paid": True}, "archive": {"archived_at": "2026-03-02T00:00:00Z"}}
        amount = f"{number}{len(source.changes)}.00"
        source.put({**held, **changed.get(word, {"amount": amount, "remaining": amount})})


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables and nothing in them: making them takes longer than a life."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    Rig(f"sqlite:///{path}").close()
    return path


def lived_through(database: Path, rounds: list[list[tuple[str, int]]], random: Random | None) -> dict[str, Any]:
    """What the desk holds after `rounds`, told as they should be, or as `random` has it."""
    rig = Rig(f"sqlite:///{database}", POLICY)
    try:
        if random is not None:
            rig.source = RepeatingLedger(Settings(), rig.source.services, random)
        rig.source.put(customer("1"), customer("2"), *(invoice(str(n), str(1 + n % 2)) for n in range(1, 6)))
        for acts in [[], *rounds]:
            for word, number in acts:
                act(rig.source, word, number)
            assert rig.run().status == "succeeded"
        assert rig.run().requests["target"] == 0
        held = dict(rig.target.held)
        assert rig.run(full=True).status == "succeeded"
        assert rig.target.log == [], "a full read finds something to mend"
        return held
    finally:
        rig.close()


def compare(migrated: Path, rounds: list[list[tuple[str, int]]], seed: int) -> None:
    with TemporaryDirectory() as folder:
        one, other = (Path(copy(migrated, Path(folder) / name)) for name in ("undisturbed.db", "disturbed.db"))
        undisturbed = lived_through(one, rounds, None)
        random = Random(seed)  # noqa: S311 - nothing secret about it
        assert lived_through(other, rounds, random) == undisturbed


@settings(max_examples=40, deadline=None)
@given(rounds=st.lists(ACTS, min_size=1, max_size=3), seed=st.integers(0, 10**6))
def test_events_repeated_and_shuffled_over_pages_lead_to_the_same_desk(
    migrated: Path, rounds: list[list[tuple[str, int]]], seed: int
) -> None:
    compare(migrated, rounds, seed)


@pytest.mark.proof
def test_hundreds_of_lives_of_repeated_events_lead_to_the_same_desk(migrated: Path, figure: Figure) -> None:
    met = 0

    @settings(max_examples=300, deadline=None)
    @given(rounds=st.lists(ACTS, min_size=1, max_size=4), seed=st.integers(0, 10**6))
    def lead(rounds: list[list[tuple[str, int]]], seed: int) -> None:
        nonlocal met
        compare(migrated, rounds, seed)
        met += 1

    lead()
    figure("events repeated and shuffled over pages, in memory", f"same desk in {met} of {met} lives")

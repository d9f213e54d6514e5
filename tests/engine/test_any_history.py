"""Whatever happens between two books and a desk, every report adds up, and undisturbed runs end in the same place."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from duebridge.core.connector import Delivery
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.report import Report
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome
from duebridge.core.store.retention import Retention
from duebridge.core.testing import ReceivablesTarget, Rig, credit_note, customer, invoice

from .once import OnceTarget

CUSTOMERS = [str(n) for n in range(1, 5)]
INVOICES = [str(n) for n in range(10, 16)]
NOTES = [str(n) for n in range(20, 24)]


@st.composite
def item(draw: st.DrawFn) -> dict[str, Any]:
    """A customer, invoice or credit note in one of its many states."""
    kind = draw(st.sampled_from(["customer", "invoice", "invoice", "credit_note"]))
    if kind == "customer":
        values = draw(st.sampled_from([{}, {"notes": "pays late"}, {"phone": "1"}, {"broken": "no name"}]))
        return customer(draw(st.sampled_from(CUSTOMERS)), name=draw(st.sampled_from(["A", "B"])), **values)
    amount = draw(st.sampled_from(["120.00", "80.00", "15.00", "9.995"]))
    owner = draw(st.sampled_from(CUSTOMERS))
    state = draw(
        st.sampled_from(
            [{}, {}, {"paid": True}, {"draft": True}, {"archived_at": "2026-03-01T00:00:00Z"}, {"broken": "?"}]
        )
    )
    if kind == "invoice":
        return invoice(draw(st.sampled_from(INVOICES)), owner, amount, **state)
    linked = draw(st.sampled_from([None, *INVOICES]))
    return credit_note(draw(st.sampled_from(NOTES)), owner, f"-{amount}", invoice_id=linked, **state)


FAULTS: Mapping[str, Callable[[], BaseException]] = {
    "refused": lambda: RecordError("no"),
    "lost": lambda: UnknownOutcome("no answer"),
    "unreachable": lambda: RunError("out of reach"),
    "revoked": lambda: AuthError("the key is revoked"),
    "defect": lambda: KeyError("oops"),
    "killed": KeyboardInterrupt,
}


@dataclass(frozen=True)
class Turn:
    """What happens at the source, what goes wrong, and how the connection is run."""

    put: list[dict[str, Any]]
    remove: list[int]
    told: bool
    faults: list[str]
    rate: float
    seed: int
    stop_at: int | None
    fail_page: int | None
    mode: str
    excluded: list[str]
    minutes: int


turns = st.lists(
    st.builds(
        Turn,
        put=st.lists(item(), max_size=8),
        remove=st.lists(st.integers(0, 20), max_size=2),
        told=st.booleans(),
        faults=st.lists(st.sampled_from(sorted(FAULTS)), max_size=3),
        rate=st.sampled_from([0.1, 0.4, 0.8]),
        seed=st.integers(0, 1000),
        stop_at=st.one_of(st.none(), st.none(), st.integers(1, 6)),
        fail_page=st.one_of(st.none(), st.none(), st.integers(0, 2)),
        mode=st.sampled_from(["changes", "changes", "full", "retry"]),
        excluded=st.one_of(st.just([]), st.lists(st.sampled_from(CUSTOMERS), max_size=2, unique=True)),
        minutes=st.sampled_from([0, 5, 25, 90, 1500]),
    ),
    min_size=1,
    max_size=5,
)


@dataclass
class Trouble:
    """Raises one of a turn's faults before or after a write, by the turn's rate; and asks to stop at one."""

    rig: Rig
    turn: Turn
    chance: random.Random = field(init=False)
    writes: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.turn.seed)  # noqa: S311 - it only has to be the same each time
        self.rig.target.before_push = self._before
        self.rig.target.after_push = self._maybe

    def _before(self, delivery: Delivery) -> None:
        self.writes += 1
        if self.writes == self.turn.stop_at:
            self.rig.stopping.set()
        self._maybe(delivery, before=True)

    def _maybe(self, delivery: Delivery, *, before: bool = False) -> None:
        """After a write was made, an answer that says otherwise would be a lie: it can only be lost."""
        faults = self.turn.faults if before else [name for name in self.turn.faults if name in ("lost", "killed")]
        if faults and self.chance.random() < self.turn.rate:
            fault = FAULTS[self.chance.choice(faults)]()
            raise fault


def check(report: Report) -> None:
    assert report.status != "inconsistent", report.error
    assert report.adds_up()
    for kind in report.as_json()["kinds"].values():
        outcomes = sum(kind[name] for name in ("created", "updated", "unchanged", "rejected", "unknown"))
        assert kind["read"] == outcomes + sum(kind["skipped"].values())
        assert min(kind["read"], kind["deleted"], kind["gone"], *kind["skipped"].values(), outcomes) >= 0


def play(rig: Rig, turn: Turn) -> None:
    """Let one turn happen."""
    rig.source.put(*turn.put, event=turn.told)
    for number in turn.remove:
        there = [(stream, id) for stream, books in rig.source.books.items() for id in books]
        if there:
            rig.source.remove(*there[number % len(there)], event=turn.told)
    exclude(rig, turn.excluded)
    rig.pass_time(minutes=turn.minutes)
    rig.source.pages, rig.source.fail_before_page = 0, turn.fail_page
    Trouble(rig, turn)
    with suppress(KeyboardInterrupt):  # a process that is killed leaves no report
        check(rig.run(full=turn.mode == "full", retry=turn.mode == "retry", accept_mass_change=True))
    rig.stopping.clear()
    Retention(rig.store, rig.connection_id, timedelta(hours=1)).prune_daily(rig.now)


def exclude(rig: Rig, ids: list[str]) -> None:
    rig.set_policy(decide=ExcludedCustomers(ids).decide, excluded=frozenset(ids))


def calm_down(rig: Rig) -> None:
    """Mend what is broken at the source, let everything pass, and run as time goes by."""
    rig.source.fail_before_page = None
    rig.target.before_push = rig.target.after_push = lambda _: None
    exclude(rig, [])
    books = [entry for stream in rig.source.books.values() for entry in stream.values()]
    rig.source.put(*[mended(entry) for entry in books])
    strangers = {entry["customer_id"] for entry in books if entry["kind"] != "customer"} - set(
        rig.source.books["customers"]
    )
    rig.source.put(*[customer(id) for id in sorted(strangers)])  # without them what was sent would stay as it was
    for _ in range(2):
        rig.pass_time(hours=25)
        check(rig.run(full=True, accept_mass_change=True))


def mended(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What someone made of an item that could not be sent."""
    whole = {name: value for name, value in entry.items() if name != "broken"}
    return whole | {"amount": whole["amount"].replace("9.995", "9.99")} if "amount" in whole else whole


def held(target: ReceivablesTarget) -> dict[str, Any]:
    return target.holdings() if isinstance(target, OnceTarget) else target.held


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with nothing in it, to be copied: making one takes longer than a history."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    Rig(f"sqlite:///{path}").close()
    return path


@contextmanager
def rigs(empty: Path, kind: type[ReceivablesTarget], on_delete: str) -> Iterator[tuple[Rig, Rig]]:
    """Two connections that have never run."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        made = []
        for name in ("troubled.db", "calm.db"):
            path = shutil.copy(empty, Path(folder) / name)
            rig = Rig(f"sqlite:///{path}")
            stack.callback(rig.close)
            rig.target = kind(rig.target.options, rig.target.services)
            rig.set_policy(on_delete=on_delete)
            made.append(rig)
        yield made[0], made[1]


def prove(empty: Path, kind: type[ReceivablesTarget], on_delete: str, history: list[Turn]) -> None:
    with rigs(empty, kind, on_delete) as (rig, calm):
        for turn in history:
            note(repr(turn))
            play(rig, turn)
        calm_down(rig)
        report = rig.run(accept_mass_change=True)  # the guard has tests of its own
        assert (report.status, rig.target.log) == ("succeeded", [])
        calm.source.put(*[entry for stream in rig.source.books.values() for entry in stream.values()])
        for _ in range(2):  # a link between documents of two customers waits for the next run
            check(calm.run(accept_mass_change=True))
        wanted, kept = held(calm.target), held(rig.target)
        if on_delete == "delete":
            assert kept == wanted
        else:  # what is gone stays there, with the links and fixes it made necessary or needless
            documents = {reference: payload for reference, payload in wanted.items() if not is_part(reference)}
            assert {reference: kept.get(reference) for reference in documents} == documents
        assert [row.key for row in rows(rig) if row.uncertain and row.verdict == "sync"] == []


def is_part(reference: str) -> bool:
    return "-link-" in reference or reference.endswith("-fix")


KINDS = pytest.mark.parametrize("kind", [ReceivablesTarget, OnceTarget])
ON_DELETE = pytest.mark.parametrize("on_delete", ["delete", "report"])
#: Shrinking would take minutes; the turns are printed as they were.
ANY: Any = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}


@KINDS
@ON_DELETE
@settings(max_examples=25, **ANY)
@given(history=turns)
def test_every_report_adds_up_and_the_end_is_that_of_an_undisturbed_run(
    empty: Path, kind: type[ReceivablesTarget], on_delete: str, history: list[Turn]
) -> None:
    prove(empty, kind, on_delete, history)


def rows(rig: Rig) -> list[Any]:
    with rig.store.reading() as db:
        records = rig.store.records(db, rig.connection_id)
        return [row for kind in ("customer", "invoice", "credit_note") for row in records.after(0, 1000, kind)]

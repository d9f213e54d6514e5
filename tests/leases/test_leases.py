"""One holder at a time; what others write under an older lease is refused, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import pytest
from sqlalchemy import text

from duebridge.core.elapsed import elapsed
from duebridge.core.errors import AlreadyRunning, LeaseLost, RunError
from duebridge.core.store import leases
from duebridge.core.store.leases import FencedStore, Held, Holder, Lease
from duebridge.core.store.memory import StoredMemory
from duebridge.core.store.processes import Process
from duebridge.core.store.records import PlannedRow
from duebridge.core.store.store import Store, Stream

from .desk import in_thread

INSTANT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
NAME = "acme"
SECONDS = 20


def take(store: Store, seconds: float = 180.0) -> Lease:
    return leases.take(store, NAME, store.connection_id(NAME), seconds)


def standing(store: Store) -> Held:
    return leases.held(store, store.connection_id(NAME))


def let_expire(store: Store) -> None:
    """Make the lease end at once, as if its time had passed."""
    with store.transaction() as db:
        db.execute(text("UPDATE leases SET expires_at = 1"))


def held_by(store: Store, process: Process) -> None:
    """Make `process` the holder of the lease there is."""
    with store.transaction() as db:
        db.execute(text("UPDATE leases SET holder = :holder"), {"holder": str(Holder(process, 0.0))})


def elsewhere() -> Process:
    """A process on another machine: whether it still runs can't be told."""
    return Process("far-away", 1, "another boot", 1)


def test_a_lease_that_is_held_is_not_given_twice_and_who_has_it_since_when_is_told(store: Store, also: Store) -> None:
    take(store)
    here = Process.this()
    with pytest.raises(AlreadyRunning) as refused:
        take(also)
    who = rf"acme is being run by process {here.pid} on {here.host} since 2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert refused.match(who)
    assert refused.match("duebridge stop acme")


def test_the_fence_grows_with_every_lease_and_the_row_stays_when_nobody_holds_it(store: Store) -> None:
    fences = []
    for _ in range(3):
        lease = take(store)
        fences.append(lease.fence)
        leases.release(store, lease)
    assert fences == [1, 2, 3]
    assert (standing(store).fence, standing(store).holder) == (3, None)


def test_leases_of_two_connections_have_nothing_to_do_with_each_other(store: Store, also: Store) -> None:
    take(store)
    other = leases.take(also, "other", also.connection_id("other"), 180.0)
    assert other.fence == 1


def test_an_expired_lease_is_taken_over_from_a_holder_of_which_nothing_is_known(store: Store, also: Store) -> None:
    take(store)
    held_by(store, elsewhere())
    with pytest.raises(AlreadyRunning, match="process 1 on far-away"):
        take(also)
    let_expire(store)
    assert take(also).fence == 2


def test_what_a_lease_s_row_says_may_be_unreadable_and_then_its_end_is_waited_for(store: Store) -> None:
    take(store)
    with store.transaction() as db:
        db.execute(text("UPDATE leases SET holder = 'a later version''s words'"))
    with pytest.raises(AlreadyRunning, match="an unknown machine"):
        take(store)
    let_expire(store)
    assert take(store).fence == 2


def test_of_many_who_take_at_once_one_gets_it(store: Store, database: str) -> None:
    connection_id, outcomes = store.connection_id(NAME), list[str]()
    start = Event()

    def try_it() -> None:
        own = Store.open(database)
        start.wait(SECONDS)
        try:
            outcomes.append(f"fence {leases.take(own, NAME, connection_id, 180.0).fence}")
        except AlreadyRunning:
            outcomes.append("told")
        own.close()

    threads = [in_thread(try_it) for _ in range(8)]
    start.set()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(outcomes) == ["fence 1"] + 7 * ["told"]


def test_every_transaction_of_the_holder_renews_its_lease(store: Store) -> None:
    lease = take(store, 60.0)
    fenced = FencedStore(store, lease)
    before, until = standing(store).expires_at, lease.until()
    let_expire(store)
    with fenced.transaction():
        pass
    assert standing(store).expires_at >= before
    assert lease.until() > until
    assert not standing(store).expired


def test_a_transaction_that_fails_renews_nothing(store: Store) -> None:
    lease = take(store, 60.0)
    fenced, until, expires_at = FencedStore(store, lease), lease.until(), standing(store).expires_at
    with pytest.raises(ZeroDivisionError), fenced.transaction():
        raise ZeroDivisionError
    assert (lease.until(), standing(store).expires_at) == (until, expires_at)


def test_the_holder_counts_its_lease_from_before_the_database_does(store: Store) -> None:
    before = elapsed()
    lease = take(store, 60.0)
    assert before + 60 <= lease.until() <= elapsed() + 60


def test_a_lease_not_renewed_in_time_stays_over_for_its_holder_though_what_it_did_is_still_kept(store: Store) -> None:
    lease = take(store, 0.05)
    fenced = FencedStore(store, lease)
    Event().wait(0.1)
    assert lease.over
    fenced.remember(lease.connection_id, "source", "key", "kept")
    assert lease.over
    assert store.remembered(lease.connection_id, "source", "key") == "kept"


def begin_run(fenced: FencedStore, connection_id: int) -> None:
    fenced.begin_run(connection_id, INSTANT)


def end_run(fenced: FencedStore, connection_id: int) -> None:
    fenced.end_run(1, INSTANT, "succeeded", {})


def move_the_cursor(fenced: FencedStore, connection_id: int) -> None:
    with fenced.transaction() as db:
        fenced.save_stream(db, connection_id, Stream("invoices", crawl=7))


def remember(fenced: FencedStore, connection_id: int) -> None:
    StoredMemory(fenced, connection_id, "target").put("key", "stale")


def save_the_plan_hash(fenced: FencedStore, connection_id: int) -> None:
    fenced.save_plan_hash(connection_id, "stale")


def intend(fenced: FencedStore, connection_id: int) -> None:
    with fenced.transaction() as db:
        records = fenced.records(db, connection_id)
        records.intend(records.claim(10, now=0.0, since=(-1, 0)), run=1, fence=fenced.fence)


def settle(fenced: FencedStore, connection_id: int) -> None:
    with fenced.transaction() as db:
        records = fenced.records(db, connection_id)
        records.touch([1], {"due": False, "target_id": "stale"})


def due_customer(connection_id: int, run: int) -> PlannedRow:
    """A customer with a write to make."""
    return PlannedRow(
        connection_id,
        key="customer:1",
        kind="customer",
        id="1",
        part="",
        customer_id="1",
        root=None,
        body="{}",
        open=False,
        crawl=0,
        gone=False,
        verdict="sync",
        code="",
        reason=None,
        reference="ref-1",
        write="customer",
        payload="{}",
        fingerprint="f",
        accepted=None,
        phase=10,
        due=True,
        after_a=None,
        after_b=None,
        attempts=0,
        retry_at=None,
        outcome="planned",
        run=run,
    )


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything the database holds, leases apart."""
    tables = ("connections", "streams", "records", "intents", "runs", "memory")
    with store.reading() as db:
        return {table: [tuple(row) for row in db.execute(text(f"SELECT * FROM {table}"))] for table in tables}  # noqa: S608


@pytest.mark.parametrize(
    "write",
    [begin_run, end_run, move_the_cursor, remember, save_the_plan_hash, intend, settle],
    ids=lambda f: f.__name__,
)
def test_nothing_a_stale_holder_writes_is_kept(
    store: Store, also: Store, write: Callable[[FencedStore, int], None]
) -> None:
    stale = FencedStore(store, take(store))
    connection_id = stale.lease.connection_id
    run = stale.begin_run(connection_id, INSTANT)
    with store.transaction() as db:
        store.records(db, connection_id).upsert([due_customer(connection_id, run)])
    let_expire(store)
    newer = take(also)
    before = contents(store)

    with pytest.raises(LeaseLost, match=rf"no sign of life for the 180 s.*process {Process.this().pid}.*took over"):
        write(stale, connection_id)

    assert contents(store) == before
    assert stale.lease.over
    assert not newer.over
    write(FencedStore(also, newer), connection_id)
    assert contents(store) != before


def test_after_the_next_holder_has_ended_too_the_stale_one_is_still_refused(store: Store, also: Store) -> None:
    stale = FencedStore(store, take(store))
    let_expire(store)
    leases.release(also, take(also))
    with pytest.raises(LeaseLost, match="another run took over"):
        leases.renew(stale)


def test_a_stale_holder_gives_nothing_back(store: Store, also: Store) -> None:
    stale = take(store)
    let_expire(store)
    newer = take(also)
    leases.release(store, stale)
    assert standing(store).holder is not None
    leases.renew(FencedStore(also, newer))


def test_whoever_takes_over_waits_for_a_transaction_under_way_which_keeps_the_lease(store: Store, also: Store) -> None:
    fenced = FencedStore(store, take(store))
    held_by(store, elsewhere())
    fenced.lease.holder = str(Holder(elsewhere(), 0.0))
    let_expire(store)
    asking, told = Event(), list[str]()

    def take_over() -> None:
        asking.set()
        try:
            take(also)
        except AlreadyRunning as refused:
            told.append(str(refused))

    with fenced.transaction() as db:
        thread = in_thread(take_over)
        assert asking.wait(SECONDS)
        thread.join(0.3)
        assert thread.is_alive()
        fenced.save_stream(db, fenced.lease.connection_id, Stream("invoices", crawl=7))
    thread.join(SECONDS)

    assert "far-away" in told[0]
    assert store.stream(fenced.lease.connection_id, "invoices").crawl == 7


def test_a_stop_asked_for_is_seen_until_the_lease_is_given_back(store: Store, also: Store) -> None:
    lease = take(store)
    assert not standing(store).stop_asked
    asked = leases.ask_to_stop(also, lease.connection_id)
    assert asked.holder is not None
    assert standing(store).stop_asked
    leases.release(store, lease)
    assert not standing(store).stop_asked


def test_a_stop_asked_of_an_earlier_holder_does_not_reach_the_next(store: Store, also: Store) -> None:
    leases.ask_to_stop(also, take(store).connection_id)
    let_expire(store)
    take(also)
    assert not standing(store).stop_asked


def test_a_stop_asked_while_nobody_runs_leaves_nothing_behind(store: Store) -> None:
    leases.release(store, take(store))
    assert leases.ask_to_stop(store, store.connection_id(NAME)).holder is None
    assert not standing(store).stop_asked


def test_asking_about_a_connection_that_never_ran_finds_a_free_lease(store: Store) -> None:
    assert standing(store) == Held(0, None, 0.0, expired=True, stop_asked=False)
    assert leases.ask_to_stop(store, store.connection_id(NAME)).free


def test_everyone_may_read_under_a_stale_lease(store: Store, also: Store) -> None:
    stale = FencedStore(store, take(store))
    let_expire(store)
    take(also)
    assert stale.stream(stale.lease.connection_id, "invoices") == Stream("invoices")
    with pytest.raises(RunError):
        move_the_cursor(stale, stale.lease.connection_id)

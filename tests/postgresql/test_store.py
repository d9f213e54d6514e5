"""What the store promises where PostgreSQL and SQLite differ: text, instants, JSON, views, writers, lost sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import text

from duebridge.core.connector import Ack, Cursor, Delivery
from duebridge.core.engine.listing import list_records
from duebridge.core.errors import RecordError, RunError
from duebridge.core.store.bulk import Statement
from duebridge.core.store.records import Records, listing
from duebridge.core.store.store import Store, Stream
from duebridge.core.testing import Rig, credit_note, customer, invoice

from .server import Server

HOSTILE = "50% of '; DROP TABLE records; -- %s %(n)s ? :x {} \\ \u2028 \U0001f9fe é ONE_OF \x00 \x01"
SHOWN = HOSTILE.replace("\x00", "\ufffd")
INSTANT = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
SECONDS = 20


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An empty store."""
    opened = Store.open(database)
    yield opened
    opened.close()


@pytest.fixture
def also(database: str) -> Iterator[Store]:
    """The same store, as another process sees it."""
    opened = Store.open(database)
    yield opened
    opened.close()


def fill(rig: Rig) -> None:
    """Run once over records of every kind: one refused, one linked, one settled, one unreadable."""

    def meddle(delivery: Delivery) -> None:
        if delivery.reference == "ledger-customer-2":
            raise RecordError(f"refused: {HOSTILE}")

    rig.target.before_push = meddle
    rig.source.put(customer("1", name=HOSTILE), customer("2"), customer("3", broken=HOSTILE))
    rig.source.put(invoice("10", "1", paid=True), invoice("11", "1", draft=True), invoice("12", "2"))
    rig.source.put(credit_note("13", "1", invoice_id="10"))
    rig.run()


def rows(store: Store, connection_id: int) -> list[dict[str, Any]]:
    """Every row of the connection, parts included."""
    with store.reading() as db:
        return [dict(row) for row in listing(db, connection_id, parts=True)]


def in_thread(work: Callable[[], None]) -> Thread:
    """Start `work` beside the test."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_text_of_any_kind_goes_to_the_target_and_comes_back_as_it_was(rig: Rig) -> None:
    fill(rig)
    assert rig.target.held["ledger-customer-1"]["name"] == HOSTILE
    rig.set_policy(decide_on=("planned again from the store",))
    rig.run()
    assert [reference for _, reference in rig.target.log if reference == "ledger-customer-1"] == []


def test_a_message_that_quotes_what_postgresql_cannot_keep_is_kept_but_for_that(rig: Rig) -> None:
    rig.target.push = lambda _: Ack("1", (f"dropped: {HOSTILE}",))  # type: ignore[method-assign]
    rig.source.put(customer("1"), customer("3", broken=HOSTILE))
    rig.run()
    kept, broken = list_records(rig.store, rig.connection_id, type(rig.target), kind="customer")
    assert kept["notes"] == f"dropped: {SHOWN}".splitlines()
    assert SHOWN in broken["why"]


def test_the_listing_is_the_same_on_both_databases(rig: Rig, tmp_path: Path) -> None:
    other = Rig(f"sqlite:///{tmp_path / 'other.db'}")
    fill(rig)
    fill(other)
    on_sqlite = rows(other.store, other.connection_id)
    other.close()
    assert [
        {name: value.replace("\x00", "\ufffd") if name == "reason" and value else value for name, value in row.items()}
        for row in on_sqlite
    ] == rows(rig.store, rig.connection_id)


def test_each_outcome_is_listed_with_parts_after_their_record(rig: Rig) -> None:
    fill(rig)
    kinds = [(row["kind"], row["id"], row.get("part", "")) for row in rows(rig.store, rig.connection_id)]
    assert kinds.index(("invoice", "10", "fix")) == kinds.index(("invoice", "10", "")) + 1
    found = list_records(rig.store, rig.connection_id, type(rig.target), outcome="rejected")
    assert {(row["kind"], row["id"]) for row in found} == {("customer", "2"), ("customer", "3")}


def test_a_copy_for_a_preview_holds_what_the_original_does(rig: Rig, tmp_path: Path) -> None:
    fill(rig)
    rig.store.remember(rig.connection_id, "target", "fields", {"é": [1, None, "\x00"]})
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    connection_id = rig.store.copy_connection(rig.connection_id, copy)
    assert rows(copy, connection_id) == rows(rig.store, rig.connection_id)
    assert copy.remembered(connection_id, "target", "fields") == {"é": [1, None, "\x00"]}
    for stream in ("customers", "documents"):
        assert copy.stream(connection_id, stream) == rig.store.stream(rig.connection_id, stream)
    copy.close()


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", HOSTILE, [1, [2]], {"a": {"b": None}}])
def test_a_connector_remembers_any_json_and_can_replace_it(store: Store, value: Any) -> None:
    connection_id = store.connection_id("acme")
    store.remember(connection_id, "source", "key", "earlier")
    store.remember(connection_id, "source", "key", value)
    assert store.remembered(connection_id, "source", "key") == value
    assert store.remembered(connection_id, "target", "key") is None


def test_runs_come_back_newest_first_with_instants_in_utc_to_the_microsecond(store: Store) -> None:
    connection_id = store.connection_id("acme")
    first, second = store.begin_run(connection_id, INSTANT), store.begin_run(connection_id, INSTANT)
    store.end_run(first, INSTANT, "succeeded", {"kinds": {}, "note": HOSTILE})
    newest, oldest = store.runs(connection_id)
    assert (newest["id"], newest["ended_at"], oldest["id"]) == (second, None, first)
    assert (oldest["began_at"], oldest["ended_at"]) == (INSTANT, INSTANT)
    assert oldest["began_at"].utcoffset() == oldest["ended_at"].utcoffset() == INSTANT.utcoffset()
    assert oldest["report"] == {"kinds": {}, "note": HOSTILE}


def test_a_stream_s_state_comes_back_as_it_was_saved(store: Store) -> None:
    connection_id = store.connection_id("acme")
    cursor = Cursor(crawl=False, position={"at": HOSTILE})
    state = Stream("invoices", cursor, crawl=3, crawled_at=INSTANT, reread_at=INSTANT, needs=frozenset({"a.b"}))
    for saved in (state, state.begin_crawl(INSTANT, frozenset())):
        with store.transaction() as db:
            store.save_stream(db, connection_id, saved)
        assert store.stream(connection_id, "invoices") == saved


def test_a_statement_may_hold_a_per_cent_sign(store: Store) -> None:
    named = Statement("SELECT name FROM connections WHERE name LIKE 'ac%' AND name <> ?")
    store.connection_id("acme")
    store.connection_id("other")
    with store.reading() as db:
        assert list(named.fetch(db, ("x",))) == [("acme",)]


def test_a_view_stays_as_it_was_while_others_commit(store: Store, also: Store) -> None:
    with store.reading() as db:
        assert db.scalar(text("SELECT count(*) FROM connections")) == 0
        also.connection_id("acme")
        assert db.scalar(text("SELECT count(*) FROM connections")) == 0
    assert store.known_connection("acme") is not None


def test_a_view_refuses_to_write(store: Store) -> None:
    with pytest.raises(RunError, match="read-only"), store.reading() as db:
        db.execute(text("DELETE FROM connections"))


def test_a_session_returned_by_a_view_writes_again(store: Store) -> None:
    for name in ("one", "two", "three"):
        assert store.known_connection(name) is None
        assert store.connection_id(name) == store.known_connection(name)


def test_writers_of_one_connection_wait_for_each_other_and_see_what_the_other_did(rig: Rig, database: str) -> None:
    rig.source.put(customer("1"))
    rig.run()

    def add() -> None:
        own = Store.open(database)
        for _ in range(25):
            with own.transaction() as db:
                records = Records(db, rig.connection_id)
                (row,) = records.by_key(["customer:1"]).values()
                records.mark({"customer:1": "created"}, run=row.run + 1)
        own.close()

    before = rows(rig.store, rig.connection_id)[0]["run"]
    threads = [in_thread(add) for _ in range(4)]
    for thread in threads:
        thread.join(SECONDS)
    assert rows(rig.store, rig.connection_id)[0]["run"] == before + 100


def test_writers_of_two_connections_do_not_wait_for_each_other(store: Store, also: Store) -> None:
    one, two = store.connection_id("one"), store.connection_id("two")
    with store.transaction() as db, also.transaction() as beside:
        Records(db, one).mark({"customer:1": "created"}, run=1)
        Records(beside, two).mark({"customer:1": "created"}, run=1)


def test_looking_does_not_wait_for_a_writer(store: Store, also: Store) -> None:
    connection_id = store.connection_id("acme")
    with store.transaction() as db, also.reading() as view:
        Records(db, connection_id).mark({"customer:1": "created"}, run=1)
        assert Records(view, connection_id).due() == 0


def test_waiting_for_a_writer_that_does_not_end_is_given_up_with_a_message(store: Store, also: Store) -> None:
    connection_id = store.connection_id("acme")

    def wait() -> None:
        with also.transaction() as beside:
            beside.execute(text("SET LOCAL lock_timeout = '50ms'"))
            Records(beside, connection_id)

    with store.transaction() as db:
        Records(db, connection_id)
        with pytest.raises(RunError, match=r"the database refused.*lock timeout.*run again"):
            wait()


def test_a_transaction_that_fails_leaves_nothing_and_frees_its_lock(store: Store, also: Store) -> None:
    connection_id = store.connection_id("acme")

    def fail() -> None:
        with store.transaction() as db:
            store.save_stream(db, connection_id, Stream("invoices", crawl=Records(db, connection_id).due() + 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with also.transaction() as db:
        Records(db, connection_id)
    assert also.stream(connection_id, "invoices") == Stream("invoices")


def test_sessions_the_server_has_closed_are_replaced_unnoticed(store: Store, server: Server) -> None:
    connection_id = store.connection_id("acme")
    server.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
    assert store.connection_id("acme") == connection_id


def test_a_server_lost_in_the_middle_of_a_transaction_ends_the_run_and_leaves_nothing(
    store: Store, server: Server
) -> None:
    connection_id = store.connection_id("acme")

    def lose() -> None:
        with store.transaction() as db:
            store.save_stream(db, connection_id, Stream("invoices", crawl=1))
            server.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
            Records(db, connection_id)

    with pytest.raises(RunError, match="nothing of this step was kept"):
        lose()
    assert store.stream(connection_id, "invoices") == Stream("invoices")


def test_a_connection_that_two_make_at_once_is_one(store: Store, also: Store) -> None:
    found: list[int] = []
    go = Event()

    def make(which: Store) -> None:
        assert go.wait(SECONDS)
        found.append(which.connection_id("acme"))

    threads = [in_thread(lambda which=which: make(which)) for which in (store, also) * 4]
    go.set()
    for thread in threads:
        thread.join(SECONDS)
    assert len(found) == 8
    assert len(set(found)) == 1

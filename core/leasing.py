"""How does a run hold its connection? It takes the lease, keeps it alive while it waits, and gives it back.

leased -> Hold(store, stopping, until) ... conclude -> given back
ask_to_stop -> the holder, in whatever process, sees it within a second or two -> its run ends as `stopped`
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import inf

from duebridge.core.edge.logs import logger
from duebridge.core.elapsed import elapsed
from duebridge.core.engine.report import Report
from duebridge.core.errors import DueBridgeError, LeaseLost, RunError
from duebridge.core.store import leases
from duebridge.core.store.leases import FencedStore, Lease
from duebridge.core.store.store import Store

#: How soon a waiting thread notices that its run is to stop, in seconds.
_NOTICE = 0.2
_INTERRUPTED = "interrupted: its process ended, or gave no sign of life for so long that another run took over"


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a lease lasts without a sign of life, how often one is given, how often a stop is looked for: seconds.

    It lasts longer than an HTTP attempt may (60 s), so that whatever an old holder sent has arrived when the next
    begins.
    """

    seconds: float = 180.0
    renew_every: float = 30.0
    look_every: float = 1.0


class _Stop(threading.Event):
    """Set when the run is to stop: by itself, with the rest of the process (`outer`), or because its lease is over."""

    def __init__(self, outer: threading.Event, lease: Lease) -> None:
        super().__init__()
        self._outer = outer
        self._lease = lease

    def is_set(self) -> bool:
        return super().is_set() or self._outer.is_set() or self._lease.over

    def wait(self, timeout: float | None = None) -> bool:
        end = inf if timeout is None else elapsed() + timeout
        while not self.is_set() and (left := end - elapsed()) > 0:
            super().wait(min(left, _NOTICE))
        return self.is_set()


class Hold:
    """A run's hold on its connection: the store it works through, and the event that tells it to stop."""

    def __init__(self, store: FencedStore, outer: threading.Event) -> None:
        """Stop with `outer` too."""
        self.store = store
        self.stopping: threading.Event = _Stop(outer, store.lease)
        #: Until when (of `elapsed`) the run may send something.
        self.until: Callable[[], float] = store.lease.until

    def begin_run(self, name: str, connection_id: int, now: datetime) -> int:
        """Return the number of a new run; those of holders before that never told how they ended, have failed."""
        for run in self.store.unfinished_runs(connection_id):
            lost = Report(name, run, status="failed", error=_INTERRUPTED)
            self.store.end_run(run, now, lost.status, lost.as_json())
        return self.store.begin_run(connection_id, now)

    def conclude(self, report: Report, now: datetime) -> None:
        """Keep how the run ended, unless the connection is another run's by now: then `report` alone says so."""
        lease = self.store.lease
        if lease.over and report.status == "stopped":
            held_up = f"this run was held up for longer than the {lease.seconds:g} s of its lease, and ended"
            report.fail(RunError(f"{held_up}; the next run goes on from there"), "incomplete")
        try:
            self.store.end_run(report.run, now, report.status, report.as_json())
        except LeaseLost as lost:
            report.fail(lost, "failed")
        except RunError as error:  # what ended the run is what its operator sees
            if report.error is None:
                report.fail(error, "incomplete")
            report.note(f"how this run ended could not be kept, so `duebridge runs` shows it as running: {error}")


@contextmanager
def leased(
    store: Store, connection: str, connection_id: int, terms: LeaseTerms, stopping: threading.Event
) -> Iterator[Hold]:
    """Hold `connection` while the block runs. Raises `AlreadyRunning` when another run does."""
    lease = leases.take(store, connection, connection_id, terms.seconds)
    hold = Hold(FencedStore(store, lease), stopping)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(hold, terms, ended), name=f"lease {connection}", daemon=True)
    keeper.start()
    try:
        yield hold
    finally:
        ended.set()
        keeper.join()
        _give_back(store, lease)


def _keep(hold: Hold, terms: LeaseTerms, ended: threading.Event) -> None:
    """Look after the lease until the run has ended: renew it, and pass on that it is over or that a stop is asked."""
    while not ended.wait(terms.look_every):
        try:
            _look(hold, terms)
        except LeaseLost:
            hold.stopping.set()
            return
        except DueBridgeError as error:
            # tried again at the next look; unrenewed in time, the lease is over, and nothing is sent any more
            logger().warning("the lease could not be looked after", connection=_name(hold), error=str(error))


def _look(hold: Hold, terms: LeaseTerms) -> None:
    lease = hold.store.lease
    now = leases.held(hold.store, lease.connection_id)
    if now.stop_asked and now.fence == lease.fence and not hold.stopping.is_set():
        logger().info("asked to stop: the writes in flight are finished first", connection=_name(hold))
        hold.stopping.set()
    if now.fence != lease.fence or lease.until() - elapsed() < lease.seconds - terms.renew_every:
        leases.renew(hold.store)


def _give_back(store: Store, lease: Lease) -> None:
    try:
        leases.release(store, lease)
    except DueBridgeError as error:
        leases.ended(lease)
        advice = "this process may take it again at once, others when it ends by itself"
        logger().warning("lease not given back", connection=lease.connection, error=str(error), next=advice)


def _name(hold: Hold) -> str:
    return hold.store.lease.connection


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that was asked to stop; `who` runs it, for people."""

    who: str
    _store: Store
    _connection_id: int
    _fence: int
    _run: int | None

    def ended(self, within: float) -> str | None:
        """Wait `within` seconds at most; return the run's status ("" when it never told), or None: it still runs."""
        end = elapsed() + within
        pause = threading.Event()
        while self._under_way():
            if elapsed() >= end:
                return None
            pause.wait(_NOTICE)
        return self._status()

    def _under_way(self) -> bool:
        now = leases.held(self._store, self._connection_id)
        return now.fence == self._fence and not now.free

    def _status(self) -> str:
        statuses: dict[int | None, str] = {
            run["id"]: run["status"] for run in self._store.runs(self._connection_id) if run["ended_at"]
        }
        return statuses.get(self._run, "")


def ask_to_stop(store: Store, connection_id: int) -> Asked | None:
    """Ask the run of the connection under way, in whatever process, to stop; None when there is none."""
    now = leases.ask_to_stop(store, connection_id)
    if now.holder is None or now.free:
        return None
    run = max(store.unfinished_runs(connection_id), default=None)
    return Asked(now.holder.shown, store, connection_id, now.fence, run)

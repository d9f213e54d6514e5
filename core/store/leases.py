"""Who may run a connection? One holder of its lease at a time, and only the holder's writes are kept.

    take -> Lease -> FencedStore: each transaction shows the lease's fence before it writes, which also renews it

The fence grows with every lease given out. A lease is taken from a holder that let it expire (by the database's clock)
or that is certainly gone. docs/decisions/0009-leases.md has what was weighed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pydantic_core import from_json, to_json
from sqlalchemy import Connection

from duebridge.core.elapsed import elapsed
from duebridge.core.errors import AlreadyRunning, LeaseLost
from duebridge.core.store.bulk import Statement
from duebridge.core.store.database import transaction
from duebridge.core.store.processes import Process
from duebridge.core.store.store import Store

#: Holders in this process whose runs are over, though the database would not take their leases back.
_ended: set[str] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease: a process, and since when (unix seconds)."""

    process: Process
    since: float

    @classmethod
    def read(cls, text: str) -> Holder:
        """Return the holder `str()` told of; one we know nothing of when it can't be read."""
        try:
            told = from_json(text)
            return cls(Process(**told["process"]), float(told["since"]))
        except (ValueError, TypeError, KeyError):
            return cls(Process("an unknown machine", 0), 0.0)

    def __str__(self) -> str:
        """Return it as text, to be read again."""
        return to_json(asdict(self)).decode()

    @property
    def shown(self) -> str:
        """Who it is, for people."""
        since = f"{datetime.fromtimestamp(self.since, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"process {self.process.pid} on {self.process.host} since {since}"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as the database has it. `holder` is None when nobody holds it.

    `expires_at` is seconds since the epoch by the database's clock, which also says `expired`.
    """

    fence: int
    holder: Holder | None
    expires_at: float
    expired: bool
    stop_asked: bool

    @property
    def free(self) -> bool:
        """Whether it may be taken: nobody holds it, or only someone who can't give a sign of life, or has ended."""
        return self.holder is None or self.expired or str(self.holder) in _ended or self.holder.process.gone()


class Lease:
    """The right to run one connection, as its holder knows it; may be used from several threads.

    `seconds` is how long it lasts from each renewal on.
    """

    def __init__(self, connection: str, connection_id: int, fence: int, holder: str, seconds: float) -> None:
        """It was taken just now; the holder counts it from `kept(since)` on."""
        self.connection = connection
        self.connection_id = connection_id
        self.fence = fence
        self.holder = holder
        self.seconds = seconds
        self._until = float("-inf")
        self._over = False

    def verify(self, db: Connection) -> None:
        """Renew it in the transaction `db`, or raise `LeaseLost`: what the transaction writes must not be kept."""
        if _RENEW.change(db, (self.seconds, self.connection_id, self.fence, self.holder)) != 1:
            self._over = True
            raise LeaseLost(_lost(self, _held(db, self.connection_id)))

    def kept(self, since: float) -> None:
        """Count it from `since` (of `elapsed`) on: when its committed renewal began, at the latest.

        One that began after it had passed comes too late, also when nobody had looked meanwhile.
        """
        self._over = self._over or float("-inf") < self._until <= since
        self._until = max(self._until, since + self.seconds)

    def until(self) -> float:
        """Until when (of `elapsed`) the holder may send something; once that has passed, for ever."""
        self._over = self._over or self._until <= elapsed()
        return float("-inf") if self._over else self._until

    @property
    def over(self) -> bool:
        """Whether it was lost, or not renewed in time."""
        return self.until() == float("-inf")


class FencedStore(Store):
    """A store through which only the holder of `lease` can write; everyone can read."""

    def __init__(self, store: Store, lease: Lease) -> None:
        """Use the database of `store`."""
        super().__init__(store.engine)
        self.lease = lease
        self.fence = lease.fence

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Read and write, all or nothing; nothing, and `LeaseLost`, when the lease is another's by now."""
        began = elapsed()
        with transaction(self.engine) as db:
            self.lease.verify(db)
            yield db
        self.lease.kept(began)


def take(store: Store, connection: str, connection_id: int, seconds: float) -> Lease:
    """Take the lease of `connection` for `seconds`. Raises `AlreadyRunning`, saying who holds it."""
    holder = str(Holder(Process.this(), time.time()))
    began = elapsed()
    with store.transaction() as db:
        _MAKE.run(db, (connection_id,))
        fence = _taken(db, connection, connection_id, holder, seconds)
    lease = Lease(connection, connection_id, fence, holder, seconds)
    lease.kept(began)
    return lease


def renew(store: FencedStore) -> None:
    """Renew the lease of `store`. Raises `LeaseLost`."""
    with store.transaction():
        pass


def release(store: Store, lease: Lease) -> None:
    """Give the lease back; nothing happens when it is another's by now."""
    with store.transaction() as db:
        _RELEASE.run(db, (lease.connection_id, lease.fence, lease.holder))


def ended(lease: Lease) -> None:
    """Let later runs of this process take a lease that could not be given back: its run is over."""
    _ended.add(lease.holder)


def ask_to_stop(store: Store, connection_id: int) -> Held:
    """Ask the run of the connection to stop, if there is one; return how its lease stands."""
    with store.transaction() as db:
        _STOP.run(db, (connection_id,))
        return _held(db, connection_id)


def held(store: Store, connection_id: int) -> Held:
    """Return how the lease of the connection stands."""
    with store.reading() as db:
        return _held(db, connection_id)


def _taken(db: Connection, connection: str, connection_id: int, holder: str, seconds: float) -> int:
    """Take the lease as it was seen, seen again when somebody changed it meanwhile; return its new fence."""
    while True:
        seen = _held(db, connection_id)
        if not seen.free:
            raise AlreadyRunning(_busy(connection, seen))
        if _TAKE.change(db, (holder, seconds, connection_id, seen.fence, seen.expires_at)):
            return seen.fence + 1


def _held(db: Connection, connection_id: int) -> Held:
    rows = _READ.fetch(db, (connection_id,))
    if not rows:
        return Held(0, None, 0.0, expired=True, stop_asked=False)
    fence, holder, expires_at, expired, stop_asked = rows[0]
    return Held(fence, Holder.read(holder) if holder else None, expires_at, bool(expired), bool(stop_asked))


def _busy(connection: str, held: Held) -> str:
    who = held.holder.shown if held.holder is not None else "another process"
    one = "there is one run of a connection at a time"
    return f"{connection} is being run by {who}; {one}. `duebridge stop {connection}` ends that one"


def _lost(lease: Lease, held: Held) -> str:
    by = held.holder.shown if held.holder is not None else "another run"
    silent = f"this run gave no sign of life for the {lease.seconds:g} s of its lease"
    return f"{lease.connection}: {silent}, and {by} took over; nothing it did after that was kept or is needed"


_MAKE = Statement(
    "INSERT INTO leases (connection_id, fence, holder, expires_at, stop_asked) VALUES (?, 0, '', 0, FALSE)"
    " ON CONFLICT (connection_id) DO NOTHING"
)
_READ = Statement(
    "SELECT fence, holder, expires_at, expires_at <= CLOCK, stop_asked FROM leases WHERE connection_id = ?"
)
_TAKE = Statement(
    "UPDATE leases SET fence = fence + 1, holder = ?, expires_at = CLOCK + ?, stop_asked = FALSE"
    " WHERE connection_id = ? AND fence = ? AND expires_at = ?"
)
_RENEW = Statement("UPDATE leases SET expires_at = CLOCK + ? WHERE connection_id = ? AND fence = ? AND holder = ?")
_RELEASE = Statement(
    "UPDATE leases SET holder = '', expires_at = 0, stop_asked = FALSE"
    " WHERE connection_id = ? AND fence = ? AND holder = ?"
)
_STOP = Statement("UPDATE leases SET stop_asked = TRUE WHERE connection_id = ? AND holder <> ''")

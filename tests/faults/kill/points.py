"""At which points can a run be killed? Seams of the program, each with a name, wrapped from outside.

A seam is a function: its `before` point is passed when it is called, its `after` point when it has returned. A
transaction has two points: its statements are done but not committed, and it is committed. Who opened it names it.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

READER = "read "
_METHODS = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


def _always(*_args: Any, **_named: Any) -> bool:
    return True


def _is_write(_http: Any, request: Any) -> bool:
    return bool(request.method != "GET")


def _begins_a_write(_stream: Any, buffer: bytes, *_args: Any, **_named: Any) -> bool:
    return buffer.startswith(_METHODS)


def _ends_a_write(_stream: Any, buffer: bytes, *_args: Any, **_named: Any) -> bool:
    # a body is sent apart from its head; a request without one sends nothing more
    return buffer.startswith(b"DELETE ") or bool(buffer and not buffer.startswith((*_METHODS, b"GET ")))


def _asks_ahead(*_args: Any, **_named: Any) -> bool:
    return threading.current_thread().name.startswith(READER)


def _replaces(*_args: Any, **named: Any) -> bool:
    return bool(named.get("replacing"))


def _of(operation: str) -> Callable[..., bool]:
    return lambda _lanes, _row, tried, *_args, **_named: bool(tried == operation)


@dataclass(frozen=True)
class Seam:
    """A function at `place` (module:dotted name), and its points; `when` looks at its arguments."""

    place: str
    before: str = ""
    after: str = ""
    when: Callable[..., bool] = _always


CORE = "duebridge.core"
IMPORTS = "duebridge.plugins.pennylane.importing"

Group = Literal["opening", "planning", "reading", "writing"]
OPENING: Group = "opening"
PLANNING: Group = "planning"
READING: Group = "reading"
WRITING: Group = "writing"
GROUPS = (OPENING, PLANNING, READING, WRITING)

SEAMS: Mapping[Group, tuple[Seam, ...]] = {
    OPENING: (
        Seam(f"{CORE}.store.database:_configure_sqlite", after="the database file is there"),
        Seam(f"{CORE}.store.database:migrate", before="database opened", after="schema up to date"),
        Seam("alembic.ddl.impl:DefaultImpl._exec", after="migration: a statement done"),
        Seam("alembic.command:upgrade", after="migration: all statements done, not committed"),
        Seam(f"{CORE}.engine.sync:Sync.run", before="run begun, nothing done", after="everything done, run not ended"),
    ),
    PLANNING: (),
    READING: (
        Seam(f"{CORE}.edge.http:Http.get", before="page to be asked for", after="page fetched"),
        Seam(f"{CORE}.edge.deadline:Stream.write", after="next page asked for while one is stored", when=_asks_ahead),
        Seam(f"{CORE}.engine.intake:Intake.understand", after="page understood, not stored"),
        Seam(f"{CORE}.store.records:Records.upsert", before="page planned, no row stored", after="page's rows stored"),
        Seam(
            f"{CORE}.engine.reading:Reading._tombstone_absent",
            before="last page: absences to be looked for",
            after="last page: absences planned, cursor not moved",
        ),
        Seam(f"{CORE}.store.store:Store.save_stream", before="cursor to be moved", after="cursor moved, not committed"),
    ),
    WRITING: (
        Seam(f"{CORE}.store.records:Records.intend", before="batch chosen, no intent yet"),
        Seam(f"{CORE}.edge.http:Http.write", before="write: nothing has left", after="write: answer read, not settled"),
        Seam(f"{CORE}.edge.deadline:Stream.write", after="write: its head has left", when=_begins_a_write),
        Seam(f"{CORE}.edge.deadline:Stream.write", after="write: in flight", when=_ends_a_write),
        Seam(f"{CORE}.edge.http:Http._open", after="write: answered, answer not read", when=_is_write),
        Seam(f"{CORE}.engine.lanes:Lanes._write", after="between two writes of a lane"),
        Seam(f"{CORE}.engine.lanes:Lanes._attempt", after="link released, not made again", when=_of("release")),
        Seam(
            f"{CORE}.engine.lanes:Lanes._attempt",
            before="deletion to be made",
            after="deleted, not settled",
            when=_of("delete"),
        ),
        Seam(f"{CORE}.engine.lanes:Lanes.push", after="batch written, nothing settled"),
        Seam(f"{CORE}.store.records:Records.settle", after="batch settled, records not counted"),
    ),
}

#: A target's own, by its connector's name; passed while writing.
TARGETS: Mapping[str, tuple[Seam, ...]] = {
    "upflow": (
        Seam("duebridge.targets.upflow.client:UpflowClient.create_custom_field", after="field made, not remembered"),
        Seam("duebridge.targets.upflow.customers:Customers._delete_contacts", before="customer saved, contacts not"),
        Seam("duebridge.targets.upflow.client:UpflowClient.delete_contact", after="a contact removed, not the others"),
    ),
    "carbon": (),
    "afakto": (
        Seam("duebridge.targets.afakto.withholding:LastDelivery.begin", after="delivery announced"),
        Seam(
            "duebridge.targets.afakto.directory:_write",
            before="file to be written",
            after="file forced to disk, not renamed",
        ),
        Seam("duebridge.targets.afakto.directory:_write_some", after="a part of a file written"),
        Seam("duebridge.targets.afakto.directory:_force", before="file renamed", after="folder forced to disk"),
        Seam("duebridge.targets.afakto.directory:Directory.put", after="one file delivered"),
        Seam("duebridge.targets.afakto.sftp:_write_some", after="a part of a file uploaded"),
        Seam("duebridge.targets.afakto.sftp:SftpServer._upload", after="file uploaded, not renamed"),
        Seam("duebridge.targets.afakto.sftp:_renamed", after="file renamed over there"),
        Seam(
            "duebridge.targets.afakto.withholding:LastDelivery.done",
            before="both files delivered, not remembered",
            after="both files remembered",
        ),
    ),
    "billabex": (
        Seam("duebridge.targets.billabex.accounts:Accounts._bring_contacts", before="account there, contacts not"),
        Seam("duebridge.targets.billabex.client:BillabexClient.create_contact", after="a contact made, not the others"),
        Seam("duebridge.targets.billabex.client:BillabexClient.delete_contact", after="a contact removed"),
        Seam("duebridge.targets.billabex.generations:Generations.next", after="removal foreseen, not made"),
        Seam(
            "duebridge.targets.billabex.documents:Documents._create",
            before="a document removed, not made again",
            after="a document made again, not settled",
            when=_replaces,
        ),
        Seam("duebridge.targets.billabex.client:BillabexClient.unallocate", after="an allocation taken back"),
        Seam("duebridge.targets.billabex.client:BillabexClient.set_paid", after="a paid amount told, not settled"),
    ),
    "pennylane": (
        Seam(f"{IMPORTS}.customers:existing", after="customer looked for, not added"),
        Seam(f"{IMPORTS}.client:ImportClient.upload", before="file to be uploaded", after="uploaded, not imported"),
        Seam(f"{IMPORTS}.client:ImportClient.create", before="about to be made", after="made, not settled"),
    ),
}

#: Passed only by a run that follows a killed one.
LOOKED = "earlier attempt looked for, not settled"
FOUND = "what was found of a withdrawn write"
DOUBTED = "doubt of interrupted writes"
AFTERWARDS = (Seam(f"{CORE}.engine.lanes:Lanes.look", before="earlier attempt to be looked for", after=LOOKED),)

#: Who opens a transaction (module, qualified name) -> what it is about.
TRANSACTIONS: Mapping[Group, Mapping[str, str]] = {
    OPENING: {
        "store.Store.connection_id": "connection's row",
        "leases.take": "lease",
        "store.Store.begin_run": "beginning of the run",
        "writing.doubt_interrupted": DOUBTED,
        "guard.Guard.meet": "source's account",
        "store.Store.end_run": "end of the run",
        "leases.release": "lease given back",
    },
    PLANNING: {
        "reading.Reading.replan": "stored records planned again",
        "store.Store.save_plan_hash": "plan hash",
        "store.Store.remember": "connector's memory",
    },
    READING: {
        "reading.Reading._begin_crawl": "beginning of a crawl",
        "reading.Reading._store_page": "page",
        "reading.Reading._reread": "open documents read again",
    },
    WRITING: {
        "guard.Guard.weigh_plan": "plan weighed by the guard",
        "writing.Writing._claim": "intents of a batch",
        "writing.Writing._settle": "settlement of a batch",
        "writing.Writing._count_waiting": "count of what can't be settled yet",
        "writing.Writing._keep_found": FOUND,
    },
}
#: Passed only by a run to a target that takes snapshots.
PUBLISHED = "publication"
#: Where transactions begin: the name each module has for it.
_TRANSACTION = (f"{CORE}.store.store:transaction", f"{CORE}.store.leases:transaction")
_OPENERS = {opener: what for openers in TRANSACTIONS.values() for opener, what in openers.items()}
_OPENERS["publishing.Publishing.publish"] = PUBLISHED
#: Any other transaction: there must be none.
UNNAMED = "a transaction without a name"


def not_committed(what: str) -> str:
    """The point before a transaction's commit."""
    return f"{what}: not committed"


def committed(what: str) -> str:
    """The point after a transaction's commit."""
    return f"{what}: committed"


def seams(target: str) -> tuple[Seam, ...]:
    """Every seam of a run to `target`."""
    return (*(seam for group in SEAMS.values() for seam in group), *TARGETS[target], *AFTERWARDS)


def points(target: str, groups: Iterable[Group] = GROUPS) -> list[str]:
    """The names of the points of a run to `target`, those passed only by a run that follows a killed one left out."""
    found: list[str] = []
    for group in groups:
        own = TARGETS[target] if group == WRITING else ()
        found += [name for seam in (*SEAMS[group], *own) for name in (seam.before, seam.after) if name]
        transactions = [what for what in TRANSACTIONS[group].values() if what != FOUND]
        found += [name(what) for what in transactions for name in (not_committed, committed)]
    return found


class Watch:
    """Counts the passings of points, and kills this process at the `passing`-th one of `point` ("" for any point)."""

    def __init__(self, point: str | None = None, passing: int = 0) -> None:
        self.passed: Counter[str] = Counter()
        self._point = point
        self._passing = passing
        self._lock = threading.Lock()

    def pass_by(self, point: str) -> None:
        """Note that `point` is passed. Nothing else passes one meanwhile."""
        with self._lock:
            self.passed[point] += 1
            number = self.passed[point] if self._point else self.passed.total()
            if self._point in (point, "") and number == self._passing:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self, target: str) -> None:
        """Wrap every seam of this process that a run to `target` has."""
        for seam in seams(target):
            _replace(seam.place, lambda original, seam=seam: self._around(original, seam))
        for place in _TRANSACTION:
            _replace(place, self._around_transaction)

    def _around(self, original: Callable[..., Any], seam: Seam) -> Callable[..., Any]:
        @functools.wraps(original)
        def watched(*args: Any, **named: Any) -> Any:
            told = seam.when(*args, **named)
            if told and seam.before:
                self.pass_by(seam.before)
            result = original(*args, **named)
            if told and seam.after:
                self.pass_by(seam.after)
            return result

        return watched

    def _around_transaction(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def watched(*args: Any, **named: Any) -> Any:
            return self._watched_transaction(original(*args, **named), _opener())

        return watched

    @contextmanager
    def _watched_transaction(self, opened: Any, what: str) -> Iterator[Any]:
        with opened as db:
            yield db
            self.pass_by(not_committed(what))
        self.pass_by(committed(what))


def _opener() -> str:
    """What the transaction being opened is about, by the nearest caller we know."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "").rpartition(".")[2]
        what = _OPENERS.get(f"{module}.{frame.f_code.co_qualname}")
        if what is not None:
            return what
        frame = frame.f_back
    return UNNAMED


def _replace(place: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, name, wrap(getattr(owner, name)))

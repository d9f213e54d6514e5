"""Makes the writes of one batch: a lane per customer, in order, never two at once for one customer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from typing import Literal, NamedTuple

from pydantic_core import from_json

from duebridge.core.connector import RELEASE_PHASE, Ack, Attachment, Delivery, Operation, RecordTarget, Write, no_file
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome, Withheld
from duebridge.core.store.records import REMOVAL, Claimed

Verdict = Literal["accepted", "refused", "withheld", "unknown", "blocked", "untried"]


class Result(NamedTuple):
    """What became of one claimed row.

    `looked`: the target was asked first what it holds of it, which is `found`.
    """

    row: Claimed
    operation: Operation
    verdict: Verdict
    ack: Ack | None = None
    error: Exception | None = None
    looked: bool = False
    found: Ack | None = None

    @property
    def target_id(self) -> str | None:
        """The target's id of what was written, as far as it is known."""
        told = self.ack.target_id if self.ack is not None else None
        found = self.found.target_id if self.found is not None else None
        return told or found or self.row.target_id


class Lanes:
    """Pushes batches of rows to a target over a small pool of threads."""

    def __init__(
        self,
        target: RecordTarget,
        writes: Mapping[str, Write],
        stopping: Event,
        file_of: Callable[[Claimed], Attachment | None],
    ) -> None:
        """Use at most `target.parallel` threads; once `stopping` is set, writes not yet begun stay untried.

        `file_of` fetches the file of a row's record from the source.
        """
        self._file_of = file_of
        self._target = target
        self._writes = writes
        self._stopping = stopping
        self._halt = Event()
        self._pool = ThreadPoolExecutor(target.parallel, "write") if target.parallel > 1 else None

    def close(self) -> None:
        """End the threads, after the writes under way."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def push(self, rows: Sequence[Claimed]) -> list[Result]:
        """Write `rows`, which are in the order phase, row; return one result each, in no order."""
        queue: SimpleQueue[list[Claimed]] = SimpleQueue()
        for lane in _lanes(rows):
            queue.put(lane)
        if self._pool is None:
            return self._drain(queue)
        workers = [self._pool.submit(self._drain, queue) for _ in range(self._target.parallel)]
        return [result for worker in workers for result in worker.result()]

    def _drain(self, queue: SimpleQueue[list[Claimed]]) -> list[Result]:
        results: list[Result] = []
        while True:
            try:
                lane = queue.get_nowait()
            except Empty:
                return results
            self._run_lane(lane, results)

    def _run_lane(self, lane: Iterable[Claimed], results: list[Result]) -> None:
        stands: dict[str, bool] = {}
        ids: dict[str, str | None] = {}
        for row in lane:
            result = self._write(_with_ids(row, ids), stands)
            stands[row.key] = result.verdict == "accepted" and result.operation in ("create", "update")
            if stands[row.key]:
                ids[row.key] = result.target_id
            results.append(result)

    def _write(self, row: Claimed, stands: Mapping[str, bool]) -> Result:
        operation = operation_of(row)
        if self._halt.is_set() or self._stopping.is_set():
            return Result(row, operation, "untried")
        if operation in ("create", "update") and not (
            _stands(row.after_a, row.a_stands, stands) and _stands(row.after_b, row.b_stands, stands)
        ):
            return Result(row, operation, "blocked")
        if looks_first(row, operation, self._writes):
            return self._look_and_write(row, operation)
        return self._attempt(row, operation, self._delivery(row, operation))

    def _look_and_write(self, row: Claimed, operation: Operation) -> Result:
        """Write once it is known whether an earlier attempt, whose answer was lost, has happened."""
        looking = self.look(row, operation)
        if looking.verdict != "accepted":
            return looking
        found = looking.ack
        delivery = self._delivery(row, operation)
        if found is not None:
            known = delivery._replace(target_id=found.target_id or row.target_id)
            if operation == "create":
                if row.attempted == row.fingerprint:
                    return looking._replace(looked=True, found=found)
                known = known._replace(operation="update")  # it may hold another payload: several were tried
            return self._attempt(row, operation, known)._replace(looked=True, found=found)
        if operation in ("delete", "release"):
            return Result(row, operation, "accepted", Ack(), looked=True)
        anew = delivery._replace(operation="create", target_id=None, previous=None)
        return self._attempt(row, "create", anew)._replace(looked=True)

    def look(self, row: Claimed, operation: Operation) -> Result:
        """Ask the target what it holds of `row`: `ack` is None when nothing is there.

        What can't be looked up stays unknown, even when the target refuses to look.
        """
        result = self._attempt(row, operation, self._delivery(row, operation), look=True)
        if result.verdict != "refused":
            return result
        unseen = UnknownOutcome(f"an earlier attempt may have been taken, and that can't be looked up: {result.error}")
        return result._replace(verdict="unknown", error=unseen)

    def _delivery(self, row: Claimed, operation: Operation) -> Delivery:
        return delivery_of(row, operation, partial(self._file_of, row))

    def _attempt(self, row: Claimed, operation: Operation, delivery: Delivery, *, look: bool = False) -> Result:
        try:
            ack = self._target.find(delivery) if look else self._target.push(delivery)
            return Result(row, operation, "accepted", ack)
        except UnknownOutcome as error:
            return Result(row, operation, "unknown", error=error)
        except Withheld as error:
            return Result(row, operation, "withheld", error=error)
        except RecordError as error:
            return Result(row, operation, "refused", error=error)
        except (AuthError, RunError) as error:
            self._halt.set()
            return Result(row, operation, "untried", error=error)
        except Exception as error:  # noqa: BLE001 - a connector's defect must not hide what became of the others
            lost = UnknownOutcome(f"the connector failed ({type(error).__name__}); report it to its author")
            lost.__cause__ = error
            return Result(row, operation, "unknown", error=lost)


def looks_first(row: Claimed, operation: Operation, writes: Mapping[str, Write]) -> bool:
    """Whether the target must be asked what it holds: made again it might be there twice, passed over it might stay.

    A changed payload of something known to be there is simply sent again.
    """
    if not row.uncertain or writes[row.write].safety != "create_once":
        return False
    return row.accepted_fingerprint is None or (row.attempted == REMOVAL and operation == "update")


def operation_of(row: Claimed) -> Operation:
    """What is to be done for a due row."""
    if row.phase == RELEASE_PHASE:
        return "release"
    if row.payload is None:
        return "delete"
    return "create" if row.accepted_fingerprint is None else "update"


def delivery_of(row: Claimed, operation: Operation, file: Callable[[], Attachment | None] = no_file) -> Delivery:
    """Return what the target is handed for a due row."""
    return Delivery(
        kind=row.kind,
        id=row.id,
        part=row.part,
        operation=operation,
        reference=row.reference or "",
        payload=from_json(row.payload) if row.payload is not None else None,
        previous=from_json(row.accepted) if row.accepted is not None else None,
        target_id=row.target_id,
        uncertain=row.uncertain,
        write=row.write,
        file=file,
        after=(row.a_target, row.b_target),
    )


def _lanes(rows: Sequence[Claimed]) -> Iterable[list[Claimed]]:
    """Group the rows by customer, keeping their order; what has no customer is a lane of its own."""
    lanes: dict[str, list[Claimed]] = {}
    for row in rows:
        lanes.setdefault(row.customer_id or f"\0{row.n}", []).append(row)
    return lanes.values()


def _with_ids(row: Claimed, ids: Mapping[str, str | None]) -> Claimed:
    """The row with the ids of what was written before it in the same lane."""
    a, b = row.after_a, row.after_b
    if a not in ids and b not in ids:
        return row
    return row._replace(a_target=ids.get(a or "", row.a_target), b_target=ids.get(b or "", row.b_target))


def _stands(after: str | None, stood: bool, stands: Mapping[str, bool]) -> bool:
    return after is None or stands.get(after, bool(stood))

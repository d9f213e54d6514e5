"""Makes the writes of one batch: a lane per customer, in order, never two at once for one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import Literal, NamedTuple

from pydantic_core import from_json

from duebridge.core.connector import RELEASE_PHASE, Ack, Delivery, Operation, RecordTarget, Write
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome
from duebridge.core.store.records import Claimed

Verdict = Literal["accepted", "refused", "unknown", "blocked", "untried"]


class Result(NamedTuple):
    """What became of one claimed row."""

    row: Claimed
    operation: Operation
    verdict: Verdict
    ack: Ack | None = None
    error: Exception | None = None


class Lanes:
    """Pushes batches of rows to a target over a small pool of threads."""

    def __init__(self, target: RecordTarget, writes: Mapping[str, Write], stopping: Event) -> None:
        """Use at most `target.parallel` threads; once `stopping` is set, writes not yet begun stay untried."""
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
        for row in lane:
            result = self._write(row, stands)
            stands[row.key] = result.verdict == "accepted" and result.operation in ("create", "update")
            results.append(result)

    def _write(self, row: Claimed, stands: Mapping[str, bool]) -> Result:
        operation = operation_of(row)
        if self._halt.is_set() or self._stopping.is_set():
            return Result(row, operation, "untried")
        if operation in ("create", "update") and not (
            _stands(row.after_a, row.a_stands, stands) and _stands(row.after_b, row.b_stands, stands)
        ):
            return Result(row, operation, "blocked")
        return self._attempt(row, operation)

    def _attempt(self, row: Claimed, operation: Operation) -> Result:
        try:
            return Result(row, operation, "accepted", self._push(delivery_of(row, operation)))
        except UnknownOutcome as error:
            return Result(row, operation, "unknown", error=error)
        except RecordError as error:
            return Result(row, operation, "refused", error=error)
        except (AuthError, RunError) as error:
            self._halt.set()
            return Result(row, operation, "untried", error=error)
        except Exception as error:  # noqa: BLE001 - a connector's defect must not hide what became of the others
            lost = UnknownOutcome(f"the connector failed ({type(error).__name__}); report it to its author")
            lost.__cause__ = error
            return Result(row, operation, "unknown", error=lost)

    def _push(self, delivery: Delivery) -> Ack:
        if delivery.uncertain and delivery.operation == "create" and self._safety(delivery) == "create_once":
            found = self._target.find(delivery)
            if found is not None:
                return found
        return self._target.push(delivery)

    def _safety(self, delivery: Delivery) -> str:
        return self._writes[delivery.write].safety


def operation_of(row: Claimed) -> Operation:
    """What is to be done for a due row."""
    if row.phase == RELEASE_PHASE:
        return "release"
    if row.payload is None:
        return "delete"
    return "create" if row.accepted_fingerprint is None else "update"


def delivery_of(row: Claimed, operation: Operation) -> Delivery:
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
    )


def _lanes(rows: Sequence[Claimed]) -> Iterable[list[Claimed]]:
    """Group the rows by customer, keeping their order; what has no customer is a lane of its own."""
    lanes: dict[str, list[Claimed]] = {}
    for row in rows:
        lanes.setdefault(row.customer_id or f"\0{row.n}", []).append(row)
    return lanes.values()


def _stands(after: str | None, stood: bool, stands: Mapping[str, bool]) -> bool:
    return after is None or stands.get(after, bool(stood))

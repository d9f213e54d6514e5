"""A target whose creates are not idempotent: each one makes another thing, which is found by its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from duebridge.core.connector import Ack, Delivery, Write
from duebridge.core.errors import RecordError
from duebridge.core.records import CreditNote, Customer, Invoice, Record
from duebridge.core.testing import ReceivablesTarget


class OnceTarget(ReceivablesTarget):
    """Keeps things by its own ids: a create makes a new one, an update or removal needs the id."""

    writes: ClassVar[Mapping[type[Record] | str, Write]] = {
        Customer: Write("create_once", 10),
        Invoice: Write("create_once", 20),
        CreditNote: Write("create_once", 20),
        "fix": Write("create_once", 30),
        "link": Write("create_once", 40, release=True),
    }

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.things: dict[str, tuple[str, dict[str, Any]]] = {}
        self.finds: list[str] = []
        self.before_find: Callable[[Delivery], None] = lambda _: None
        self._made = 0

    def push(self, delivery: Delivery) -> Ack:
        self.before_push(delivery)
        with self._lock:
            self.log.append((delivery.operation, delivery.reference))
            id = self._apply(delivery)
        self.after_push(delivery)
        return Ack(id)

    def find(self, delivery: Delivery) -> Ack | None:
        self.before_find(delivery)
        with self._lock:
            self.finds.append(delivery.reference)
            return next((Ack(id) for id, (held, _) in self.things.items() if held == delivery.reference), None)

    def _apply(self, delivery: Delivery) -> str | None:
        if delivery.operation == "create":
            assert delivery.target_id is None
            self._made += 1
            id = f"thing-{self._made}"
        else:
            assert delivery.target_id is not None
            id = delivery.target_id
        if delivery.operation in ("delete", "release"):
            self.things.pop(id, None)
            return None
        if delivery.operation == "update" and id not in self.things:
            raise RecordError(f"there is nothing with the id {id}")
        self.things[id] = (delivery.reference, dict(delivery.payload or {}))
        return id

    def holdings(self) -> dict[str, dict[str, Any]]:
        """What is held by reference; fails when something is there twice."""
        twice = [reference for reference, n in Counter(ref for ref, _ in self.things.values()).items() if n > 1]
        assert twice == []
        return dict(self.things.values())

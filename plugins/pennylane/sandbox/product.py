"""What is Pennylane's stand-in, seen from the sandbox: seeded state, control calls, switches?"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from threading import RLock
from typing import Any, ClassVar

from fastapi import APIRouter

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions, UnusableValues
from duebridge.plugins.pennylane.sandbox.access import TOKEN, Tokens, Windows
from duebridge.plugins.pennylane.sandbox.contract import all_scopes
from duebridge.plugins.pennylane.sandbox.control import Control
from duebridge.plugins.pennylane.sandbox.files import KINDS
from duebridge.plugins.pennylane.sandbox.router import Api
from duebridge.plugins.pennylane.sandbox.seed import seed
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import Origin, Row, rooted

#: Whose change events may be switched off.
SUBJECTS = ("payments", "matching", "late")


class PennylaneSandbox(ProductSandbox):
    """Pennylane's company API below `/api/external/v2`, for the token `sandbox-pennylane`.

    Generated data is deterministic for a seed and a day: documents are dated relative to today. `clock` tells the time
    (aware); tests of windows, retention and deadlines give their own.
    """

    name: ClassVar[str] = "pennylane"

    def __init__(self, options: SandboxOptions, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Seed the state by `options`."""
        self.clock = clock
        self.lock = RLock()
        super().__init__(options)

    def router(self) -> APIRouter:
        """The paths of the API."""
        return Api(self).router()

    def reset(self) -> None:
        """Seed again; tokens, switches and rate limit windows are as at the start."""
        with self.lock:
            self.state = State(self.clock)
            with _uncollected():
                seed(self.state, self.options)
            self.tokens = Tokens()
            self.windows = Windows(lambda: self.clock().timestamp()) if self.options.limits == "real" else None
            self._silent: tuple[str, ...] = ()
            self.files = "ready"
            self.control = Control(self.state, self.is_silent)

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object; see `control`."""
        with self.lock:
            return self._shown(self.control.create(collection, values))

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:
        """Change an object; see `control`."""
        with self.lock:
            return self._shown(self.control.patch(collection, id, values, event=event))

    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove an object; see `control`."""
        with self.lock:
            self.control.delete(collection, id, event=event)

    def is_silent(self, subject: str) -> bool:
        """Whether changes of that subject leave no event."""
        return subject in self._silent

    def settings(self) -> dict[str, Any]:
        """The switches, as `PUT /_sandbox/settings/pennylane` takes them, any of them alone.

        `silent`: list of `payments` (payments, mark_as_paid), `matching` (matched transactions), `late` (a deadline
        that passes): what changes an invoice without an event in its changelog. `scopes`: list of scopes of the token
        `sandbox-pennylane`, null for all. `token_valid`: false makes every request 401. `today`: the day deadlines are
        compared with (ISO date), null for the clock's; a later day makes open invoices late. `files`: what the address
        of a document's file answers: `ready` (a small PDF), `image`, `html` (a web page), `missing`, `expired`,
        `empty`, `damaged` (cut off), `huge` (100 MB).
        """
        grant = self.tokens.grants[TOKEN]
        today = self.state.today_set
        return {
            "silent": list(self._silent),
            "scopes": None if grant.scopes == all_scopes() else list(grant.scopes),
            "token_valid": grant.valid,
            "today": None if today is None else today.isoformat(),
            "files": self.files,
        }

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the switches named in `values`. Raises `UnusableValues`, having turned none."""
        super().configure(values)
        turned = {**self.settings(), **values}
        silent, scopes = _words("silent", turned["silent"], SUBJECTS), turned["scopes"]
        granted = all_scopes() if scopes is None else _words("scopes", scopes, all_scopes())
        today = _day(turned["today"])
        if not isinstance(turned["files"], str) or turned["files"] not in KINDS:
            raise UnusableValues(f"files must be one of: {', '.join(KINDS)}")
        if not isinstance(turned["token_valid"], bool):
            raise UnusableValues("token_valid must be true or false")
        with self.lock:
            self._silent = silent
            self.files = turned["files"]
            self.tokens.grants[TOKEN].scopes = granted
            self.tokens.grants[TOKEN].valid = turned["token_valid"]
            self.state.today_set = today
            self.pass_days()
        return self.settings()

    def pass_days(self) -> None:
        """Let deadlines pass that have passed since the last look."""
        changed = self.state.turn_day()
        if changed and not self.is_silent("late"):
            at = self.state.tick()
            for row in changed:
                self.state.record("customer_invoices", row, "update", at)

    def reached_at(self, server: str) -> Origin:
        """Where and when the stand-in is reached, given the server's scheme and host."""
        return Origin(f"{server}/{self.name}", int(self.clock().timestamp()))

    def _shown(self, row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(rooted(row.wire, self.reached_at(self.origin)))
        return shown


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking a growing account again and again: a third of the seeding time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _words(name: str, given: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(word in known for word in given):
        raise UnusableValues(f"{name} must be a list of: {', '.join(known)}")
    return tuple(word for word in known if word in given)


def _day(text: Any) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except (TypeError, ValueError):
        raise UnusableValues(f"today must be an ISO date or null, not {text!r}") from None

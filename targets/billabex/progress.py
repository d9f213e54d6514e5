"""Has something of a write of several requests been taken already?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from duebridge.core.api import AuthError, Json, RecordError, RunError, UnknownOutcome


@contextmanager
def taken(what: str) -> Iterator[None]:
    """Turn what ends the run into `UnknownOutcome`: `what` was done before, so the whole write is made again."""
    try:
        yield
    except (AuthError, RunError) as error:
        raise UnknownOutcome(f"{what}, but not what follows: {error}") from error


def refuse_read_only(held: Mapping[str, Json], what: str) -> None:
    """Raise `RecordError` when Billabex says that `held` is run from elsewhere."""
    if reason := held.get("readOnlyReason"):
        raise RecordError(
            f"Billabex keeps this {what} read-only ({reason}): it is run by another connection there; "
            "change it in that connection's source, or remove it from this one"
        )

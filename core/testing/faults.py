"""How does a test have a sandbox's answers go wrong?

    with faults(sandbox.url, Fault(fault="lost_answer", product="upflow", method="POST", rate=0.1), seed=7) as ordered:
        ...                                       # one write in ten is made, and its answer lost
    assert ordered.struck == [3]

The sandbox may be this process's or another's; its control calls are used. docs/faults.md has every fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from duebridge.core.edge.http import Http, HttpFactory
from duebridge.core.edge.limits import WindowLimiter
from duebridge.core.sandbox.faults import Fault

_PATH = "/_sandbox/faults"


class OrderedFaults:
    """Faults on order at a sandbox."""

    def __init__(self, http: Http) -> None:
        """Ask through `http`."""
        self._http = http

    def order(self, *rules: Fault, seed: int = 0) -> None:
        """Put `rules` in the place of those before, every count at nothing; no rules: no faults."""
        body = {"seed": seed, "rules": [rule.model_dump(exclude_none=True) for rule in rules]}
        self._http.write("PUT", _PATH, body, safety="replace")

    @property
    def shown(self) -> list[Mapping[str, Any]]:
        """The rules as the sandbox shows them, with `matched` and `struck`; `rate` is a `Decimal`."""
        return list(self._http.get(_PATH)["rules"])

    @property
    def struck(self) -> list[int]:
        """How many requests each rule struck so far."""
        return [rule["struck"] for rule in self.shown]


@contextmanager
def faults(url: str, *rules: Fault, seed: int = 0) -> Iterator[OrderedFaults]:
    """Order `rules` at the sandbox at `url` for the length of a block.

    Raises `RecordError` with the sandbox's words when it can't use them, `RunError` when it isn't there.
    """
    limiter = WindowLimiter(requests=1_000_000, seconds=1.0)
    http = HttpFactory()(url, product="The sandbox", headers=dict, limiter=limiter, retries=0)
    ordered = OrderedFaults(http)
    try:
        ordered.order(*rules, seed=seed)
        try:
            yield ordered
        finally:
            ordered.order()
    finally:
        http.close()

"""Which lines go on belonging to the subscription they were sent under? Pure.

What is deleted at the ledger is not taken from Fincome (Fincome's page, To know). A billing subscription that is gone,
or no longer has an item, can't tell what its older invoices billed; what was told before stays.
"""

from __future__ import annotations

from duebridge.core.api import Payload

_TIE = ("subscription_id", "period_start", "period_end")
#: A line that is another one now is not what was billed.
_SAME = ("price_id", "description")


def tied(payload: Payload, previous: Payload) -> Payload:
    """Return a document's payload, its lines without a subscription under the one they were last sent under."""
    before = {line["id"]: line for line in previous.get("lines", ()) if line.get("subscription_id")}
    lines = [_tied(line, before.get(line["id"])) for line in payload["lines"]]
    whole = {**payload, "lines": lines}
    if "derived_periods" in payload:
        held = {line["id"] for line, given in zip(lines, payload["lines"], strict=True) if line is not given}
        kept = [id for id in previous.get("derived_periods", ()) if id in held]
        whole["derived_periods"] = [*payload["derived_periods"], *kept]
    return whole


def _tied(line: Payload, before: Payload | None) -> Payload:
    if before is None or line["subscription_id"] is not None or any(line[name] != before.get(name) for name in _SAME):
        return line
    return {**line, **{name: before.get(name) for name in _TIE}}

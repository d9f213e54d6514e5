"""What goes on standing of what was sent, when the ledger no longer tells it? Pure.

What is deleted at the ledger is not taken from Fincome (Fincome's page, To know). A billing subscription that is gone,
or no longer has an item, can't tell what its older invoices billed; a customer or product that is gone, or may no
longer be read, can't tell its reference. What was told before stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from duebridge.core.api import Payload

_TIE = ("subscription_id", "period_start", "period_end")
#: A line that is another one now is not what was billed.
_SAME = ("price_id", "description")
#: What Fincome knows by the ledger's reference -> the ledger's own id of the same, which stays with us.
_OWN_IDS: Mapping[str, str] = {"customer_id": "customer", "price_id": "product"}


def continued(payload: Payload, previous: Payload) -> Payload:
    """Return `payload`, with the references and subscriptions `previous` has where the ledger tells none now."""
    whole = _named(payload, previous)
    if "subscriptions" in payload:
        whole["subscriptions"] = _all_named(payload["subscriptions"], previous.get("subscriptions", ()))
    if "lines" in payload:
        whole["lines"] = _all_named(payload["lines"], previous.get("lines", ()))
        return tied(whole, previous)
    return whole


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


def _all_named(payloads: Sequence[Payload], previous: Iterable[Payload]) -> list[Payload]:
    before = {each["id"]: each for each in previous}
    return [_named(each, before.get(each["id"], {})) for each in payloads]


def _named(payload: Payload, previous: Payload) -> Payload:
    """A copy of `payload`, what it names by the ledger's own id named as in `previous`, where that named the same."""
    whole = dict(payload)
    for name, own in _OWN_IDS.items():
        id = payload.get(own)
        if id is not None and payload[name] == id == previous.get(own):
            whole[name] = previous[name]
    return whole

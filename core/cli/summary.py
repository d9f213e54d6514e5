"""How does the demo end: a table a person understands, and the bridge between the two ends?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.console import RenderableType

from duebridge.core.cli.output import table
from duebridge.core.cli.reports import Meanings
from duebridge.core.demo import Performance
from duebridge.core.engine.reconcile import Reconciliation, Side, amount_text

#: Reasons of the bridge in words.
_REASONS = {
    "partial_payments_not_imported": "paid in part at the source; payments are not imported",
    "remaining_above_total_less_credit_notes": "credit notes the source has not taken off what remains",
    "excluded_customer": "of customers that are excluded",
    "manual_entry": "credit notes that are accounting entries made by hand, left out",
    "rejected": "records that were rejected",
    "writes_due": "writes still to make",
    "unknown_outcome": "writes whose outcome is not known yet",
    "kept_though_gone": "kept at the target though deleted at the source",
    "not_written_by_duebridge": "written at the target by others",
}


def summary_parts(done: Performance, meanings: Meanings) -> Iterator[RenderableType]:
    """Yield what was read, sent and left out per kind, and what is outstanding at both ends."""
    yield table(
        f"{done.connection}: what was read, and what became of it",
        ("kind", "read", "sent", "unchanged", "left out", "rejected"),
        [_kind(kind, tally.as_json()) for kind, tally in done.report.kinds.items()],
        numbers=("read", "sent", "unchanged", "left out", "rejected"),
    )
    left_out = [
        (kind, number, meanings.get((kind, code), code))
        for kind, tally in done.report.kinds.items()
        for code, number in tally.as_json()["skipped"].items()
    ]
    if left_out:
        yield table("Left out, and why", ("kind", "records", "because"), left_out, numbers=("records",))
    if done.balances is not None:
        yield from _bridges(done.balances, meanings)
    yield f"{done.connection}: {done.report.status} in {done.report.seconds:.1f} s"


def _kind(kind: str, tally: dict[str, object]) -> tuple[object, ...]:
    sent = int(str(tally["created"])) + int(str(tally["updated"]))
    skipped = tally["skipped"]
    assert isinstance(skipped, dict)  # noqa: S101 - `Tally.as_json` makes it one; this is for the type checker
    return kind, tally["read"], sent, tally["unchanged"], sum(skipped.values()), tally["rejected"]


def _bridges(balances: Reconciliation, meanings: Meanings) -> Iterator[RenderableType]:
    rows = [row for code, side in sorted(balances.currencies.items()) for row in _bridge(code, side, meanings)]
    yield table("Outstanding at both ends", ("currency", "", "amount"), rows, numbers=("amount",))


def _bridge(currency: str, side: Side, meanings: Meanings) -> Iterator[tuple[str, str, str]]:
    """From the source's total, reason by reason, to the target's."""
    yield currency, "outstanding at the source", amount_text(side.source, currency)
    for reason, amount in sorted(side.explained.items()):
        if amount:
            yield "", f"  {words(reason, meanings)}", _signed(-amount, currency)
    yield "", "  unexplained", _signed(-side.unexplained, currency)
    yield "", "outstanding at the target", amount_text(side.target, currency)


def words(reason: str, meanings: Meanings) -> str:
    """Return a reason of `reconcile` as a person would say it."""
    if reason in _REASONS:
        return _REASONS[reason]
    what, _, code = reason.partition(": ")
    meant = next((why for (_, known), why in meanings.items() if known == code), code)
    return f"kept at the target: {meant}" if what == "kept_though_skipped" else meant


def _signed(amount: Decimal, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{amount_text(amount, currency)}"

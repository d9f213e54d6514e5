"""How is a comparison of both ends told to a person? As a bridge from the source's total to the target's.

Amounts are what each reason adds on the way from the source to the target; `--json` has source less target.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from textwrap import wrap

from rich.console import RenderableType

from duebridge.core.cli.output import table
from duebridge.core.cli.reports import Meanings
from duebridge.core.engine.reconcile import Reconciliation, Side, amount_text

#: Reasons of the bridge in words.
_REASONS = {
    "partial_payments_not_imported": "paid at the source; payments are not imported",
    "remaining_above_total_less_credit_notes": "credit notes the source has not taken off what remains",
    "excluded_customer": "of customers that are excluded",
    "manual_entry": "credit notes that are accounting entries made by hand, left out",
    "rejected": "records that were rejected",
    "reads_paid_at_target": "must read paid at the target, though the source expects money",
    "sent_though_not_counted_at_the_source": "sent by the target's rules, though the source does not count them",
    "writes_due": "writes still to make",
    "unknown_outcome": "writes whose outcome is not known yet",
    "kept_though_gone": "kept at the target though deleted at the source",
    "not_written_by_duebridge": "written at the target by others",
}

#: Characters of a reason, and of a name, in a line: with the amounts the tables fit 80 columns.
_REASON, _NAME = 58, 20


def bridges(result: Reconciliation, meanings: Meanings) -> RenderableType:
    """Return a table with, for each currency, what leads from the source's total to the target's."""
    whose = "outstanding at the target" + (", by our links" if result.target_from == "links" else "")
    rows = [row for code, side in sorted(result.currencies.items()) for row in _bridge(code, side, meanings, whose)]
    return table("Outstanding at both ends", ("cur.", "", "amount"), rows, numbers=("amount",))


def loose_ends(result: Reconciliation) -> RenderableType | None:
    """Return a table of the customers of whom something is left unexplained, or None when there are none."""
    if not result.loose:
        return None
    sides = [(pair, result.customers[pair]) for pair in sorted(result.loose)]
    rows = [
        (
            id,
            result.names.get(id, ""),
            currency,
            amount_text(side.source, currency),
            amount_text(side.target, currency),
            _signed(-side.unexplained, currency),
        )
        for (id, currency), side in sides
    ]
    columns = ("customer", "name", "cur.", "source", "target", "unexplained")
    return table("Unexplained", columns, rows, numbers=columns[3:], widest={"customer": _NAME, "name": _NAME})


def _bridge(currency: str, side: Side, meanings: Meanings, whose: str) -> Iterator[tuple[str, str, str]]:
    """From the source's total, reason by reason, to the target's."""
    yield currency, "outstanding at the source", amount_text(side.source, currency)
    for reason, amount in sorted(side.explained.items()):
        if amount:
            first, *rest = wrap(words(reason, meanings), _REASON, initial_indent="  ", subsequent_indent="    ")
            yield "", first, _signed(-amount, currency)
            yield from (("", line, "") for line in rest)
    yield "", "  unexplained", _signed(-side.unexplained, currency)
    yield "", whose, amount_text(side.target, currency)


def words(reason: str, meanings: Meanings) -> str:
    """Return a reason of `reconcile` as a person would say it."""
    if reason in _REASONS:
        return _REASONS[reason]
    what, _, code = reason.partition(": ")
    meant = next((why for (_, known), why in meanings.items() if known == code), code)
    return f"kept at the target: {meant}" if what == "kept_though_skipped" else meant


def _signed(amount: Decimal, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{amount_text(amount, currency)}"

"""Which lines stay under the subscription they were sent under?"""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.targets.fincome.ties import tied

SENT = {"subscription_id": "310:2", "period_start": "2026-03-02", "period_end": "2026-04-02"}
LOST = {"subscription_id": None, "period_start": None, "period_end": None}


def line(id: str = "88", **fields: Any) -> dict[str, Any]:
    return {"id": id, "price_id": "pr-9", "description": "Accès", **LOST, **fields}


def document(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": "30", "status": "open", "lines": list(lines), **fields}


def test_a_line_that_lost_its_subscription_stays_under_it_with_its_period() -> None:
    before = document(line(**SENT), line("89"))
    assert tied(document(line(), line("89"), status="paid"), before) == document(
        line(**SENT), line("89"), status="paid"
    )


def test_a_line_that_has_another_item_now_goes_under_that() -> None:
    other = SENT | {"subscription_id": "310:3"}
    assert tied(document(line(**other)), document(line(**SENT))) == document(line(**other))


@pytest.mark.parametrize("change", [{"price_id": "pr-8"}, {"description": "Frais"}])
def test_a_line_that_is_another_one_now_is_of_none(change: dict[str, Any]) -> None:
    assert tied(document(line(**change)), document(line(**SENT))) == document(line(**change))


def test_a_line_that_never_had_one_keeps_the_period_the_ledger_states() -> None:
    stated = {"period_start": "2026-03-01", "period_end": "2026-04-01"}
    assert tied(document(line(**stated)), document(line())) == document(line(**stated))


@pytest.mark.parametrize("previous", [{}, {"lines": [{"id": "88"}]}, {"lines": [{"id": "87", **SENT}]}])
def test_what_was_not_sent_keeps_nothing(previous: dict[str, Any]) -> None:
    assert tied(document(line()), previous) == document(line())


def test_what_was_derived_stays_known_as_derived() -> None:
    before = document(line(**SENT), line("89", **SENT), derived_periods=["88"])
    kept = tied(document(line(), line("89"), derived_periods=[]), before)
    assert kept["derived_periods"] == ["88"]
    again = tied(document(line(), line("89"), derived_periods=[]), kept)
    assert again == kept

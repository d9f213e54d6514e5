"""Which item of its subscription does a line bill?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from duebridge.core.api import Line, Subscription
from duebridge.targets.fincome.items import billed_lines

MakeLine = Callable[..., Line]
MakeSubscription = Callable[..., Subscription]

ISSUED = date(2026, 3, 2)


@pytest.fixture
def matched(make_line: MakeLine, make_subscription: MakeSubscription) -> Callable[..., list[str | None]]:
    """Return what tells for each line (label, product) the item it bills; items are (id, label, product)."""

    def match(items: list[tuple[str, str, str | None]], lines: list[tuple[str, str | None]]) -> list[str | None]:
        held = tuple(make_line(id, label=label, product_id=product) for id, label, product in items)
        billed = [make_line(f"l{n}", label=label, product_id=product) for n, (label, product) in enumerate(lines)]
        found = billed_lines(billed, make_subscription(lines=held), ISSUED)
        return [each.item.id if each.item else None for each in found]

    return match


def test_the_product_decides_before_the_label(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", "9"), ("b", "Support", "8")]
    assert matched(items, [("Support", "9"), ("Accès", "8")]) == ["a", "b"]


def test_of_several_items_with_the_product_the_label_decides(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", "9"), ("b", "Accès admin", "9")]
    assert matched(items, [("Accès admin", "9"), ("Accès", "9")]) == ["b", "a"]


def test_two_items_alike_are_billed_under_ids_of_their_own(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", "9"), ("b", "Accès", "9")]
    assert matched(items, [("Accès", "9"), ("Accès", "9")]) == ["a", "b"]


def test_without_a_product_the_only_item_with_the_label_is_billed(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", None), ("b", "Support", "8")]
    assert matched(items, [("accès ", None), ("Support", None)]) == ["a", "b"]


def test_a_label_that_several_items_have_tells_nothing(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", "7"), ("b", "Accès", "8")]
    assert matched(items, [("Accès", None)]) == [None]


def test_lines_without_label_or_product_are_of_no_item(matched: Callable[..., list[str | None]]) -> None:
    assert matched([("a", "", None)], [("", None), ("Frais", "5")]) == [None, None]


def test_what_the_only_item_is_billed_for_twice_is_of_that_item_twice(
    matched: Callable[..., list[str | None]],
) -> None:
    assert matched([("a", "Accès", "9")], [("Accès", "9"), ("Accès", "9")]) == ["a", "a"]


def test_a_third_line_of_two_items_alike_is_of_the_first(matched: Callable[..., list[str | None]]) -> None:
    items = [("a", "Accès", "9"), ("b", "Accès", "9")]
    assert matched(items, [("Accès", "9")] * 3) == ["a", "b", "a"]


def test_an_item_is_billed_for_several_periods_in_one_invoice(
    make_line: MakeLine, make_subscription: MakeSubscription
) -> None:
    january = make_line("l1", product_id="9", period_start=date(2026, 1, 1), period_end=date(2026, 1, 31))
    february = make_line("l2", product_id="9", period_start=date(2026, 2, 1), period_end=date(2026, 2, 28))
    found = billed_lines([january, february], make_subscription(), ISSUED)
    assert [each.item.id if each.item else None for each in found] == ["2", "2"]
    assert [each.period and each.period.end for each in found] == [date(2026, 2, 1), date(2026, 3, 1)]


def test_without_a_subscription_a_line_keeps_the_period_stated_and_no_other_is_told(make_line: MakeLine) -> None:
    allocated = make_line("l1", period_start=date(2026, 1, 1), period_end=date(2026, 1, 31))
    found = billed_lines([allocated, make_line("l2")], None, ISSUED)
    assert [each.item for each in found] == [None, None]
    assert [each.period and each.period.end for each in found] == [date(2026, 2, 1), None]

"""A file is measured by the last one that was delivered, or may have been."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import Implausible
from duebridge.targets.afakto.settings import Withhold
from duebridge.targets.afakto.withholding import LastDelivery


class Kept(dict[str, Any]):
    """A connector's memory."""

    def put(self, key: str, value: Any) -> None:
        self[key] = value


def last(rows: int | None, **limits: Any) -> LastDelivery:
    found = LastDelivery(Kept(), "ACME01", Withhold(**limits))
    if rows is not None:
        found.begin(rows)
        found.done(rows)
    return found


@pytest.mark.parametrize(
    ("before", "rows"), [(None, 0), (None, 10), (0, 0), (100, 70), (100, 100), (100, 500), (10, 6), (3, 1)]
)
def test_what_may_go(before: int | None, rows: int) -> None:
    assert last(before).weigh(rows, accepted=False) is None


@pytest.mark.parametrize(("before", "rows"), [(100, 69), (100, 1), (10, 5), (100, 0), (3, 0), (1, 0)])
def test_what_is_withheld_until_a_person_accepts_it(before: int, rows: int) -> None:
    with pytest.raises(Implausible, match=f"where the last file had {before}.*--accept-mass-change"):
        last(before).weigh(rows, accepted=False)
    assert str(before) in (last(before).weigh(rows, accepted=True) or "")


def test_the_share_and_the_floor_are_settings() -> None:
    assert last(100, share=0.9, min=5).weigh(11, accepted=False) is None
    assert last(100, share=0.0, min=50).weigh(51, accepted=False) is None
    with pytest.raises(Implausible):
        last(100, share=0.0, min=1).weigh(99, accepted=False)


def test_a_share_is_exact() -> None:
    assert last(1000, share=0.1, min=1).weigh(900, accepted=False) is None
    with pytest.raises(Implausible):
        last(1000, share=0.1, min=1).weigh(899, accepted=False)


def test_a_delivery_of_which_nobody_knows_what_became_counts_when_it_was_larger() -> None:
    found = last(100)
    found.begin(200)  # the process dies here
    with pytest.raises(Implausible, match="had 200"):
        found.weigh(100, accepted=False)


def test_one_that_was_smaller_does_not_lower_the_measure() -> None:
    found = last(100)
    found.begin(20)  # accepted by a person; the process dies here
    with pytest.raises(Implausible, match="had 100"):
        found.weigh(20, accepted=False)


def test_two_such_deliveries_in_a_row_leave_the_larger() -> None:
    found = last(100)
    found.begin(200)
    found.begin(150)
    assert found.rows == 200


def test_one_that_was_not_made_counts_no_more() -> None:
    found = last(100)
    found.begin(200)
    found.take_back()
    assert found.rows == 100


def test_each_company_has_a_measure_of_its_own() -> None:
    memory = Kept()
    LastDelivery(memory, "A", Withhold()).done(100)
    assert LastDelivery(memory, "B", Withhold()).rows == 0

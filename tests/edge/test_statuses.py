"""What an HTTP status means for us."""

from __future__ import annotations

import pytest

from duebridge.core.edge.statuses import meaning


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((200, 201, 202, 204), "ok"),
        ((301, 302, 303, 304, 307, 308), "moved"),
        ((401,), "stranger"),
        ((403,), "forbidden"),
        ((404, 410), "missing"),
        ((400, 402, 405, 409, 413, 415, 422, 423, 451), "refused"),
        ((429,), "later"),
        ((408, 500, 501, 502, 503, 504, 520, 599, 101, 600), "broken"),
    ],
)
def test_every_status_has_one_meaning(statuses: tuple[int, ...], expected: str) -> None:
    assert {meaning(status) for status in statuses} == {expected}

"""Rails' names of time zones, as Harvest tells them, become IANA's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from duebridge.plugins.harvest.timezones import ZONES, iana


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("Mountain Time (US & Canada)", "America/Denver"),
        ("Paris", "Europe/Paris"),
        ("Nuku'alofa", "Pacific/Tongatapu"),
        ("UTC", "Etc/UTC"),
        ("Europe/Paris", "Europe/Paris"),
        ("Middle Earth", ""),
        ("", ""),
    ],
)
def test_a_name_becomes_a_zone(name: str, zone: str) -> None:
    assert iana(name) == zone


@pytest.mark.parametrize("zone", sorted(set(ZONES.values())))
def test_every_zone_there_is_a_name_for_exists(zone: str) -> None:
    assert ZoneInfo(zone).key == zone
    assert len(ZONES) > 140

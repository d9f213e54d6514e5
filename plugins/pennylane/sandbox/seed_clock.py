"""When did the seeded things happen? Days are counted back from today; nothing happened today."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random


class SeedClock:
    """Instants of the past, told by their age in days; deterministic for a seed and a day."""

    def __init__(self, today: date, seed: int) -> None:
        self.today = today
        self.seed = seed & 0xFFFF
        self._rng = Random(seed + 1)  # noqa: S311 - generated data, not secrets

    def day(self, age: int) -> str:
        """The day `age` days ago (a negative age lies ahead), ISO."""
        return (self.today - timedelta(days=age)).isoformat()

    def instant(self, age: int) -> str:
        """An instant during business hours of that day, at the latest yesterday; microseconds, UTC."""
        seconds = self._rng.randrange(8 * 3600, 18 * 3600)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{self._rng.randrange(10**6):06}"
        return f"{self.day(max(age, 1))}T{clock}Z"


def moment(instant: str) -> datetime:
    """The instant a text of `SeedClock.instant` tells."""
    return datetime.fromisoformat(instant).astimezone(UTC)

"""How instants are written in requests and cursors: RFC 3339, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def written(instant: datetime) -> str:
    """`instant` (aware) as `2026-01-31T12:00:00.000000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parsed(text: object) -> datetime | None:
    """The instant `text` writes, None when it doesn't write one with its offset."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None

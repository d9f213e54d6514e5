"""Which requests write to Pennylane, and which look for what is there already? HTTP calls, nothing else.

A create is sent once; what may be repeated without effect is. Everything raises what `Http` raises: `Refused` for an
answer that says no, `AuthError`, `RunError`, `UnknownOutcome`. Source: spec; scopes in readme:/docs/customer-invoicing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from duebridge.core.api import (
    Attachment,
    File,
    Form,
    Json,
    Payload,
    Raw,
    RecordError,
    Refused,
    RunError,
    Services,
    UnknownOutcome,
)
from duebridge.plugins.pennylane.client import PennylaneClient
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.paging import walk

Condition = tuple[str, str, Json]

_PAGE = 100
#: 100 MB through a line of 3 Mbit/s.
_UPLOAD_SECONDS = 300.0


class ImportClient:
    """One company's API as it is written to; safe to use from several threads."""

    def __init__(self, settings: PennylaneTargetSettings, services: Services) -> None:
        """Open no connection yet; the pace is shared with every client of the same token."""
        pace = settings.requests_per_minute
        self.reading = PennylaneClient(settings, services, per_minute=pace)
        self._files = PennylaneClient(settings, services, per_minute=pace, deadline=_UPLOAD_SECONDS)

    def found(self, path: str, *conditions: Condition) -> list[dict[str, Any]]:
        """Every object of a list that meets all `conditions` (field, operator, value)."""
        named = [{"field": field, "operator": operator, "value": value} for field, operator, value in conditions]
        return list(self._walk(path, filter=json.dumps(named, separators=(",", ":"))))

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield every object of a list, oldest first."""
        return self._walk(path)

    def one(self, path: str) -> dict[str, Any]:
        """The object at `path`."""
        answer = self.reading.get(path, {})
        if not isinstance(answer, dict):
            raise RunError(f"Pennylane, GET {path}: the answer is no object; check base_url")
        return answer

    def upload(self, file: Attachment) -> int:
        """Keep a file there; return its id. One uploaded twice lies there twice, and belongs to nothing.

        A file nobody answers for rejects its document: were it to end the run, one that is too large for the line
        would keep all others back.
        """
        form = Form({"filename": file.name}, {"file": File(file.name, file.content, file.content_type)})
        try:
            return _id("/file_attachments", self._files.write("POST", "/file_attachments", form, safety="upsert"))
        except UnknownOutcome as lost:
            raise RecordError(
                f"its file could not be uploaded, so nothing was imported; it will be tried again ({lost})"
            ) from lost

    def create(self, path: str, body: Payload) -> dict[str, Any]:
        """Make an object; return it. Sent once, never again by itself."""
        made: Json = self.reading.write("POST", path, body, safety="create_once")
        _id(path, made)
        return dict(made)

    def replace(self, path: str, body: Payload) -> None:
        """Give an object these values; sent again, it has them still."""
        self.reading.write("PUT", path, body, safety="replace")

    def change(self, path: str, body: Payload) -> None:
        """Change an object by a request that must not be repeated as it is."""
        self.reading.write("PUT", path, body, safety="create_once")

    def close(self) -> None:
        """Close the connections."""
        self.reading.close()
        self._files.close()

    def _walk(self, path: str, **params: str | int) -> Iterator[dict[str, Any]]:
        for page in walk(self.reading.get, path, {"limit": _PAGE, "sort": "id", **params}):
            yield from page.items


def identity_of(raw: Raw) -> int:
    """The id of an object Pennylane answered."""
    return int(raw["id"])


def ids_of(rows: Sequence[Raw]) -> str:
    """The ids of `rows`, for a message."""
    return ", ".join(str(row["id"]) for row in rows)


def is_conflict(refused: Refused) -> bool:
    """Whether Pennylane says that something of the kind is there already."""
    return refused.status == 409


def _id(path: str, answer: Json) -> int:
    """The id in the answer to a create; without one nobody knows whether it was made."""
    if not isinstance(answer, dict) or type(answer.get("id")) is not int:
        raise UnknownOutcome(
            f"Pennylane answered POST {path} without an id: it may have been taken or not; the next run looks for it"
        )
    return int(answer["id"])

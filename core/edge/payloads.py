"""How is what we send written?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from duebridge.core.connector import Json
from duebridge.core.errors import RecordError


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload, with its name and media type."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart/form-data body: text fields (a list repeats the field) and files by field name."""

    fields: Mapping[str, str | Sequence[str]]
    files: Mapping[str, File]


def encoded(body: Json | Form | None) -> bytes | Form | None:
    """`body` as JSON in UTF-8; a form as it is. Raises `RecordError` for what can't be sent exactly."""
    if body is None:
        return None
    try:
        if isinstance(body, Form):
            json.dumps(dict(body.fields), ensure_ascii=False).encode()
            return body
        return json.dumps(body, default=_exact, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise RecordError("a text holds half a character and can't be sent; correct it at the source") from None
    except (ValueError, TypeError, RecursionError) as problem:
        raise RecordError(f"the payload can't be written as JSON ({problem}); the connector must build it") from None


def _exact(value: object) -> int | float:
    """A decimal as a JSON number, if that number is the very same."""
    if not isinstance(value, Decimal):
        raise TypeError(f"a {type(value).__name__} has no form in JSON")
    if not value.is_finite():
        raise ValueError("an amount is not a number")
    if value == value.to_integral_value():
        return int(value)
    if Decimal(repr(float(value))) != value:
        raise ValueError("an amount has more digits than a JSON number keeps")
    return float(value)

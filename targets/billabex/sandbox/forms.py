"""What does the form of an invoice or a credit note hold? Text fields, dates in three parts, and a PDF or PNG file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from duebridge.targets.billabex.sandbox import checks
from duebridge.targets.billabex.sandbox.refusal import invalid
from duebridge.targets.billabex.sandbox.state import Kind

Values = dict[str, Any]

_DATE_PARTS = ("year", "month", "day")
_ADDRESS_PARTS = ("street", "city", "postalCode", "stateOrProvince", "country")
_SIGNATURES = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n"}
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_NESTED = re.compile(r"([A-Za-z]+)\[([A-Za-z]+)\]")

_SHARED = {"accountId", "number", "totalAmount", "taxAmount", "sourceId"}
_PLAIN: Mapping[Kind, frozenset[str]] = {
    "invoices": frozenset(_SHARED | {"poNumber", "paidAmount"}),
    "credit-notes": frozenset(_SHARED),
}
_DATES: Mapping[Kind, tuple[str, ...]] = {"invoices": ("issuedDate", "dueDate"), "credit-notes": ("issuedDate",)}
_REQUIRED = ("accountId", "number", "totalAmount", "taxAmount")
_AMOUNTS = frozenset({"totalAmount", "taxAmount", "paidAmount"})


class Upload(NamedTuple):
    """A file that came with a form."""

    name: str | None
    content_type: str
    content: bytes


async def received(request: Request) -> tuple[dict[str, str], Upload | None]:
    """Return the text fields and the file of a request. Refuses any other body, and fields given twice."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        invalid("the body must be multipart/form-data")
    try:
        async with request.form() as form:
            return await _sorted_out(form)
    except (MultiPartException, HTTPException) as error:
        invalid(f"the form can't be read: {getattr(error, 'message', '') or getattr(error, 'detail', '')}")


async def _sorted_out(form: FormData) -> tuple[dict[str, str], Upload | None]:
    fields: dict[str, str] = {}
    file: Upload | None = None
    for name, value in form.multi_items():
        if name in fields or (name == "file" and file is not None):
            invalid(f"{name} is given twice")
        if isinstance(value, str):
            fields[name] = value
        elif name == "file":
            file = Upload(value.filename, value.content_type or "", await value.read())
        else:
            invalid(f"{name} must not be a file")
    return fields, file


def understood(kind: Kind, fields: Mapping[str, str]) -> Values:
    """Return the values of a new document; amounts are decimals, dates `{year, month, day}`."""
    values: Values = {}
    for name, value in fields.items():
        if match := _NESTED.fullmatch(name):
            _nest(kind, values, match[1], match[2], value)
        elif name in _AMOUNTS & _PLAIN[kind]:
            values[name] = _amount(value, name)
        elif name in _PLAIN[kind]:
            values[name] = checks.filled(value, name)
        else:
            invalid(f"unknown field {name}")
    for name in (*_REQUIRED, *_DATES[kind]):
        if name not in values:
            invalid(f"{name} is required")
    return values | {name: checks.day(values[name], name) for name in _DATES[kind]}


def checked_file(file: Upload | None, *, required: bool) -> Values:
    """Return what is kept of a file: its name, type and size. Refuses anything but a PDF or a PNG."""
    if file is None:
        if required:
            invalid("file is required")
        return {}
    signature = _SIGNATURES.get(file.content_type)
    if signature is None or not file.content.startswith(signature):
        invalid("file must be a PDF or a PNG")
    return {"file": {"name": file.name, "contentType": file.content_type, "size": len(file.content)}}


def _nest(kind: Kind, values: Values, name: str, part: str, value: str) -> None:
    if name in _DATES[kind] and part in _DATE_PARTS:
        if not (value.isascii() and value.isdigit() and len(value) <= 4):
            invalid(f"{name}[{part}] must be a whole number")
        values.setdefault(name, {})[part] = int(value)
    elif name == "billingAddress" and part in _ADDRESS_PARTS:
        values.setdefault(name, {})[part] = checks.text(value, f"{name}[{part}]")
    else:
        invalid(f"unknown field {name}[{part}]")


def _amount(value: str, name: str) -> Decimal:
    if not _DECIMAL.fullmatch(value):
        invalid(f"{name} must be a decimal number")
    return checks.amount(Decimal(value), name)

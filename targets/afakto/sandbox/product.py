"""How is Afakto's stand-in plugged into the sandbox server? Files in, by CSV or JSON; what is held out.

Afakto publishes no API. These paths are ours: `POST /imports/{buyers,invoices}` takes rows as JSON (`name`, `rows`) or,
with `?name=` and content type `text/csv`, a delivered file; `GET /companies`, `/companies/{code}/buyers` and
`/companies/{code}/invoices` (`offset`, `limit`) show what is held. All ask for the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duebridge.core.sandbox.product import ProductSandbox, UnknownObject, UnusableValues
from duebridge.targets.afakto.sandbox.book import Book, Company
from duebridge.targets.afakto.sandbox.delivery import take
from duebridge.targets.afakto.sandbox.reading import Refused, Row
from duebridge.targets.afakto.sandbox.terms import OPTIONAL, REQUIRED

TOKEN = "sandbox-afakto"  # noqa: S105 - the stand-in's published token
MOST, USUAL = 500, 100
_KEYS = {"buyers": "BUYER_CODE", "invoices": "INV_NUMBER"}


class AfaktoSandbox(ProductSandbox):
    """What Afakto holds, by company. Control calls name an object `{company code}:{buyer code or number}`."""

    name: ClassVar[str] = "afakto"

    def reset(self) -> None:
        """Go back to a workspace that has received nothing."""
        self.book = Book()

    def router(self) -> APIRouter:
        """Offer the paths."""
        router = APIRouter()
        for path, answer, method in (
            ("/imports/{file}", self._import, "POST"),
            ("/companies", self._companies, "GET"),
            ("/companies/{code}/{file}", self._held, "GET"),
        ):
            router.add_route(path, answer, methods=[method], include_in_schema=False)
        return router

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add a buyer or an invoice; columns left out are empty."""
        columns = _columns(collection)
        _check(values, columns)
        row = {column: str(values.get(column, "")) for column in columns}
        if not row["COMPANY_CODE"] or not row[_KEYS[collection]]:
            raise UnusableValues(f"COMPANY_CODE and {_KEYS[collection]} name the object")
        company = self.book.companies.setdefault(row["COMPANY_CODE"], Company())
        _rows(company, collection)[row[_KEYS[collection]]] = row
        return _shown(row, collection)

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:  # noqa: ARG002 - Afakto keeps no events
        """Change columns of an object, its names apart."""
        _check(values, set(_columns(collection)) - {"COMPANY_CODE", _KEYS[collection]})
        rows, key = self._found(collection, id)
        rows[key] |= {column: str(value) for column, value in values.items()}
        return _shown(rows[key], collection)

    def delete(self, collection: str, id: str, *, event: bool) -> None:  # noqa: ARG002 - Afakto keeps no events
        """Remove an object."""
        rows, key = self._found(collection, id)
        del rows[key]

    def _found(self, collection: str, id: str) -> tuple[dict[str, Row], str]:
        _columns(collection)
        code, _, key = id.partition(":")
        company = self.book.companies.get(code)
        rows = _rows(company, collection) if company is not None else {}
        if key not in rows:
            raise UnknownObject(f"afakto has no {collection} {id}")
        return rows, key

    async def _import(self, request: Request) -> Response:
        refused = _refuse(request)
        if refused is not None:
            return refused
        file, body = request.path_params["file"], await request.body()
        if file not in _KEYS:
            return _said(404, f"there are imports of {' and '.join(_KEYS)}")
        try:
            if request.headers.get("content-type", "").startswith("text/csv"):
                accepted = self._take_csv(file, request.query_params.get("name", ""), body)
            else:
                accepted = self._take_json(file, body)
        except Refused as refusal:
            return JSONResponse({"message": str(refusal), "faults": list(refusal.faults)}, 422)
        return JSONResponse({"accepted": accepted})

    def _take_csv(self, file: str, name: str, body: bytes) -> int:
        if not name.endswith(f"_{file}.csv"):
            raise Refused([f"name ends with _{file}.csv"])
        return take(self.book, name, body)

    def _take_json(self, file: str, body: bytes) -> int:
        name, rows = _parcel(body)
        header = list(rows[0]) if rows else [self.book.terms.column(file, column) for column in REQUIRED[file]]
        if any(row.keys() != rows[0].keys() for row in rows):
            raise Refused(["all rows have the same columns"])
        return self.book.take(name, file, header, rows, ".")

    async def _companies(self, request: Request) -> Response:
        return _refuse(request) or JSONResponse({"companies": sorted(self.book.companies)})

    async def _held(self, request: Request) -> Response:
        refused = _refuse(request)
        if refused is not None:
            return refused
        company, file = self.book.companies.get(request.path_params["code"]), request.path_params["file"]
        if company is None or file not in _KEYS:
            return _said(404, "there is no such company, or it has no such list")
        rows = list(_rows(company, file).values())
        try:
            offset, limit = (
                int(request.query_params.get(name, usual)) for name, usual in (("offset", 0), ("limit", USUAL))
            )
        except ValueError:
            return _said(400, "offset and limit are numbers")
        if offset < 0 or not 1 <= limit <= MOST:
            return _said(400, f"offset is 0 or more, limit 1 to {MOST}")
        return JSONResponse({file: rows[offset : offset + limit], "total": len(rows)})


def _parcel(body: bytes) -> tuple[str, list[dict[str, str]]]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused([f"not JSON: {error}"]) from error
    if not isinstance(told, dict) or told.keys() != {"name", "rows"}:
        raise Refused(["an object with name and rows, and nothing else"])
    name, rows = told["name"], told["rows"]
    if not isinstance(name, str) or not name:
        raise Refused(["name is a text"])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(["rows is a list of objects"])
    if not all(isinstance(value, str) for row in rows for value in row.values()):
        raise Refused(["every cell is a text"])
    if any(_unprintable(text) for row in [{"name": name}, *rows] for cell in row.items() for text in cell):
        raise Refused(["half a character (a lone surrogate) is no text"])
    return name, rows


def _unprintable(text: str) -> bool:
    return any("\ud800" <= each <= "\udfff" for each in text)


def _refuse(request: Request) -> Response | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return (
        None if scheme.lower() == "bearer" and token.strip() == TOKEN else _said(401, "the token is missing or wrong")
    )


def _said(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)


def _columns(collection: str) -> tuple[str, ...]:
    if collection not in _KEYS:
        raise UnknownObject(f"afakto has no {collection}; there are {' and '.join(_KEYS)}")
    return (*REQUIRED[collection], *OPTIONAL[collection])


def _check(values: Mapping[str, Any], known: Any) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise UnusableValues(f"afakto has no column {', '.join(unknown)} that can be set here")


def _rows(company: Company, collection: str) -> dict[str, Row]:
    return company.buyers if collection == "buyers" else company.invoices


def _shown(row: Row, collection: str) -> dict[str, Any]:
    return {"id": f"{row['COMPANY_CODE']}:{row[_KEYS[collection]]}", **row}

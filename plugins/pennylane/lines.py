"""How documents get their lines: with the list where Pennylane offers it, else one document at a time.

`include=invoice_lines` carries up to 20 lines of each document and a link to the rest; the product calls it
experimental (spec, GET /customer_invoices), so its absence or refusal only costs requests, never lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from duebridge.core.api import Forbidden, Json, Refused
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.paging import ListPage, NothingThere, StaleCursor, read_page, walk

_WHOLE_LIST: Params = {"limit": 100, "sort": "id"}


class Lines:
    """Adds `_lines`, by id, to the rows of the invoice list."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None]) -> None:
        self._client = client
        self._note = note
        self._include = True
        self._readable = True

    def get(self, path: str, params: Params) -> Json:
        """GET the invoice list, its lines included if they can be."""
        if not self._include:
            return self._client.get(path, params)
        try:
            return self._client.get(path, {**params, "include": "invoice_lines"})
        except Refused as refused:
            if refused.status != 400:
                raise
            answer = self._client.get(path, params)  # refused again if the lines weren't the reason
            self._do_without_include()
            return answer

    def attach(self, page: ListPage) -> list[dict[str, Json]]:
        """Return the rows with their lines, less those deleted since the page was read."""
        held = self._included(page)
        return [raw for raw in page.items if self._attached(raw, held.get(str(raw["id"])))]

    def _included(self, page: ListPage) -> Mapping[str, Json]:
        if not self._include or not page.items:
            return {}
        held = page.included.get("invoice_lines") if isinstance(page.included, dict) else None
        if isinstance(held, dict):
            return held
        self._do_without_include()
        return {}

    def _do_without_include(self) -> None:
        self._include = False
        self._note("Pennylane no longer sends lines with the invoice list; they are read invoice by invoice, slower")

    def _attached(self, raw: dict[str, Json], first: Json) -> bool:
        if not self._readable:
            return True
        try:
            raw["_lines"] = in_order(self._lines(str(raw["id"]), first))
        except NothingThere:
            return False
        except Forbidden as refused:
            self._readable = False
            self._note(f"Lines are left out: {refused}")
        return True

    def _lines(self, document_id: str, first: Json) -> Iterable[dict[str, Json]]:
        path = f"/customer_invoices/{document_id}/invoice_lines"
        if first is None:
            return self._all(path)
        held = read_page(path, {**_object(first), "has_more": False}).items
        if first.get("has_more") is False:
            return held
        rest = self._rest(path, first.get("next_url"))
        return self._all(path) if rest is None else [*held, *rest]

    def _rest(self, path: str, url: Json) -> list[dict[str, Json]] | None:
        """The lines behind a `next_url`; None when it can't be followed: the whole list is asked for instead.

        A link to another host is not followed, because the token would go with it.
        """
        link = self._client.own_path(url) if isinstance(url, str) else None
        if link is None or link[0] != path or "cursor" not in link[1]:
            return None
        query = dict(link[1])
        cursor = query.pop("cursor")
        pages = walk(self._client.get, path, {"limit": 100, **query}, cursor=cursor)
        try:
            return [line for page in pages for line in page.items]
        except StaleCursor:
            return None

    def _all(self, path: str) -> list[dict[str, Json]]:
        return [line for page in walk(self._client.get, path, _WHOLE_LIST) for line in page.items]


def in_order(lines: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    """Each line once, lowest id first: the included ones come in an order the spec doesn't tell."""
    by_id = {str(line["id"]): line for line in lines}
    return [by_id[line_id] for line_id in sorted(by_id, key=lambda line_id: (len(line_id), line_id))]


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}

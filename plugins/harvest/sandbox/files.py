"""What is at the company's web address: an invoice's page and its PDF, open to whoever has the key.

`GET /client/invoices/{client_key}` and the same with `.pdf` (spec, Invoice, client_key). What is answered for a key
that nobody has, or when something goes wrong, is not documented: words and statuses here are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from duebridge.core.sandbox.pdf import one_page
from duebridge.plugins.harvest.sandbox.state import Data

if TYPE_CHECKING:
    from duebridge.plugins.harvest.sandbox.product import HarvestSandbox

PATH = "/client/invoices/{key}"
HUGE = 100_000_000


def serve(product: HarvestSandbox, request: Request) -> Response:
    """The page or the PDF a key opens, as the switch `files` says."""
    key = request.path_params["key"]
    invoices = product.state.rows["invoices"].values()
    invoice = next((row for row in invoices if row["client_key"] == key.removesuffix(".pdf")), None)
    if invoice is None:
        return _missing({})
    return KINDS[_kind(product.files, invoice)](invoice) if key.endswith(".pdf") else _page(invoice)


def is_kinds(value: object) -> bool:
    """Whether the switch `files` may be `value`: a word for all invoices, or words by invoice id, others ready."""
    words = value.values() if isinstance(value, dict) else [value]
    return all(isinstance(word, str) and word in KINDS for word in words)


def _kind(files: str | Mapping[str, str], invoice: Data) -> str:
    return files if isinstance(files, str) else files.get(str(invoice["id"]), "ready")


def pdf(invoice: Mapping[str, object]) -> bytes:
    """The file of an invoice: the same bytes for the same invoice."""
    return one_page(
        [
            f"Invoice {invoice['number']}",
            f"Date {invoice['issue_date']}",
            f"Total {invoice['amount']} {invoice['currency']}, due {invoice['due_amount']}",
        ]
    )


def _ready(invoice: Data) -> Response:
    return Response(pdf(invoice), media_type="application/pdf")


def _damaged(invoice: Data) -> Response:
    content = pdf(invoice)
    return Response(content[: len(content) // 2], media_type="application/pdf")


def _empty(_: Data) -> Response:
    return Response(b"", media_type="application/pdf")


def _page(_: Data) -> Response:
    return HTMLResponse("<!DOCTYPE html>\n<html><head><title>Harvest</title></head><body>Invoice</body></html>")


def _missing(_: Data) -> Response:
    return HTMLResponse("<!DOCTYPE html>\n<html><body>Not Found</body></html>", 404)


def _huge(_: Data) -> Response:
    """A file that tells its length first, as stored files do: who reads that much at most need not read it."""
    beginning, piece = b"%PDF-1.4\n", 10**6

    def pieces() -> Iterator[bytes]:
        yield beginning
        for _ in range(HUGE // piece):
            yield bytes(piece)

    length = {"content-length": str(len(beginning) + HUGE)}
    return StreamingResponse(pieces(), headers=length, media_type="application/pdf")


#: What the switch `files` may say, and what is then answered for a key there is.
KINDS: Mapping[str, Callable[[Data], Response]] = {
    "ready": _ready,
    "html": _page,
    "missing": _missing,
    "empty": _empty,
    "damaged": _damaged,
    "huge": _huge,
}

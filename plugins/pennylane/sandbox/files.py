"""How are documents' files served? Each answer names an address of its own, which needs no token and runs out.

`GET /public/invoice/pdf?encrypted_id=…`, beside the API. The spec says that the address expires after 30 minutes; what
is answered afterwards it doesn't say, nor what else may go wrong: the words and statuses here are made up.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from duebridge.core.sandbox.pdf import one_page
from duebridge.plugins.pennylane.sandbox.store import ROOT, STAMP, Row

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

PATH = "/public/invoice/pdf"
#: How long an address is good for, in seconds (spec, public_file_url).
GOOD_FOR = 30 * 60
HUGE = 100 * 10**6
_PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg==")
_KEY = re.compile(r"([0-9a-f]{24})-([0-9]{1,18})-([0-9]{1,12})")


def address(id: int) -> str:
    """The `public_file_url` of a document; its last part is put in when it is given out."""
    return f"{ROOT}{PATH}?encrypted_id={_digest(id)}-{id}-{STAMP}"


def give_file(data: dict[str, Any]) -> None:
    """Let a finalised document have its file."""
    if not data["draft"]:
        data["public_file_url"] = address(data["id"])
        data["filename"] = data["filename"] or f"facture-{data['invoice_number'] or data['id']}.pdf"


def serve(product: PennylaneSandbox, request: Request) -> Response:
    """The file an address leads to, as the switch `files` says."""
    found = _KEY.fullmatch(request.query_params.get("encrypted_id", ""))
    row = product.state.documents.rows.get(int(found[2])) if found else None
    if found is None or row is None or _digest(row.id) != found[1]:
        return _missing(row)
    age = product.clock().timestamp() - int(found[3])
    return (_expired if age > GOOD_FOR else KINDS[product.files])(row)


def pdf(document: Mapping[str, Any]) -> bytes:
    """The file of a document: the same bytes for the same document."""
    customer = document["customer"] or {"id": "nobody"}
    return one_page(
        [
            f"{'Facture' if document['currency_amount'][:1] != '-' else 'Avoir'} {document['invoice_number']}",
            f"Client {customer['id']}",
            f"Date {document['date']}",
            f"Total TTC {document['currency_amount']} {document['currency']}, TVA {document['currency_tax']}",
        ]
    )


def _digest(id: int) -> str:
    return sha256(f"sandbox file {id}".encode()).hexdigest()[:24]


def _ready(row: Row | None) -> Response:
    upload = row.facts.get("upload") if row else None
    if upload is not None:
        return Response(upload.content, media_type=upload.content_type)
    return Response(pdf(row.data) if row else b"", media_type="application/pdf")


def _damaged(row: Row | None) -> Response:
    content = pdf(row.data) if row else b""
    return Response(content[: len(content) // 2], media_type="application/pdf")


def _image(_: Row | None) -> Response:
    return Response(_PNG, media_type="image/png")


def _empty(_: Row | None) -> Response:
    return Response(b"", media_type="application/pdf")


def _html(_: Row | None) -> Response:
    return HTMLResponse("<!DOCTYPE html>\n<html><head><title>Pennylane</title></head><body>Connexion</body></html>")


def _missing(_: Row | None) -> Response:
    return HTMLResponse("<!DOCTYPE html>\n<html><body>Not Found</body></html>", 404)


def _expired(_: Row | None) -> Response:
    return HTMLResponse("<!DOCTYPE html>\n<html><body>This link has expired</body></html>", 403)


def _huge(_: Row | None) -> Response:
    """A file that tells its length first, as stored files do: who reads that much at most need not read it."""
    beginning, piece = b"%PDF-1.4\n", 10**6

    def pieces() -> Iterator[bytes]:
        yield beginning
        for _ in range(HUGE // piece):
            yield bytes(piece)

    length = {"content-length": str(len(beginning) + HUGE)}
    return StreamingResponse(pieces(), headers=length, media_type="application/pdf")


#: What the switch `files` may say, and what is then answered for an address that is good.
KINDS: Mapping[str, Callable[[Row | None], Response]] = {
    "ready": _ready,
    "image": _image,
    "html": _html,
    "missing": _missing,
    "expired": _expired,
    "empty": _empty,
    "damaged": _damaged,
    "huge": _huge,
}

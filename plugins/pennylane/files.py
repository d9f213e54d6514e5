"""What is a document's file? Asked for when a target writes the document, and never kept.

GET /customer_invoices/{id} names an address that runs out after 30 minutes (spec, public_file_url) and opens the file
to whoever has it: it is used at once and stands in no message. Pennylane makes the file some time after the document
is finalised; until then there is none. An imported document may have an image (spec, POST /file_attachments).
"""

from __future__ import annotations

import re
from threading import Lock

from duebridge.core.api import Attachment, Json, NotFound, RecordError, Refused, RunError
from duebridge.plugins.pennylane.client import PennylaneClient

#: So many files in a row that nobody answers for are no longer about those files.
PATIENCE = 3
#: What a file begins with, its media type, and how its name ends.
_SORTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"GIF87a", "image/gif", ".gif"),
    (b"GIF89a", "image/gif", ".gif"),
    (b"II*\0", "image/tiff", ".tif"),
    (b"MM\0*", "image/tiff", ".tif"),
    (b"BM", "image/bmp", ".bmp"),
)
_ENDINGS = {".pdf", ".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp"}
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
#: Where readers look for the end of a PDF; some programs write a little after it.
_TAIL = 4096
_LONGEST_NAME = 150
#: Folders, what no file system takes, control characters, and marks that make a name read backwards.
_UNFIT = re.compile(r'[\x00-\x1f\x7f"<>|:*?\\/\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


class Files:
    """The files of one company's documents. Thread-safe: a target may write several documents at once."""

    def __init__(self, client: PennylaneClient) -> None:
        self._client = client
        self._lock = Lock()
        self._unanswered = 0

    def of(self, document_id: str) -> Attachment | None:
        """The file of an invoice or credit note as it is now; None when Pennylane has none.

        Raises `RecordError` when this one can't be had, `RunError` when none can, `AuthError` as any read.
        """
        raw = self._document(document_id)
        address = raw.get("public_file_url")
        if address is None or address == "":
            return None
        if not isinstance(address, str):
            raise RecordError("Pennylane's answer names no address for the file; its API may have changed")
        return attachment(self._fetched(address), raw.get("filename"), raw.get("invoice_number") or document_id)

    def _document(self, document_id: str) -> dict[str, Json]:
        path = f"/customer_invoices/{document_id}"
        try:
            raw = self._client.get(path, {})
        except NotFound:
            raise RecordError(
                "its file can't be fetched, because it is no longer at Pennylane; the next run reads that"
            ) from None
        if not isinstance(raw, dict) or str(raw.get("id")) != document_id:
            raise RunError(f"Pennylane answered something else than the document asked for (GET {path})")
        return raw

    def _fetched(self, address: str) -> bytes:
        """The file at `address`. One that nobody answers for is left to a later run, several in a row end this one."""
        try:
            content = self._client.public_file(address)
        except Refused as refused:
            self._answered()
            raise RecordError(
                f"Pennylane names an address for its file, but answers {refused.status} there; see whether the file "
                "opens in Pennylane, a later run tries again"
            ) from None
        except RunError as failed:
            if self._too_often():
                raise
            raise RecordError(f"its file can't be fetched now, a later run tries again: {failed}") from failed
        self._answered()
        return content

    def _answered(self) -> None:
        with self._lock:
            self._unanswered = 0

    def _too_often(self) -> bool:
        with self._lock:
            self._unanswered += 1
            return self._unanswered >= PATIENCE


def attachment(content: bytes, filename: Json, number: Json) -> Attachment:
    """`content` as a file named `filename`, or after the document's `number`. Raises `RecordError` for no file."""
    media_type, ending = sort_of(content)
    return Attachment(_name(filename if isinstance(filename, str) else "", str(number), ending), content, media_type)


def sort_of(content: bytes) -> tuple[str, str]:
    """The media type of a PDF or an image, and how its name ends. Raises `RecordError` for anything else."""
    if not content:
        raise _no_file("is empty")
    for beginning, media_type, ending in _SORTS:
        if content.startswith(beginning):
            if ending == ".pdf" and b"%%EOF" not in content[-_TAIL:]:
                raise _no_file("is a PDF without its end")
            return media_type, ending
    raise _no_file("is a web page" if _WEB_PAGE.match(content) else "is neither a PDF nor an image")


def _no_file(what: str) -> RecordError:
    return RecordError(
        f"what Pennylane gives as its file {what}; see whether the file opens in Pennylane, a later run tries again"
    )


def _name(filename: str, number: str, ending: str) -> str:
    """A name without folders or anything a file system or a header would trip over, ending as its content does."""
    stem = _UNFIT.sub("_", filename or number).strip(" ._")[:_LONGEST_NAME]
    given = stem[stem.rfind(".") :].lower() if "." in stem else ""
    if given in _ENDINGS:
        stem = stem[: -len(given)]
    return f"{stem or 'document'}{ending}"

"""What is an invoice's file? Asked for when a target writes the invoice, and never kept.

It is at the company's web address, `/client/invoices/{client_key}.pdf`, open to whoever has the key (spec, Invoice,
client_key); the API itself has no files. No token goes there, and the address stands in no message. What is no PDF is
refused: a wrong domain answers with web pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Lock
from urllib.parse import quote, urlsplit

from duebridge.core.api import Attachment, Json, NotFound, RecordError, Refused, RunError
from duebridge.plugins.harvest.client import HarvestClient

#: So many files in a row that nobody answers for are no longer about those files.
PATIENCE = 3
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
#: Where readers look for the end of a PDF; some programs write a little after it.
_TAIL = 4096
_LONGEST_NAME = 150
#: Folders, what no file system takes, control characters, and marks that make a name read backwards.
_UNFIT = re.compile(r'[\x00-\x1f\x7f"<>|:*?\\/\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


class Files:
    """The files of one account's invoices. Thread-safe: a target may write several documents at once."""

    def __init__(self, client: HarvestClient, web: Callable[[], str]) -> None:
        """`web` gives the company's web address, without a trailing slash."""
        self._client = client
        self._web = web
        self._lock = Lock()
        self._unanswered = 0

    def of(self, invoice_id: str) -> Attachment | None:
        """The PDF of an invoice as it is now; None when Harvest has none.

        Raises `RecordError` when this one can't be had, `RunError` when none can, `AuthError` as any read.
        """
        raw = self._invoice(invoice_id)
        key = raw.get("client_key")
        if not isinstance(key, str) or not key:
            return None
        web = self._web()
        content = self._fetched(f"{web}/client/invoices/{quote(key, safe='')}.pdf", urlsplit(web).netloc)
        return attachment(content, raw.get("number") or invoice_id, urlsplit(web).netloc)

    def _invoice(self, invoice_id: str) -> dict[str, Json]:
        path = f"/invoices/{invoice_id}"
        try:
            raw = self._client.get(path, {})
        except NotFound:
            raise RecordError(
                "its file can't be fetched, because it is no longer in Harvest; the next full read tells"
            ) from None
        if not isinstance(raw, dict) or str(raw.get("id")) != invoice_id:
            raise RunError(f"Harvest answered something else than the invoice asked for (GET {path})")
        return raw

    def _fetched(self, address: str, host: str) -> bytes:
        """The file at `address`. One that nobody answers for is left to a later run, several in a row end this one."""
        try:
            content = self._client.public_file(address)
        except Refused as refused:
            self._answered()
            raise RecordError(
                f"there is no PDF of it at {host}, which answers {refused.status}; check that the connection's "
                "`domain` is the account's web address (Harvest > Settings), and that the invoice opens there"
            ) from None
        except RunError as failed:
            if self._too_often():
                raise RunError(
                    f"no PDF can be fetched at {host}: {failed}; check that the connection's `domain` is the account's "
                    "web address (Harvest > Settings)"
                ) from failed
            raise RecordError(
                f"its PDF can't be fetched now, a later run tries again; check the connection's `domain`: {failed}"
            ) from failed
        self._answered()
        return content

    def _answered(self) -> None:
        with self._lock:
            self._unanswered = 0

    def _too_often(self) -> bool:
        with self._lock:
            self._unanswered += 1
            return self._unanswered >= PATIENCE


def attachment(content: bytes, number: Json, host: str) -> Attachment:
    """`content` as a file named after the invoice's `number`. Raises `RecordError` for what is no PDF."""
    if fault := _fault(content):
        raise RecordError(
            f"what {host} gives as its PDF {fault}; check that the connection's `domain` is the account's web address "
            "(Harvest > Settings), and that the invoice's PDF opens there; a later run tries again"
        )
    stem = _UNFIT.sub("_", str(number)).strip(" ._")[:_LONGEST_NAME]
    return Attachment(f"{stem or 'invoice'}.pdf", content)


def _fault(content: bytes) -> str:
    if not content:
        return "is empty"
    if content.startswith(b"%PDF-"):
        return "" if b"%%EOF" in content[-_TAIL:] else "ends early"
    return "is a web page" if _WEB_PAGE.match(content) else "is something else"

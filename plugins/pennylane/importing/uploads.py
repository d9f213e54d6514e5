"""Which file goes with a document, and will Pennylane take it?

Pennylane imports no document without its file. Source: spec, POST /file_attachments (types, 100 MB, name).
"""

from __future__ import annotations

from duebridge.core.api import Attachment, Delivery, RecordError
from duebridge.plugins.pennylane.client import MOST_FILE

_LONGEST_NAME = 255
_BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/tiff": (b"II*\0", b"MM\0*"),
    "image/bmp": (b"BM",),
}


def file_of(delivery: Delivery) -> Attachment:
    """Fetch the document's file. Raises `RecordError` when none can be uploaded, and what fetching does."""
    file = delivery.file()
    if file is None:
        raise RecordError(
            "the source has no file of it, and Pennylane imports no document without one; make its PDF at the source"
        )
    if len(file.content) > MOST_FILE:
        raise RecordError(
            f"its file has {len(file.content) / 10**6:.0f} MB, and Pennylane takes 100 MB; make it smaller there"
        )
    if not file.content.startswith(_BEGINNINGS.get(file.content_type, ())):
        raise RecordError(
            f"its file is no {file.content_type}, or of a type Pennylane doesn't take (PDF, PNG, JPEG, GIF, TIFF, "
            "BMP); look at the document's file at the source"
        )
    return Attachment(file.name[-_LONGEST_NAME:], file.content, file.content_type)

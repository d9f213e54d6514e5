"""Which files can be uploaded, and what is told of one?

Source: spec, POST /file_attachments: six types, 100 MB, a name of 255 characters at most. What is refused with which
words is made up.
"""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from duebridge.plugins.pennylane.sandbox.feed import instant
from duebridge.plugins.pennylane.sandbox.refusals import bad_parameter, bad_request, unprocessable
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import ROOT, Row

LARGEST = 100 * 2**20
_LONGEST_NAME = 255
_FIELDS = frozenset({"file", "filename"})
_BEGINNINGS = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG",),
    "image/jpeg": (b"\xff\xd8",),
    "image/tiff": (b"II*\0", b"MM\0*"),
    "image/bmp": (b"BM",),
    "image/gif": (b"GIF8",),
}


class Upload:
    """A file as it was sent."""

    def __init__(self, name: str, content_type: str, content: bytes) -> None:
        """Keep a file that may be kept."""
        self.name = name
        self.content_type = content_type
        self.content = content


async def read_upload(request: Request) -> Upload:
    """Return the file of a multipart request. Raises a 400 or 422 `Refusal`."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise bad_parameter("file", "The request is not a multipart form", "NotAMultipartFile")
    try:
        form = await request.form()
    except (HTTPException, MultiPartException, ValueError, KeyError):
        raise bad_request("The multipart form can't be read") from None
    try:
        return await _checked(form)
    finally:
        await form.close()


async def _checked(form: FormData) -> Upload:
    unknown = sorted(set(form) - _FIELDS)
    if unknown:
        message = f"properties {', '.join(unknown)} are not defined"
        raise bad_parameter(unknown[0], message, "NotExistPropertyDefinition")
    file, name = form.get("file"), form.get("filename")
    if file is None:
        raise bad_parameter("file", "required parameters file not exist", "NotExistRequiredKey")
    if not isinstance(file, UploadFile):
        raise bad_parameter("file", "file is not an uploaded file", "NotAMultipartFile")
    if name is not None and (not isinstance(name, str) or len(name) > _LONGEST_NAME):
        raise bad_parameter("filename", "filename is longer than maximum length", "MoreThanMaxLength")
    content, kind = await file.read(), (file.content_type or "").partition(";")[0].strip()
    if len(content) > LARGEST:
        raise unprocessable("File is too large: 100 MB at most")
    if kind not in _BEGINNINGS or not content.startswith(_BEGINNINGS[kind]):
        raise unprocessable(f"Content type is not allowed; allowed: {', '.join(_BEGINNINGS)}")
    return Upload(name or file.filename or "file", kind, content)


def keep(state: State, upload: Upload) -> Row:
    """Keep a file; it belongs to nothing yet."""
    kept, at = state["file_attachments"], instant(state.tick())
    id = kept.new_id()
    data = {"id": id, "url": f"{ROOT}/rails/active_storage/blobs/redirect/{id}/{upload.name}", "filename": upload.name}
    return kept.add(Row({**data, "created_at": at, "updated_at": at}, upload=upload))

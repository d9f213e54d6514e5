"""Under which Idempotency-Key goes a create, so that a repeat is the very same request?

Billabex answers a key it knows, with the body it knows, as it did the first time. So the key is made of all that makes
the request: whose object it is, what it takes the place of, and every byte of the body. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from duebridge.core.api import File, Json


def create_key(*whose: str, body: bytes) -> str:
    """Return the key of a create: `whose` names organization, connection, reference and what it replaces."""
    digest = sha256(json.dumps(whose).encode())
    digest.update(b"\0" + body)
    return str(UUID(bytes=digest.digest()[:16], version=5))


def content_of(fields: Mapping[str, Json], file: File | None = None) -> bytes:
    """Return bytes that differ whenever the body made of `fields` and `file` does."""
    named = json.dumps(fields, sort_keys=True, default=str).encode()
    if file is None:
        return named
    about = json.dumps([file.name, file.content_type]).encode()
    return b"\0".join((named, about, sha256(file.content).digest()))


def boundary(content: bytes) -> str:
    """Return what stands between the parts of a form: the same for the same content, so that its bytes are too."""
    return f"duebridge-{sha256(content).hexdigest()[:32]}"

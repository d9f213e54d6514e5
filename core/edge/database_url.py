"""Which database does the configuration name?

SQLite paths count from the configuration's folder, PostgreSQL addresses get the driver we ship with.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from duebridge.core.edge.interpolation import references
from duebridge.core.edge.redaction import MASK, register_secret
from duebridge.core.edge.rhythms import Unfit

DEFAULT = "sqlite:///duebridge.db"

#: What may stand in the user part as it is (RFC 3986, 3.2.1), beside letters and digits.
_PLAIN = "%!$&'()*+,;=~"
_USER = re.compile(r"^[a-z+0-9]+://([^/]*)@")
_PASSWORD = re.compile(r"(://[^:/@]*:)([^@]*)@")
_QUERY_PASSWORD = re.compile(r"([?&](?:password|passfile|sslpassword)=)([^&]*)")
_POSTGRESQL = re.compile(r"^(postgresql\+psycopg|postgresql|postgres)://")


def database_url(text: str, template: str | None, folder: Path) -> str:
    """Return the SQLAlchemy address that `text` stands for. Raises `Unfit`, never quoting it."""
    if text.startswith("sqlite://"):
        return _sqlite(text, folder)
    if _POSTGRESQL.match(text):
        _refuse_raw_characters(text, template)
        return _POSTGRESQL.sub("postgresql+psycopg://", text)
    raise Unfit("write sqlite:///duebridge.db or postgresql+psycopg://user:${DB_PASSWORD}@host/duebridge")


def masked(url: str) -> str:
    """Return `url` with its password as ***."""
    return _QUERY_PASSWORD.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1{MASK}@", url))


def hide_password(url: str) -> None:
    """Register the password in `url` as a secret."""
    for pattern in (_PASSWORD, _QUERY_PASSWORD):
        for match in pattern.finditer(url):
            register_secret(match[2])


def _sqlite(text: str, folder: Path) -> str:
    path, question, query = text.removeprefix("sqlite://").partition("?")
    if path in ("", "/", "/:memory:"):
        return text
    if not path.startswith("/"):
        raise Unfit(
            "a SQLite address has three slashes before a path from here (sqlite:///duebridge.db), four before /"
        )
    return f"sqlite:///{(folder / path[1:]).resolve()}{question}{query}"


def _refuse_raw_characters(text: str, template: str | None) -> None:
    """A password such as `p@ss/word` would end up in the host's place, and in its error messages."""
    given = _USER.match(template or "")
    if template is None or given is None or not references(given[1]):
        return
    skeleton = template
    for reference in references(template):
        skeleton = skeleton.replace(reference, "")
    shown = _USER.match(text)
    parts = shown[1].partition(":")[::2] if shown else ()
    if text.count("@") != skeleton.count("@") or not parts or any(quote(part, safe=_PLAIN) != part for part in parts):
        raise Unfit("a value in it holds characters that an address can't, such as @ or /; write them as %40 and %2F")

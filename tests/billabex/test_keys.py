"""Is a repeat the very same request, and another request another one?"""

from __future__ import annotations

from itertools import combinations
from uuid import UUID

from duebridge.core.api import File
from duebridge.targets.billabex.keys import boundary, content_of, create_key

FIELDS = {"accountId": "a-1", "number": "F-1"}
PDF = File("f.pdf", b"%PDF-1.4 one")


def test_the_same_request_has_the_same_key_and_boundary_whatever_order_its_fields_came_in() -> None:
    one, again = content_of(FIELDS, PDF), content_of(dict(reversed(FIELDS.items())), PDF)
    assert create_key("org", "book-invoice-1", body=one) == create_key("org", "book-invoice-1", body=again)
    assert boundary(one) == boundary(again)
    assert UUID(create_key("org", body=one))


def test_whatever_differs_makes_another_key() -> None:
    body = content_of(FIELDS, PDF)
    keys = [
        create_key("org", "book-invoice-1", "", body=body),
        create_key("org", "book-invoice-1", "old-id", body=body),
        create_key("org", "book-invoice-2", "", body=body),
        create_key("org2", "book-invoice-1", "", body=body),
        create_key("org", "book-invoice-1", "", body=content_of(FIELDS)),
        create_key("org", "book-invoice-1", "", body=content_of(FIELDS | {"number": "F-2"}, PDF)),
        create_key("org", "book-invoice-1", "", body=content_of(FIELDS, File("f.pdf", b"%PDF-1.4 two"))),
        create_key("org", "book-invoice-1", "", body=content_of(FIELDS, File("g.pdf", PDF.content))),
    ]
    assert all(a != b for a, b in combinations(keys, 2))

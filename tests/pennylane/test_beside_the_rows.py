"""What is fetched beside the rows: only what a target needs, and a missing permission costs only that."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from duebridge.core.api import LedgerAccount, Page, Raw, Record, RecordError
from duebridge.plugins.pennylane import canonical

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.source import PennylaneSource

NOTHING: frozenset[str] = frozenset()
ACCOUNTS = frozenset({"customer.ledger_account.number", "customer.name"})
CONTACTS = frozenset({"customer.contacts"})
FORBIDDEN = (403, '{"error":"Access to this resource requires scope \\"x:readonly\\".","status":403}')


@pytest.fixture
def source(fake: Any, bench: Any) -> PennylaneSource:
    bench.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return bench.source(fake.base_url, fake.token)  # type: ignore[no-any-return]


def answer(*items: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "has_more": cursor is not None, "next_cursor": cursor}


def customer(id: int, account: int | None) -> dict[str, Any]:
    return {
        "id": id,
        "customer_type": "company",
        "name": f"Customer {id}",
        "emails": [],
        "ledger_account": None if account is None else {"id": account},
    }


def account(id: int) -> dict[str, Any]:
    return {"id": id, "number": f"411{id}", "label": f"Account {id}", "enabled": True}


def wanted(query: dict[str, str]) -> list[int]:
    return list(json.loads(query["filter"])[0]["value"])


def told(page: Page) -> list[Raw]:
    """The JSON of a page; what something was fetched beside is never a record already."""
    return [row for _, row in page.items if not isinstance(row, Record)]


def test_nothing_that_is_not_needed_is_asked_for(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customers", lambda _: answer(customer(1, 9)))

    (page,) = source.fetch("customers", None, frozenset({"customer.name", "invoice.lines"}))

    assert fake.paths() == ["/customers"]
    assert canonical.customer(told(page)[0]).ledger_account is None


def test_a_crawl_reads_the_chart_of_accounts_once_before_the_first_customers(
    fake: Any, source: PennylaneSource
) -> None:
    fake.serve(
        "/ledger_accounts", lambda query: answer(account(9)) if "cursor" in query else answer(account(8), cursor="a")
    )
    fake.serve(
        "/customers",
        lambda query: (
            answer(customer(3, 9)) if "cursor" in query else answer(customer(1, 8), customer(2, None), cursor="b")
        ),
    )

    records = [canonical.customer(raw) for page in source.fetch("customers", None, ACCOUNTS) for raw in told(page)]

    assert [each.ledger_account for each in records] == [
        LedgerAccount(id="8", number="4118", label="Account 8"),
        None,
        LedgerAccount(id="9", number="4119", label="Account 9"),
    ]
    assert fake.paths() == ["/ledger_accounts", "/ledger_accounts", "/customers", "/customers"]
    assert [query for path, query in fake.asked if path == "/ledger_accounts"] == [
        {"limit": "1000", "sort": "id"},
        {"limit": "1000", "sort": "id", "cursor": "a"},
    ]


def test_a_later_read_asks_only_for_the_accounts_it_meets(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/ledger_accounts", lambda query: answer(*(account(each) for each in wanted(query))))
    fake.serve("/customers", lambda query: answer(*(customer(each, 7 + each % 2) for each in wanted(query))))

    (page,) = source.reread("customers", ["1", "2", "3"], ACCOUNTS)

    assert [raw["_ledger_account"]["number"] for raw in told(page)] == ["4118", "4117", "4118"]
    (query,) = [query for path, query in fake.asked if path == "/ledger_accounts"]
    assert wanted(query) == [7, 8]


def test_an_account_the_chart_does_not_hold_keeps_its_id(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/ledger_accounts", lambda _: answer())
    fake.serve("/customers", lambda _: answer(customer(1, 9)))

    (page,) = source.fetch("customers", None, ACCOUNTS)

    assert canonical.customer(told(page)[0]).ledger_account == LedgerAccount(id="9")


def test_a_token_without_the_scope_drops_the_account_and_says_so_once(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    fake.serve("/ledger_accounts", lambda _: FORBIDDEN)
    fake.serve(
        "/customers", lambda query: answer(customer(2, 9)) if "cursor" in query else answer(customer(1, 8), cursor="b")
    )

    records = [canonical.customer(raw) for page in source.fetch("customers", None, ACCOUNTS) for raw in told(page)]

    assert [each.ledger_account for each in records] == [None, None]
    assert fake.paths().count("/ledger_accounts") == 1
    assert len(bench.notes) == 1
    assert "ledger_accounts:readonly" in bench.notes[0]


def test_an_account_link_that_is_none_rejects_the_customer_alone(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/ledger_accounts", lambda _: answer())
    fake.serve("/customers", lambda _: answer(customer(1, None) | {"ledger_account": "411"}, customer(2, None)))

    (page,) = source.fetch("customers", None, ACCOUNTS)

    broken, fine = (raw for raw in told(page))
    with pytest.raises(RecordError, match="ledger_account is '411'"):
        canonical.customer(broken)
    assert canonical.customer(fine).id == "2"


def test_contacts_are_read_for_each_customer_to_the_end(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customers", lambda _: answer(customer(1, None), customer(2, None)))
    fake.serve(
        "/customers/1/contacts",
        lambda query: answer({"id": 12, "email": "b@x"}) if "cursor" in query else answer({"id": 11}, cursor="c"),
    )
    fake.serve("/customers/2/contacts", lambda _: answer())

    (page,) = source.fetch("customers", None, CONTACTS)

    first, second = (canonical.customer(raw) for raw in told(page))
    assert [each.id for each in first.contacts] == ["11", "12"]
    assert second.contacts == ()


def test_contacts_that_may_not_be_read_are_left_out_and_that_is_said_once(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    fake.serve("/customers", lambda _: answer(customer(1, None), customer(2, None)))
    fake.serve("/customers/1/contacts", lambda _: FORBIDDEN)

    (page,) = source.fetch("customers", None, CONTACTS)

    assert [canonical.customer(raw).contacts for raw in told(page)] == [(), ()]
    assert len(bench.notes) == 1
    assert "x:readonly" in bench.notes[0]


def test_a_customer_deleted_before_its_contacts_were_read_is_gone(fake: Any, source: PennylaneSource) -> None:
    fake.serve("/customers", lambda _: answer(customer(1, None)))
    fake.serve("/customers/1/contacts", lambda _: (404, '{"error":"Not Found","status":404}'))

    (page,) = source.reread("customers", ["1"], CONTACTS)

    assert (page.items, page.deleted) == ([], ["1"])


def test_lines_that_may_not_be_read_are_left_out_and_that_is_said_once(
    fake: Any, source: PennylaneSource, bench: Any
) -> None:
    rows = [{"id": each, "currency_amount": "1.00", "status": "late"} for each in (1, 2)]
    fake.serve("/customer_invoices", lambda _: answer(*rows))
    fake.serve("/customer_invoices/1/invoice_lines", lambda _: FORBIDDEN)

    (page,) = source.fetch("customer_invoices", None, frozenset({"credit_note.lines"}))

    assert ["_lines" in raw for raw in told(page)] == [False, False]
    assert any("Lines are left out" in note for note in bench.notes)

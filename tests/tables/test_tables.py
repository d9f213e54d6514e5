"""Rules and mappings are checked when they are made, total, explained and printed from one definition."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from duebridge.core.errors import RecordError
from duebridge.core.records import DOCUMENT_STATUSES, CreditNote, Customer, Invoice
from duebridge.core.tables.mapping import Field, Mapping, computed, constant, first
from duebridge.core.tables.paths import TableError
from duebridge.core.tables.rules import Rules, one_of, other_than, reject, send, skip


def an_invoice(**values: object) -> Invoice:
    """A finalised invoice."""
    facts = {
        "id": "1",
        "customer_id": "7",
        "status": "late",
        "draft": False,
        "paid": False,
        "currency": "EUR",
        "amount": Decimal(12),
        "amount_before_tax": Decimal(10),
        "tax": Decimal(2),
    }
    return Invoice.model_validate(facts | values)


def test_a_misspelt_field_fails_when_the_table_is_made() -> None:
    with pytest.raises(TableError, match="Invoice has no field 'statuss'"):
        Rules(Invoice, skip("x", "y", statuss="late"), otherwise=send("open", "z"))


def test_a_misspelt_status_fails_when_the_table_is_made() -> None:
    with pytest.raises(TableError, match="never holds 'lete'"):
        Rules(Invoice, skip("x", "y", status="lete"), otherwise=send("open", "z"))


def test_a_misspelt_path_in_a_mapping_fails_when_the_table_is_made() -> None:
    with pytest.raises(TableError, match=r"Customer has no field 'billing_address\.town'"):
        Mapping(Customer, {"city": "billing_address.town"})


def test_otherwise_takes_no_conditions() -> None:
    with pytest.raises(TableError, match="total"):
        Rules(Invoice, otherwise=send("open", "z", paid=True))


def test_the_first_rule_that_matches_decides() -> None:
    rules = Rules(
        Invoice,
        skip("draft", "d", draft=True),
        reject("unknown_status", "u", status=other_than(DOCUMENT_STATUSES)),
        send("paid", "p", status=one_of("paid", "cancelled"), reads="paid"),
        otherwise=send("open", "o"),
    )
    assert rules.decide(an_invoice(draft=True, status="paid")).code == "draft"
    assert rules.decide(an_invoice(status="mystery")).verdict == "reject"
    assert rules.decide(an_invoice(status="cancelled")).reads == "paid"
    assert rules.decide(an_invoice()).code == "open"


def test_conditions_read_properties_and_missing_values() -> None:
    rules = Rules(
        CreditNote,
        skip("archived", "a", archived=True),
        skip("linked", "l", linked=True),
        skip("undated", "u", issued_on=None),
        otherwise=send("x", "x"),
    )
    note = CreditNote.model_validate(an_invoice().model_dump(exclude={"credits"}) | {"amount": Decimal(-12)})
    assert rules.decide(note).code == "undated"
    assert rules.decide(note.model_copy(update={"invoice_id": "9"})).code == "linked"
    assert rules.decide(note.model_copy(update={"archived_at": datetime(2026, 1, 1, tzinfo=UTC)})).code == "archived"


def test_a_table_tells_which_fields_it_needs() -> None:
    rules = Rules(Invoice, skip("draft", "d", draft=True), otherwise=send("open", "o"))
    mapping = Mapping(Customer, {"a": first("name", "last_name"), "b": "ledger_account.number", "c": "@source"})
    assert rules.needs == {"invoice.draft"}
    assert mapping.needs == {"customer.name", "customer.last_name", "customer.ledger_account.number"}


def test_a_mapping_builds_nested_payloads_and_leaves_missing_values_out() -> None:
    mapping = Mapping(
        Customer,
        {
            "name": "name",
            "address.city": "billing_address.city",
            "main": "emails.0",
            "kind": constant("x"),
            "ref": computed(lambda source, id: f"{source}-{id}", "@source", "id", says="our key"),
        },
    )
    customer = Customer(id="5", customer_type="company", name="Vergers", emails=("a@b.example",))
    assert mapping.build(customer, {"source": "s"}) == {
        "name": "Vergers",
        "main": "a@b.example",
        "kind": "x",
        "ref": "s-5",
    }


def test_a_payload_does_not_depend_on_the_order_of_the_table() -> None:
    customer = Customer(id="5", customer_type="company", name="Vergers")
    one = Mapping(Customer, {"a": "name", "b": "id"}).build(customer, {})
    other = Mapping(Customer, {"b": "id", "a": "name"}).build(customer, {})
    assert list(one) == list(other)


def test_every_leaf_of_a_payload_is_explained_with_its_origin() -> None:
    mapping = Mapping(
        Customer,
        {"contacts": computed(lambda emails: [{"email": e} for e in emails], "emails", says="in order"), "n": "name"},
    )
    customer = Customer(id="5", customer_type="company", name="Vergers", emails=("a@b.example", "c@d.example"))
    assert mapping.explain(customer, {}) == [
        Field("contacts.0.email", "emails: in order", "a@b.example"),
        Field("contacts.1.email", "emails: in order", "c@d.example"),
        Field("n", "name", "Vergers"),
    ]


def test_what_a_computed_field_refuses_rejects_the_record() -> None:
    def refuse(_value: object) -> None:
        raise RecordError("it has no issue date")

    with pytest.raises(RecordError, match="no issue date"):
        Mapping(Invoice, {"issuedAt": computed(refuse, "issued_on", says="ISO")}).build(an_invoice(), {})


def test_dates_are_passed_as_dates() -> None:
    assert Mapping(Invoice, {"due": "due_on"}).build(an_invoice(due_on=date(2026, 2, 1)), {}) == {
        "due": date(2026, 2, 1)
    }

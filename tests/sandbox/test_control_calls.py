"""What control calls do to the objects of Pennylane's stand-in, and what follows from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

TODAY = datetime.now(UTC).date()
DERIVED = ("status", "paid", "remaining_amount_with_tax", "remaining_amount_without_tax")


def day(ahead):
    return (TODAY + timedelta(days=ahead)).isoformat()


def standing(api, id):
    row = api.found(f"/customer_invoices/{id}")
    return tuple(row[name] for name in DERIVED)


@pytest.fixture
def invoice(api):
    return api.make("customer_invoices", currency_amount="120.00", currency_amount_before_tax="100.00")["id"]


# --- making --------------------------------------------------------------------------------------------------------


def test_an_invoice_of_nothing_given_is_complete_and_due_in_thirty_days(api):
    made = api.make("customer_invoices")
    assert (made["status"], made["paid"], made["draft"]) == ("upcoming", False, False)
    assert (made["date"], made["deadline"], made["currency"]) == (day(0), day(30), "EUR")
    amounts = ("currency_amount", "currency_amount_before_tax", "currency_tax", "amount", "tax")
    assert [made[name] for name in amounts] == ["120.00", "100.00", "20.00", "120.00", "20.00"]
    assert made["invoice_number"]
    assert api.found(f"/customers/{made['customer']['id']}")
    assert api.found(f"/customer_invoices/{made['id']}") == made


def test_a_draft_has_no_number_until_it_is_finalized(api):
    made = api.make("customer_invoices", draft=True)
    assert (made["invoice_number"], made["status"]) == ("", "draft")
    final = api.change("customer_invoices", made["id"], draft=False)
    assert final["invoice_number"]
    assert final["status"] == "upcoming"


def test_a_total_alone_is_split_by_twenty_percent_with_the_currencys_decimals(api):
    made = api.make("customer_invoices", currency="JPY", currency_amount="1201")
    assert (made["currency_amount_before_tax"], made["currency_tax"]) == ("1001", "200")
    made = api.make("customer_invoices", currency="TND", currency_amount_before_tax="10.001")
    assert (made["currency_tax"], made["currency_amount"]) == ("2.000", "12.001")


def test_given_lines_make_the_totals(api):
    lines = [
        {"label": "A", "quantity": "3", "raw_currency_unit_price": "10.00"},
        {"label": "B", "currency_amount": "55.00", "currency_amount_before_tax": "50.00", "vat_rate": "FR_100"},
    ]
    made = api.make("customer_invoices", invoice_lines=lines)
    assert (made["currency_amount"], made["currency_tax"]) == ("91.00", "11.00")
    stored = api.every(f"/customer_invoices/{made['id']}/invoice_lines", sort="id")
    assert [line["currency_amount"] for line in stored] == ["36.00", "55.00"]


def test_an_invoice_without_lines_given_has_one_that_holds_its_totals(api):
    made = api.make("customer_invoices", currency_amount="240.00")
    (line,) = api.every(f"/customer_invoices/{made['id']}/invoice_lines")
    assert (line["currency_amount"], line["currency_tax"]) == ("240.00", "40.00")
    api.change("customer_invoices", made["id"], currency_amount="60.00")
    (line,) = api.every(f"/customer_invoices/{made['id']}/invoice_lines")
    assert (line["currency_amount"], line["currency_tax"]) == ("60.00", "10.00")


def test_a_change_that_leaves_the_amounts_keeps_the_lines(api):
    made = api.make("customer_invoices", invoice_lines=[{"label": "A"}, {"label": "B"}])
    api.change("customer_invoices", made["id"], label="new", paid=True)
    assert len(api.every(f"/customer_invoices/{made['id']}/invoice_lines")) == 2


def test_a_customer_may_be_either_kind(api):
    company = api.make("customers", name="Acme", billing_address={"city": "Paris"})
    assert company["billing_address"] == {"address": "", "postal_code": "", "city": "Paris", "country_alpha2": ""}
    person = api.make("customers", customer_type="individual", first_name="Zoé", last_name="Roux")
    assert (person["name"], "reg_no" in person) == ("Zoé Roux", False)
    changed = api.change("customers", company["id"], customer_type="individual", last_name="Acme")
    assert (changed["last_name"], "reg_no" in changed) == ("Acme", False)


def test_an_id_may_be_chosen_once(api):
    assert api.make("customers", id=42)["id"] == 42
    assert api.post("/_sandbox/pennylane/customers", json={"id": 42}).status_code == 422
    assert api.patch("/_sandbox/pennylane/customers/42", json={"id": 43}).status_code == 422


@pytest.mark.parametrize(
    ("collection", "values"),
    [
        ("customers", {"nom": "Acme"}),
        ("customers", {"id": "42"}),
        ("customer_invoices", {"total": 1}),
        ("customer_invoices", {"customer": {"id": 1}}),
        ("customer_invoices", {"customer": 193957340}),
        ("customer_invoices", {"credited_invoice": {"id": 1}}),
        ("customer_invoices", {"invoice_lines": []}),
        ("customer_invoices", {"invoice_lines": [{"price": "1"}]}),
        ("contacts", {"first_name": "Ana"}),
        ("payments", {"customer_invoice_id": 1}),
        ("payments", {"customer_invoice_id": 2400001, "paid_on": "2026-01-01"}),
    ],
)
def test_values_that_cannot_be_stored_are_refused_and_change_nothing(api, collection, values):
    before = api.everything("/customer_invoices", "/customers")
    answer = api.post(f"/_sandbox/pennylane/{collection}", json=values)
    assert (answer.status_code, bool(answer.json()["error"])) == (422, True)
    assert api.everything("/customer_invoices", "/customers") == before


def test_contacts_belong_to_their_customer(api):
    made = api.make("contacts", customer_id=193957340, email="ana@example.org")
    assert made in api.every("/customers/193957340/contacts")
    api.delete(f"/_sandbox/pennylane/contacts/{made['id']}")
    assert made not in api.every("/customers/193957340/contacts")


@pytest.mark.parametrize("collection", ["products", "ledger_accounts", "billing_subscriptions"])
def test_other_collections_can_be_made_changed_and_removed(api, collection):
    made = api.make(collection, label="Ours")
    assert api.found(f"/{collection}/{made['id']}") == made
    assert api.change(collection, made["id"], label="Theirs")["label"] == "Theirs"
    assert api.delete(f"/_sandbox/pennylane/{collection}/{made['id']}").status_code == 204
    assert api.refused(f"/{collection}/{made['id']}")[0] == 404


# --- what follows --------------------------------------------------------------------------------------------------


def test_a_part_payment_and_the_rest_settle_an_invoice(api, invoice):
    api.make("payments", customer_invoice_id=invoice, currency_amount="48.00")
    assert standing(api, invoice) == ("partially_paid", False, "72.00", "60.00")
    api.make("payments", customer_invoice_id=invoice)
    assert standing(api, invoice) == ("paid", True, "0.00", "0.00")
    assert [row["currency_amount"] for row in api.every(f"/customer_invoices/{invoice}/payments", sort="id")] == [
        "48.00",
        "72.00",
    ]


def test_a_payment_that_has_not_arrived_settles_nothing_until_it_has(api, invoice):
    made = api.make("payments", customer_invoice_id=invoice, status="pending")
    assert standing(api, invoice)[0] == "upcoming"
    api.change("payments", made["id"], status="confirmed")
    assert standing(api, invoice)[0] == "paid"
    api.delete(f"/_sandbox/pennylane/payments/{made['id']}")
    assert standing(api, invoice) == ("upcoming", False, "120.00", "100.00")


def test_the_same_cash_told_twice_counts_once(api, invoice):
    api.make("payments", customer_invoice_id=invoice, currency_amount="50.00")
    api.make("matched_transactions", customer_invoice_id=invoice, currency_amount="50.00")
    assert standing(api, invoice)[2] == "70.00"


def test_marking_as_paid_leaves_neither_payment_nor_transaction(api, invoice):
    answer = api.put(f"/pennylane/api/external/v2/customer_invoices/{invoice}/mark_as_paid")
    assert (answer.status_code, answer.content) == (204, b"")
    assert standing(api, invoice) == ("paid", True, "0.00", "0.00")
    assert api.every(f"/customer_invoices/{invoice}/payments") == []
    assert api.every(f"/customer_invoices/{invoice}/matched_transactions") == []


def test_drafts_and_credit_notes_are_not_marked_as_paid(api):
    for values in ({"draft": True}, {"currency_amount": "-1.00"}):
        id = api.make("customer_invoices", **values)["id"]
        assert api.put(f"/pennylane/api/external/v2/customer_invoices/{id}/mark_as_paid").status_code == 422


def test_a_credit_note_over_everything_cancels_its_invoice(api, invoice):
    note = api.make("customer_invoices", credited_invoice={"id": invoice})
    assert (note["status"], note["paid"], note["currency_amount"]) == ("cancelled", False, "-120.00")
    assert note["customer"] == api.found(f"/customer_invoices/{invoice}")["customer"]
    assert standing(api, invoice) == ("cancelled", False, "0.00", "0.00")


def test_credit_notes_over_parts_cancel_it_in_parts(api, invoice):
    first = api.make("customer_invoices", credited_invoice={"id": invoice}, currency_amount="-48.00")["id"]
    assert standing(api, invoice) == ("partially_cancelled", False, "72.00", "60.00")
    api.make("customer_invoices", credited_invoice={"id": invoice}, currency_amount="-72.00")
    assert standing(api, invoice)[0] == "cancelled"
    api.delete(f"/_sandbox/pennylane/customer_invoices/{first}")
    assert standing(api, invoice) == ("partially_cancelled", False, "48.00", "40.00")


def test_linking_and_unlinking_move_both_documents(api, invoice):
    note = api.make("customer_invoices", currency_amount="-20.00")["id"]
    assert standing(api, note)[:3] == ("credit_note", False, "-20.00")
    linked = api.change("customer_invoices", note, credited_invoice={"id": invoice})
    assert linked["credited_invoice"]["url"].endswith(f"/customer_invoices/{invoice}")
    assert standing(api, note)[:3] == ("cancelled", False, "0.00")
    assert standing(api, invoice)[2] == "100.00"
    api.change("customer_invoices", note, credited_invoice=None)
    assert (standing(api, note)[0], standing(api, invoice)[2]) == ("credit_note", "120.00")


@pytest.mark.parametrize(
    "values",
    [
        {"draft": True},
        {"archived_at": "2026-01-01T00:00:00.000000Z"},
        {"status": "incomplete"},
        {"paid": True, "status": "cancelled"},
    ],
)
def test_a_linked_credit_note_that_settles_nothing_leaves_its_invoice(api, invoice, values):
    api.make("customer_invoices", credited_invoice={"id": invoice}, **values)
    assert standing(api, invoice) == ("upcoming", False, "120.00", "100.00")


def test_a_paid_invoice_with_a_credit_note_is_paid(api, invoice):
    api.make("customer_invoices", credited_invoice={"id": invoice}, currency_amount="-20.00")
    api.make("payments", customer_invoice_id=invoice)
    assert standing(api, invoice)[:3] == ("paid", True, "0.00")


def test_a_deadline_decides_between_upcoming_and_late(api, invoice):
    assert api.change("customer_invoices", invoice, deadline=day(-1))["status"] == "late"
    assert api.change("customer_invoices", invoice, deadline=day(0))["status"] == "upcoming"
    assert api.change("customer_invoices", invoice, deadline=None)["status"] == "upcoming"


def test_archiving_is_a_status_and_can_be_undone(api, invoice):
    assert api.change("customer_invoices", invoice, archived_at="2026-03-01T10:00:00.000000Z")["status"] == "archived"
    assert api.change("customer_invoices", invoice, archived_at=None)["status"] == "upcoming"


def test_given_values_win_until_something_else_moves(api, invoice):
    assert api.change("customer_invoices", invoice, status="late")["status"] == "late"
    assert api.change("customer_invoices", invoice, label="still")["status"] == "late"
    assert api.change("customer_invoices", invoice, deadline=day(3))["status"] == "upcoming"


def test_a_word_that_never_comes_by_itself_stays_until_another_is_given(api, invoice):
    api.change("customer_invoices", invoice, status="incomplete")
    assert api.change("customer_invoices", invoice, deadline=day(-3))["status"] == "incomplete"
    assert api.change("customer_invoices", invoice, status="late")["status"] == "late"
    assert api.change("customer_invoices", invoice, deadline=day(3))["status"] == "upcoming"


def test_a_given_remaining_amount_tells_what_was_received(api, invoice):
    changed = api.change("customer_invoices", invoice, remaining_amount_with_tax="30.00")
    assert (changed["status"], changed["remaining_amount_without_tax"]) == ("partially_paid", "25.00")
    api.make("payments", customer_invoice_id=invoice, currency_amount="10.00")
    assert standing(api, invoice)[2] == "20.00"


@pytest.mark.parametrize("values", [{"paid": True}, {"status": "paid"}, {"remaining_amount_with_tax": "0.00"}])
def test_each_way_of_saying_paid_settles_it(api, invoice, values):
    api.change("customer_invoices", invoice, **values)
    assert standing(api, invoice) == ("paid", True, "0.00", "0.00")


@pytest.mark.parametrize("values", [{"paid": False}, {"status": "upcoming"}])
def test_each_way_of_saying_unpaid_opens_it_again(api, invoice, values):
    api.make("payments", customer_invoice_id=invoice)
    api.change("customer_invoices", invoice, **values)
    assert standing(api, invoice) == ("upcoming", False, "120.00", "100.00")


def test_paid_on_a_credit_note_is_kept_as_given(api, invoice):
    note = api.make("customer_invoices", currency_amount="-20.00", paid=True, status="paid")["id"]
    api.change("customer_invoices", note, credited_invoice={"id": invoice})
    assert standing(api, note)[:2] == ("cancelled", True)
    api.change("customer_invoices", note, status="paid")
    assert standing(api, note)[:2] == ("paid", True)
    assert standing(api, invoice)[2] == "100.00"


def test_a_changed_total_changes_what_remains(api, invoice):
    api.make("payments", customer_invoice_id=invoice, currency_amount="20.00")
    changed = api.change("customer_invoices", invoice, currency_amount="60.00")
    assert (changed["currency_amount_before_tax"], changed["currency_tax"]) == ("50.00", "10.00")
    assert standing(api, invoice)[2] == "40.00"


def test_an_amount_that_is_none_is_stored_as_given(api):
    made = api.make("customer_invoices", currency_amount="12O,00")
    assert (made["currency_amount"], made["remaining_amount_with_tax"]) == ("12O,00", None)
    assert (
        api.change("customer_invoices", made["id"], currency_amount="120.00")["remaining_amount_with_tax"] == "120.00"
    )


def test_a_change_moves_updated_at(api, invoice):
    before = api.found(f"/customer_invoices/{invoice}")["updated_at"]
    assert api.change("customer_invoices", invoice, label="x")["updated_at"] > before


def test_removing_a_customer_leaves_its_invoices(api):
    api.delete("/_sandbox/pennylane/customers/193957340")
    assert api.refused("/customers/193957340")[0] == 404
    assert api.every("/customer_invoices", filter=[("customer_id", "eq", 193957340)])


def test_a_removed_invoice_takes_its_lines_and_payments_along(api, invoice):
    api.make("payments", customer_invoice_id=invoice)
    api.delete(f"/_sandbox/pennylane/customer_invoices/{invoice}")
    assert api.refused(f"/customer_invoices/{invoice}/payments")[0] == 404
    again = api.make("customer_invoices", id=invoice)
    assert again["status"] == "upcoming"

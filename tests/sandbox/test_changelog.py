"""What the change feeds of Pennylane's stand-in tell, from when, and what stays silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

FEED = "/changelogs/customer_invoices"


def text(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moments(events):
    return [datetime.fromisoformat(event["processed_at"]) for event in events]


def open_invoice(api, **values):
    return api.make("customer_invoices", currency_amount="120.00", **values)["id"]


def test_events_come_in_the_order_they_entered_within_the_last_four_weeks(api):
    for feed in (FEED, "/changelogs/customers", "/changelogs/products"):
        api.make(feed.rpartition("/")[2])
        events = api.every(feed, limit=3)
        assert events
        assert moments(events) == sorted(moments(events))
        assert moments(events)[0] >= datetime.now(UTC) - timedelta(weeks=4, minutes=1)
        assert {event["operation"] for event in events} <= {"insert", "update"}


def test_seeded_changes_happened_before_today(api):
    assert moments(api.every(FEED, limit=1000))[-1].date() < datetime.now(UTC).date()


def test_every_recent_row_has_its_insert_event(api):
    oldest = datetime.now(UTC) - timedelta(weeks=4)
    recent = {
        row["id"]
        for row in api.every("/customer_invoices", limit=100)
        if datetime.fromisoformat(row["created_at"]) >= oldest
    }
    inserted = [event["id"] for event in api.every(FEED, limit=1000) if event["operation"] == "insert"]
    assert sorted(inserted) == sorted(recent)
    assert recent


def test_a_start_date_is_inclusive_to_the_microsecond(api):
    id = open_invoice(api)
    last = api.every(FEED, limit=1000)[-1]
    again = api.found(FEED, start_date=last["processed_at"])["items"]
    assert again == [last]
    assert last["id"] == id
    later = datetime.fromisoformat(last["processed_at"]) + timedelta(microseconds=1)
    assert api.found(FEED, start_date=text(later))["items"] == []


def test_a_start_date_may_carry_an_offset(api):
    last = api.every(FEED, limit=1000)[-1]
    shifted = datetime.fromisoformat(last["processed_at"]).astimezone(tz=None)
    assert api.found(FEED, start_date=shifted.isoformat())["items"][-1] == last


def test_a_start_date_older_than_four_weeks_is_unprocessable(api):
    day = datetime.now(UTC) - timedelta(weeks=4, minutes=1)
    status, body = api.refused(FEED, start_date=text(day))
    assert (status, body["status"]) == (422, 422)
    assert api.found(FEED, start_date=text(day + timedelta(minutes=2)))


def test_a_start_date_with_a_cursor_is_refused(api):
    cursor = api.found(FEED, limit=1)["next_cursor"]
    assert api.refused(FEED, cursor=cursor, start_date=text(datetime.now(UTC)))[0] == 400
    assert api.found(FEED, cursor="", start_date=text(datetime.now(UTC)))["items"] == []


@pytest.mark.parametrize(
    "start", ["", "yesterday", "2026-03-15", "2026-03-15T10:00:00", "2026-02-30T10:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_start_date_that_is_no_rfc_3339_instant_is_refused(api, start):
    assert api.refused(FEED, start_date=start)[1]["code"] == "InvalidDateTimeFormat"


def test_events_leave_the_feed_after_four_weeks(api, clock):
    api.switch(silent=["late"])
    id = open_invoice(api)
    clock.ahead = timedelta(weeks=4) - timedelta(minutes=1)
    assert [event["id"] for event in api.every(FEED)] == [id]
    clock.ahead += timedelta(minutes=2)
    assert api.every(FEED) == []


def test_several_changes_of_one_row_are_several_events(api):
    id = open_invoice(api)
    api.change("customer_invoices", id, label="once")
    api.change("customer_invoices", id, label="twice")
    api.delete(f"/_sandbox/pennylane/customer_invoices/{id}")
    assert api.events_of(id) == ["insert", "update", "update", "delete"]
    assert api.refused(f"/customer_invoices/{id}")[0] == 404


def test_a_change_may_be_made_without_an_event(api):
    id = open_invoice(api)
    api.change("customer_invoices", id, event="none", label="quiet")
    assert api.found(f"/customer_invoices/{id}")["label"] == "quiet"
    api.delete(f"/_sandbox/pennylane/customer_invoices/{id}?event=none")
    assert api.events_of(id) == ["insert"]


def test_linking_a_credit_note_tells_of_both_documents_at_one_instant(api):
    id = open_invoice(api)
    note = api.make("customer_invoices", currency_amount="-120.00")["id"]
    api.change("customer_invoices", note, credited_invoice={"id": id})
    first, second = api.every(FEED, limit=1000)[-2:]
    assert [(event["id"], event["operation"]) for event in (first, second)] == [(note, "update"), (id, "update")]
    assert first["processed_at"] == second["processed_at"]


def test_payments_tell_of_their_invoice_unless_they_are_silent(api):
    id = open_invoice(api)
    api.make("payments", customer_invoice_id=id, currency_amount="20.00")
    assert api.events_of(id) == ["insert", "update"]
    api.switch(silent=["payments"])
    api.make("payments", customer_invoice_id=id, currency_amount="20.00")
    assert api.put(f"/pennylane/api/external/v2/customer_invoices/{id}/mark_as_paid").status_code == 204
    assert api.events_of(id) == ["insert", "update"]
    assert api.found(f"/customer_invoices/{id}")["paid"] is True


def test_matching_tells_of_its_invoice_unless_it_is_silent(api):
    id = open_invoice(api)
    api.make("matched_transactions", customer_invoice_id=id, currency_amount="20.00")
    api.switch(silent=["matching"])
    api.make("matched_transactions", customer_invoice_id=id)
    assert api.events_of(id) == ["insert", "update"]
    assert api.found(f"/customer_invoices/{id}")["status"] == "paid"


@pytest.mark.parametrize(("silent", "expected"), [([], ["insert", "update"]), (["late"], ["insert"])])
def test_a_passing_deadline_tells_of_its_invoice_unless_it_is_silent(api, clock, silent, expected):
    api.switch(silent=silent)
    id = open_invoice(api)
    clock.ahead = timedelta(days=27)
    assert api.found(f"/customer_invoices/{id}")["status"] == "upcoming"
    clock.ahead = timedelta(days=31)
    assert api.found(f"/customer_invoices/{id}")["status"] == "late"
    clock.ahead = timedelta(days=27)
    assert api.events_of(id)[: len(expected)] == expected


def test_the_day_may_be_set_to_let_deadlines_pass_at_once(api):
    id = open_invoice(api)
    api.switch(today=(datetime.now(UTC).date() + timedelta(days=40)).isoformat())
    assert api.found(f"/customer_invoices/{id}")["status"] == "late"
    assert api.events_of(id) == ["insert", "update"]


def test_contacts_and_subscriptions_leave_no_event(api):
    before = api.every("/changelogs/customers", limit=1000)
    api.make("contacts", customer_id=193957340)
    api.make("billing_subscriptions")
    assert api.every("/changelogs/customers", limit=1000) == before

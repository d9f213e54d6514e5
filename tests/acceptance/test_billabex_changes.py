"""What becomes of documents at Billabex that change, when it lets nothing be changed? From YAML to its GET endpoints.

The page says nothing of it (Ongoing synchronization): a changed document is removed and made again, with all that was
tied to it, and the run says that follow-up starts anew.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from .billabex_scene import NAME, Scene, scene, stage

__all__ = ["scene", "stage"]  # fixtures


@pytest.fixture
def credited(scene: Scene) -> tuple[Scene, int, int, int]:
    """A customer with an invoice of 1,200, 200 paid and 300 credited; ids of all."""
    acme = scene.make("customers", name="Acme")
    invoice = scene.invoice(acme)
    scene.pay(invoice, "200.00")
    note = scene.credit(acme, "-300.00", of=invoice)
    scene.synced()
    return scene, acme, invoice, note


def standing(scene: Scene, invoice: int) -> tuple[float, float, list[float]]:
    """Paid, remaining, and what credit notes settle."""
    shown = scene.shown("invoice", invoice)
    return shown["paidAmount"], shown["remainingAmount"], [entry["amount"] for entry in shown["creditAllocations"]]


def agree(scene: Scene) -> bool:
    """Whether both ends agree but for what is explained."""
    app = scene.app()
    try:
        found = app.reconcile(NAME)
    finally:
        app.close()
    return found.explained and all(side.unexplained == Decimal(0) for side in found.currencies.values())


def test_a_changed_invoice_is_made_again_with_its_payment_and_its_credit_note(
    credited: tuple[Scene, int, int, int],
) -> None:
    scene, _, invoice, _ = credited
    before = scene.shown("invoice", invoice)["id"]
    assert standing(scene, invoice) == (200, 700, [300])
    scene.change("customer_invoices", invoice, deadline=scene.day(60))

    report = scene.synced()

    assert scene.shown("invoice", invoice)["id"] != before
    assert standing(scene, invoice) == (200, 700, [300])
    assert [note for note in report["notes"] if "its follow-up starts anew" in note]
    assert agree(scene)
    assert scene.synced()["requests"]["target"] == 0


def test_a_changed_credit_note_is_made_again_and_settles_what_it_now_does(
    credited: tuple[Scene, int, int, int],
) -> None:
    scene, _, invoice, note = credited
    scene.change("customer_invoices", note, currency_amount="-400.00")
    scene.synced()
    assert standing(scene, invoice) == (200, 600, [400])
    assert agree(scene)


def test_a_credit_note_moved_to_another_invoice_settles_that_one(credited: tuple[Scene, int, int, int]) -> None:
    scene, acme, invoice, note = credited
    other = scene.invoice(acme, "500.00")
    scene.synced()
    scene.change("customer_invoices", note, credited_invoice={"id": other})
    scene.synced()
    assert standing(scene, invoice) == (200, 1000, [])
    assert standing(scene, other) == (0, 200, [300])
    assert agree(scene)


def test_a_credit_note_told_of_alone_changes_what_its_invoice_owes(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    invoice = scene.invoice(acme)
    scene.synced()
    scene.credit(acme, "-300.00", of=invoice)
    scene.synced()
    assert standing(scene, invoice) == (0, 900, [300])
    assert agree(scene)


def test_an_unapplied_credit_note_is_left_where_billabex_put_it_until_money_takes_the_place(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    note, invoice = scene.credit(acme, "-300.00"), scene.invoice(acme)
    scene.synced()
    assert standing(scene, invoice) == (0, 900, [300])
    scene.pay(invoice)
    scene.synced()
    assert standing(scene, invoice) == (1200, 0, [])
    assert scene.shown("credit_note", note)["remainingAmount"] == 300
    assert agree(scene)


def test_an_account_removed_by_hand_comes_back_with_all_its_documents_when_its_customer_changes(
    credited: tuple[Scene, int, int, int],
) -> None:
    scene, acme, invoice, _ = credited
    scene.control("DELETE", f"accounts/{scene.account(acme)['id']}")
    scene.change("customers", acme, name="Acme & Fils")
    report = scene.synced()
    assert scene.account(acme)["fullName"] == "Acme & Fils"
    assert standing(scene, invoice) == (200, 700, [300])
    assert any("made again, with its documents" in note for note in report["notes"])
    assert agree(scene)


def test_what_is_deleted_at_the_ledger_goes_where_the_connection_says_so_and_comes_back_whole(
    credited: tuple[Scene, int, int, int],
) -> None:
    scene, _, invoice, note = credited
    scene.configure(connection="on_delete: delete")
    scene.synced()
    archived = "2026-01-15T10:00:00.000000Z"
    for id in (invoice, note):
        scene.change("customer_invoices", id, archived_at=archived)
    scene.synced()
    assert scene.listed("invoices") == scene.listed("credit-notes") == {}
    for id in (invoice, note):
        scene.change("customer_invoices", id, archived_at=None)
    scene.synced()
    assert standing(scene, invoice) == (200, 700, [300])


def test_a_document_whose_pdf_is_not_there_yet_goes_with_a_later_run(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    invoice = scene.invoice(acme, public_file_url=None)
    report = scene.sync()
    assert (report["status"], report["kinds"]["invoice"]["rejected"]) == ("succeeded", 1)
    assert scene.listed("invoices") == {}
    scene.change("customer_invoices", invoice, draft=False)  # Pennylane has made the file
    scene.pass_time(hours=1)
    scene.synced()
    assert scene.shown("invoice", invoice)["file"]["contentType"] == "application/pdf"


def test_a_document_without_a_pdf_goes_without_when_that_is_wanted(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    invoice = scene.invoice(acme, public_file_url=None)
    scene.configure(target="without_pdf: send")
    scene.synced()
    assert "file" not in scene.shown("invoice", invoice)


def test_a_record_is_explained_with_what_its_family_adds(credited: tuple[Scene, int, int, int]) -> None:
    scene, _, invoice, note = credited
    app = scene.app()
    try:
        told, settling = app.explain(NAME, "invoice", str(invoice)), app.explain(NAME, "credit_note", str(note))
        preview = app.plan(NAME)
    finally:
        app.close()
    fields = {field["target"]: field["value"] for field in told["fields"]}
    assert (fields["paidAmount"], fields["credits.0"]) == ("200.00", f"pennylane-credit_note-{note}")
    assert (settling["code"], settling["parts"][0]["fields"][0]["value"]) == ("linked", "300.00")
    assert preview.as_json()["changes"] == []


def test_another_organization_wants_a_connection_of_its_own(scene: Scene) -> None:
    scene.invoice(scene.make("customers"))
    scene.synced()
    scene.organization = "b111abe0-0000-4000-8000-000000000002"
    scene.configure()
    report = scene.sync()
    assert (report["status"], report["exit_code"]) == ("failed", 2)
    assert "went to Billabex, organization b111abe0-0000-4000-8000-000000000001" in report["error"]

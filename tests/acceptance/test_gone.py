"""What becomes of documents that are deleted or archived after they were sent? Reported; removed only when asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .expected import remaining
from .scene import Run, Scene

ARCHIVED_AT = "2026-01-15T10:00:00.000000Z"


def sent(scene: Scene) -> dict[str, int]:
    """An open invoice, a paid one, and one with a credit note, sent; their ids."""
    scene.make("customers", name="Acme")
    ids = {
        name: scene.make("customer_invoices", currency_amount="1200.00")["id"] for name in ("open", "paid", "credited")
    }
    scene.change("customer_invoices", ids["paid"], paid=True)
    ids["note"] = scene.make("customer_invoices", credited_invoice={"id": ids["credited"]}, currency_amount="-240.00")[
        "id"
    ]
    scene.synced()
    return ids


def take_away(scene: Scene, ids: list[int], how: str, event: str) -> Run:
    for id in ids:
        if how == "deleted":
            scene.remove("customer_invoices", id, event=event)
        else:
            scene.change("customer_invoices", id, event=event, archived_at=ARCHIVED_AT)
    if event == "none":
        scene.clock.ahead += timedelta(hours=24, minutes=1)
    return scene.synced()


@pytest.mark.parametrize("event", ["record", "none"])
@pytest.mark.parametrize("how", ["deleted", "archived"])
def test_what_is_gone_at_the_ledger_is_reported_and_left_alone(empty: Scene, how: str, event: str) -> None:
    ids = sent(empty)

    run = take_away(empty, [ids["open"], ids["paid"]], how, event)

    kind = run.report["kinds"]["invoice"]
    assert run.writes == []
    assert (kind["gone"], kind["skipped"]) == ((2, {}) if how == "deleted" else (0, {"archived": 2}))
    assert kind["deleted"] == 0
    assert empty.invoice(ids["open"])["amountOutstanding"] == 120000
    assert empty.invoice(ids["paid"])["state"] == "PAID"


@pytest.mark.parametrize("event", ["record", "none"])
@pytest.mark.parametrize("how", ["deleted", "archived"])
def test_with_on_delete_delete_it_is_removed_with_what_belongs_to_it(empty: Scene, how: str, event: str) -> None:
    empty.configure(connection="on_delete: delete")
    ids = sent(empty)

    run = take_away(empty, [ids["open"], ids["paid"]], how, event)

    assert run.writes == sorted(
        [
            ("POST", "reconcile", f"pennylane-link-{ids['paid']}-{ids['paid']}"),
            ("DELETE", f"payments/external:pennylane-invoice-{ids['paid']}-fix", ""),
            ("DELETE", f"invoices/external:pennylane-invoice-{ids['paid']}", ""),
            ("DELETE", f"invoices/external:pennylane-invoice-{ids['open']}", ""),
        ]
    )
    assert run.report["kinds"]["invoice"]["deleted"] == 2
    assert empty.desk("invoices").keys() == {f"pennylane-invoice-{ids['credited']}"}
    assert empty.desk("payments") == {}
    assert empty.synced().upflow == []


def test_a_deleted_credit_note_gives_its_invoice_back_what_it_had_settled(empty: Scene) -> None:
    empty.configure(connection="on_delete: delete")
    ids = sent(empty)
    assert empty.invoice(ids["credited"])["amountOutstanding"] == 96000

    empty.remove("customer_invoices", ids["note"])
    empty.synced()

    assert empty.desk("credit_notes") == {}
    assert empty.invoice(ids["credited"])["amountOutstanding"] == 120000
    assert remaining(next(row for row in empty.ledger("customer_invoices") if row["id"] == ids["credited"])) == 120000


def test_a_deleted_invoice_leaves_its_credit_note_unlinked(empty: Scene) -> None:
    empty.configure(connection="on_delete: delete")
    ids = sent(empty)

    empty.remove("customer_invoices", ids["credited"])
    empty.synced()

    assert empty.desk("credit_notes")[f"pennylane-credit_note-{ids['note']}"]["amountUnlinked"] == 24000


def test_a_deleted_customer_goes_after_its_documents(empty: Scene) -> None:
    empty.configure(connection="on_delete: delete")
    ids = sent(empty)
    for id in ids.values():
        empty.remove("customer_invoices", id)
    empty.remove("customers", empty.ledger("customers")[0]["id"])

    run = empty.synced()

    assert [empty.desk(name) for name in ("customers", "invoices", "credit_notes", "payments")] == [{}, {}, {}, {}]
    assert all(row["status"] < 300 for row in run.upflow)


def test_what_somebody_else_made_at_upflow_is_never_removed(empty: Scene) -> None:
    empty.configure(connection="on_delete: delete")
    ids = sent(empty)
    theirs = empty.http.post(f"{empty.url}/_sandbox/upflow/invoices", json={"externalId": "made-by-hand"})
    assert theirs.status_code == 201

    empty.remove("customer_invoices", ids["open"])
    empty.synced(full=True)

    assert "made-by-hand" in empty.desk("invoices")


def test_an_archived_invoice_that_comes_back_is_written_again_as_it_is(empty: Scene) -> None:
    ids = sent(empty)
    empty.change("customer_invoices", ids["open"], archived_at=ARCHIVED_AT)
    empty.synced()

    empty.change("customer_invoices", ids["open"], archived_at=None, currency_amount="900.00")
    empty.synced()

    assert empty.invoice(ids["open"])["amountOutstanding"] == 90000

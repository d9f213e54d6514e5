"""Where an address takes rows as JSON, it gets what the files would hold."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .scene import CODE, Scene

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.fixture
def connected(empty: Scene) -> Scene:
    """A ledger with an invoice, connected to the stand-in's address."""
    empty.configure(base_url=f"{empty.url}/afakto", token="${AFAKTO_TOKEN}", requests_per_minute=100000)
    empty.invoice(empty.customer(), "F-1")
    return empty


def test_rows_arrive_under_the_files_column_names(connected: Scene) -> None:
    connected.synced()
    assert connected.held(f"companies/{CODE}/buyers")["total"] == 1
    (row,) = connected.held(f"companies/{CODE}/invoices")["invoices"]
    assert (row["INV_NUMBER"], row["AMOUNT"], row["BALANCE"]) == ("F-1", "1200.00", "1200.00")
    posts = [row for row in connected.journal() if row["product"] == "afakto" and row["method"] == "POST"]
    assert [row["path"] for row in posts] == ["/afakto/imports/buyers", "/afakto/imports/invoices"]


def test_amounts_have_decimal_points_whatever_the_files_would_have(connected: Scene) -> None:
    connected.configure(base_url=f"{connected.url}/afakto", token="${AFAKTO_TOKEN}", separator=";")
    connected.synced()
    assert connected.held(f"companies/{CODE}/invoices")["invoices"][0]["AMOUNT"] == "1200.00"


def test_what_is_left_out_the_next_morning_is_closed(connected: Scene) -> None:
    other = connected.invoice(connected.ledger("customers")[0]["id"], "F-2")
    connected.synced()
    connected.change("customer_invoices", other, paid=True)
    connected.synced()
    rows = connected.held(f"companies/{CODE}/invoices")["invoices"]
    assert {row["INV_NUMBER"]: row["BALANCE"] for row in rows} == {"F-1": "1200.00", "F-2": "0"}


def test_a_wrong_token_asks_for_somebody(connected: Scene) -> None:
    connected.environ["AFAKTO_TOKEN"] = "another one"
    run = connected.sync()
    assert (run.exit_code, run.report["status"]) == (3, "failed")
    assert "another one" not in run.told


def answering(scene: Scene, path: str, answer: Response) -> None:
    async def between(request: Request) -> Response | None:
        return answer if request.url.path == path else None

    scene.served.interference.between = between


def test_refused_rows_leave_everything_to_the_next_run(connected: Scene) -> None:
    answering(connected, "/afakto/imports/invoices", JSONResponse({"message": "no such thing"}, 422))
    run = connected.sync()
    assert (run.exit_code, run.report["status"]) == (1, "incomplete")
    assert "no such thing" in run.told
    connected.served.interference.between = None
    assert connected.synced().report["kinds"]["invoice"]["created"] == 1


@pytest.mark.parametrize("answer", [{}, {"accepted": 0}, {"accepted": "1"}, []])
def test_an_answer_that_does_not_say_that_all_was_taken_leaves_it_unknown(connected: Scene, answer: object) -> None:
    answering(connected, "/afakto/imports/invoices", JSONResponse(answer))
    run = connected.sync()
    assert (run.exit_code, run.report["status"]) == (1, "incomplete")
    assert run.report["kinds"]["invoice"]["unknown"] == 1
    assert "may or may not have been taken" in run.told

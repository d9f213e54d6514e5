"""reconcile: both ends compared on the stand-ins' own figures, and every difference told by its reason."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest


def reasons(told: dict[str, Any]) -> set[str]:
    return {reason for side in told["currencies"].values() for reason in side["explained"]}


def assert_sums(told: dict[str, Any]) -> None:
    """Every currency adds up, by itself and over its customers."""
    for code, side in told["currencies"].items():
        source, target, unexplained = (Decimal(side[name]) for name in ("source", "target", "unexplained"))
        assert Decimal(side["difference"]) == source - target
        assert source - target == sum(map(Decimal, side["explained"].values())) + unexplained
        customers = [customer for customer in told["customers"] if customer["currency"] == code]
        assert sum(Decimal(customer["source"]) for customer in customers) == source
        assert sum(Decimal(customer["target"]) for customer in customers) == target


def unexplained(told: dict[str, Any]) -> list[str]:
    return [side["unexplained"] for side in told["currencies"].values() if Decimal(side["unexplained"])]


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_everything_is_explained_on_the_sandboxs_data(make_stage, seed: int) -> None:
    stage = make_stage(seed=seed)
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "partial_payments_not_imported" in reasons(told)
    assert "manual_entry" in reasons(told)


def test_the_targets_side_is_what_upflow_itself_shows(stage) -> None:
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    for customer in told["customers"]:
        shown = stage.upflow(f"customers/external:pennylane-customer-{customer['customer']}")
        (balance,) = (entry["balance"] for entry in shown["balances"] if entry["currency"] == customer["currency"])
        assert int(customer["target"].replace(".", "")) == balance


def test_amounts_have_the_currencys_decimals(make_stage) -> None:
    stage = make_stage()
    stage.json("sync", "acme-upflow")

    currencies = stage.json("reconcile", "acme-upflow")["currencies"]

    assert re.fullmatch(r"-?\d+\.\d{2}", currencies["EUR"]["source"])
    assert re.fullmatch(r"-?\d+", currencies["JPY"]["source"])
    assert re.fullmatch(r"-?\d+\.\d{3}", currencies["TND"]["source"])


def test_with_payments_balance_partial_payments_are_no_difference(stage) -> None:
    stage.configure(target="payments: balance")
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "partial_payments_not_imported" not in reasons(told)


def test_a_document_changed_by_hand_at_the_target_is_unexplained_and_exits_1(stage) -> None:
    stage.json("sync", "acme-upflow")
    open_one = next(item for item in stage.upflow("invoices?limit=500")["invoices"] if item["amountOutstanding"])
    stage.control("PATCH", f"upflow/invoices/{open_one['id']}", {"grossAmount": open_one["grossAmount"] + 700})

    result = stage.run("reconcile", "acme-upflow", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert_sums(told)
    assert len(unexplained(told)) == 1
    assert "nothing explains" in result.stderr
    (customer,) = (customer for customer in told["customers"] if Decimal(customer["unexplained"]))
    assert f"pennylane-customer-{customer['customer']}" == open_one["customer"]["externalId"]
    assert "Unexplained" in stage.run("reconcile", "acme-upflow").stdout


def test_a_document_lost_at_the_target_is_unexplained(stage) -> None:
    stage.json("sync", "acme-upflow")
    open_one = next(item for item in stage.upflow("invoices?limit=500")["invoices"] if item["amountOutstanding"])
    stage.control("DELETE", f"upflow/invoices/{open_one['id']}")

    told = json.loads(stage.run("reconcile", "acme-upflow", "--json").stdout)

    assert_sums(told)
    assert len(unexplained(told)) == 1


def test_what_others_wrote_at_the_target_is_told_apart(stage) -> None:
    stage.json("sync", "acme-upflow")
    customer = stage.upflow("customers")["customers"][0]["externalId"]
    values = {"customId": "BY-HAND", "currency": "EUR", "grossAmount": 5000, "netAmount": 4000}
    dates = {"issuedAt": "2026-03-02", "dueDate": "2026-04-02", "customer": {"externalId": customer}}
    stage.control("POST", "upflow/invoices", values | dates)

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert told["currencies"]["EUR"]["explained"]["not_written_by_duebridge"] == "-50.00"


def test_excluded_customers_are_told_as_such_whether_or_not_they_were_sent_before(make_stage) -> None:
    stage = make_stage()
    stage.json("sync", "acme-upflow")
    owing = next(
        row["customer"] for row in stage.json("reconcile", "acme-upflow")["customers"] if Decimal(row["source"]) > 0
    )
    stage.configure(connection=f"exclude_customers: [{owing}]")
    stage.json("sync", "acme-upflow")
    assert unexplained(stage.json("reconcile", "acme-upflow")) == []
    (stage.folder / "duebridge.db").unlink()
    stage.control("POST", "reset")

    stage.json("sync", "acme-upflow")
    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "excluded_customer" in reasons(told)


def test_invoices_kept_at_the_target_though_gone_are_told(stage) -> None:
    stage.json("sync", "acme-upflow")
    shown = {item["externalId"] for item in stage.upflow("invoices?limit=500")["invoices"] if item["amountOutstanding"]}
    deleted, archived = sorted(shown)[:2]
    stage.control("DELETE", f"pennylane/customer_invoices/{deleted.rpartition('-')[2]}")
    stage.control(
        "PATCH", f"pennylane/customer_invoices/{archived.rpartition('-')[2]}", {"archived_at": "2026-11-01T10:00:00Z"}
    )
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert {"kept_though_gone", "kept_though_skipped: archived"} <= reasons(told)


def test_what_is_removed_at_the_target_with_the_source_leaves_no_difference(stage) -> None:
    stage.configure(connection="on_delete: delete")
    stage.json("sync", "acme-upflow")
    shown = {item["externalId"] for item in stage.upflow("invoices?limit=500")["invoices"] if item["amountOutstanding"]}
    deleted = min(shown)
    stage.control("DELETE", f"pennylane/customer_invoices/{deleted.rpartition('-')[2]}")
    report = stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert report["kinds"]["invoice"]["deleted"] == 1
    assert_sums(told)
    assert unexplained(told) == []
    assert not any(reason.startswith("kept") for reason in reasons(told))


def test_a_customers_change_of_invoice_leaves_no_difference_once_written(stage) -> None:
    stage.json("sync", "acme-upflow")
    open_one = next(item for item in stage.upflow("invoices?limit=500")["invoices"] if item["amountOutstanding"])
    others = [row["id"] for row in stage.json("records", "acme-upflow", "--kind", "customer")]
    other = next(id for id in others if f"pennylane-customer-{id}" != open_one["customer"]["externalId"])
    id = open_one["externalId"].rpartition("-")[2]
    stage.control("PATCH", f"pennylane/customer_invoices/{id}", {"customer": {"id": int(other)}})
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []


def test_rejected_records_are_told_and_those_that_could_not_be_read_are_noted(broken_stage) -> None:
    broken_stage.json("sync", "acme-upflow")

    told = broken_stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "rejected" in reasons(told)
    assert "could not be read" in told["notes"][0]


def test_writes_the_target_refuses_are_told_as_rejected(stage) -> None:
    stage.meddling.begin("POST /upflow/v1/invoices$", 400, '{"message": "customId is taken"}', every=3)
    report = stage.json("sync", "acme-upflow")
    stage.meddling.end()

    told = stage.json("reconcile", "acme-upflow")

    assert report["kinds"]["invoice"]["rejected"] > 0
    assert_sums(told)
    assert unexplained(told) == []
    assert "rejected" in reasons(told)


def test_the_table_shows_the_reasons(stage) -> None:
    stage.json("sync", "acme-upflow")

    shown = stage.run("reconcile", "acme-upflow").stdout

    assert "Outstanding" in shown
    assert "paid in part at the source; payments are not imported" in shown

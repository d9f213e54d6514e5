"""exclude and include: what they list, what they refuse, and that the next sync acts on them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def owing(stage: Any) -> list[str]:
    """Customers with something outstanding, those who owe most first."""
    rows = stage.json("reconcile", "acme-upflow")["customers"]
    rows.sort(key=lambda row: -Decimal(row["source"]))
    return list(dict.fromkeys(row["customer"] for row in rows if Decimal(row["source"]) > 0))


def test_without_ids_it_lists_who_is_excluded_and_by_what(stage) -> None:
    assert stage.run("exclude", "acme-upflow").stdout.strip() == "No customer is excluded from acme-upflow."
    assert stage.json("exclude", "acme-upflow") == []
    stage.json("sync", "acme-upflow")
    first, second, *_ = stage.json("records", "acme-upflow", "--kind", "customer")
    stage.configure(connection=f"exclude_customers: [{first['id']}]")
    assert stage.run("exclude", "acme-upflow", second["id"]).exit_code == 0

    told = stage.json("exclude", "acme-upflow")

    assert [(row["customer_id"], row["by"]) for row in told] == [
        (first["id"], "configuration"),
        (second["id"], "command"),
    ]
    assert all(row["name"] for row in told)
    assert told[0]["since"] is None
    assert told[1]["since"].endswith("+00:00")
    shown = stage.run("exclude", "acme-upflow").stdout
    assert "`exclude_customers` of acme-upflow in" in shown
    assert "command, 20" in shown


def test_several_ids_are_excluded_and_included_at_once(stage) -> None:
    stage.json("sync", "acme-upflow")
    ids = [row["id"] for row in stage.json("records", "acme-upflow", "--kind", "customer")][:3]

    excluded = stage.json("exclude", "acme-upflow", *ids)
    left = stage.json("include", "acme-upflow", *ids[:2])

    assert [row["customer_id"] for row in excluded] == sorted(ids)
    assert [row["customer_id"] for row in left] == ids[2:]


def test_an_excluded_customer_gets_nothing_and_everything_once_included(stage) -> None:
    stage.json("sync", "acme-upflow")
    (customer, *_) = owing(stage)
    number = next(
        row["id"]
        for row in stage.json("records", "acme-upflow", "--kind", "invoice", "--outcome", "created")
        if row["customer_id"] == customer
    )
    stage.run("exclude", "acme-upflow", customer)
    stage.control("PATCH", f"pennylane/customers/{customer}", {"name": "Renamed meanwhile"})
    stage.control("PATCH", f"pennylane/customer_invoices/{number}", {"paid": True})
    before = len(stage.journal("upflow", writes=True))

    report = stage.json("sync", "acme-upflow")

    assert len(stage.journal("upflow", writes=True)) == before
    assert report["kinds"]["customer"]["skipped"]["excluded_customer"] == 1
    assert stage.json("explain", "acme-upflow", "customer", customer)["code"] == "excluded_customer"
    assert stage.json("plan", "acme-upflow")["changes"] == []
    stage.run("include", "acme-upflow", customer)
    foreseen = stage.json("plan", "acme-upflow", "--with-stored")["changes"]
    assert ("customer", customer) in {(change["kind"], change["id"]) for change in foreseen}
    stage.json("sync", "acme-upflow")
    assert stage.upflow(f"customers/external:pennylane-customer-{customer}")["name"] == "Renamed meanwhile"
    assert stage.upflow(f"invoices/external:pennylane-invoice-{number}")["state"] == "PAID"


def test_what_the_configuration_excludes_no_command_includes(stage) -> None:
    stage.json("sync", "acme-upflow")
    first, second, *_ = [row["id"] for row in stage.json("records", "acme-upflow", "--kind", "customer")]
    stage.configure(connection=f"exclude_customers: [{first}]")
    stage.run("exclude", "acme-upflow", second)

    result = stage.run("include", "acme-upflow", second, first)

    assert result.exit_code == 2
    assert f"customer {first} is excluded by `exclude_customers` of acme-upflow in {stage.config}" in result.stderr
    assert [row["customer_id"] for row in stage.json("exclude", "acme-upflow")] == [first, second]
    again = stage.run("exclude", "acme-upflow", first)
    assert again.exit_code == 0
    assert "already" in again.stderr


def test_an_id_never_read_is_taken_with_a_warning(stage) -> None:
    result = stage.run("exclude", "acme-upflow", "424242", "--json")

    assert result.exit_code == 0
    assert "warning: acme-upflow has read nothing of a customer 424242 so far" in result.stderr
    assert [row["customer_id"] for row in json.loads(result.stdout)] == ["424242"]


def test_a_customer_excluded_before_the_first_run_is_never_sent(stage) -> None:
    customer = stage.control("POST", "pennylane/customers", {"name": "Not for Upflow"})["id"]
    stage.run("exclude", "acme-upflow", str(customer))

    stage.json("sync", "acme-upflow")

    shown = stage.upflow("customers?limit=500")["customers"]
    assert f"pennylane-customer-{customer}" not in {row["externalId"] for row in shown}


def test_blank_ids_unknown_connections_and_none_at_all_are_refused(stage) -> None:
    blank = stage.run("exclude", "acme-upflow", " ")
    unknown = stage.run("exclude", "nobody", "1")
    nobody = stage.run("include", "acme-upflow")

    assert (blank.exit_code, unknown.exit_code, nobody.exit_code) == (2, 2, 2)
    assert "an empty customer id" in blank.stderr
    assert "no connection 'nobody'" in unknown.stderr

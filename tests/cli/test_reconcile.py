"""reconcile: both ends compared on the stand-ins' own figures, and every difference told by its reason."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.connector import Account, Ack, Balance, Delivery, Payload, PayloadReader, RecordTarget, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.core.engine.reconcile import reconcile
from duebridge.core.money import exponent
from duebridge.core.store.memory import PassingMemory
from duebridge.core.store.store import Store
from duebridge.core.testing.installing import laid_out
from duebridge.targets.upflow.target import UpflowTarget


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
    assert "paid at the source; payments are not imported" in shown


def amounts(shown: str) -> list[list[Decimal]]:
    """The amounts of each currency's bridge, from the source's to the target's."""
    found: list[list[Decimal]] = []
    for line in shown.splitlines():
        amount = re.search(r" ([+-]?\d+(?:\.\d+)?) *$", line)
        if amount is not None:
            if "outstanding at the source" in line:
                found.append([])
            found[-1].append(Decimal(amount[1]))
    return found


def test_the_table_leads_from_the_source_to_the_target_within_80_columns(make_stage) -> None:
    stage = make_stage()
    stage.json("sync", "acme-upflow")

    shown = stage.run("reconcile", "acme-upflow").stdout

    bridges = amounts(shown)
    assert len(bridges) == 6
    assert all(sum(bridge[:-1]) == bridge[-1] for bridge in bridges)
    assert any(len(bridge) > 4 for bridge in bridges)
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"paid at the source; payments are not imported +\+\d", shown)


def test_the_table_of_what_is_unexplained_fits_80_columns_too(stage) -> None:
    stage.json("sync", "acme-upflow")
    invoices = stage.upflow("invoices?limit=500")["invoices"]
    open_one = next(item for item in invoices if item["amountOutstanding"] and item["currency"] == "EUR")
    customer = open_one["customer"]["externalId"].rpartition("-")[2]
    stage.control(
        "PATCH", f"pennylane/customers/{customer}", {"name": "A company whose name is longer than a line " * 3}
    )
    stage.json("sync", "acme-upflow")
    stage.control("PATCH", f"upflow/invoices/{open_one['id']}", {"grossAmount": open_one["grossAmount"] + 70000000})

    shown = stage.run("reconcile", "acme-upflow").stdout

    assert max(map(len, shown.splitlines())) <= 80
    assert customer in shown
    assert "+700000.00" in shown


def test_writes_that_were_not_made_are_told_as_due(stage) -> None:
    stage.meddling.begin("POST /upflow/v1/invoices$", 401, '{"message": "revoked"}', every=8)
    assert stage.run("sync", "acme-upflow").exit_code == 3
    stage.meddling.end()

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "writes_due" in reasons(told)
    assert "writes still to make" in stage.run("reconcile", "acme-upflow").stdout


@pytest.mark.usefixtures("hurried")
def test_writes_whose_answer_was_lost_are_told_as_unknown(make_stage) -> None:
    stage = make_stage(customers=2, invoices=6)
    stage.meddling.begin("POST /upflow/v1/invoices$", 200, "{cut")
    assert stage.run("sync", "acme-upflow").exit_code == 1
    stage.meddling.end()

    told = stage.json("reconcile", "acme-upflow")

    assert_sums(told)
    assert unexplained(told) == []
    assert "unknown_outcome" in reasons(told)


def test_what_a_rule_leaves_out_is_told_by_its_code(make_stage) -> None:
    stage = make_stage()
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    codes = {row["code"] for row in stage.json("records", "acme-upflow", "--outcome", "skipped")}
    skipped = {reason.partition(": ")[2] for reason in reasons(told) if reason.startswith("skipped: ")}
    assert skipped
    assert skipped <= codes


@pytest.mark.usefixtures("hurried")
def test_before_anything_was_read_there_is_nothing_to_compare(stage) -> None:
    never = stage.run("reconcile", "acme-upflow")
    stage.meddling.begin("GET /pennylane/", 503, "down")
    assert stage.run("sync", "acme-upflow").exit_code == 1
    stage.run("exclude", "acme-upflow", "1")
    failed = stage.run("reconcile", "acme-upflow")
    listed = stage.run("records", "acme-upflow", "--json")
    stage.meddling.end()

    assert [never.exit_code, failed.exit_code, listed.exit_code] == [2, 2, 2]
    assert never.stdout == failed.stdout == listed.stdout == ""
    assert all("run `duebridge sync acme-upflow` first" in each.stderr for each in (never, failed, listed))


def test_an_empty_ledger_that_was_read_owes_nothing(make_stage) -> None:
    stage = make_stage(customers=0, invoices=0)
    stage.json("sync", "acme-upflow")

    told = stage.json("reconcile", "acme-upflow")

    assert (told["currencies"], told["customers"], told["target_from"]) == ({}, [], "target")
    assert stage.json("records", "acme-upflow") == []


PLUGIN = """
from duebridge.core.api import hookimpl
from duebridge.core.testing import ReceivablesTarget

@hookimpl
def register_targets():
    return [ReceivablesTarget]
"""


def test_a_target_that_cannot_be_asked_is_compared_by_our_links(stage, tmp_path, monkeypatch) -> None:
    (tmp_path / "receivables_plugin.py").write_text(PLUGIN)
    laid_out(tmp_path, "receivables", "receivables_plugin")
    monkeypatch.syspath_prepend(str(tmp_path))
    stage.config.write_text(
        "connections:\n  acme-desk:\n    schedule: manual\n    target: {connector: receivables}\n"
        f'    source: {{connector: pennylane, token: "${{PENNYLANE_TOKEN}}", base_url: {stage.url}/pennylane}}\n'
    )
    stage.json("sync", "acme-desk")

    told = stage.json("reconcile", "acme-desk")
    shown = stage.run("reconcile", "acme-desk").stdout

    assert_sums(told)
    assert unexplained(told) == []
    assert "partial_payments_not_imported" in reasons(told)
    assert told["target_from"] == "links"
    assert "not what it shows" in told["notes"][0]
    assert "outstanding at the target, by our links" in shown
    assert "note: the target's figures come from our links" in shown


class UpflowByLinks(RecordTarget, PayloadReader):
    """Upflow as if it could not be asked."""

    name, title, settings = "upflow-by-links", "Upflow", UpflowTarget.settings
    rules, mappings, writes = UpflowTarget.rules, UpflowTarget.mappings, UpflowTarget.writes

    def check(self) -> Account:
        raise AssertionError("it can't be asked")

    def push(self, delivery: Delivery) -> Ack:
        raise AssertionError("it can't be asked")

    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        field, sign = {"invoice": ("grossAmount", 1), "credit_note": ("grossAmount", -1), "fix": ("amount", -1)}.get(
            write, ("", 0)
        )
        if not sign:
            return None
        amount = Decimal(sign * payload[field]).scaleb(-exponent(payload["currency"]))
        return Balance(reference, write, payload["currency"], amount, payload["customer"]["externalId"])


@pytest.mark.parametrize("seed", [1, 5])
def test_our_links_say_the_same_as_the_target_itself(make_stage, seed: int) -> None:
    stage = make_stage(seed=seed)
    stage.json("sync", "acme-upflow")
    asked = stage.json("reconcile", "acme-upflow")

    store = Store.open(f"sqlite:///{stage.folder / 'duebridge.db'}")
    services = Services(HttpFactory(), PassingMemory(store, 1, "target"), lambda _: None, lambda: datetime.now(UTC))
    options = UpflowTarget.settings.model_validate({"api_key": "k", "api_secret": "s"})
    by_links = reconcile(store, 1, UpflowByLinks(options, services)).as_json()
    store.close()

    assert by_links["target_from"] == "links"
    assert by_links["currencies"] == asked["currencies"]
    assert by_links["customers"] == asked["customers"]

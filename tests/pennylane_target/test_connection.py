"""A connection to Pennylane as it is configured, checked, planned and reconciled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.api import AuthError, ConfigError
from duebridge.core.engine.reconcile import reconcile
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.testing import Bench
from duebridge.plugins.pennylane.client import PER_MINUTE, PennylaneClient
from duebridge.plugins.pennylane.sandbox import TOKEN, PennylaneSandbox
from duebridge.plugins.pennylane.settings import PennylaneSettings

from .desk import FRENCH, Company, Desk, bill, client, unpaced


def test_the_account_is_the_tokens_company(desk: Desk) -> None:
    target = desk.open_target()
    account = target.check()
    assert (account.id, account.name) == ("9400", "Sandbox SAS")
    target.close()


@pytest.mark.parametrize(
    ("missing", "settings"),
    [
        ("customers:all", {}),
        ("customer_invoices:all", {}),
        ("file_attachments:all", {}),
        ("ledger_accounts:readonly", {"ledger_accounts": {"Service": "706000"}}),
    ],
)
def test_a_token_that_may_not_write_is_refused_naming_the_scope(
    open_desk: Callable[..., Desk], company: Company, missing: str, settings: dict[str, Any]
) -> None:
    scopes = ["customers:all", "customer_invoices:all", "file_attachments:all", "ledger_accounts:readonly"]
    read_only = [scope.replace(":all", ":readonly") if scope == missing else scope for scope in scopes]
    kept = [scope for scope in read_only if scope not in (missing, "file_attachments:readonly")]
    assert company.http.put("/_sandbox/settings/pennylane", json={"scopes": kept}).status_code == 200
    target = open_desk(**settings).open_target()
    with pytest.raises(AuthError, match=missing):
        target.check()
    target.close()


def test_a_token_that_stops_being_taken_pauses_the_connection(desk: Desk, company: Company) -> None:
    company.http.put("/_sandbox/settings/pennylane", json={"token_valid": False})
    desk.source.put(client("1"), bill("10"))
    report = desk.sync()
    assert (report.status, report.exit_code) == ("failed", 3)


def test_outstanding_amounts_are_compared_document_by_document(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10"), bill("11"))
    desk.sync()
    company.make("customer_invoices", currency_amount="500.00")
    by_number = {each["invoice_number"]: each["id"] for each in company.invoices()}
    company.make("payments", customer_invoice_id=by_number["F-11"], currency_amount="30.00")
    target = desk.open_target()
    found = reconcile(desk.store, desk.connection_id, target).currencies["EUR"]
    target.close()
    assert (found.source, found.target) == (Decimal("240.00"), Decimal("710.00"))
    assert found.unexplained == Decimal("30.00")


def test_fewer_requests_a_minute_are_paced_apart_from_the_usual_ones(open_desk: Callable[..., Desk]) -> None:
    usual, slower = open_desk().open_target(), open_desk(requests_per_minute=60).open_target()
    keys = [PennylaneClient._limiter_key(each._client.reading, n) for each, n in ((usual, PER_MINUTE), (slower, 60))]
    assert keys[0] != keys[1]
    reading = PennylaneSettings.model_validate({"token": TOKEN, "base_url": usual.options.base_url})
    source = PennylaneClient(reading, usual.services)
    assert source._limiter_key(PER_MINUTE) == keys[0]  # one token, one budget, whoever reads or writes
    source.close()
    usual.close()
    slower.close()


def test_what_was_paid_at_the_source_and_is_not_matched_in_pennylane_yet_is_told(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10", paid=True, status="paid", remaining="0.00"))
    desk.source.put(bill("11", status="partially_paid", remaining="20.00"))
    desk.sync()
    target = desk.open_target()
    found = reconcile(desk.store, desk.connection_id, target).currencies["EUR"]
    target.close()
    assert (found.source, found.target) == (Decimal("20.00"), Decimal("240.00"))
    assert (found.explained["partial_payments_not_imported"], found.unexplained) == (Decimal("-220.00"), 0)


# --- Pennylane to Pennylane ------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[RunningSandbox, RunningSandbox, Callable[..., Bench]]]:
    """Two companies, and a maker of a connection from the first to the second; keywords are the target's settings."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running_sandbox([PennylaneSandbox(options)]))
            for options in [SandboxOptions(customers=0, invoices=0, limits="off")] * 2
        ]
        held = [unpaced(server.base("pennylane")) for server in servers]
        blocks = [
            {"connector": "pennylane", "token": TOKEN, "base_url": server.base("pennylane")} for server in servers
        ]

        def connected(**settings: Any) -> Bench:
            target = {**blocks[1], "zero_rate_code": {"default": "exempt"}, **settings}
            registry = Registry.load()
            bench = Bench(tmp_path, registry, source=blocks[0], target=target, history="all")
            return stack.enter_context(bench)

        yield servers[0], servers[1], connected
        assert len(held) == 2


def test_another_pennylane_company_is_refused_unless_it_is_meant(
    two: tuple[RunningSandbox, RunningSandbox, Callable[..., Bench]],
) -> None:
    bench = two[2]()
    report = bench.sync()
    assert (report.status, report.exit_code) == ("failed", 2)
    assert "allow_same_product" in (report.error or "")
    with pytest.raises(ConfigError, match="allow_same_product"):
        bench.app.check("bench")


def test_a_companys_documents_are_imported_into_another_with_codes_lines_and_files(
    two: tuple[RunningSandbox, RunningSandbox, Callable[..., Bench]],
) -> None:
    first, second, connected = two
    with httpx.Client(base_url=first.url) as one, httpx.Client(base_url=second.url) as other:
        source, target = Company(one), Company(other)
        address = {**FRENCH, "country_alpha2": "FR"}
        del address["country"]
        customer = source.make("customers", name="Acme", reg_no="810000001", billing_address=address)
        lines = [
            {
                "label": "A",
                "currency_amount": "120.00",
                "currency_tax": "20.00",
                "currency_amount_before_tax": "100.00",
            },
            {
                "label": "B",
                "currency_amount": "50.00",
                "currency_tax": "0.00",
                "currency_amount_before_tax": "50.00",
                "vat_rate": "crossborder",
            },
        ]
        invoice = source.make("customer_invoices", customer={"id": customer["id"]}, invoice_lines=lines)
        source.make("customer_invoices", credited_invoice={"id": invoice["id"]}, currency_amount="-12.00")
        source.make("customer_invoices", customer={"id": customer["id"]}, draft=True)
        bench = connected(allow_same_product=True)
        reports = bench.until_settled()
        assert [report.status for report in reports] == ["succeeded"], reports[-1].error
        assert bench.records("rejected") == []
        found = {each["external_reference"]: each for each in target.invoices()}
        assert set(found) == {f"pennylane-9400-invoice-{id}" for id in (invoice["id"], invoice["id"] + 1)}
        copy = found[f"pennylane-9400-invoice-{invoice['id']}"]
        assert [each["vat_rate"] for each in target.lines(copy["id"])] == ["FR_200", "crossborder"]
        assert (copy["currency_amount"], copy["remaining_amount_with_tax"]) == ("170.00", "158.00")
        assert other.get(copy["public_file_url"]).content == one.get(invoice["public_file_url"]).content
        assert target.customers()[0]["reg_no"] == "810000001"

"""What stands in the books after an import: customer, document, lines, file, entry; and what the next run does."""

from __future__ import annotations

from collections.abc import Callable

from .desk import PDF, Company, Desk, bill, client, counts, line


def test_an_invoice_stands_in_pennylane_with_its_customer_lines_and_file(desk: Desk, company: Company) -> None:
    desk.source.put(client("1", name="Acme SAS", emails=["a@acme.fr"], reg_no="810000001"), bill("10"))
    report = desk.sync()
    assert report.status == "succeeded", (report.error, desk.rejected())
    (customer,) = company.customers()
    assert (customer["name"], customer["external_reference"]) == ("Acme SAS", "ledger-books-1-client-1")
    assert customer["billing_address"]["postal_code"] == "75002"
    invoice = company.the_invoice()
    assert invoice["external_reference"] == "ledger-books-1-invoice-10"
    assert invoice["customer"]["id"] == customer["id"]
    assert (invoice["invoice_number"], invoice["date"], invoice["deadline"]) == ("F-10", "2026-01-15", "2026-02-15")
    amounts = [invoice[name] for name in ("currency_amount_before_tax", "currency_tax", "currency_amount")]
    assert amounts == ["100.00", "20.00", "120.00"]
    (kept,) = company.lines(invoice["id"])
    assert (kept["vat_rate"], kept["quantity"], kept["raw_currency_unit_price"]) == ("FR_200", "1", "100")
    assert company.http.get(invoice["public_file_url"]).content == PDF


def test_the_entry_that_pennylane_makes_of_it_balances(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk(default_country="FR", ledger_accounts={"Service": 706000, "Product": "707000"})
    desk.source.put(
        client("1"),
        bill("10", "1", line("100.00", "20.00", category="Service"), line("50.00", "2.75", "5.5", category="Product")),
    )
    desk.sync()
    entry = company.entry(company.the_invoice()["id"])
    (customer,) = company.customers()
    account = company.get(f"/ledger_accounts/{customer['ledger_account']['id']}")["number"]
    assert entry == {
        account: {"debit": "172.75", "credit": "0.00"},
        "706000": {"debit": "0.00", "credit": "100.00"},
        "707000": {"debit": "0.00", "credit": "50.00"},
        "445710": {"debit": "0.00", "credit": "22.75"},
    }


def test_a_second_run_writes_nothing_and_a_later_one_what_changed(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), client("2"), bill("10"), bill("11", "2"))
    desk.sync()
    written = len(company.writes())
    desk.sync()
    desk.sync(full=True)
    assert len(company.writes()) == written
    desk.source.put(client("2", phone="01 02 03 04 05"), bill("12"))
    report = desk.sync()
    (second,) = [each["id"] for each in company.customers() if each["name"] == "Customer 2"]
    assert company.writes()[written:] == [
        f"/company_customers/{second}",
        "/file_attachments",
        "/customer_invoices/import",
    ]
    assert counts(report, "customer") == {"read": 1, "updated": 1}
    assert counts(report, "invoice") == {"read": 1, "created": 1}


def test_a_customer_without_a_document_that_is_sent_is_not_added(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), client("2"), bill("10"), bill("11", "2", draft=True))
    report = desk.sync()
    assert [each["name"] for each in company.customers()] == ["Customer 1"]
    assert counts(report, "customer") == {"read": 2, "created": 1, "not_needed": 1}
    assert counts(report, "invoice") == {"read": 2, "created": 1, "draft": 1}

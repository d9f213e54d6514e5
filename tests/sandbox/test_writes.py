"""What Pennylane's stand-in takes and refuses when it is written to, and what then stands in the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from duebridge.plugins.pennylane.sandbox import contract

from .conftest import API, Api
from .test_contract import checked, validator

PDF = b"%PDF-1.4\nan invoice\n%%EOF\n"
ADDRESS = {"address": "1 rue X", "postal_code": "75002", "city": "Paris", "country_alpha2": "FR"}
COMPANY = {"name": "Acme", "billing_address": ADDRESS, "external_reference": "ours-1"}
PERSON = {"first_name": "Zoé", "last_name": "Roux", "billing_address": ADDRESS}
LINE = {
    "label": "Work",
    "quantity": 2,
    "unit": "hour",
    "raw_currency_unit_price": "50",
    "currency_amount": "120.00",
    "currency_tax": "20.00",
    "vat_rate": "FR_200",
}


def sent(api: Api, method: str, path: str, body: Any, template: str = "") -> tuple[int, Any]:
    """The status and the answer to a write; the answer has the shape the contract says."""
    answer = api.request(method, API + path, json=body)
    template = template or path
    validator(template, method.lower(), answer.status_code).validate(answer.json())
    return answer.status_code, answer.json()


def made(api: Api, path: str, body: Any) -> Any:
    status, found = sent(api, "POST", path, body)
    assert status == 201, found
    return found


def uploaded(api: Api, content: bytes = PDF, kind: str = "application/pdf", **fields: str) -> Any:
    return api.post(f"{API}/file_attachments", files={"file": ("x.pdf", content, kind)}, data=fields)


def document(api: Api, **values: Any) -> dict[str, Any]:
    """The body of an import the product takes."""
    return {
        "file_attachment_id": uploaded(api).json()["id"],
        "date": "2026-03-01",
        "deadline": "2026-03-31",
        "customer_id": api.found("/customers", limit=1)["items"][0]["id"],
        "invoice_number": "F-1",
        "external_reference": "ours-10",
        "currency": "EUR",
        "currency_amount_before_tax": "100.00",
        "currency_amount": "120.00",
        "currency_tax": "20.00",
        "invoice_lines": [LINE],
        **values,
    }


def imported(api: Api, **values: Any) -> Any:
    return made(api, "/customer_invoices/import", document(api, **values))


def credit(api: Api, **values: Any) -> Any:
    line = LINE | {"raw_currency_unit_price": "-50", "currency_amount": "-120.00", "currency_tax": "-20.00"}
    amounts = {"currency_amount_before_tax": "-100.00", "currency_amount": "-120.00", "currency_tax": "-20.00"}
    return imported(api, **{"external_reference": "ours-11", "invoice_lines": [line], **amounts, **values})


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_kept_and_named(api: Api) -> None:
    answer = uploaded(api, filename="Facture 1.pdf")
    assert answer.status_code == 201
    validator("/file_attachments", "post", 201).validate(answer.json())
    assert answer.json()["filename"] == "Facture 1.pdf"
    assert uploaded(api).json()["id"] != answer.json()["id"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(PDF, "text/html", 422), (b"<html>", "application/pdf", 422), (b"", "application/pdf", 422)],
)
def test_other_files_are_refused(api: Api, content: bytes, kind: str, status: int) -> None:
    answer = uploaded(api, content, kind)
    assert answer.status_code == status
    validator("/file_attachments", "post", status).validate(answer.json())


def test_a_file_of_more_than_100_megabytes_is_refused(api: Api) -> None:
    answer = uploaded(api, PDF + bytes(100 * 2**20))
    assert (answer.status_code, "100 MB" in answer.text) == (422, True)


def test_what_is_no_form_or_has_other_fields_is_refused(api: Api) -> None:
    assert api.post(f"{API}/file_attachments", json={}).json()["code"] == "NotAMultipartFile"
    assert uploaded(api, owner="me").json()["code"] == "NotExistPropertyDefinition"
    nothing = api.post(f"{API}/file_attachments", files={"filename": (None, "x")})
    assert nothing.json()["code"] == "NotExistRequiredKey"
    assert uploaded(api, filename="x" * 256).json()["code"] == "MoreThanMaxLength"


# --- customers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "body"), [("company", COMPANY), ("individual", PERSON)])
def test_a_customer_is_added_changed_and_read_with_its_events(api: Api, kind: str, body: dict[str, Any]) -> None:
    path = f"/{kind}_customers"
    customer = made(api, path, body)
    id, template = customer["id"], f"{path}/{{id}}"
    status, changed = sent(api, "PUT", f"{path}/{id}", {"phone": "01", "billing_address": {"city": "Lyon"}}, template)
    assert (status, changed["phone"]) == (200, "01")
    assert changed["billing_address"] == ADDRESS | {"city": "Lyon"}
    assert checked(api, f"{path}/{id}", template) == changed
    listed = api.found(f"/customers/{id}")
    assert (listed["customer_type"], listed["name"]) == (kind, body.get("name", "Zoé Roux"))
    assert api.events_of(id, "customers") == ["insert", "update"]
    account = api.found(f"/ledger_accounts/{listed['ledger_account']['id']}")
    assert account["number"].startswith("411")


def test_a_customers_account_may_be_named(api: Api) -> None:
    customer = made(api, "/company_customers", {**COMPANY, "ledger_account": {"number": "41100000"}})
    number = api.found(f"/ledger_accounts/{customer['ledger_account']['id']}")["number"]
    assert number == "41100000"


def test_a_used_reference_conflicts(api: Api) -> None:
    customer = made(api, "/company_customers", COMPANY)
    assert sent(api, "POST", "/company_customers", COMPANY)[0] == 409
    other = made(api, "/individual_customers", PERSON)
    body = {"external_reference": "ours-1"}
    assert sent(api, "PUT", f"/individual_customers/{other['id']}", body, "/individual_customers/{id}")[0] == 409
    assert sent(api, "PUT", f"/company_customers/{customer['id']}", body, "/company_customers/{id}")[0] == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"country": "FR"}, 400, "NotExistPropertyDefinition"),
        ({"name": 5}, 400, "ValidateError"),
        ({"name": None}, 400, "NotNullError"),
        ({"payment_conditions": "90_days"}, 400, "NotEnumInclude"),
        ({"emails": "a@b.fr"}, 400, "ValidateError"),
        ({"billing_address": {"city": "Paris"}}, 400, "NotExistRequiredKey"),
        ({"billing_address": ADDRESS | {"street": "x"}}, 400, "NotExistPropertyDefinition"),
        ({"name": "  "}, 422, None),
        ({"billing_address": ADDRESS | {"city": ""}}, 422, None),
        ({"billing_address": ADDRESS | {"country_alpha2": "fr"}}, 422, None),
    ],
)
def test_a_customer_outside_the_contract_is_refused(
    api: Api, change: dict[str, Any], status: int, code: str | None
) -> None:
    found = sent(api, "POST", "/company_customers", COMPANY | change)
    assert (found[0], found[1].get("code")) == (status, code)


def test_a_company_is_no_individual(api: Api) -> None:
    id = made(api, "/company_customers", COMPANY)["id"]
    assert api.refused(f"/individual_customers/{id}")[0] == 404
    assert sent(api, "PUT", f"/individual_customers/{id}", {"phone": "1"}, "/individual_customers/{id}")[0] == 404


# --- imports ---------------------------------------------------------------------------------------------------------


def test_an_import_stands_in_the_list_with_its_lines_file_event_and_entry(api: Api) -> None:
    sales = next(row for row in api.every("/ledger_accounts") if row["number"] == "706100")
    found = imported(api, invoice_lines=[LINE | {"ledger_account_id": sales["id"]}], label="Work, March")
    assert api.same(f"/customer_invoices/{found['id']}", found)
    (line,) = api.every(f"/customer_invoices/{found['id']}/invoice_lines")
    assert (line["quantity"], line["currency_amount_before_tax"], line["vat_rate"]) == ("2", "100.00", "FR_200")
    assert api.get(found["public_file_url"]).content == PDF
    assert api.events_of(found["id"]) == ["insert"]
    entry = checked(api, f"/ledger_entries/{found['ledger_entry']['id']}", "/ledger_entries/{id}")
    assert [
        (each["ledger_account"]["number"][:3], each["debit"], each["credit"]) for each in entry["ledger_entry_lines"]
    ] == [
        ("411", "120.00", "0.00"),
        ("706", "0.00", "100.00"),
        ("445", "0.00", "20.00"),
    ]
    assert entry["ledger_entry_lines"][1]["ledger_account"]["id"] == sales["id"]
    template = "/ledger_entries/{ledger_entry_id}/ledger_entry_lines"
    lines = checked(api, f"/ledger_entries/{entry['id']}/ledger_entry_lines", template, sort="id")["items"]
    assert [each["debit"] for each in lines] == ["120.00", "0.00", "0.00"]


def test_every_entry_balances_and_has_its_shape(api: Api) -> None:
    imported(api, currency="USD")
    page = checked(api, "/ledger_entries", "/ledger_entries", limit=100)
    assert page["has_more"]
    for row in page["items"]:
        lines = checked(api, f"/ledger_entries/{row['id']}", "/ledger_entries/{id}")["ledger_entry_lines"]
        debit, credit_ = (sum(Decimal(each[side]) for each in lines) for side in ("debit", "credit"))
        assert debit == credit_
    drafts = {row["id"] for row in api.every("/customer_invoices", limit=100) if row["draft"]}
    assert drafts
    assert not {700_000_000 + id for id in drafts} & {row["id"] for row in api.every("/ledger_entries", limit=100)}


def test_an_import_of_a_negative_total_is_a_credit_note_that_can_be_linked_once(api: Api) -> None:
    invoice, note = imported(api), credit(api)
    assert api.found("/customer_invoices", filter=[("credit_note", "eq", True), ("id", "eq", note["id"])])["items"]
    path, template = f"/customer_invoices/{invoice['id']}/link_credit_note", "/customer_invoices/{id}/link_credit_note"
    status, linked = sent(api, "POST", path, {"credit_note_id": note["id"]}, template)
    assert (status, linked["id"], linked["credited_invoice"]["id"]) == (200, note["id"], invoice["id"])
    assert api.found(f"/customer_invoices/{invoice['id']}")["status"] == "cancelled"
    assert sent(api, "POST", path, {"credit_note_id": note["id"]}, template)[0] == 422
    assert sent(api, "POST", path, {"credit_note_id": invoice["id"]}, template)[0] == 422
    assert sent(api, "POST", path, {"credit_note_id": 1}, template)[0] == 404


def test_a_used_reference_of_a_document_conflicts_and_makes_nothing(api: Api) -> None:
    imported(api)
    before = len(api.every("/customer_invoices", limit=100))
    assert sent(api, "POST", "/customer_invoices/import", document(api))[0] == 409
    assert len(api.every("/customer_invoices", limit=100)) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"credited_invoice_id": 1}, "NotExistPropertyDefinition"),
        ({"currency_amount": 120.0}, "ValidateError"),
        ({"currency_amount": "120,00"}, "InvalidPattern"),
        ({"currency_amount": ""}, "LessThanMinLength"),
        ({"currency_amount": "1e2"}, "InvalidPattern"),
        ({"date": "2026-02-30"}, "InvalidDateFormat"),
        ({"date": None}, "NotNullError"),
        ({"currency": "XXX"}, "NotEnumInclude"),
        ({"customer_id": "1"}, "ValidateError"),
        ({"customer_id": True}, "ValidateError"),
        ({"invoice_lines": []}, "LessThanMinItems"),
        ({"invoice_lines": {}}, "ValidateError"),
        ({"label": "x" * 2001}, "MoreThanMaxLength"),
        ({"invoice_lines": [LINE | {"vat_rate": "FR_0"}]}, "NotEnumInclude"),
        ({"invoice_lines": [LINE | {"vat_rate": "fr_200"}]}, "NotEnumInclude"),
        ({"invoice_lines": [LINE | {"quantity": "2"}]}, "ValidateError"),
        ({"invoice_lines": [LINE | {"currency_amount_before_tax": "1"}]}, "NotExistPropertyDefinition"),
        ({"invoice_lines": [{k: v for k, v in LINE.items() if k != "unit"}]}, "NotExistRequiredKey"),
        ({"invoice_lines": [LINE | {"imputation_dates": {"start_date": "2026-01-01"}}]}, "NotExistRequiredKey"),
    ],
)
def test_a_body_outside_the_contract_is_refused_with_its_code(api: Api, change: dict[str, Any], code: str) -> None:
    status, found = sent(api, "POST", "/customer_invoices/import", document(api, **change))
    assert (status, found["code"]) == (400, code), found


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"customer_id": 1}, "Customer"),
        ({"file_attachment_id": 1}, "File"),
        ({"currency_tax": "19.00"}, "add up"),
        ({"currency_amount": "120.02", "currency_tax": "20.02"}, "1 cent per line"),
        ({"invoice_lines": [LINE | {"ledger_account_id": 1}]}, "ledger account"),
        ({"invoice_lines": [LINE | {"raw_currency_unit_price": "50.1234567"}]}, "6 decimals"),
        ({"invoice_lines": [LINE | {"raw_currency_unit_price": "x"}]}, "6 decimals"),
        ({"invoice_lines": [LINE | {"discount": {"type": "absolute", "value": "1"}}]}, "discount"),
        ({"discount": {"type": "absolute", "value": "1"}}, "discount"),
        ({"convert_to_e_invoice": True, "invoice_number": "F 1"}, "35"),
        ({"invoice_lines": [LINE | {"product_id": 1}]}, "product"),
    ],
)
def test_a_body_the_product_does_not_take_is_refused(api: Api, change: dict[str, Any], word: str) -> None:
    status, found = sent(api, "POST", "/customer_invoices/import", document(api, **change))
    assert (status, word in found["error"]) == (422, True), found


def test_a_cent_for_each_line_is_taken(api: Api) -> None:
    assert imported(api, currency_amount="120.01", currency_tax="20.01")["currency_tax"] == "20.01"


def test_a_disabled_account_and_one_of_another_substance_are_refused(api: Api) -> None:
    accounts = {row["number"]: row for row in api.every("/ledger_accounts")}
    for number, more in (("530000", {}), ("706000", {"substance": "goods"})):
        line = LINE | {"ledger_account_id": accounts[number]["id"]} | more
        status, _ = sent(api, "POST", "/customer_invoices/import", document(api, invoice_lines=[line]))
        assert status == 422


def test_an_import_may_be_left_incomplete_or_without_reference(api: Api) -> None:
    body = document(api, import_as_incomplete=True)
    del body["external_reference"], body["currency"], body["invoice_number"]
    found = made(api, "/customer_invoices/import", body)
    assert (found["status"], found["currency"]) == ("incomplete", "EUR")
    assert found["external_reference"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(api: Api, content: bytes) -> None:
    answer = api.post(f"{API}/customer_invoices/import", content=content)
    assert answer.status_code == 400
    validator("/customer_invoices/import", "post", 400).validate(answer.json())


# --- changes of what was imported ------------------------------------------------------------------------------------

UPDATE = "/customer_invoices/{id}/update_imported"


def test_an_imported_document_takes_new_values_and_lines(api: Api) -> None:
    found = imported(api, invoice_lines=[LINE, LINE], currency_amount="240.00", currency_amount_before_tax="200.00",
                     currency_tax="40.00")  # fmt: skip
    first, second = api.every(f"/customer_invoices/{found['id']}/invoice_lines", sort="id")
    change = {
        "deadline": "2026-04-30",
        "currency_amount": "132.00",
        "currency_amount_before_tax": "110.00",
        "currency_tax": "22.00",
        "invoice_lines": {
            "delete": [{"id": first["id"]}],
            "update": [{"id": second["id"], "currency_amount": "12.00", "currency_tax": "2.00"}],
            "create": [LINE],
        },
    }
    path = f"/customer_invoices/{found['id']}/update_imported"
    status, changed = sent(api, "PUT", path, change, UPDATE)
    assert (status, changed["currency_amount"], changed["deadline"]) == (200, "132.00", "2026-04-30")
    lines = api.every(f"/customer_invoices/{found['id']}/invoice_lines", sort="id")
    assert [each["currency_amount"] for each in lines] == ["12.00", "120.00"]
    assert lines[0]["id"] == second["id"]
    assert api.events_of(found["id"]) == ["insert", "update"]
    gone = {"invoice_lines": {"delete": [{"id": first["id"]}]}}
    assert sent(api, "PUT", path, gone, UPDATE)[0] == 422


def test_a_change_that_does_not_add_up_or_names_others_things_is_refused(api: Api) -> None:
    found = imported(api)
    path = f"/customer_invoices/{found['id']}/update_imported"
    for change in ({"currency_amount": "130.00"}, {"customer_id": 1}, {"external_reference": _taken(api)}):
        assert sent(api, "PUT", path, change, UPDATE)[0] == 422
    assert api.same(f"/customer_invoices/{found['id']}", found)
    own = next(
        row for row in api.every("/customer_invoices", limit=100) if not row["draft"] and row["id"] != found["id"]
    )
    assert sent(api, "PUT", f"/customer_invoices/{own['id']}/update_imported", {}, UPDATE)[0] == 422
    assert sent(api, "PUT", "/customer_invoices/1/update_imported", {}, UPDATE)[0] == 404


def _taken(api: Api) -> str:
    return str(api.found("/customer_invoices", sort="id", limit=1)["items"][0]["external_reference"])


# --- who may write ---------------------------------------------------------------------------------------------------

WRITES = [
    (method.upper(), path)
    for path, operations in contract.document()["paths"].items()
    for method in operations
    if method != "get"
]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_token_that_may_only_read_is_refused_whatever_it_sends(api: Api, method: str, path: str) -> None:
    api.switch(scopes=[scope for scope in contract.all_scopes() if scope.endswith(":readonly")])
    answer = api.request(method, f"/pennylane{path.replace('{id}', '1')}", content=b"nonsense")
    assert answer.status_code == 403
    assert ":all" in answer.json()["error"]

"""Every answer of Harvest's stand-in has the shape the official document says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from duebridge.plugins.harvest.sandbox import contract
from duebridge.plugins.harvest.sandbox.router import ROUTES

from .conftest import Api

SCRIPT = Path(__file__).parents[2] / "scripts" / "reduce_contract.py"
PATHS = contract.document()["paths"]
#: The document forgets that pages in the middle of a list with cursors have no number (introduction > pagination).
NUMBERLESS = "page"


def json_schema(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it; members nobody listed are refused, where any are listed."""
    if isinstance(value, list):
        return [json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    schema = {key: json_schema(each) for key, each in value.items() if key not in ("nullable", "format")}
    if value.get("nullable") is True and "type" in value:
        schema["type"] = [value["type"], "null"]
    if isinstance(value.get("properties"), dict) and value.get("type") == "object":
        schema["additionalProperties"] = False
        if NUMBERLESS in value["properties"]:
            schema["properties"][NUMBERLESS]["type"] = ["integer", "null"]
    return schema


def validator(path: str, status: str = "200") -> jsonschema_rs.Validator:
    schema = PATHS[path]["get"]["responses"][status]["content"]["application/json"]["schema"]
    whole = json_schema({**schema, "components": {"schemas": contract.document()["components"]["schemas"]}})
    return jsonschema_rs.Draft202012Validator(whole)


def checked(api: Api, path: str, template: str, **query: Any) -> Any:
    """The JSON of `path`, which is shaped as its template's contract says."""
    found = api.found(path, **query)
    assert faults(template, found) == []
    return found


def faults(template: str, answer: Any) -> list[str]:
    return [f"{list(error.instance_path)}: {error.message}" for error in validator(template).iter_errors(answer)]


def test_every_operation_of_the_contract_is_served_and_no_other() -> None:
    assert {path for path, _ in ROUTES} == set(PATHS)
    assert all(list(operations) == ["get"] for operations in PATHS.values())


def test_the_owner_has_their_shape(api: Api) -> None:
    checked(api, "/users/me", "/users/me")


def test_the_company_has_its_shape_and_the_currency_that_real_ones_have_beyond_the_document(api: Api) -> None:
    found = api.found("/company")
    assert found.pop("currency") == "EUR"
    assert faults("/company", found) == []


@pytest.mark.parametrize(
    ("path", "key", "one"),
    [
        ("/clients", "clients", "/clients/{clientId}"),
        ("/contacts", "contacts", "/contacts/{contactId}"),
        ("/invoices", "invoices", "/invoices/{invoiceId}"),
        (
            "/invoice_item_categories",
            "invoice_item_categories",
            "/invoice_item_categories/{invoiceItemCategoryId}",
        ),
    ],
)
def test_every_row_of_a_list_has_its_shape_there_and_alone(api: Api, path: str, key: str, one: str) -> None:
    for size in (2000, 3):
        pages = api.pages(path, per_page=size)
        assert [fault for page in pages for fault in faults(path, page)] == []
    rows = [row for page in pages for row in page[key]]
    assert rows
    for row in rows[::5]:
        assert checked(api, f"{path}/{row['id']}", one) == row


def test_payments_have_their_shape(api: Api) -> None:
    found = [
        payment
        for row in api.found("/invoices", per_page=2000)["invoices"]
        for payment in checked(api, f"/invoices/{row['id']}/payments", "/invoices/{invoiceId}/payments")[
            "invoice_payments"
        ]
    ]
    assert found


def test_every_member_of_the_document_is_there(api: Api) -> None:
    for collection, path in (("clients", "/clients"), ("contacts", "/contacts"), ("invoices", "/invoices")):
        rows = api.found(path, per_page=2000)[collection]
        assert all(set(row) == set(contract.members(collection)) for row in rows)


def test_what_control_calls_made_has_its_shape(api: Api) -> None:
    client = api.make("clients")["id"]
    api.make("contacts", client_id=client)
    invoice = api.make("invoices", client_id=client, currency="JPY", line_items=[{"quantity": 2, "unit_price": 5}])[
        "id"
    ]
    api.make("payments", invoice_id=invoice, amount=3)
    api.make("invoice_item_categories")
    for path in ("/clients", "/contacts", "/invoices", "/invoice_item_categories"):
        checked(api, path, path, per_page=2000)
    checked(api, f"/invoices/{invoice}/payments", "/invoices/{invoiceId}/payments")


def test_a_member_of_our_own_is_found_by_this_check(api: Api) -> None:
    page = api.found("/clients")
    page["clients"][0]["vat_number"] = "FR1"
    assert faults("/clients", page) != []
    del page["clients"][0]["vat_number"], page["links"]["first"]
    assert faults("/clients", page) != []


def test_refusals_for_a_value_have_the_documents_shape(api: Api) -> None:
    status, body = api.refused("/clients", per_page=2001)
    assert status == 422
    validator("/clients", "default").validate(body)


# --- the script that reduces it -------------------------------------------------------------------------------------


def test_the_reduced_contract_holds_no_prose() -> None:
    text = json.dumps(PATHS) + json.dumps(contract.document()["components"]["schemas"])
    assert "externalDocs" not in text
    assert '"example"' not in text
    assert "e.g." not in text


def test_a_document_in_yaml_is_reduced_with_its_references(tmp_path: Path) -> None:
    answer = {
        "200": {"description": "Fine", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    }
    paths = {path: {"get": {"summary": "Gets", "responses": answer}} for path in PATHS}
    schemas = {
        "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"type": "string", "description": "words", "nullable": True},
    }
    official = {"openapi": "3.0.1", "paths": paths, "components": {"schemas": schemas, "securitySchemes": {}}}
    source, target = tmp_path / "spec.yaml", tmp_path / "out.json"
    source.write_text("# YAML\n" + json.dumps(official))
    subprocess.run([sys.executable, SCRIPT, source, target], check=True)  # noqa: S603 - our own script
    reduced = json.loads(target.read_text())["paths"]["/company"]["get"]
    assert reduced["responses"]["200"]["content"]["application/json"]["schema"] == {
        "type": "object",
        "properties": {"b": {"type": "string", "nullable": True}},
    }

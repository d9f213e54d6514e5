"""Every answer of Pennylane's stand-in has the shape the official document says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from duebridge.plugins.pennylane.sandbox import contract
from duebridge.plugins.pennylane.sandbox.router import ROUTES

SCRIPT = Path(__file__).parents[2] / "scripts" / "reduce_contract.py"
PATHS = contract.document()["paths"]


def json_schema(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it; formats, references and the rest mean the same in both."""
    if isinstance(value, list):
        return [json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    schema = {key: json_schema(each) for key, each in value.items() if key != "nullable"}
    if value.get("nullable") is True:
        schema["type"] = [value["type"], "null"]
        if "enum" in value and None not in value["enum"]:
            schema["enum"] = [*value["enum"], None]
    return schema


def validator(path: str, method: str, status: int) -> jsonschema_rs.Validator:
    schema = PATHS[contract.PREFIX + path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
    whole = json_schema({**schema, "components": {"schemas": contract.document()["components"]["schemas"]}})
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def checked(api, path, template, **query):
    """The JSON of `path`, which is shaped as its template's contract says."""
    found = api.found(path, **query)
    errors = [
        f"{list(error.instance_path)}: {error.message}" for error in validator(template, "get", 200).iter_errors(found)
    ]
    assert errors == []
    return found


def everything(api, path, template, **query):
    """All items of a list, each page checked."""
    page = checked(api, path, template, **query)
    items = page["items"]
    while page["has_more"]:
        page = checked(api, path, template, **query, cursor=page["next_cursor"])
        items = items + page["items"]
    return items


def test_every_operation_of_the_contract_is_served_and_no_other():
    served = {(method, contract.PREFIX + path) for method, path, _ in ROUTES}
    assert served == {(method, path) for path, operations in PATHS.items() for method in operations}


def test_the_company_has_its_shape(api):
    checked(api, "/me", "/me")


@pytest.mark.parametrize(
    "collection", ["customers", "customer_invoices", "products", "billing_subscriptions", "ledger_accounts"]
)
def test_every_row_of_a_list_has_its_shape_there_and_alone(api, collection):
    rows = everything(api, f"/{collection}", f"/{collection}", limit=100)
    assert rows
    for row in rows[::5]:
        checked(api, f"/{collection}/{row['id']}", f"/{collection}/{{id}}")
        assert api.same(f"/{collection}/{row['id']}", row)


def test_included_lines_have_their_shape(api):
    everything(api, "/customer_invoices", "/customer_invoices", limit=100, include="invoice_lines")


@pytest.mark.parametrize("part", ["invoice_lines", "payments", "matched_transactions"])
def test_what_belongs_to_an_invoice_has_its_shape(api, part):
    found = [
        item
        for row in api.every("/customer_invoices", limit=100)
        for item in everything(
            api, f"/customer_invoices/{row['id']}/{part}", f"/customer_invoices/{{customer_invoice_id}}/{part}"
        )
    ]
    assert found


def test_contacts_and_the_lines_of_subscriptions_have_their_shape(api):
    for row in api.every("/customers", limit=100):
        everything(api, f"/customers/{row['id']}/contacts", "/customers/{customer_id}/contacts")
    for row in api.every("/billing_subscriptions"):
        template = "/billing_subscriptions/{billing_subscription_id}/invoice_lines"
        assert everything(api, f"/billing_subscriptions/{row['id']}/invoice_lines", template)


@pytest.mark.parametrize("feed", ["customers", "customer_invoices", "products"])
def test_changes_have_their_shape(api, feed):
    api.make(feed)
    assert everything(api, f"/changelogs/{feed}", f"/changelogs/{feed}", limit=1000)


def test_what_control_calls_made_has_its_shape(api):
    customer = api.make("customers", customer_type="individual", last_name="Roux")["id"]
    api.make("contacts", customer_id=customer)
    id = api.make("customer_invoices", customer={"id": customer}, currency="JPY", invoice_lines=[{"label": "A"}])["id"]
    api.make("payments", customer_invoice_id=id)
    api.make("matched_transactions", customer_invoice_id=id)
    api.make("customer_invoices", credited_invoice={"id": id})
    for name in ("products", "ledger_accounts", "billing_subscriptions"):
        api.make(name)
        everything(api, f"/{name}", f"/{name}", limit=100)
    everything(api, "/customers", "/customers", limit=100)
    everything(api, "/customer_invoices", "/customer_invoices", limit=100, include="invoice_lines")
    for part in ("payments", "matched_transactions"):
        everything(api, f"/customer_invoices/{id}/{part}", f"/customer_invoices/{{customer_invoice_id}}/{part}")


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/customers?limit=0", "/customers", 400),
        ("/customers?filter=x", "/customers", 400),
        ("/customers?filters=x", "/customers", 400),
        ("/customers?cursor=x", "/customers", 400),
        ("/customers?sort=x", "/customers", 400),
        ("/customers/x", "/customers/{id}", 400),
        ("/customers/1", "/customers/{id}", 404),
        ("/changelogs/customers?start_date=2001-01-01T00:00:00Z", "/changelogs/customers", 422),
        ("/changelogs/customers?start_date=soon", "/changelogs/customers", 400),
    ],
)
def test_refusals_have_their_shape(api, path, template, status):
    answer = api.get(f"/pennylane{contract.PREFIX}{path}")
    assert answer.status_code == status
    validator(template, "get", status).validate(answer.json())


@pytest.mark.parametrize(("switch", "status"), [({"token_valid": False}, 401), ({"scopes": []}, 403)])
def test_access_refusals_have_their_shape(api, switch, status):
    api.switch(**switch)
    answer = api.get(f"/pennylane{contract.PREFIX}/customers")
    assert answer.status_code == status
    validator("/customers", "get", status).validate(answer.json())


def test_a_word_of_our_own_is_found_by_this_check(api):
    api.make("customer_invoices", status="mystery_status")
    assert not validator("/customer_invoices", "get", 200).is_valid(api.found("/customer_invoices", limit=1))


# --- the script that reduces it ------------------------------------------------------------------------------------


def test_the_reduced_contract_holds_no_prose():
    def prose(value, named=False):
        if isinstance(value, dict):
            for key, each in value.items():
                if not named and key in ("summary", "title", "example", "examples"):
                    yield key
                if not named and key == "description" and each:
                    yield each
                yield from prose(each, named=not named and key in ("properties", "schemas", "responses"))
        elif isinstance(value, list):
            for each in value:
                yield from prose(each)

    assert list(prose({key: each for key, each in contract.document().items() if key != "info"})) == []


def test_reducing_a_document_keeps_facts_and_drops_prose(tmp_path):
    filters = "Choose.\nAvailable fields and values:\n- `id`, `day`: `lt`, `eq`\n- `draft`: `eq` (boolean)\n"
    sort = "By `-id`.\nAvailable fields : `id`, `day`\n"
    item = {"type": "object", "title": "Row", "properties": {"description": {"type": "string", "example": "x"}}}
    operation = {
        "summary": "Lists",
        "security": [{"oauth2": ["a:all"]}],
        "parameters": [
            {"name": "filter", "in": "query", "description": filters, "schema": {"type": "string", "example": "[]"}},
            {"name": "sort", "in": "query", "description": sort, "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "Fine", "content": {"application/json": {"schema": item}}}},
    }
    paths = {path: dict.fromkeys(operations, operation) for path, operations in PATHS.items()}
    official = {"openapi": "3.0.1", "paths": paths, "components": {"schemas": {}, "securitySchemes": {}}}
    source, target = tmp_path / "spec.json", tmp_path / "out.json"
    source.write_text(json.dumps(official))
    subprocess.run([sys.executable, SCRIPT, source, target], check=True)  # noqa: S603 - our own script
    reduced = json.loads(target.read_text())["paths"][f"{contract.PREFIX}/customers"]["get"]
    assert reduced["parameters"][0]["x-filters"] == {"id": ["lt", "eq"], "day": ["lt", "eq"], "draft": ["eq"]}
    assert reduced["parameters"][1]["x-sort"] == ["id", "day"]
    assert reduced["responses"]["200"]["content"]["application/json"]["schema"] == {
        "type": "object",
        "properties": {"description": {"type": "string"}},
    }


def test_the_script_says_how_it_is_called():
    answer = subprocess.run([sys.executable, SCRIPT], check=False, capture_output=True, text=True)  # noqa: S603
    assert answer.returncode == 2
    assert "SPEC OUT" in answer.stderr

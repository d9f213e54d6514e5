"""Which facts of Pennylane's OpenAPI document does the stand-in need? Prints them alone: `reduce_contract.py SPEC OUT`.

Kept: paths, parameters, schemas, enums, limits, scopes. Left out: descriptions, summaries, titles, examples, and every
endpoint the stand-in does not serve. What a list accepts as filters, sorts and includes stands only in prose there; it
becomes `x-filters` {field: [operators]}, `x-sort` and `x-include` beside the parameter. Schemas that occur again
are written once, below `components`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

Json = Any

PREFIX = "/api/external/v2"
SERVED = {
    "get": """
        /me
        /customers /customers/{id} /customers/{customer_id}/contacts
        /customer_invoices /customer_invoices/{id} /customer_invoices/{customer_invoice_id}/invoice_lines
        /customer_invoices/{customer_invoice_id}/payments /customer_invoices/{customer_invoice_id}/matched_transactions
        /changelogs/customers /changelogs/customer_invoices /changelogs/products
        /ledger_accounts /ledger_accounts/{id}
        /products /products/{id}
        /billing_subscriptions /billing_subscriptions/{id}
        /billing_subscriptions/{billing_subscription_id}/invoice_lines
        /company_customers/{id} /individual_customers/{id}
        /ledger_entries /ledger_entries/{id} /ledger_entries/{ledger_entry_id}/ledger_entry_lines
    """.split(),
    "post": """
        /file_attachments
        /company_customers /individual_customers
        /customer_invoices/import /customer_invoices/{id}/link_credit_note
    """.split(),
    "put": """
        /company_customers/{id} /individual_customers/{id}
        /customer_invoices/{id}/mark_as_paid /customer_invoices/{id}/update_imported
    """.split(),
}
PROSE = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "tags", "deprecated"})
#: Maps from names the document chooses: a property may well be called `description`.
NAMED = frozenset({"properties", "patternProperties", "responses", "schemas", "content", "headers"})
#: A schema shorter than this is clearer repeated than named.
WORTH_NAMING = 160


def reduce(document: Json) -> Json:
    """The reduced document, itself an OpenAPI 3.0 document."""
    paths: Json = {}
    for method, names in SERVED.items():
        for name in names:
            paths.setdefault(PREFIX + name, {})[method] = _operation(document["paths"][PREFIX + name][method])
    named = {_text(_plain(schema)): name for name, schema in document["components"]["schemas"].items()}
    components = _share(paths, named)
    return {
        "openapi": document["openapi"],
        "info": {"title": "The part of Pennylane's company API the stand-in serves", "version": "2"},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _plain(document["components"]["securitySchemes"])},
    }


def _operation(operation: Json) -> Json:
    reduced = {key: _plain(value) for key, value in operation.items() if key in ("operationId", "security")}
    reduced["parameters"] = [_parameter(each) for each in operation.get("parameters", [])]
    if "requestBody" in operation:
        reduced["requestBody"] = _plain(operation["requestBody"])
    reduced["responses"] = {
        status: {"description": "", **_plain(response)} for status, response in operation["responses"].items()
    }
    return reduced


def _parameter(parameter: Json) -> Json:
    """The parameter without prose, with the words its prose allows."""
    prose = parameter.get("description", "")
    reduced = _plain(parameter)
    if parameter["name"] == "filter":
        reduced["x-filters"] = _filters(prose)
    elif parameter["name"] in ("sort", "include"):
        _, _, words = prose.partition("Available ")
        reduced[f"x-{parameter['name']}"] = re.findall(r"`(\w+)`", words)
    return reduced


def _filters(prose: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in prose.splitlines():
        if line.startswith("- "):
            fields, _, operators = line.partition(":")
            for field in re.findall(r"`(\w+)`", fields):
                found[field] = re.findall(r"`(\w+)`", operators)
    if not found and "Available operators" in prose:
        fields, _, operators = prose.partition("Available operators")
        found = dict.fromkeys(re.findall(r"`(\w+)`", fields), re.findall(r"`(\w+)`", operators))
    return found


def _plain(value: Json, *, named: bool = False) -> Json:
    """`value` without prose; the keys of `named` maps are names, not OpenAPI's words."""
    if isinstance(value, dict):
        return {
            key: _plain(each, named=not named and key in NAMED)
            for key, each in value.items()
            if named or (key not in PROSE and not key.startswith("x-"))
        }
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _text(schema: Json) -> str:
    return json.dumps(schema, sort_keys=True)


def _share(paths: Json, known: dict[str, str]) -> Json:
    """Replace in `paths` every schema that occurs again by a reference; return the schemas by name."""
    counts: Counter[str] = Counter()
    _count(paths, counts)
    names: dict[str, str] = {}
    for text, count in counts.items():
        if count > 1 and len(text) >= WORTH_NAMING:
            names[text] = re.sub(r"\W+", "", known.get(text, f"Shared{len(names) + 1}"))
    shared = {name: _referring(json.loads(text), names, whole=text) for text, name in names.items()}
    for path, operations in paths.items():
        paths[path] = _referring(operations, names)
    return dict(sorted(shared.items()))


def _is_schema(value: Json) -> bool:
    return isinstance(value, dict) and ("type" in value or bool({"oneOf", "anyOf", "allOf"} & set(value)))


def _count(value: Json, counts: Counter[str]) -> None:
    """Count whole schemas; the parts of one already seen are not occurrences of their own."""
    if _is_schema(value):
        text = _text(value)
        counts[text] += 1
        if counts[text] > 1:
            return
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _count(each, counts)


def _referring(value: Json, names: dict[str, str], *, whole: str = "") -> Json:
    if _is_schema(value) and (text := _text(value)) in names and text != whole:
        return {"$ref": f"#/components/schemas/{names[text]}"}
    if isinstance(value, dict):
        return {key: _referring(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_referring(each, names) for each in value]
    return value


def main(arguments: list[str]) -> int:
    """Read the first argument, write the second."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    target.write_text(json.dumps(reduce(json.loads(source.read_text())), indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

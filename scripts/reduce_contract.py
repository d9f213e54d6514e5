"""Which facts of a product's OpenAPI document does its stand-in need? Prints them alone: `reduce_contract.py SPEC OUT`.

Kept: paths, parameters, schemas, enums, limits, scopes. Left out: descriptions, summaries, titles, examples, and every
endpoint the stand-in does not serve. What a list of Pennylane's accepts as filters, sorts and includes stands only in
prose there; it becomes `x-filters` {field: [operators]}, `x-sort` and `x-include` beside the parameter. Schemas that
occur again are written once, below `components`. Harvest's document is YAML, Pennylane's JSON.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Json = Any


@dataclass(frozen=True)
class Contract:
    """What a stand-in serves of a product's document: paths by method, without the `prefix` they have there."""

    title: str
    version: str
    prefix: str
    served: dict[str, list[str]]


PENNYLANE = {
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
    """.split(),
    "put": ["/customer_invoices/{id}/mark_as_paid"],
}
HARVEST = {
    "get": """
        /company /users/me
        /clients /clients/{clientId} /contacts /contacts/{contactId}
        /invoices /invoices/{invoiceId} /invoices/{invoiceId}/payments
        /invoice_item_categories /invoice_item_categories/{invoiceItemCategoryId}
    """.split(),
}
CONTRACTS = (
    Contract("The part of Pennylane's company API the stand-in serves", "2", "/api/external/v2", PENNYLANE),
    Contract("The part of Harvest's API the stand-in serves", "2", "", HARVEST),
)
PROSE = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "tags", "deprecated"})
#: Maps from names the document chooses: a property may well be called `description`.
NAMED = frozenset({"properties", "patternProperties", "responses", "schemas", "content", "headers"})
#: A schema shorter than this is clearer repeated than named.
WORTH_NAMING = 160


def reduce(document: Json) -> Json:
    """The reduced document, itself an OpenAPI 3.0 document."""
    contract = next(each for each in CONTRACTS if _has_all(document["paths"], each))
    schemas = document["components"]["schemas"]
    paths: Json = {}
    for method, names in contract.served.items():
        for name in names:
            operation = _inlined(document["paths"][contract.prefix + name][method], schemas)
            paths.setdefault(contract.prefix + name, {})[method] = _operation(operation)
    named = {_text(_plain(_inlined(schema, schemas))): name for name, schema in schemas.items()}
    components = _share(paths, named)
    return {
        "openapi": document["openapi"],
        "info": {"title": contract.title, "version": contract.version},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _plain(document["components"]["securitySchemes"])},
    }


def _has_all(paths: Json, contract: Contract) -> bool:
    return all(contract.prefix + name in paths for names in contract.served.values() for name in names)


def _inlined(value: Json, schemas: Json) -> Json:
    """`value` with every reference to a schema replaced by the schema; none of them refers back to itself."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            return _inlined(schemas[reference.rpartition("/")[2]], schemas)
        return {key: _inlined(each, schemas) for key, each in value.items()}
    return [_inlined(each, schemas) for each in value] if isinstance(value, list) else value


def _operation(operation: Json) -> Json:
    reduced = {key: _plain(value) for key, value in operation.items() if key in ("operationId", "security")}
    reduced["parameters"] = [_parameter(each) for each in operation.get("parameters", [])]
    reduced["responses"] = {
        str(status): {"description": "", **_plain(response)} for status, response in operation["responses"].items()
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
    # JSON is YAML, but reading it as JSON is a hundred times as quick
    text = source.read_text()
    document = json.loads(text) if text.lstrip().startswith("{") else YAML(typ="safe").load(text)
    target.write_text(json.dumps(reduce(document), indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

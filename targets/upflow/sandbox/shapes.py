"""Which fields does each Upflow body have? Required ones as the schema in use by the Odoo module has them."""

from __future__ import annotations

from duebridge.targets.upflow.sandbox.checks import (
    Shape,
    amount,
    currency,
    email,
    filled,
    flag,
    list_of,
    moment,
    nullable,
    one_of,
    positive,
    reference,
    text,
    whole,
)

clearable = nullable(text)

_KEYS = {"id": filled, "externalId": filled}

ADDRESS = Shape(dict.fromkeys(("address", "zipcode", "city", "state", "country"), clearable))

_METHOD = Shape({"enabled": flag}, required=("enabled",))
_BANK_ACCOUNT = Shape({"id": filled}, required=("id",))
_WIRE = Shape(
    {"enabled": flag, "bankAccount": _BANK_ACCOUNT, "bankAccounts": list_of(_BANK_ACCOUNT)}, required=("enabled",)
)
PAYMENT_METHODS = Shape(
    dict.fromkeys(("card", "check", "achDebit", "sepaDebit", "goCardless"), _METHOD) | {"wireTransfer": _WIRE}
)

CONTACT = Shape(
    {
        **_KEYS,
        "email": email,
        "firstName": clearable,
        "lastName": clearable,
        "phone": clearable,
        "position": one_of("ACCOUNTING", "SALES", "PAYER", "PURCHASER"),
        "isMain": flag,
    },
    required=("email",),
)

CUSTOMER = Shape(
    {
        **_KEYS,
        "name": filled,
        "vatNumber": clearable,
        "accountingRef": clearable,
        "accountManagerId": filled,
        "dunningPlanId": filled,
        "address": nullable(ADDRESS),
        "parent": nullable(reference),
        "paymentMethods": PAYMENT_METHODS,
        "customFields": list_of(Shape({"id": filled, "value": clearable}, required=("id", "value"))),
        "contacts": list_of(CONTACT),
    },
    required=("name",),
)

_INVOICE_FIELDS = {
    **_KEYS,
    "customId": filled,
    "issuedAt": moment,
    "dueDate": moment,
    "currency": currency,
    "grossAmount": amount,
    "netAmount": whole,
    "customer": reference,
    "name": clearable,
}
INVOICE = Shape(
    _INVOICE_FIELDS,
    required=("customId", "issuedAt", "dueDate", "currency", "grossAmount", "netAmount", "customer"),
)
CREDIT_NOTE = Shape(_INVOICE_FIELDS, required=("customId", "currency", "grossAmount", "netAmount"))

_MONEY_FIELDS = {
    **_KEYS,
    "currency": currency,
    "amount": positive,
    "validatedAt": moment,
    "customer": reference,
    "instrument": one_of("WIRE_TRANSFER", "DIRECT_DEBIT", "CARD", "CASH", "CHECK", "UNKNOWN"),
}
PAYMENT = Shape(_MONEY_FIELDS | {"bankAccountId": filled}, required=("currency", "amount", "validatedAt"))
REFUND = Shape(_MONEY_FIELDS, required=("currency", "amount", "validatedAt"))

_LINKED_MONEY = Shape({**_KEYS, "amountLinked": positive}, required=("amountLinked",))
_LINKED_DOCUMENT = Shape({**_KEYS, "customId": filled, "amountLinked": positive}, required=("amountLinked",))
RECONCILE = Shape(
    {
        "externalId": filled,
        "invoices": list_of(_LINKED_DOCUMENT),
        "creditNotes": list_of(_LINKED_DOCUMENT),
        "payments": list_of(_LINKED_MONEY),
        "refunds": list_of(_LINKED_MONEY),
    },
    required=("externalId",),
)

CUSTOM_FIELD = Shape(
    {**_KEYS, "name": filled, "type": one_of("TEXT", "SELECT")},
    required=("name", "type"),
)

PDF = Shape({"data": text}, required=("data",))

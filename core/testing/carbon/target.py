"""What does Carbon take, in which order, and how is each write made?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from duebridge.core.api import (
    Account,
    Ack,
    Balance,
    BalanceReader,
    CreditNote,
    Customer,
    Delivery,
    Family,
    Invoice,
    Json,
    Part,
    Record,
    RecordError,
    RecordTarget,
    Rules,
    RunError,
    Schedule,
    Services,
    Settings,
    UnknownOutcome,
    Write,
    exponent,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.core.testing.carbon.client import CarbonClient
from duebridge.core.testing.carbon.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.core.testing.carbon.rules import CREDIT_NOTES, CUSTOMERS, INVOICES
from duebridge.core.testing.carbon.settings import CarbonSettings
from duebridge.core.testing.carbon.settlements import parts

_COLLECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "customers",
        "invoice": "invoices",
        "credit_note": "credit_notes",
        "payment": "payments",
        "allocation": "allocations",
    }
)


class CarbonTarget(RecordTarget, BalanceReader):
    """Carbon: customers, invoices, credit notes, and what settles them. Every POST makes another object.

    So creates are `create_once`: after a lost answer the engine asks `find` before it sends one again. Changes and
    removals go by Carbon's own id and may be repeated. Allocations can't be changed, only removed and made again.
    """

    name: ClassVar[str] = "carbon"
    title: ClassVar[str] = "Carbon"
    settings: ClassVar[type[Settings]] = CarbonSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {Customer: CUSTOMERS, Invoice: INVOICES, CreditNote: CREDIT_NOTES}
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {Customer: CUSTOMER, Invoice: INVOICE, CreditNote: CREDIT_NOTE}
    )
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {
            Customer: Write("create_once", phase=10),
            Invoice: Write("create_once", phase=20),
            CreditNote: Write("create_once", phase=20),
            "payment": Write("create_once", phase=30),
            "allocation": Write("create_once", phase=40, release=True),
        }
    )
    schedule: ClassVar[Schedule] = Schedule(every="10m")
    parallel: ClassVar[int] = 4

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (a `CarbonSettings`) and `services`; no request is made."""
        super().__init__(settings, services)
        self._client = CarbonClient(settings, services)

    def check(self) -> Account:
        """Return the company of the token, or raise `AuthError`."""
        company = self._client.company()
        if not (isinstance(company, dict) and company.get("id")):
            raise RunError("Carbon, GET /v1/company: the answer names no company; check base_url")
        return Account(str(company["id"]), str(company.get("name", "")))

    def parts(self, family: Family, source: str) -> Iterable[Part]:
        """Return the allocations of credit notes, and the payment of an invoice that must read paid; pure."""
        return parts(family, source)

    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` when refused, `UnknownOutcome` when the answer was lost."""
        collection = _COLLECTIONS[delivery.write]
        body = delivery.payload or {}
        if delivery.operation == "create":
            return Ack(self._client.create(collection, body))
        if delivery.target_id is None:
            raise RecordError(f"{delivery.reference}: Carbon's id of it is not known; run `duebridge sync --full`")
        if delivery.operation == "update":
            self._client.replace(collection, delivery.target_id, body)
            return Ack(delivery.target_id)
        self._client.delete(collection, delivery.target_id)
        return Ack()

    def find(self, delivery: Delivery) -> Ack | None:
        """Return the object of the delivery's reference. Raises `UnknownOutcome` when there are several."""
        collection, reference = _COLLECTIONS[delivery.write], delivery.reference
        found = self._client.found(collection, reference)
        if len(found) > 1:
            ids = ", ".join(str(item["id"]) for item in found)
            raise UnknownOutcome(
                f"Carbon has {len(found)} {collection} with the reference {reference} ({ids}); "
                "remove all but one of them at Carbon, the next run takes the one that stays"
            )
        return Ack(str(found[0]["id"])) if found else None

    def balances(self) -> Iterator[Balance]:
        """Yield what is outstanding on every document of the company."""
        for kind, sign in (("invoice", 1), ("credit_note", -1)):
            for item in self._client.all(_COLLECTIONS[kind]):
                yield _balance(kind, sign, item)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class LaggingCarbonTarget(CarbonTarget):
    """Carbon, where a search may not show what was made in the last minute."""

    name: ClassVar[str] = "carbon-lagging"
    title: ClassVar[str] = "Carbon, search lagging"
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {name: replace(write, settles_after=60.0) for name, write in CarbonTarget.writes.items()}
    )


def _balance(kind: str, sign: int, item: Mapping[str, Json]) -> Balance:
    try:
        currency, outstanding = str(item["currency"]), Decimal(int(item["outstanding"]))
    except (KeyError, TypeError, ValueError):
        raise RunError(f"Carbon: {kind} {item['id']} does not tell what is outstanding; nothing is compared") from None
    amount = (sign * outstanding).scaleb(-exponent(currency))
    return Balance(str(item.get("reference", "")), kind, currency, amount, str(item.get("customer_reference", "")))

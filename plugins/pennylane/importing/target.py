"""What does Pennylane take into a company's books, in which order, and how is each write made?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from duebridge.core.api import (
    Account,
    Ack,
    Balance,
    BalanceReader,
    ConfigError,
    CreditNote,
    Customer,
    Delivery,
    Family,
    Invoice,
    Part,
    Record,
    RecordError,
    RecordTarget,
    Rules,
    Schedule,
    Services,
    Settings,
    Write,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.plugins.pennylane.identity import company_of
from duebridge.plugins.pennylane.importing.balances import balances
from duebridge.plugins.pennylane.importing.client import ImportClient
from duebridge.plugins.pennylane.importing.customers import Customers
from duebridge.plugins.pennylane.importing.documents import Documents
from duebridge.plugins.pennylane.importing.links import WRITE, Links, links
from duebridge.plugins.pennylane.importing.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.plugins.pennylane.importing.references import reference_of
from duebridge.plugins.pennylane.importing.rules import CREDIT_NOTES, CUSTOMERS, INVOICES
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings

_SCOPES = ("customers:all", "customer_invoices:all", "file_attachments:all")
_ACCOUNTS = "ledger_accounts:readonly"
#: Seconds; nothing is published, and waiting a minute with a lost import costs less than making it twice.
SEARCH_LAG = 60.0


class PennylaneTarget(RecordTarget, BalanceReader):
    """Pennylane: customers with their first document, invoices and credit notes with their files, credit notes' links.

    Nothing imported can be deleted, and no request may be repeated blindly: creates are `create_once`, found again by
    our `external_reference`. Source: Pennylane's page on its Harvest integration; readme:/docs/customer-invoicing.
    """

    name: ClassVar[str] = "pennylane"
    title: ClassVar[str] = "Pennylane"
    settings: ClassVar[type[Settings]] = PennylaneTargetSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {Customer: CUSTOMERS, Invoice: INVOICES, CreditNote: CREDIT_NOTES}
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {Customer: CUSTOMER, Invoice: INVOICE, CreditNote: CREDIT_NOTE}
    )
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {
            Customer: Write("create_once", phase=10, when_needed=True, settles_after=SEARCH_LAG),
            Invoice: Write("create_once", phase=20, settles_after=SEARCH_LAG),
            CreditNote: Write("create_once", phase=20, settles_after=SEARCH_LAG),
            WRITE: Write("create_once", phase=40),
        }
    )
    schedule: ClassVar[Schedule] = Schedule(every="1h")
    from_start: ClassVar[bool] = True
    parallel: ClassVar[int] = 4

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (a `PennylaneTargetSettings`) and `services`; no request is made."""
        super().__init__(settings, services)
        self._client = ImportClient(settings, services)
        self._customers = Customers(self._client, settings)
        self._documents = Documents(self._client, settings)
        self._links = Links(self._client)

    @classmethod
    def origin(cls, connector: str, account: str) -> str:
        """Return `{connector}-{account}`: several companies of one product may be imported into this one."""
        return f"{connector}-{account}"

    def admit(self, connector: str) -> None:
        """Refuse another Pennylane company, unless `allow_same_product` says that it is meant."""
        if connector == self.name and not self.options.allow_same_product:
            raise ConfigError(
                "source and target are both Pennylane: its documents would be imported into another company's books; "
                "if that is meant, set `allow_same_product: true` in the target's block"
            )

    def reference(self, source: str, record: Record) -> str:
        """Return our `external_reference`: `{source}-client-{id}`, `{source}-invoice-{id}`."""
        return reference_of(source, record)

    def check(self) -> Account:
        """Return the token's company. Raises `AuthError`, also when the token may not write what is imported."""
        return company_of(self._client.reading, (*_SCOPES, *((_ACCOUNTS,) if self.options.ledger_accounts else ())))

    def parts(self, family: Family, source: str) -> Iterable[Part]:
        """Return the links of credit notes to the invoice the source links them to; pure."""
        return links(family, source)

    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` or `Withheld`, `UnknownOutcome` when an answer was lost."""
        if delivery.operation in ("delete", "release"):
            raise RecordError(
                "Pennylane offers no way to delete what was imported, so it stays in the books; correct it there by "
                "hand (`on_delete: delete` has no effect)"
            )
        if delivery.write == WRITE:
            return self._links.add(delivery)
        kept = self._customers if delivery.kind == Customer.kind else self._documents
        return kept.add(delivery) if delivery.operation == "create" else kept.change(delivery)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for what an earlier attempt may have made, by our reference."""
        if delivery.write == WRITE:
            return self._links.find(delivery)
        return self._customers.find(delivery) if delivery.kind == Customer.kind else self._documents.find(delivery)

    def balances(self) -> Iterator[Balance]:
        """Yield what is outstanding on every finalised document of the company."""
        return balances(self._client)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

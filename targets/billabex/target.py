"""What does Billabex take, in which order, and how is each write made?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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
    Document,
    Family,
    Invoice,
    Json,
    NotFound,
    Part,
    Record,
    RecordTarget,
    Rules,
    RunError,
    Schedule,
    Services,
    Settings,
    Target,
    Write,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.targets.billabex.accounts import Accounts
from duebridge.targets.billabex.allocations import Allocations
from duebridge.targets.billabex.balances import balances
from duebridge.targets.billabex.client import BillabexClient
from duebridge.targets.billabex.documents import Documents
from duebridge.targets.billabex.index import Index
from duebridge.targets.billabex.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.targets.billabex.rules import CUSTOMERS, History, credit_note_rules, invoice_rules
from duebridge.targets.billabex.settings import BillabexSettings
from duebridge.targets.billabex.settlements import completed, parts

Tables = Mapping[type[Record], Rules]


def tables(history: History, currency: str) -> Tables:
    """Return the rules for connections with this history, to accounts in this currency."""
    return MappingProxyType(
        {
            Customer: CUSTOMERS,
            Invoice: invoice_rules(history, currency),
            CreditNote: credit_note_rules(history, currency),
        }
    )


class BillabexTarget(RecordTarget, BalanceReader):
    """Billabex: accounts with contacts, invoices with what is paid on them, credit notes and their allocations.

    Source: Billabex's page "Connect Pennylane" (rhythm: within 1 hour, Ongoing synchronization).
    """

    name: ClassVar[str] = "billabex"
    title: ClassVar[str] = "Billabex"
    settings: ClassVar[type[Settings]] = BillabexSettings
    rules: ClassVar[Tables] = tables("open", "EUR")
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {Customer: CUSTOMER, Invoice: INVOICE, CreditNote: CREDIT_NOTE}
    )
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {
            Customer: Write("create_once", phase=10),
            Invoice: Write("create_once", phase=20),
            CreditNote: Write("create_once", phase=30),
            "allocation": Write("upsert", phase=40, release=True),
        }
    )
    schedule: ClassVar[Schedule] = Schedule(every="1h")
    parallel: ClassVar[int] = 4

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (a `BillabexSettings`) and `services`; no request is made."""
        super().__init__(settings, services)
        self._client = BillabexClient(settings, services)
        index = Index(self._client, settings.connection_id)
        self._accounts = Accounts(self._client, index, settings, services.memory)
        self._allocations = Allocations(self._client)
        self._documents = Documents(self._client, index, self._allocations, settings, services.memory)

    @classmethod
    def chosen(cls, settings: Any) -> type[Target]:
        """Return the class with the rules of the connection's `history` and `currency`."""
        return _with_rules(settings.history, settings.currency)

    def check(self) -> Account:
        """Return the organization. Raises `AuthError`, and `RunError` when there is no such organization."""
        try:
            told = self._client.organization()
        except NotFound as missing:
            raise RunError(
                f"Billabex has no organization {self.options.organization_id}, or the token may not see it; "
                "check organization_id"
            ) from missing
        return Account(str(told["id"]), str(told.get("name") or ""))

    def context(self) -> Mapping[str, Json]:
        """Return `currency` of the accounts, and `override_email`."""
        return {"currency": self.options.currency, "override_email": self.options.override_email}

    def completed(self, document: Document, family: Family) -> Document:
        """Return `document` with what only its family tells; pure.

        A credit note knows whether its invoice is, or will be, at Billabex; an invoice what the credit notes there take
        of it, each as much as those before it (by issue date, then id) have left.
        """
        return completed(document, family)

    def parts(self, family: Family, source: str) -> Iterable[Part]:
        """Return the allocations of credit notes to the invoice the ledger links them to; pure.

        Each settles as much as the invoice still takes, credit notes before it (by issue date, then id) first. One
        whose document is made again is taken back before, and made anew after.
        """
        return parts(family, source)

    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` when refused, `UnknownOutcome` when the answer was lost."""
        removes = delivery.operation in ("delete", "release")
        if delivery.write == "allocation":
            return self._allocations.take_back(delivery) if removes else self._allocations.save(delivery)
        written = self._accounts if delivery.kind == Customer.kind else self._documents
        return written.delete(delivery) if removes else written.save(delivery)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for what an earlier attempt made: accounts by source link, documents by source id, else by number."""
        written = self._accounts if delivery.kind == Customer.kind else self._documents
        return written.find(delivery)

    @property
    def place(self) -> str:
        """The organization."""
        return f"{self.title}, organization {self.options.organization_id}"

    @property
    def mirrors_payments(self) -> bool:
        """What is paid on open invoices is carried too."""
        return True

    def balances(self) -> Iterator[Balance]:
        """Yield what is outstanding on every document of the organization."""
        return balances(self._client)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@cache
def _with_rules(history: History, currency: str) -> type[BillabexTarget]:
    """The class itself for the usual choices, else a subclass with other tables."""
    if (history, currency) == ("open", "EUR"):
        return BillabexTarget
    return type(
        "BillabexTarget", (BillabexTarget,), {"rules": tables(history, currency), "__doc__": BillabexTarget.__doc__}
    )

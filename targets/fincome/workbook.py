"""How does a snapshot of the ledger become one workbook in a folder, for Fincome's import?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from duebridge.core.api import (
    Account,
    Ack,
    ConfigError,
    CreditNote,
    Customer,
    Delivery,
    Implausible,
    Invoice,
    Json,
    Payload,
    Price,
    Product,
    Record,
    Rules,
    RunError,
    Schedule,
    Settings,
    SnapshotTarget,
    Subscription,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.targets.fincome.choices import NIGHTLY, context_of
from duebridge.targets.fincome.mapping import CREDIT_NOTE, CUSTOMER, INVOICE_ROWS, PRICE, PRODUCT, SUBSCRIPTION
from duebridge.targets.fincome.references import reference_of
from duebridge.targets.fincome.rows import Book
from duebridge.targets.fincome.rules import CREDIT_NOTES, CUSTOMERS, INVOICES, PRICES, PRODUCTS, SUBSCRIPTIONS
from duebridge.targets.fincome.settings import FincomeSettings
from duebridge.targets.fincome.sheet import written
from duebridge.targets.fincome.ties import continued

_ROWS = "workbook rows"


class FincomeWorkbook(SnapshotTarget):
    """Fincome by file import: a workbook with one row for each line of an invoice or credit note.

    Source: Fincome's page on file imports.
    """

    name: ClassVar[str] = "fincome"
    title: ClassVar[str] = "Fincome"
    settings: ClassVar[type[Settings]] = FincomeSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {
            Customer: CUSTOMERS,
            Product: PRODUCTS,
            Price: PRICES,
            Subscription: SUBSCRIPTIONS,
            Invoice: INVOICES,
            CreditNote: CREDIT_NOTES,
        }
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {
            Customer: CUSTOMER,
            Product: PRODUCT,
            Price: PRICE,
            Subscription: SUBSCRIPTION,
            Invoice: INVOICE_ROWS,
            CreditNote: CREDIT_NOTE,
        }
    )
    schedule: ClassVar[Schedule] = NIGHTLY
    credits_sent_invoices: ClassVar[bool] = True

    options: FincomeSettings

    def check(self) -> Account:
        """Return the folder, or raise `ConfigError` when it is none."""
        folder = self._folder()
        return Account(id=str(folder.resolve()), name=f"workbooks in {folder}")

    def context(self) -> Mapping[str, Json]:
        """Return the day, which decides what is overdue, and the connection's choices."""
        return context_of(self.options, self.services)

    @property
    def place(self) -> str:
        """Fincome's API or workbooks: what is in the one is not in the other."""
        return f"{self.title}, mode {self.options.mode}"

    def reference(self, source: str, record: Record) -> str:  # noqa: ARG002 - ids are the ledger's own
        """Return the id Fincome knows `record` by: the ledger's own reference."""
        return reference_of(record)

    def continued(self, kind: str, payload: Payload, previous: Payload) -> Payload:  # noqa: ARG002 - payloads tell what they are
        """Keep references and subscriptions as they were sent, when the ledger no longer tells of them."""
        return continued(payload, previous)

    def publish(self, deliveries: Iterable[Delivery], *, accept_mass_change: bool) -> Ack:
        """Write one workbook of everything under a name of its own; it appears when it is whole, or not at all.

        Raises `Implausible` when it has far fewer rows than the last one, `RunError` when it can't be written.
        """
        folder = self._folder()
        book = Book(self.options.timezone)
        for delivery in deliveries:
            book.take(delivery.kind, delivery.id, delivery.payload or {})
        rows = book.rows()
        if not accept_mass_change:
            self._weigh(len(rows))
        file, cut = written(folder, rows, self.options.columns, self.services.now())
        self.services.memory.put(_ROWS, len(rows))
        return Ack(str(file), (f"{file.name}: {len(rows)} rows", *book.notes, *cut))

    def _weigh(self, rows: int) -> None:
        last = self.services.memory.get(_ROWS)
        if not isinstance(last, int) or not last or 0 < rows >= last * (1 - self.options.largest_drop):
            return
        raise Implausible(
            f"the workbook would have {rows} rows where the last one had {last}, and largest_drop is "
            f"{self.options.largest_drop:g}; it was not written. Look into the ledger, then run "
            "`duebridge sync` with --accept-mass-change"
        )

    def _folder(self) -> Path:
        folder = self.options.directory
        if folder is None:
            raise ConfigError("Fincome, mode xlsx: no directory is set; name the folder the workbooks go to")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise RunError(f"Fincome, mode xlsx: {folder} can't be used ({problem.strerror}); mend it") from problem
        return folder

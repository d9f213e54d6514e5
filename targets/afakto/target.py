"""What does Afakto take, and how are its two files delivered?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from duebridge.core.api import (
    Account,
    Ack,
    Balance,
    CreditNote,
    Customer,
    Delivery,
    Document,
    Family,
    Invoice,
    Json,
    Payload,
    PayloadReader,
    Record,
    Rules,
    Schedule,
    Services,
    Settings,
    SnapshotTarget,
    Target,
    UnknownOutcome,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.targets.afakto.balances import with_balance
from duebridge.targets.afakto.columns import File
from duebridge.targets.afakto.directory import Directory
from duebridge.targets.afakto.endpoint import Endpoint
from duebridge.targets.afakto.files import Parcel, parcel
from duebridge.targets.afakto.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.targets.afakto.rules import (
    CREDIT_NOTES,
    CREDIT_NOTES_SETTLED_TOO,
    CUSTOMERS,
    INVOICES,
    INVOICES_SETTLED_TOO,
)
from duebridge.targets.afakto.settings import AfaktoSettings
from duebridge.targets.afakto.snapshot import Row, Snapshot, lay_out
from duebridge.targets.afakto.withholding import LastDelivery

PARIS = ZoneInfo("Europe/Paris")


class Place(Protocol):
    """Where files go. `put` delivers one whole, or raises; `check` says where that is."""

    def check(self) -> str:
        """Return where files go, or raise with what to do."""

    def put(self, parcel: Parcel) -> str:
        """Deliver a file and return its name. `UnknownOutcome`: it may be there; any other error: it isn't."""

    def close(self) -> None:
        """Release what is held."""


class AfaktoTarget(SnapshotTarget, PayloadReader):
    """Afakto: a file of buyers and a file of everything that is owed, both anew every time.

    Source: Afakto's page "Connect Pennylane to Afakto" (what goes, 6:00 in the morning), its help on CSV imports.
    """

    name: ClassVar[str] = "afakto"
    title: ClassVar[str] = "Afakto"
    settings: ClassVar[type[Settings]] = AfaktoSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {Customer: CUSTOMERS, Invoice: INVOICES, CreditNote: CREDIT_NOTES}
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {Customer: CUSTOMER, Invoice: INVOICE, CreditNote: CREDIT_NOTE}
    )
    schedule: ClassVar[Schedule] = Schedule(daily="06:00", timezone="Europe/Paris")

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (an `AfaktoSettings`) and `services`; nothing is connected to."""
        super().__init__(settings, services)
        self._place = _place(settings, services)
        self._last = LastDelivery(services.memory, settings.company_code, settings.withhold)

    @classmethod
    def chosen(cls, settings: Any) -> type[Target]:
        """Return the class that also takes what is settled, for connections that ask for it."""
        return AfaktoWithSettled if settings.include_settled else cls

    def check(self) -> Account:
        """Return the company's code, and where its files go. Raises `AuthError`, `ConfigError` or `RunError`."""
        code = self.options.company_code
        return Account(id=code, name=f"Company {code}", detail=f"files go to {self._place.check()}")

    def context(self) -> Mapping[str, Json]:
        """Return `currency`, that of buyers without a suffix, and `identifiers`, the preferred sorts of number."""
        return {"currency": self.options.currency, "identifiers": list(self.options.identifiers)}

    def completed(self, document: Document, family: Family) -> Document:
        """Return `document` with its balance as `remaining`; pure.

        Rules and fields see the balance as `remaining`. Of an invoice it is what remains to be paid; 0 when it reads
        paid or cancelled; where the ledger tells none, the amount less what its credit notes take. Of a credit note it
        is the part no invoice has used up; 0 when it reads paid. A credit note takes of its invoice, same customer and
        currency, what those before it (by issue date, then id) have left; drafts, archived ones and entries made by
        hand (paid and cancelled at once) take nothing.
        """
        return with_balance(document, family)

    def publish(self, deliveries: Iterable[Delivery], *, accept_mass_change: bool) -> Ack:
        """Deliver the buyers' file, then the invoices': everything that stands, or nothing.

        Raises `Implausible` when there are far fewer invoices than in the last file, `RunError` when no invoice file
        was delivered, `UnknownOutcome` when one may have been.
        """
        now = self.services.now()
        snapshot = lay_out(deliveries, self.options, now.astimezone(PARIS).date())
        rows = len(snapshot.invoices)
        objection = self._last.weigh(rows, accepted=accept_mass_change, left_out=snapshot.left_out.values())
        files: dict[File, list[Row]] = {"buyers": snapshot.buyers}
        if rows or objection:
            files["invoices"] = snapshot.invoices
        self._last.begin(rows)
        try:
            names = [self._place.put(parcel(file, lines, self.options, now)) for file, lines in files.items()]
        except UnknownOutcome:
            raise
        except Exception:
            self._last.take_back()
            raise
        self._last.done(rows)
        return Ack(notes=tuple(_notes(snapshot, names, objection)), left_out=snapshot.left_out)

    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        """Return the balance a delivered document has; None for a customer."""
        if write == Customer.kind:
            return None
        source, _, _ = reference.partition(f"-{write}-")
        customer = f"{source}-{Customer.kind}-{payload['customer']}"
        return Balance(reference, write, payload["CURRENCY"], Decimal(payload["BALANCE"]), customer)

    @property
    def mirrors_payments(self) -> bool:
        """Balances are net of what was paid."""
        return True

    @property
    def tells_balances(self) -> bool:
        """Documents go with what is left of each."""
        return True

    def close(self) -> None:
        """Release what the delivery holds."""
        self._place.close()


class AfaktoWithSettled(AfaktoTarget):
    """Afakto, with the documents on which nothing is left."""

    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {Customer: CUSTOMERS, Invoice: INVOICES_SETTLED_TOO, CreditNote: CREDIT_NOTES_SETTLED_TOO}
    )


def _place(options: AfaktoSettings, services: Services) -> Place:
    if options.directory is not None:
        return Directory(options.directory)
    if options.sftp is not None:
        from duebridge.targets.afakto.sftp import SftpServer  # noqa: PLC0415 - a library few connections need

        return SftpServer(options.sftp)
    assert options.base_url is not None  # noqa: S101 - the settings ask for one of three; this is for the type checker
    return Endpoint(options, options.base_url, services)


def _notes(snapshot: Snapshot, names: list[str], objection: str | None) -> Iterable[str]:
    if objection:
        yield objection
    yield f"{len(snapshot.buyers)} buyers and {len(snapshot.invoices)} invoices delivered: {', '.join(names)}"
    if not snapshot.invoices and not objection:
        yield "nothing is owed, so no invoice file was delivered: one without rows names no company, and closes nothing"
    if snapshot.left_out:
        yield f"{len(snapshot.left_out)} records were left out; `duebridge records --outcome rejected` says why"
    yield from snapshot.notes

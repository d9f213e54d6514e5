"""Which runs are killed: what stood before, what has changed since, and what changes again after the kill?

Each scene is a ledger and a desk in step (but for the first sync), then changes that the killed run was to carry over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ...acceptance.scene import Scene
from .points import GROUPS, OPENING, PLANNING, READING, WRITING, Group

DOCUMENTS = "customer_invoices"
DAY = timedelta(hours=25)
DELETES = {"on_delete": "delete", "full_every": "20h"}


@dataclass(frozen=True)
class Cast:
    """The ids of what is made by hand, beside what is seeded."""

    wholesaler: int
    baker: int
    plain: list[int]
    credited: list[int]
    notes: list[int]
    paid: list[int]
    bread: list[int]


def made(ledger: Scene) -> Cast:
    """Two customers with documents of every kind that is linked, settled or neither."""
    contacts = ["achats@halles.example", "compta@halles.example"]
    wholesaler = ledger.make("customers", name="Halles du Quai", emails=contacts, vat_number="FR12345678901")["id"]
    baker = ledger.make("customers", name="Fournil Ménard", emails=["menard@fournil.example"])["id"]

    def invoice(customer: int, amount: str) -> int:
        id: int = ledger.make(DOCUMENTS, customer={"id": customer}, currency_amount=amount)["id"]
        return id

    def credit(invoice: int, amount: str) -> int:
        id: int = ledger.make(DOCUMENTS, credited_invoice={"id": invoice}, currency_amount=amount)["id"]
        return id

    plain = [invoice(wholesaler, f"{hundreds}00.00") for hundreds in range(1, 5)]
    credited = [invoice(wholesaler, "960.00") for _ in range(3)]
    notes = [credit(each, "-240.00") for each in credited]
    paid = [invoice(wholesaler, "500.00") for _ in range(2)]
    for each in paid:
        ledger.change(DOCUMENTS, each, paid=True)
    ledger.make("payments", customer_invoice_id=plain[3], currency_amount="150.00")
    return Cast(wholesaler, baker, plain, credited, notes, paid, [invoice(baker, "80.00"), invoice(baker, "90.00")])


def little_changes(ledger: Scene, cast: Cast) -> None:
    """What a day brings: names, addresses, payments, new documents, corrected amounts."""
    ledger.change("customers", cast.wholesaler, emails=["compta@halles.example", "direction@halles.example"])
    ledger.change("customers", cast.baker, name="Fournil Ménard & Fils", emails=[])
    for id in cast.plain[:2]:
        ledger.change(DOCUMENTS, id, paid=True)
    ledger.change(DOCUMENTS, cast.plain[2], currency_amount="333.00")
    ledger.make(DOCUMENTS, credited_invoice={"id": cast.plain[3]}, currency_amount="-100.00")
    newcomer = ledger.make("customers", name="Crèmerie Noire")["id"]
    for amount in ("10.00", "20.00", "30.00"):
        ledger.make(DOCUMENTS, customer={"id": newcomer}, currency_amount=amount)


def relinks(ledger: Scene, cast: Cast) -> None:
    """Links that must be taken back before they are made again: moved, changed, of another amount, no longer paid."""
    first, second, third = cast.credited
    ledger.change(DOCUMENTS, cast.notes[0], credited_invoice={"id": second})
    ledger.change(DOCUMENTS, cast.notes[1], credited_invoice={"id": first})
    ledger.change(DOCUMENTS, third, currency_amount="700.00")
    ledger.change(DOCUMENTS, cast.notes[2], currency_amount="-350.00")
    ledger.change(DOCUMENTS, cast.paid[0], paid=False)
    ledger.change(DOCUMENTS, cast.paid[1], currency_amount="450.00")


def removals(ledger: Scene, cast: Cast, event: str = "record") -> None:
    """What is gone: plain documents, linked ones, settled ones, and a customer with all that is theirs."""
    for id in (cast.plain[0], cast.notes[0], cast.notes[1], cast.credited[1], cast.paid[0], *cast.bread):
        ledger.remove(DOCUMENTS, id, event=event)
    ledger.remove("customers", cast.baker, event=event)
    ledger.change(DOCUMENTS, cast.plain[1], event=event, archived_at="2026-01-15T10:00:00.000000Z")


def unheard_changes(ledger: Scene, cast: Cast) -> None:
    """Removals and a new name that no event tells of: only a read of everything finds them."""
    removals(ledger, cast, event="none")
    ledger.change("customers", cast.wholesaler, event="none", name="Halles du Port")


def unheard_payments(ledger: Scene, cast: Cast) -> None:
    """Money no event tells of, and a new invoice."""
    for id in (*cast.plain[:2], *cast.bread):
        ledger.change(DOCUMENTS, id, event="none", paid=True)
    ledger.make(DOCUMENTS, customer={"id": cast.baker}, currency_amount="70.00")


def second_thoughts(ledger: Scene, cast: Cast) -> None:
    """What was changed is changed again, taken back, or gone, before anything could carry the first change over."""
    ledger.change("customers", cast.wholesaler, emails=["accueil@halles.example"], vat_number="")
    ledger.change("customers", cast.baker, name="Fournil Ménard")
    ledger.change(DOCUMENTS, cast.plain[0], paid=False)
    ledger.change(DOCUMENTS, cast.plain[2], currency_amount="300.00")
    newest = ledger.ledger(DOCUMENTS)[-4:]
    for row in newest[:2]:
        ledger.remove(DOCUMENTS, row["id"])
    ledger.change(DOCUMENTS, newest[2]["id"], currency_amount="21.00")


def one_invoice(ledger: Scene, cast: Cast) -> None:
    """One new document."""
    ledger.make(DOCUMENTS, customer={"id": cast.baker}, currency_amount="60.00")


def without_it(ledger: Scene, cast: Cast) -> None:
    """The newest document is gone."""
    ledger.remove(DOCUMENTS, ledger.ledger(DOCUMENTS)[-1]["id"])


Change = Callable[[Scene, Cast], None]


@dataclass(frozen=True, eq=False)
class Play:
    """A run to be killed.

    `change` comes after a run that carried over what was `made` (None: nothing ran before), `later` after the kill.
    `keys` are the connection's; `other_options` says that the target's options are others from the killed run on.
    `ahead` is how long after the first run the killed one is. `revision` is that of the database's tables. `at` are the
    groups of points it is killed at.
    """

    name: str
    change: Change | None
    later: Change | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    other_options: bool = False
    ahead: timedelta = timedelta()
    revision: str = ""
    at: tuple[Group, ...] = ()

    def __str__(self) -> str:
        return self.name


FIRST = Play("a first sync", None, at=GROUPS)
UPDATES = Play("an incremental run with updates", little_changes, at=(READING, WRITING))
RELINKS = Play("a run that takes links back and makes others", relinks, at=(WRITING,))
DELETIONS = Play("a run that deletes", removals, keys=DELETES, at=(WRITING,))
CRAWL = Play("a full crawl that finds deletions", unheard_changes, keys=DELETES, ahead=DAY, at=(READING,))
REREAD = Play("a run that reads open documents again", unheard_payments, ahead=timedelta(hours=2), at=(READING,))
REPLANNED = Play("a changed option that plans everything again", little_changes, other_options=True, at=(PLANNING,))
MIGRATED = Play("a run that migrates a filled database", little_changes, revision="0001", at=(OPENING,))
AGAIN = Play("a run after which the ledger changes again", little_changes, second_thoughts, keys=DELETES, at=(WRITING,))
PLAYS = (FIRST, UPDATES, RELINKS, DELETIONS, CRAWL, REREAD, REPLANNED, MIGRATED, AGAIN)
#: Its one write is made; before that is known, the record is no longer to be sent. What was made is found, and stays.
WITHDRAWN = Play("a run whose one new record is gone before the next", one_invoice, without_it)

"""What may be linked with what? Reconcile calls: one key, one link; empty arrays take it back.

A link balances: what it settles of invoices and refunds equals what it uses of payments and credit notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from duebridge.targets.upflow.sandbox.refusal import invalid
from duebridge.targets.upflow.sandbox.shapes import RECONCILE
from duebridge.targets.upflow.sandbox.state import DEBITS, Document, Kind, Link, Pair, State

#: Body array -> kind of document, in the order amounts are paired.
ARRAYS: tuple[tuple[str, Kind], ...] = (
    ("invoices", "invoices"),
    ("refunds", "refunds"),
    ("creditNotes", "credit_notes"),
    ("payments", "payments"),
)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of one document a link takes, and where the body says so."""

    document: Document
    amount: int
    where: str


class Links:
    """The links between documents."""

    def __init__(self, state: State) -> None:
        """Work on `state`."""
        self._state = state

    def post(self, body: Any) -> tuple[str, Link | None, bool]:
        """Make, replace or (all arrays empty) remove the link of a key; return the key, the link, whether it is new."""
        checked = RECONCILE(body)
        key = checked["externalId"]
        shares = [share for array, kind in ARRAYS for share in self._shares(array, kind, checked.get(array, []))]
        old = self._state.links.get(key)
        if not shares:
            self.remove(key)
            return key, None, False
        self._refuse(shares, key)
        self.remove(key)
        link = Link(old.id if old else self._state.new_id(), key, tuple(_pair(shares)))
        self._put(link)
        return key, link, old is None

    def remove(self, key: str) -> None:
        """Take the link of `key` back; nothing happens when there is none."""
        link = self._state.links.pop(key, None)
        for pair in link.pairs if link else ():
            for document in (pair.debit, pair.credit):
                document.linked -= pair.amount
                document.pairs.pop(key, None)

    def _put(self, link: Link) -> None:
        self._state.links[link.external_id] = link
        for pair in link.pairs:
            for document in (pair.debit, pair.credit):
                document.linked += pair.amount
                document.pairs.setdefault(link.external_id, []).append(pair)

    def _shares(self, array: str, kind: Kind, items: list[dict[str, Any]]) -> Iterable[Share]:
        for position, item in enumerate(items):
            where = f"{array}.{position}"
            if "id" not in item and "externalId" not in item:
                invalid(f"{where} must hold an id or an externalId")
            document = self._state.documents[kind].named(item, where)
            if "customId" in item and item["customId"] != document.values["customId"]:
                invalid(f"{where}.customId {item['customId']!r} is not the one of {document.id}")
            yield Share(document, item["amountLinked"], where)

    def _refuse(self, shares: Sequence[Share], key: str) -> None:
        _refuse_repeats(shares)
        _refuse_strangers(shares)
        for share in shares:
            own = sum(pair.amount for pair in share.document.pairs.get(key, ()))
            left = share.document.left + own
            if share.amount > left:
                invalid(f"{share.where}.amountLinked {share.amount} is over the {left} left of {share.document.id}")
        _refuse_unbalanced(shares)


def _refuse_repeats(shares: Sequence[Share]) -> None:
    seen: set[str] = set()
    for share in shares:
        if share.document.id in seen:
            invalid(f"{share.where} is listed twice")
        seen.add(share.document.id)


def _refuse_strangers(shares: Sequence[Share]) -> None:
    first = shares[0].document
    customer = next((share.document.customer for share in shares if share.document.customer), None)
    for share in shares:
        if share.document.currency != first.currency:
            invalid(f"{share.where} is in {share.document.currency}, not in {first.currency} as the others")
        if share.document.customer not in (None, customer):
            invalid(f"{share.where} belongs to another customer")


def _refuse_unbalanced(shares: Sequence[Share]) -> None:
    debits = sum(share.amount for share in shares if share.document.kind in DEBITS)
    given = sum(share.amount for share in shares if share.document.kind not in DEBITS)
    if debits != given:
        invalid(f"invoices and refunds take {debits}, payments and credit notes give {given}: they must be equal")


def _pair(shares: Sequence[Share]) -> Iterable[Pair]:
    """Match debits with credits in the order given; both sides sum to the same."""
    givers = iter([share for share in shares if share.document.kind not in DEBITS])
    credit, left = None, 0
    for debit in (share for share in shares if share.document.kind in DEBITS):
        owed = debit.amount
        while owed:
            if credit is None or not left:
                credit = next(givers)
                left = credit.amount
            taken = min(owed, left)
            yield Pair(debit.document, credit.document, taken)
            owed, left = owed - taken, left - taken

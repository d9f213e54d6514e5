"""How do control calls change the account? Values by the contract's names, what Harvest computes computed.

A figure that is given (`amount`, `discount_amount`, `tax_amount`, `tax2_amount`, a line's `amount`) stays as given
until lines or percentages are given anew; `due_amount` and `state: paid` are reached by a payment of the difference, as
in Harvest. An invoice's client may be told as `client: {"id": …}` or `client_id`, a payment's invoice as `invoice_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from duebridge.core.sandbox.product import UnknownObject, UnusableValues
from duebridge.plugins.harvest.sandbox import objects
from duebridge.plugins.harvest.sandbox.derive import FIGURES, STATES, TERMS, exact
from duebridge.plugins.harvest.sandbox.listing import whole_id
from duebridge.plugins.harvest.sandbox.shapes import refuse_other_types
from duebridge.plugins.harvest.sandbox.state import COLLECTIONS, Data, State, link

#: What is computed from these starts anew when they are given.
_GROUNDS = frozenset({"line_items", "tax", "tax2", "discount", "currency"})


class Control:
    """Creates, changes and removes objects of one account."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create(self, collection: str, values: Mapping[str, Any]) -> Data:
        """Add an object. Raises `UnknownObject`, `UnusableValues`."""
        makers: dict[str, Callable[[Mapping[str, Any]], Data]] = {
            "clients": lambda given: self._plain("clients", objects.client, given),
            "invoice_item_categories": lambda given: self._plain("invoice_item_categories", objects.category, given),
            "contacts": self._contact,
            "invoices": self._invoice,
            "payments": self._payment,
        }
        if collection not in makers:
            raise _no_collection(collection)
        refuse_other_types(collection, values)
        return makers[collection](values)

    def patch(self, collection: str, id: str, values: Mapping[str, Any], *, event: bool) -> Data:
        """Merge values into an object; without an `event` its time of change stays."""
        row = self._row(collection, id)
        refuse_other_types(collection, values)
        given = {
            name: value for name, value in values.items() if name not in ("client", "client_id", "invoice_id", "id")
        }
        if "client" in values or "client_id" in values:
            given["client"] = self._owner(values)
        before = row["updated_at"]
        if collection == "invoices":
            self._change_invoice(row, given)
        else:
            row.update(given)
        if collection == "clients":
            self._rename(row)
        if collection == "payments":
            self._settled(self.state.invoice_of[row["id"]], event=event)
        row["updated_at"] = values.get("updated_at", self.state.tick() if event else before)
        return row

    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove an object; the API tells nobody. A client goes only when it has no invoices, as in Harvest."""
        row = self._row(collection, id)
        rows = self.state.rows
        if collection == "clients":
            if any(each["client"] and each["client"]["id"] == row["id"] for each in rows["invoices"].values()):
                raise UnusableValues("a client with invoices can't be deleted")
            for contact in list(self.state.contacts_of(row["id"])):
                del rows["contacts"][contact["id"]]
        if collection == "invoices":
            for payment in self.state.payments_of(row["id"]):
                self.state.unpay(payment["id"])
        if collection == "payments":
            self._settled(self.state.unpay(row["id"]), event=event)
        else:
            del rows[collection][row["id"]]

    def _plain(self, collection: str, make: Callable[..., Data], given: Mapping[str, Any]) -> Data:
        return self.state.add(collection, make(self.state.new_id(collection), self.state.tick(), **_without_id(given)))

    def _contact(self, values: Mapping[str, Any]) -> Data:
        owner = self._owner(values)
        if owner is None:
            raise UnusableValues("a contact needs its client: client_id, or client with an id")
        given = {name: value for name, value in values.items() if name not in ("client", "client_id", "id")}
        state = self.state
        return state.add("contacts", objects.contact(state.new_id("contacts"), state.tick(), owner, **given))

    def _invoice(self, values: Mapping[str, Any]) -> Data:
        state = self.state
        owner = self._owner(values) if {"client", "client_id"} & set(values) else self._any_client()
        id, at = state.new_id("invoices"), state.tick()
        currency = state.rows["clients"][owner["id"]]["currency"] if owner else "EUR"
        invoice = objects.invoice(id, at, owner or {}, state.now().date().isoformat(), currency=currency)
        invoice["client"] = owner
        state.add("invoices", invoice)
        given = {name: value for name, value in values.items() if name not in ("client", "client_id", "id")}
        self._change_invoice(invoice, {"line_items": [{}], **given})
        invoice["updated_at"] = values.get("updated_at", at)
        return invoice

    def _change_invoice(self, invoice: Data, given: Mapping[str, Any]) -> None:
        state, id = self.state, invoice["id"]
        _refuse_unknown_words(given)
        if _GROUNDS & set(given):
            state.kept[id] = {}
        kept = state.kept.setdefault(id, {})
        kept.update({name: given[name] for name in FIGURES if name in given})
        if "line_items" in given:
            invoice["line_items"] = [self._line(each, kept) for each in given["line_items"]]
        apart = {"line_items", "due_amount", "state", *FIGURES}
        invoice.update({name: value for name, value in given.items() if name not in apart})
        if "due_date" in given and "payment_term" not in given:
            invoice["payment_term"] = "custom"
        self._enter(invoice, given.get("state", invoice["state"]))
        state.settle(invoice)
        if "due_amount" in given:
            self._pay(invoice, exact(invoice["due_amount"]) - exact(given["due_amount"]))
        elif given.get("state") == "paid":
            self._pay(invoice, exact(invoice["due_amount"]))
        # what is given wins over what follows from it
        invoice.update(
            {name: given[name] for name in ("paid_at", "paid_date", "closed_at", "sent_at") if name in given}
        )

    def _enter(self, invoice: Data, word: str) -> None:
        """Let an invoice be in a state, as sending, drafting, closing and re-opening do."""
        at = self.state.tick()
        invoice["state"] = word
        invoice["closed_at"] = (invoice["closed_at"] or at) if word == "closed" else None
        invoice["sent_at"] = None if word == "draft" else invoice["sent_at"] or at

    def _pay(self, invoice: Data, amount: Any) -> None:
        if amount:
            state, day = self.state, self.state.now().date().isoformat()
            paid = objects.payment(state.new_id("payments"), state.tick(), day, amount=float(amount))
            state.pay(invoice["id"], paid)
            state.settle(invoice)

    def _payment(self, values: Mapping[str, Any]) -> Data:
        state = self.state
        invoice = state.rows["invoices"].get(values.get("invoice_id", 0))
        if invoice is None:
            raise UnusableValues("a payment needs the invoice_id of an invoice there is")
        given = {"amount": invoice["due_amount"], **values}
        given = {name: value for name, value in given.items() if name not in ("invoice_id", "id")}
        paid = objects.payment(state.new_id("payments"), state.tick(), state.now().date().isoformat(), **given)
        state.pay(invoice["id"], paid)
        self._settled(invoice["id"], event=True)
        return paid

    def _settled(self, invoice_id: int, *, event: bool) -> None:
        """A payment came, changed or went: the invoice changes with it."""
        invoice = self.state.rows["invoices"][invoice_id]
        self.state.settle(invoice)
        if event:
            invoice["updated_at"] = self.state.tick()

    def _line(self, given: Mapping[str, Any], kept: dict[str, Any]) -> Data:
        refuse_other_types("line_items", given)
        line = objects.line(self.state.new_id("lines"), **_without_id(given))
        if "amount" in given:
            kept[f"line {line['id']}"] = given["amount"]
        return line

    def _owner(self, values: Mapping[str, Any]) -> Data | None:
        told = values.get("client_id", (values.get("client") or {}).get("id"))
        if told is None:
            return None
        client = self.state.rows["clients"].get(told)
        if client is None:
            raise UnusableValues(f"there is no client {told}")
        return link(client)

    def _any_client(self) -> Data:
        clients = self.state.rows["clients"]
        return link(next(iter(clients.values())) if clients else self.create("clients", {}))

    def _rename(self, client: Data) -> None:
        """Objects that name their client name it as it is now."""
        for row in (*self.state.rows["invoices"].values(), *self.state.rows["contacts"].values()):
            if row["client"] and row["client"]["id"] == client["id"]:
                row["client"] = link(client)

    def _row(self, collection: str, id: str) -> Data:
        if collection not in COLLECTIONS:
            raise _no_collection(collection)
        row = self.state.rows[collection].get(whole_id(id) or 0)
        if row is None:
            raise UnknownObject(f"no {collection} {id}")
        return row


def _without_id(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "id"}


def _no_collection(name: str) -> UnknownObject:
    return UnknownObject(f"no collection {name!r}; there are: {', '.join(COLLECTIONS)}")


def _refuse_unknown_words(given: Mapping[str, Any]) -> None:
    _refuse("state", given.get("state", "open"), STATES)
    _refuse("payment_term", given.get("payment_term", "custom"), (*TERMS, "custom"))


def _refuse(name: str, word: Any, known: Iterable[str]) -> None:
    if word not in known:
        raise UnusableValues(f"{name} must be one of: {', '.join(known)}")

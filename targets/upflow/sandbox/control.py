"""What can a test change behind the product's back? Objects of a collection, by the product's own field names.

Fields a request may write go through the same checks; any other name is taken for a derived field (`state`,
`amountOutstanding`, ...) and shown as given until the object's next write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from duebridge.core.sandbox.product import UnknownObject
from duebridge.targets.upflow.sandbox import views
from duebridge.targets.upflow.sandbox.checks import Shape
from duebridge.targets.upflow.sandbox.documents import FORMS
from duebridge.targets.upflow.sandbox.routes import Routes
from duebridge.targets.upflow.sandbox.shapes import CONTACT, CUSTOM_FIELD, CUSTOMER
from duebridge.targets.upflow.sandbox.state import KINDS, Contact, Customer, Document, Kind, Shelf

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Collection:
    """How the objects of one collection are found, filled in, written, removed and shown."""

    shelf: Shelf[Any]
    shape: Shape
    defaults: Callable[[int], Json]
    post: Callable[[Json], Any]
    put: Callable[[Any, Json], Any]
    remove: Callable[[Any], None]
    show: Callable[[Any], Json]


class Control:
    """Control calls over one organization."""

    def __init__(self, routes: Routes) -> None:
        """Work on what `routes` serves."""
        self._routes = routes
        self._numbers = count(1)
        self._collections: Mapping[str, Collection] = {
            "customers": self._customers(),
            "contacts": self._contacts(),
            "custom_fields": self._custom_fields(),
            **{kind: self._documents(kind) for kind in KINDS},
        }

    def create(self, collection: str, values: Json) -> Json:
        """Add an object, what is left out filled in; return it as the API shows it."""
        place = self._collection(collection)
        own, forced = _split(place, values)
        item = place.post(place.defaults(next(self._numbers)) | own)
        item.forced = forced
        return place.show(item)

    def patch(self, collection: str, reference: str, values: Json) -> Json:
        """Change an object; return it as the API shows it."""
        place = self._collection(collection)
        item = _find(place, reference)
        own, forced = _split(place, values)
        kept = item.forced
        if own:
            place.put(item, own)
        item.forced = kept | forced
        return place.show(item)

    def delete(self, collection: str, reference: str) -> None:
        """Remove an object with all that hangs on it."""
        place = self._collection(collection)
        place.remove(_find(place, reference))

    def _collection(self, name: str) -> Collection:
        if name not in self._collections:
            raise UnknownObject(f"no collection {name!r}; there are {', '.join(self._collections)}")
        return self._collections[name]

    def _customers(self) -> Collection:
        customers = self._routes.customers
        return Collection(
            self._routes.state.customers,
            CUSTOMER,
            lambda number: {"name": f"Sandbox customer {number}"},
            lambda body: customers.post(body)[0],
            customers.put,
            self._remove_customer,
            self._routes.show_customer,
        )

    def _contacts(self) -> Collection:
        contacts = self._routes.contacts
        shape = Shape({**CONTACT.fields, "customer": lambda value, _where: value})

        def post(body: Json) -> Contact:
            owner = self._routes.state.customers.named(body.pop("customer"), "customer")
            return contacts.post(owner, body)[0]

        return Collection(
            self._routes.state.contacts,
            shape,
            lambda number: {"email": f"contact-{number}@sandbox.example", "customer": self._some_customer()},
            post,
            contacts.put,
            contacts.delete,
            views.contact,
        )

    def _custom_fields(self) -> Collection:
        fields = self._routes.custom_fields
        return Collection(
            self._routes.state.custom_fields,
            CUSTOM_FIELD,
            lambda number: {"name": f"Custom field {number}", "type": "TEXT"},
            lambda body: fields.post(body)[0],
            fields.put,
            fields.delete,
            views.custom_field,
        )

    def _documents(self, kind: Kind) -> Collection:
        documents, form = self._routes.documents[kind], FORMS[kind]
        fill = self._invoice_defaults if form.total == "grossAmount" else self._money_defaults
        return Collection(
            self._routes.state.documents[kind],
            form.shape,
            fill,
            lambda body: documents.post(body)[0],
            documents.put,
            self._remove_document,
            self._routes.show_document,
        )

    def _invoice_defaults(self, number: int) -> Json:
        today = self._routes.today().isoformat()
        amounts = {"currency": "EUR", "grossAmount": 12000, "netAmount": 10000}
        dates = {"issuedAt": today, "dueDate": today}
        return {"customId": f"SANDBOX-{number}", **dates, **amounts, "customer": self._some_customer()}

    def _money_defaults(self, _number: int) -> Json:
        today = self._routes.today().isoformat()
        return {"currency": "EUR", "amount": 12000, "validatedAt": today, "customer": self._some_customer()}

    def _some_customer(self) -> Json:
        first = next(iter(self._routes.state.customers), None)
        return {"id": first.id if first else self.create("customers", {})["id"]}

    def _remove_document(self, document: Document) -> None:
        for key in list(document.pairs):
            self._routes.links.remove(key)
        self._routes.documents[document.kind].delete(document)

    def _remove_customer(self, customer: Customer) -> None:
        for document in list(customer.documents.values()):
            self._remove_document(document)
        self._routes.customers.delete(customer)


def _split(place: Collection, values: Json) -> tuple[Json, Json]:
    own = {name: value for name, value in values.items() if name in place.shape.fields}
    return own, {name: value for name, value in values.items() if name not in own}


def _find(place: Collection, reference: str) -> Any:
    found = place.shelf.lookup(reference) or place.shelf.lookup(f"external:{reference}")
    if found is None:
        raise UnknownObject(f"no {place.shelf.noun} {reference!r}")
    return found

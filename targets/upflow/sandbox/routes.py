"""Which path leads to which operation?

References in paths are Upflow's id, or `external:` and an externalId. Paths are split before they are decoded, so a key
may hold a slash.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import unquote

from duebridge.targets.upflow.sandbox import touched, views
from duebridge.targets.upflow.sandbox.contacts import Contacts
from duebridge.targets.upflow.sandbox.customers import Customers
from duebridge.targets.upflow.sandbox.definitions import CustomFields
from duebridge.targets.upflow.sandbox.documents import Documents
from duebridge.targets.upflow.sandbox.exchange import Call, Listing, Reply, Route, nobody, page, saved
from duebridge.targets.upflow.sandbox.links import Links
from duebridge.targets.upflow.sandbox.refusal import Refusal, missing
from duebridge.targets.upflow.sandbox.state import KINDS, Contact, Customer, Document, Kind, State


class Routes:
    """The table of paths over one organization's state."""

    def __init__(self, state: State, today: Callable[[], date]) -> None:
        """Serve `state`; `today` decides what is overdue."""
        self.state = state
        self.today = today
        self.contacts = Contacts(state)
        self.customers = Customers(state, self.contacts)
        self.documents: dict[Kind, Documents] = {kind: Documents(state, kind) for kind in KINDS}
        self.links = Links(state)
        self.custom_fields = CustomFields(state)
        self._table: dict[tuple[str, ...], dict[str, Route]] = {
            **self._customer_routes(),
            **self._contact_routes(),
            **{path: routes for kind in KINDS for path, routes in self._document_routes(kind).items()},
            **self._reference_routes(),
        }

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the route of an undecoded path below `/v1/`, with its references; refuses with 404 or 405."""
        segments = tuple(unquote(segment) for segment in path.split("/"))
        routes = self._table.get(tuple("*" if place % 2 else word for place, word in enumerate(segments)))
        if routes is None:
            missing(f"no such endpoint: /v1/{path}")
        if method not in routes:
            raise Refusal(405, f"{method} is not allowed here", {"Allow": ", ".join(sorted(routes))})
        return routes[method], segments[1::2]

    def show_customer(self, customer: Customer) -> dict[str, Any]:
        """Show a customer as of today."""
        return views.customer(customer, self.state, self.today())

    def show_document(self, document: Document) -> dict[str, Any]:
        """Show a document as of today."""
        return views.document(document, self.today())

    def _customer_routes(self) -> dict[tuple[str, ...], dict[str, Route]]:
        state, at = self.state, self.state.customers.at
        invoices = self.documents["invoices"]

        def of_body(call: Call) -> frozenset[str]:
            return touched.by_body(state, call.body)

        def of_path(call: Call) -> frozenset[str]:
            return touched.by_path(state, call.ids[0])

        def of_invoice(call: Call) -> frozenset[str]:
            return of_path(call) | touched.by_document_body(state, "invoices", call.body)

        def remove(call: Call) -> Reply:
            self.customers.delete(at(call.ids[0]))
            return Reply(204)

        return {
            ("customers",): {
                "GET": self._list("customers", state.customers, self.show_customer),
                "POST": Route(lambda call: saved(self.customers.post(call.body), self.show_customer), of_body),
            },
            ("customers", "*"): {
                "GET": Route(lambda call: Reply(200, self.show_customer(at(call.ids[0])))),
                "PUT": Route(
                    lambda call: Reply(200, self.show_customer(self.customers.put(at(call.ids[0]), call.body))), of_path
                ),
                "DELETE": Route(remove, of_path),
            },
            ("customers", "*", "invoices"): {
                "POST": Route(
                    lambda call: saved(invoices.post(call.body, at(call.ids[0])), self.show_document), of_invoice
                ),
            },
        }

    def _contact_routes(self) -> dict[tuple[str, ...], dict[str, Route]]:
        def owner(call: Call) -> Customer:
            return self.state.customers.at(call.ids[0])

        def find(call: Call) -> Contact:
            return self.contacts.at(owner(call), call.ids[1])

        def of_path(call: Call) -> frozenset[str]:
            return touched.by_path(self.state, call.ids[0])

        def remove(call: Call) -> Reply:
            self.contacts.delete(find(call))
            return Reply(204)

        def listed(call: Call) -> Reply:
            return page("contacts", owner(call).contacts.values(), views.contact, call.query)

        return {
            ("customers", "*", "contacts"): {
                "GET": Route(listed),
                "POST": Route(lambda call: saved(self.contacts.post(owner(call), call.body), views.contact), of_path),
            },
            ("customers", "*", "contacts", "*"): {
                "GET": Route(lambda call: Reply(200, views.contact(find(call)))),
                "PUT": Route(lambda call: Reply(200, views.contact(self.contacts.put(find(call), call.body))), of_path),
                "DELETE": Route(remove, of_path),
            },
        }

    def _document_routes(self, kind: Kind) -> dict[tuple[str, ...], dict[str, Route]]:
        state, documents, shelf = self.state, self.documents[kind], self.state.documents[kind]

        def of_path(call: Call) -> frozenset[str]:
            return touched.by_document(state, kind, call.ids[0])

        def of_body(call: Call) -> frozenset[str]:
            return touched.by_document_body(state, kind, call.body)

        def remove(call: Call) -> Reply:
            documents.delete(shelf.at(call.ids[0]))
            return Reply(204)

        def attach(call: Call) -> Reply:
            documents.attach_pdf(shelf.at(call.ids[0]), call.body)
            return Reply(204)

        routes: dict[tuple[str, ...], dict[str, Route]] = {
            (kind,): {
                "GET": self._list(kind, shelf, self.show_document),
                "POST": Route(lambda call: saved(documents.post(call.body), self.show_document), of_body),
            },
            (kind, "*"): {
                "GET": Route(lambda call: Reply(200, self.show_document(shelf.at(call.ids[0])))),
                "DELETE": Route(remove, of_path),
            },
        }
        if kind in ("invoices", "credit_notes"):
            routes[kind, "*", "pdf"] = {"POST": Route(attach, of_path)}
        return routes

    def _reference_routes(self) -> dict[tuple[str, ...], dict[str, Route]]:
        state = self.state
        fields = state.custom_fields

        def reconcile(call: Call) -> Reply:
            key, link, new = self.links.post(call.body)
            return Reply(201 if new else 200, views.link(key, link))

        def remove_field(call: Call) -> Reply:
            self.custom_fields.delete(fields.at(call.ids[0]))
            return Reply(204)

        return {
            ("reconcile",): {"POST": Route(reconcile, lambda call: touched.by_link_body(state, call.body))},
            ("custom_fields",): {
                "GET": self._list("custom_fields", fields, views.custom_field),
                "POST": Route(lambda call: saved(self.custom_fields.post(call.body), views.custom_field), nobody),
            },
            ("custom_fields", "*"): {"DELETE": Route(remove_field, nobody)},
            ("users",): {"GET": self._list("users", state.users.values(), dict)},
            ("bank_accounts",): {"GET": self._list("bank_accounts", state.bank_accounts.values(), dict)},
            ("dunning_plans",): {"GET": self._list("dunning_plans", state.dunning_plans.values(), dict)},
        }

    def _list(self, path: str, items: Listing[Any], show: Callable[[Any], dict[str, Any]]) -> Route:
        return Route(lambda call: page(path, items, show, call.query))

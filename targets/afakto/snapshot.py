"""Which rows do the two files get, and which records must stay out of them? Pure.

deliveries -> documents with a buyer and a number of their own -> a buyer for each customer and currency -> rows

A row maps columns (by our names) to text. Afakto refuses a file with one key twice, so of records that share a key none
goes: which of them is meant can't be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from duebridge.core.api import Customer, Delivery, Payload, key_of
from duebridge.targets.afakto.buyers import buyer_code
from duebridge.targets.afakto.settings import AfaktoSettings, Literals

Row = dict[str, str]

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of both files, the records left out (key -> why), and what a person should know."""

    buyers: list[Row]
    invoices: list[Row]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Sorting:
    """Customers by id and documents by key, as far as nothing keeps them out."""

    customers: dict[str, Payload] = field(default_factory=dict)
    documents: dict[str, Payload] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def take(self, deliveries: Iterable[Delivery]) -> None:
        """Sort everything that is to be published."""
        for delivery in deliveries:
            payload = delivery.payload or {}
            if delivery.kind == Customer.kind:
                self.customers[delivery.id] = payload
            else:
                self.documents[key_of(delivery.kind, delivery.id)] = payload

    def leave_out(self, key: str, why: str) -> None:
        """Keep a document out."""
        self.left_out[key] = why
        del self.documents[key]

    def without_buyer(self) -> None:
        """Keep out documents whose customer is not among those published."""
        for key, payload in list(self.documents.items()):
            if payload["customer"] not in self.customers:
                self.leave_out(key, f"its customer {payload['customer']} is not published, and Afakto needs its buyer")

    def without_own_number(self) -> None:
        """Keep out documents that share a number."""
        for number, keys in _shared((key, payload["INV_NUMBER"]) for key, payload in self.documents.items()):
            for key in keys:
                others = ", ".join(other.replace(":", " ") for other in keys if other != key)
                self.leave_out(
                    key,
                    f"INV_NUMBER: {number} is also the number of {others}, and Afakto takes a number once for each "
                    "company, so none of them goes; renumber at the source",
                )

    def without_own_code(self, codes: Mapping[tuple[str, str], str]) -> None:
        """Keep out customers whose buyer would have the code of another one's, with their documents."""
        for code, pairs in _shared((pair, code.casefold()) for pair, code in codes.items()):
            for id in {customer for customer, _ in pairs}:
                others = ", ".join(sorted({other for other, _ in pairs} - {id}))
                why = f"BUYER_CODE: {code.upper()} would also be the code of customer {others}, so neither goes"
                self.left_out[key_of(Customer.kind, id)] = why
                self.customers.pop(id, None)
        self.without_buyer()


def _shared(named: Iterable[tuple[object, str]]) -> Iterator[tuple[str, list]]:  # type: ignore[type-arg]
    """Names given to more than one thing, with those things."""
    things: defaultdict[str, list[object]] = defaultdict(list)
    for thing, name in named:
        things[name].append(thing)
    return ((name, sharing) for name, sharing in things.items() if len(sharing) > 1)


def lay_out(deliveries: Iterable[Delivery], options: AfaktoSettings, today: date) -> Snapshot:
    """Return the rows of `deliveries`, buyers and invoices, as they stand on `today`."""
    sorting = _Sorting()
    sorting.take(deliveries)
    sorting.without_buyer()
    sorting.without_own_number()
    sorting.without_own_code(_codes(sorting, options.currency))
    codes = _codes(sorting, options.currency)
    buyers = [_buyer(sorting.customers[id], code, currency, options) for (id, currency), code in codes.items()]
    invoices = [
        # what is kept as it was last accepted may have a code of other settings
        _invoice(payload, options, today) | {"BUYER_CODE": codes[payload["customer"], payload["CURRENCY"]]}
        for payload in sorting.documents.values()
    ]
    return Snapshot(buyers, invoices, sorting.left_out, tuple(_notes(sorting.customers)))


def _codes(sorting: _Sorting, usual: str) -> dict[tuple[str, str], str]:
    """(customer, currency) -> buyer code, for the currencies of its documents; without any, for the usual one."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for payload in sorting.documents.values():
        used[payload["customer"]].add(payload["CURRENCY"])
    return {
        (id, currency): buyer_code(id, currency, usual)
        for id in sorting.customers
        for currency in sorted(used.get(id) or {usual}, key=lambda code: (code != usual, code))
    }


def _buyer(customer: Payload, code: str, currency: str, options: AfaktoSettings) -> Row:
    row = {name: value for name, value in customer.items() if name.isupper()}
    word = _word(options.literals, customer.get("ID_TYPE", ""))
    if not word:
        row.pop("ID_NUMBER", None)
    if currency != options.currency:
        row["BUYER_NAME"] = f"{row['BUYER_NAME']} ({currency})"
    return row | {"COMPANY_CODE": options.company_code, "BUYER_CODE": code, "ID_TYPE": word, "CURRENCY": currency}


def _invoice(document: Payload, options: AfaktoSettings, today: date) -> Row:
    row = {name: value for name, value in document.items() if name.isupper()}
    if row["STATUS"] == "open":
        row["STATUS"] = "late" if row.get("DUE_DATE", "") < today.isoformat() else "upcoming"
    return row | {
        "COMPANY_CODE": options.company_code,
        "INV_TYPE": _word(options.literals, document["INV_TYPE"]),
        "PAYMENT_METHOD": options.literals.payment_method,
    }


def _word(literals: Literals, ours: str) -> str:
    return str(getattr(literals, ours)) if ours else ""


def _notes(customers: Mapping[str, Payload]) -> Iterator[str]:
    unusable = [id for id, payload in customers.items() if payload.get("unusable_id")]
    if unusable:
        examples = ", ".join(unusable[:_EXAMPLES]) + (", …" if len(unusable) > _EXAMPLES else "")
        yield (
            f"{len(unusable)} customers go without ID_TYPE and ID_NUMBER, because no number of theirs is valid "
            f"(ids {examples}): correct reg_no or vat_number at the source"
        )

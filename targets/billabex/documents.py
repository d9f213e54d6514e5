"""How is an invoice or a credit note written, when Billabex lets nothing of one be changed but its paid amount?

Any other change removes the document and makes it again, which starts its follow-up anew. Each step can be repeated:
a removal of what is gone counts as done, a create carries the key of exactly this request, and what Billabex says it
has already is looked up by our key and taken on.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from duebridge.core.api import Ack, Attachment, Delivery, File, Json, Memory, Payload, RecordError, Refused
from duebridge.targets.billabex.accounts import UNACCEPTABLE
from duebridge.targets.billabex.allocations import Allocations
from duebridge.targets.billabex.client import BillabexClient, Node
from duebridge.targets.billabex.generations import Generations
from duebridge.targets.billabex.index import Entry, Index
from duebridge.targets.billabex.keys import content_of, create_key
from duebridge.targets.billabex.progress import refuse_read_only, taken
from duebridge.targets.billabex.settings import BillabexSettings

COLLECTIONS: Mapping[str, str] = {"invoice": "invoices", "credit_note": "credit-notes"}

#: What may follow a document without making it another one: the paid amount goes by itself, our own words nowhere.
_LOOSE = frozenset({"paidAmount", "credits"})
#: The media types Billabex takes.
_FILES = frozenset({"application/pdf", "image/png"})

GONE = "it was no longer at Billabex: made again, its follow-up starts anew"
REPLACED = "changed, so removed at Billabex and made again: its follow-up starts anew"


class Documents:
    """Writes invoices and credit notes."""

    def __init__(
        self, client: BillabexClient, index: Index, allocations: Allocations, options: BillabexSettings, memory: Memory
    ) -> None:
        """Write through `client`; `index` finds what is there, `allocations` makes room for what is paid."""
        self._client = client
        self._index = index
        self._allocations = allocations
        self._options = options
        self._generations = Generations(memory)

    def save(self, delivery: Delivery) -> Ack:
        """Create the document of `delivery`, or bring the one that is there to what it says."""
        if delivery.operation == "create" and delivery.target_id is None:
            return self._create(delivery, replacing="")
        id = delivery.target_id or ""
        held = self._client.found(COLLECTIONS[delivery.kind], id)
        if held is None:
            self._index.drop(COLLECTIONS[delivery.kind], id)
            return self._create(delivery, replacing=id)._replace(notes=(GONE,), anew=True)
        return self._bring(delivery, held)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look for what an earlier attempt made: by our key, else by number where it is the very same document.

        A list may not show yet what was made: before another document is, the same request is made again.
        """
        found = self._ours(delivery) or self._numbered(delivery)
        if found is None and delivery.operation == "create" and delivery.previous:
            again = self._create(delivery._replace(payload=delivery.previous), replacing="")
            return Ack(again.target_id)
        return Ack(found.id) if found is not None else None

    def _numbered(self, delivery: Delivery) -> Entry | None:
        account, payload = delivery.after[0], delivery.payload
        if account is None or payload is None:
            return None
        collection = COLLECTIONS[delivery.kind]
        numbered = self._index.by_number(account, collection, payload["number"])
        held = self._client.found(collection, numbered.id) if numbered is not None else None
        return numbered if held is not None and _is(held, payload, account) else None

    def delete(self, delivery: Delivery) -> Ack:
        """Remove the document."""
        id = delivery.target_id
        if id is None:
            return Ack()
        collection = COLLECTIONS[delivery.kind]
        held = self._client.found(collection, id)
        if held is not None:
            refuse_read_only(held, _word(delivery))
            self._generations.next(delivery.reference)
            self._client.delete(collection, id)
        self._index.drop(collection, id)
        return Ack()

    def _bring(self, delivery: Delivery, held: Node) -> Ack:
        """Bring what is there (`held`) to the payload: nothing to do, the paid amount, or another document."""
        payload, id = delivery.payload or {}, str(held["id"])
        if delivery.uncertain or delivery.previous is None:
            same = _is(held, payload, delivery.after[0])
        else:
            same = _lasting(delivery.previous) == _lasting(payload)
        if not same:
            return self._replace(delivery, held)
        if "paidAmount" in payload and _amount(held.get("paidAmount")) != Decimal(payload["paidAmount"]):
            refuse_read_only(held, _word(delivery))
            self._allocations.make_room(held, payload.get("credits", ()), Decimal(payload["paidAmount"]))
            self._client.set_paid(id, Decimal(payload["paidAmount"]))
        return Ack(id)

    def _replace(self, delivery: Delivery, held: Node) -> Ack:
        """Remove `held` and make the document again: the file is fetched before anything is removed."""
        refuse_read_only(held, _word(delivery))
        collection, id = COLLECTIONS[delivery.kind], str(held["id"])
        file = self._file(delivery)
        self._client.delete(collection, id)
        self._index.drop(collection, id)
        with taken(f"the {_word(delivery)} as it was is removed at Billabex"):
            return self._create(delivery, replacing=id, file=file)._replace(notes=(REPLACED,), anew=True)

    def _create(self, delivery: Delivery, *, replacing: str, file: File | None = None) -> Ack:
        collection = COLLECTIONS[delivery.kind]
        fields = self._fields(delivery)
        file = file or self._file(delivery)
        options, reference = self._options, delivery.reference
        whose = (options.organization_id, options.connection_id, reference, replacing, self._generations.of(reference))
        try:
            id = self._client.create_document(
                collection, fields, file, create_key(*whose, body=content_of(fields, file))
            )
        except Refused as refusal:
            found = self._there_already(delivery, refusal)
            if found is None:
                raise self._explained(delivery, refusal) from refusal
            return self._bring(delivery._replace(uncertain=True), found)
        self._index.add(collection, Entry(id, reference, fields["accountId"], fields["number"]))
        return Ack(id)

    def _there_already(self, delivery: Delivery, refusal: Refused) -> Node | None:
        """What Billabex refuses may be there: an earlier attempt's, or an earlier installation's."""
        found = self._ours(delivery) if refusal.status in UNACCEPTABLE else None
        return self._client.found(COLLECTIONS[delivery.kind], found.id) if found is not None else None

    def _ours(self, delivery: Delivery) -> Entry | None:
        """The document with our key, unless it is in an account of another connection: then that one's records collide
        with ours.
        """
        found = self._index.by_key(COLLECTIONS[delivery.kind], delivery.reference)
        if found is None or found.account == delivery.after[0] or self._index.is_ours(found.account):
            return found
        return None

    def _explained(self, delivery: Delivery, refusal: Refused) -> RecordError:
        account = delivery.after[0]
        if account is not None and self._client.found("accounts", account) is None:
            return RecordError(
                "its account is no longer at Billabex, though it was sent: it is made again, with its documents, when "
                "the customer changes at the source; to collect nothing there, exclude the customer"
            )
        return refusal

    def _fields(self, delivery: Delivery) -> dict[str, str]:
        """The form's fields, dates as `issuedDate[year]`."""
        payload = delivery.payload or {}
        if delivery.after[0] is None:
            raise RecordError("Billabex's id of its account is not known; run `duebridge sync --full`")
        fields = {"accountId": delivery.after[0]}
        for name, value in payload.items():
            if isinstance(value, dict):
                fields |= {f"{name}[{part}]": str(inner) for part, inner in value.items()}
            elif name not in ("account", "credits"):
                fields[name] = str(value)
        return dict(sorted(fields.items()))

    def _file(self, delivery: Delivery) -> File | None:
        """The document's file, as Billabex takes it. Raises `RecordError` when there must be one."""
        attachment = delivery.file()
        if attachment is not None and attachment.content_type in _FILES:
            return File(attachment.name, attachment.content, attachment.content_type)
        if self._options.without_pdf == "send":
            return None
        raise RecordError(_no_file(attachment))


def _no_file(attachment: Attachment | None) -> str:
    trouble = "it has no file yet" if attachment is None else f"its file is {attachment.content_type}, not PDF or PNG"
    return (
        f"{trouble}, and Billabex is sent documents with theirs; a later run tries again, and `without_pdf: send` in "
        "the connection's target sends them without (at once with `duebridge sync --retry`)"
    )


def _word(delivery: Delivery) -> str:
    return delivery.kind.replace("_", " ")


def _lasting(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name not in _LOOSE}


def _is(held: Node, payload: Payload, account: str | None) -> bool:
    """Whether what Billabex shows is the document of `payload`, whatever is paid on it."""
    told = {name: held.get(name) for name in ("number", "issuedDate", "dueDate") if name in payload}
    amounts = all(_amount(held.get(name)) == Decimal(payload[name]) for name in ("totalAmount", "taxAmount"))
    return amounts and held.get("accountId") == account and told == {name: payload[name] for name in told}


def _amount(value: Json) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None

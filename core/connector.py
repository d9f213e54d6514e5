"""What a connector promises: the two contracts, and the plain data that passes between it and the engine.

    Source.fetch -> Page(items) -> canonical -> Record ...engine... Delivery -> RecordTarget.push -> Ack

Connectors are constructed with their validated settings and `Services`; they keep no state of their own between runs
except through `Services.memory`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from duebridge.core.edge.http import HttpFactory
    from duebridge.core.records import CreditNote, Document, Invoice, Record
    from duebridge.core.tables.mapping import Mapping as PayloadMapping
    from duebridge.core.tables.rules import Decision, Rules

Json = Any  # what `json.loads` gives with `parse_float=Decimal`: str, int, Decimal, bool, None, list, dict
Raw = Mapping[str, Json]
Payload = dict[str, Json]


class Settings(BaseModel):
    """What a connector's YAML block may hold. Unknown keys are refused, secrets are `SecretStr`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Memory(Protocol):
    """Small JSON values a connector wants back at its next run, kept per connection and side."""

    def get(self, key: str) -> Json | None:
        """Return the value last put under `key`, or None."""

    def put(self, key: str, value: Json) -> None:
        """Keep `value` (JSON) under `key`."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the engine lends a connector.

    `note` adds a sentence to the run's report (once, however often it is said); `now` is the run's clock, UTC.
    """

    http: HttpFactory
    memory: Memory
    note: Callable[[str], None]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Account:
    """Who the credentials belong to at the product: its own id and name for the company.

    A source's `id` is remembered: once records of it were sent, another id stops the run. `timezone` is the company's
    (IANA name), empty when the product doesn't tell.
    """

    id: str
    name: str
    detail: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next read of a stream starts.

    `crawl` says it lies inside an unfinished crawl; otherwise it is the bookmark after which changes are read.
    `position` is the source's own, plain JSON; the engine only stores it.
    """

    crawl: bool
    position: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Page:
    """One step of a read: the items with the record type each becomes, ids gone at the source, and the cursor after it.

    An item is the product's JSON, which the source's `canonical` makes a record of, or such a record already.
    `last` marks the end of the read; a read that ends without one was cut short and counts as incomplete.
    """

    items: Sequence[tuple[type[Record], Raw | Record]]
    cursor: Cursor
    last: bool = False
    deleted: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A product page's own rhythm; a connection may override it. Exactly one of the three is set."""

    every: str | None = None
    daily: str | None = None
    cron: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document's file: its name, what it holds, and its media type."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/pdf"


class Source(ABC):
    """Where records come from."""

    name: ClassVar[str]
    title: ClassVar[str]
    settings: ClassVar[type[Settings]]
    #: Stream name -> the record types its items become, in reading order: customers before what refers to them.
    streams: ClassVar[Mapping[str, tuple[type[Record], ...]]]
    #: Pure functions from the product's JSON to a record; a `RecordError` or a validation error rejects that record.
    canonical: ClassVar[Mapping[type[Record], Callable[[Raw], Record]]]

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (an instance of the class's `settings`) and `services`."""
        self.options = settings
        self.services = services

    @abstractmethod
    def check(self) -> Account:
        """Return who we are connected as, or raise `AuthError`."""

    @abstractmethod
    def fetch(self, stream: str, since: Cursor | None, needs: frozenset[str]) -> Iterator[Page]:
        """Read `stream` from `since` (None: everything), with the optional fields named in `needs`.

        `needs` holds dotted paths like `customer.ledger_account` and `invoice.lines`; what is not named is not fetched.
        Raises `CursorExpired` when the changes since the bookmark are no longer kept, `RunError` for answers that
        can't be a complete page. Never ends short in silence.
        """

    def document(self, record: Record) -> Attachment | None:  # noqa: ARG002 - a source may have none to give
        """Fetch the file of `record` as it is now; None when there is none.

        Asked while a target writes the record, and only by targets that take files. Sends no credentials to other
        hosts. Raises `RecordError` when this one can't be had, `RunError` or `AuthError` as `fetch` does.
        """
        return None

    def close(self) -> None:
        """Release connections."""


class RereadableSource(Source):
    """A source that can read given documents again, for changes that emit no event."""

    #: How many ids one `reread` request carries.
    reread_batch: ClassVar[int] = 100

    @abstractmethod
    def reread(self, stream: str, ids: Sequence[str], needs: frozenset[str]) -> Iterator[Page]:
        """Read the records of `stream` with these ids; those no longer there come as `deleted`."""


Safety = Literal["upsert", "create_once", "replace", "delete"]


@dataclass(frozen=True, slots=True)
class Write:
    """How a kind (or a named part of a document) is written.

    `safety` is what a lost answer means: an upsert is sent again, a create_once looks for its reference first.
    `phase` orders the writes of one customer, lowest first. `release` says that, before a part accepted earlier is
    changed or withdrawn, it must be taken back (`Delivery.operation == "release"`) ahead of every other write.
    `settles_after`: how many seconds (a day at most) the target's search may lag behind its writes. Before they have
    passed since a lost answer nothing more is sent for the row, and `find` is not asked. `when_needed` says that a
    record is created only once something that comes after it is to be written: a customer with their first document.
    """

    safety: Safety
    phase: int
    release: bool = False
    settles_after: float = 0.0
    when_needed: bool = False


#: Releases come before every declared phase, removals after.
RELEASE_PHASE = 0
REMOVAL_PHASE = 1000

Operation = Literal["create", "update", "delete", "release"]


def no_file() -> Attachment | None:
    """Give no file: the record has none, or nobody fetches it."""
    return None


class Delivery(NamedTuple):
    """One write to make: a record (`part` empty) or a named part of it.

    `reference` is our key at the target; `previous` the last accepted payload; `target_id` the target's own id.
    `uncertain` says an earlier attempt's outcome is unknown; `write` names its `Write`. `file` fetches the record's
    file from the source, when it is called (`Source.document`). `after` are the target's own ids of what stood before
    it: a document's customer, for a part what its `after` names; None where the target told none.
    """

    kind: str
    id: str
    part: str
    operation: Operation
    reference: str
    payload: Payload | None
    previous: Payload | None = None
    target_id: str | None = None
    uncertain: bool = False
    write: str = ""
    file: Callable[[], Attachment | None] = no_file
    after: tuple[str | None, str | None] = (None, None)


class Ack(NamedTuple):
    """The target took it. `notes` say what was dropped on the way, for the report and `records`.

    `anew` says that a new object stands in the place of the one held before: what was tied to that one (the record's
    parts, those that come `after` it, and a customer's documents with theirs) is written again in the same run.
    `left_out` names the records (`key_of`) a snapshot was published without, each with why: they count as rejected, and
    as no longer held.
    """

    target_id: str | None = None
    notes: tuple[str, ...] = ()
    anew: bool = False
    left_out: Mapping[str, str] = MappingProxyType({})


def key_of(kind: str, id: str, part: str = "") -> str:
    """Return the name of a record, or of a part of it, within a connection: `invoice:12`, `invoice:12:fix`."""
    return f"{kind}:{id}:{part}" if part else f"{kind}:{id}"


R = TypeVar("R", bound="Record")


class Member(NamedTuple, Generic[R]):
    """A document of a family, with its decision. `standing`: it is, or will be after this run, at the target.

    `gone`: the source no longer has it.
    """

    record: R
    decision: Decision
    standing: bool
    gone: bool = False


class Family(NamedTuple):
    """An invoice (None when it is unknown) with the credit notes the source links to it, by issue date then id."""

    invoice: Member[Invoice] | None
    credit_notes: tuple[Member[CreditNote], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Something a document needs at the target beside itself: a settlement, a link.

    `owner` is the record it counts under, `name` its name there, unique per owner and standing for one `reference`:
    what is tied to something else has another name, so that the old tie is taken back. `write` is the key of its
    `Write`.
    `after` holds the keys (`key_of`) of up to two records or parts that must have been accepted before it.
    `says` tells for each payload path where its value came from.
    """

    owner: Record
    name: str
    write: str
    reference: str
    payload: Payload
    after: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)


class Target(ABC):
    """Where records go."""

    name: ClassVar[str]
    title: ClassVar[str]
    settings: ClassVar[type[Settings]]
    #: In push order.
    rules: ClassVar[Mapping[type[Record], Rules]]
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]]
    schedule: ClassVar[Schedule]
    #: Every run reads the source in full, whatever its change feeds would tell.
    complete: ClassVar[bool] = False
    #: What was once sent can be taken away there; without, `on_delete: delete` only reports.
    deletes: ClassVar[bool] = True
    #: A credit note goes with its invoice alone: without one that is, or will be, at the target it is
    #: `no_invoice`. Its phase is later than that of invoices.
    credits_sent_invoices: ClassVar[bool] = False
    #: Whether only documents issued since the connection began are sent, unless it says `since` or `history`.
    from_start: ClassVar[bool] = False

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (an instance of the class's `settings`) and `services`."""
        self.options = settings
        self.services = services

    @classmethod
    def origin(cls, connector: str, account: str) -> str:  # noqa: ARG003 - ids of most sources are unique by themselves
        """Return how our references name where a record is from: the source `connector`, and its `account` if need be.

        `account` is the source's `Account.id`, empty as long as it was never asked. What this returns is the `source`
        of `reference` and `parts` and what mappings read as `@source`.
        """
        return connector

    @classmethod
    def chosen(cls, settings: Any) -> type[Target]:  # noqa: ARG003 - most targets are one
        """Return the class that serves connections with these `settings`, for a target that can be reached in ways."""
        return cls

    def admit(self, connector: str) -> None:
        """Take note of the source's connector, before anything is asked. Raises `ConfigError` to refuse it."""

    @abstractmethod
    def check(self) -> Account:
        """Return who we are connected as, or raise `AuthError`."""

    def context(self) -> Mapping[str, Json]:
        """Values that mappings may read as `@name`, fixed for a run; a change of them plans every record again."""
        return {}

    def reference(self, source: str, record: Record) -> str:
        """Return our key for `record` at the target: `{source}-{kind}-{id}`."""
        return f"{source}-{record.kind}-{record.id}"

    def continued(self, kind: str, payload: Payload, previous: Payload) -> Payload:  # noqa: ARG002 - most keep nothing
        """Return `payload` with what goes on standing of `previous`, which was last accepted of the same record; pure.

        For what the source tells once: what it no longer tells then stays as it was.
        """
        return payload

    def completed(self, document: Document, family: Family) -> Document:  # noqa: ARG002 - most need nothing more
        """Return `document` with what only its family tells filled in, before it is decided on and mapped; pure.

        Credit notes come first: then the invoice sees them in `family` as they were completed.
        """
        return document

    def parts(self, family: Family, source: str) -> Iterable[Part]:  # noqa: ARG002 - most targets have none
        """Return what the documents of `family` need beside themselves; pure."""
        return ()

    @property
    def place(self) -> str:
        """Where what is sent stands, by the settings alone and for people to read; in another, none of it does.

        A key or an address is no place: they change, and what was sent stays where it is.
        """
        return self.title

    @property
    def mirrors_payments(self) -> bool:
        """Whether what was paid on an open invoice is carried to the target too; `reconcile` asks."""
        return False

    @property
    def tells_balances(self) -> bool:
        """Whether each document goes with its own balance as the source has it, not by its total; `reconcile` asks."""
        return False

    def close(self) -> None:
        """Release connections."""


class RecordTarget(Target):
    """A target written record by record."""

    #: Record type, or part name -> how it is written.
    writes: ClassVar[Mapping[type[Record] | str, Write]]
    #: How many writes may be under way at once; never two for one customer.
    parallel: ClassVar[int] = 1

    @abstractmethod
    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` when refused, `UnknownOutcome` when the answer was lost.

        `Withheld` is for a change the target's settings keep back, or that the product can't take: it is shown.
        `RunError` and `AuthError` say that nothing of it was taken; a write of several requests raises `UnknownOutcome`
        once one of them was.
        """

    def find(self, delivery: Delivery) -> Ack | None:  # noqa: ARG002 - only create_once targets look
        """Look for what an earlier attempt may have created, by its reference; None when it isn't there.

        The payload is None when it is to be taken away. Raises what `push` raises, and `UnknownOutcome` when there are
        several; the outcome then stays unknown.
        """
        return None


@dataclass(frozen=True, slots=True)
class Balance:
    """What is outstanding on one document at a target: major units of `currency`, negative when it is owed back.

    A credit note's or payment's balance is the part not linked. `reference` is our key there and `customer` that of its
    customer; both are empty for what has none.
    """

    reference: str
    kind: str
    currency: str
    outstanding: Decimal
    customer: str = ""


class BalanceReader(ABC):
    """A target that tells what is outstanding there, for `reconcile`."""

    @abstractmethod
    def balances(self) -> Iterator[Balance]:
        """Yield every document the target holds, whoever wrote it. Raises `AuthError` or `RunError`."""


class PayloadReader(ABC):
    """A target that can't be asked what is outstanding there: for `reconcile`, it tells what its payloads come to."""

    @abstractmethod
    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        """Return what a payload the target has accepted adds to what is outstanding there; pure.

        `write` names its `Write`. What settles a document counts negative, as a payment; None for what moves nothing,
        as a customer or a link. A payload that doesn't tell may end in any error of looking up or computing.
        """


class SnapshotTarget(Target):
    """A target that takes everything, every time: what a snapshot leaves out counts as closed there.

    Every run reads the source in full, from the first page on; one that could not publishes nothing.
    """

    complete: ClassVar[bool] = True

    @abstractmethod
    def publish(self, deliveries: Iterable[Delivery], *, accept_mass_change: bool) -> Ack:
        """Replace what the target has by `deliveries`, all of them, in the order of `rules`: all or nothing.

        `accept_mass_change`: a person has seen that much is missing. Without it, a snapshot that is implausibly short
        beside the one before is withheld by raising `Implausible`. Raises `RunError` when nothing was delivered,
        `UnknownOutcome` when it may have been; the next run publishes again in any case.
        """

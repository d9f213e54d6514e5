"""What to fetch from Pennylane next: everything once, then what its change feeds name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from duebridge.core.api import (
    Account,
    Attachment,
    CreditNote,
    Cursor,
    Customer,
    Document,
    Invoice,
    Page,
    Price,
    Product,
    Raw,
    Record,
    RereadableSource,
    Services,
    Settings,
    Subscription,
)
from duebridge.plugins.pennylane import canonical, catalogue
from duebridge.plugins.pennylane.changes import changes
from duebridge.plugins.pennylane.client import PennylaneClient
from duebridge.plugins.pennylane.crawl import crawl, listing
from duebridge.plugins.pennylane.files import Files
from duebridge.plugins.pennylane.filters import BATCH, batches
from duebridge.plugins.pennylane.identity import company_of
from duebridge.plugins.pennylane.reader import Beside, Reader, Stream
from duebridge.plugins.pennylane.settings import PennylaneSettings

STREAMS = {
    stream.name: stream
    for stream in (
        Stream(
            "customers",
            "/customers",
            (Customer,),
            lambda _row, _wanted: (Customer,),
            "customers",
            "/changelogs/customers",
            always=True,
        ),
        Stream("products", "/products", (Product, Price), catalogue.sold_as, "products", "/changelogs/products"),
        Stream(
            "billing_subscriptions",
            "/billing_subscriptions",
            (Subscription,),
            lambda _row, _wanted: (Subscription,),
            "billing_subscriptions",
        ),
        Stream(
            "customer_invoices",
            "/customer_invoices",
            (Invoice, CreditNote),
            lambda raw, _wanted: (canonical.document_type(raw),),
            "customer_invoices",
            "/changelogs/customer_invoices",
            always=True,
        ),
    )
}

#: `reread` tells no place to go on from: it reads given rows, not a stretch of the feed.
NOWHERE = Cursor(crawl=False, position={})


class PennylaneSource(RereadableSource):
    """What one Pennylane company sells, to whom, and what is due, through its Company API v2."""

    name: ClassVar[str] = "pennylane"
    title: ClassVar[str] = "Pennylane"
    settings: ClassVar[type[Settings]] = PennylaneSettings
    streams: ClassVar[Mapping[str, tuple[type[Record], ...]]] = MappingProxyType(
        {name: stream.kinds for name, stream in STREAMS.items()}
    )
    canonical: ClassVar[Mapping[type[Record], Callable[[Raw], Record]]] = MappingProxyType(
        {
            Customer: canonical.customer,
            Product: catalogue.product,
            Price: catalogue.price,
            Subscription: catalogue.subscription,
            Invoice: canonical.invoice,
            CreditNote: canonical.credit_note,
        }
    )
    reread_batch: ClassVar[int] = BATCH

    def __init__(self, settings: PennylaneSettings, services: Services) -> None:
        """Open a client; nothing is asked until the first call."""
        super().__init__(settings, services)
        self._client = PennylaneClient(settings, services)
        self._beside = Beside(self._client, services.note)
        self._files = Files(self._client)

    def check(self) -> Account:
        """Return the token's company. Raises `AuthError`, also when it can't read what every connection needs.

        A list that only some targets read says itself, when it is read, that its scope is missing.
        """
        return company_of(self._client, (f"{stream.scope}:readonly" for stream in STREAMS.values() if stream.always))

    def fetch(self, stream: str, since: Cursor | None, needs: frozenset[str]) -> Iterator[Page]:
        """Read `stream`: all of it by id when `since` is None or inside a crawl, otherwise what changed since.

        A list without a change feed is read whole each time.
        """
        reader = self._reader(stream, needs)
        if since is None or since.crawl:
            return crawl(reader, since, self.services.now)
        if reader.stream.changelog is None:
            return listing(reader, since)
        return changes(reader, since, self.services.now)

    def reread(self, stream: str, ids: Sequence[str], needs: frozenset[str]) -> Iterator[Page]:
        """Read these rows of `stream` as they are now, a hundred to a page; the engine keeps the cursor it has."""
        reader = self._reader(stream, needs)
        wanted = list(dict.fromkeys(ids))
        for start, batch in zip(range(0, len(wanted), BATCH), batches(wanted, BATCH), strict=True):
            items, gone = reader.by_id(batch)
            yield Page(items, NOWHERE, last=start + BATCH >= len(wanted), deleted=gone)
        if not wanted:
            yield Page((), NOWHERE, last=True)

    def document(self, record: Record) -> Attachment | None:
        """Fetch the PDF (or image) of an invoice or a credit note as it is now; other records have none."""
        return self._files.of(record.id) if isinstance(record, Document) else None

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _reader(self, stream: str, needs: frozenset[str]) -> Reader:
        return Reader(STREAMS[stream], self._client, needs, self.services.note, self._beside)

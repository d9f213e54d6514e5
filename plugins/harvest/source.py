"""What to fetch from Harvest next: everything once, then what was updated since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar
from zoneinfo import ZoneInfo

from duebridge.core.api import (
    Account,
    Attachment,
    CreditNote,
    Cursor,
    Customer,
    Document,
    Invoice,
    Json,
    Page,
    Payment,
    Product,
    Raw,
    Record,
    RereadableSource,
    Services,
    Settings,
)
from duebridge.plugins.harvest import canonical
from duebridge.plugins.harvest.account import Company, company, owner_zone
from duebridge.plugins.harvest.client import HarvestClient
from duebridge.plugins.harvest.files import Files
from duebridge.plugins.harvest.paging import Place, StaleLink
from duebridge.plugins.harvest.reader import Reader, bookmark
from duebridge.plugins.harvest.settings import HarvestSettings
from duebridge.plugins.harvest.streams import STREAMS, Read, Stream

#: `reread` tells no place to go on from: it reads given rows, not what changed.
NOWHERE = Cursor(crawl=False, position={})


class HarvestSource(RereadableSource):
    """What one Harvest account has invoiced, to whom, and what is due, through its API v2."""

    name: ClassVar[str] = "harvest"
    title: ClassVar[str] = "Harvest"
    settings: ClassVar[type[Settings]] = HarvestSettings
    streams: ClassVar[Mapping[str, tuple[type[Record], ...]]] = MappingProxyType(
        {name: stream.kinds for name, stream in STREAMS.items()}
    )
    canonical: ClassVar[Mapping[type[Record], Callable[[Raw], Record]]] = MappingProxyType(
        {
            Customer: canonical.customer,
            Product: canonical.product,
            Invoice: canonical.invoice,
            CreditNote: canonical.credit_note,
            Payment: canonical.payment,
        }
    )

    def __init__(self, settings: HarvestSettings, services: Services) -> None:
        """Open a client; nothing is asked until the first call."""
        super().__init__(settings, services)
        self._client = HarvestClient(settings, services)
        self._reader = Reader(self._client, services.note)
        self._files = Files(self._client, self._web)
        self._company: Company | None = None

    def check(self) -> Account:
        """Return the account with its company's name and time zone. Raises `AuthError` for one we may not read.

        Raises `ConfigError` for a `domain` that is another company's.
        """
        self._company = found = company(self._client, self.options)
        return Account(self.options.account_id, found.name, found.host, timezone=self._zone)

    def fetch(self, stream: str, since: Cursor | None, needs: frozenset[str]) -> Iterator[Page]:
        """Read `stream`: all of it when `since` is None or inside a crawl, otherwise what was updated since."""
        position = dict(since.position) if since is not None else {}
        asked: dict[str, str] = {}
        if since is not None and not since.crawl and isinstance(position.get("bookmark"), str):
            asked = {"updated_since": position["bookmark"]}
        try:
            yield from self._pages(STREAMS[stream], self._read(needs), asked, position)
        except StaleLink:
            self.services.note(f"Harvest no longer knew where the read of {stream} had stopped, so it began again")
            yield from self._pages(STREAMS[stream], self._read(needs), asked, {})

    def reread(self, stream: str, ids: Sequence[str], needs: frozenset[str]) -> Iterator[Page]:
        """Read these rows of `stream` as they are now; the engine keeps the cursor it has.

        Payments can't be asked for by their ids: they stay as they are until their invoice changes.
        """
        read, found = self._read(needs), STREAMS[stream]
        if found.kinds != (Payment,):
            for rows, gone in found.again(self._reader, ids):
                yield Page(found.items(read, rows), NOWHERE, deleted=gone)
        yield Page((), NOWHERE, last=True)

    def document(self, record: Record) -> Attachment | None:
        """Fetch the PDF of an invoice or a credit note as it is now; other records have none."""
        return self._files.of(record.id) if isinstance(record, Document) else None

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _pages(self, stream: Stream, read: Read, asked: dict[str, str], position: Mapping[str, Json]) -> Iterator[Page]:
        """The pages of a read; `asked` is empty for a crawl.

        Position in the middle: a `Place`, "bookmark" (where a read of changes began) and "until" (where the next one
        will). At rest: {"bookmark"}.
        """
        place = Place.of(position) if isinstance(position.get("until"), str) else Place()
        until = position["until"] if place.next else bookmark(self.services.now(), self._client.told_time)
        begun = {"bookmark": asked["updated_since"]} if asked else {}
        for page in stream.pages(read, asked, place):
            items = stream.items(read, page.rows)
            if page.place is None:
                yield Page(items, Cursor(crawl=False, position={"bookmark": until}), last=True)
            else:
                middle = {**page.place.position(), **begun, "until": until}
                yield Page(items, Cursor(crawl=not asked, position=middle))

    def _read(self, needs: frozenset[str]) -> Read:
        return Read(self._reader, needs, self._today().isoformat())

    def _today(self) -> date:
        """The day it is where the token's owner is."""
        return self.services.now().astimezone(ZoneInfo(self._zone or "UTC")).date()

    def _web(self) -> str:
        if self.options.domain:
            return str(self.options.domain)
        self._company = self._company or company(self._client, self.options)
        return self._company.web()

    @cached_property
    def _zone(self) -> str:
        return owner_zone(self._client, self.services.note)

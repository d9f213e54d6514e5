"""The first half of a run: every stream read into the store, its cursor moving with each page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from duebridge.core.connector import Cursor, Page, RereadableSource, Source
from duebridge.core.engine.guard import Guard
from duebridge.core.engine.intake import Intake
from duebridge.core.engine.planning import Known
from duebridge.core.engine.prefetch import Prefetched
from duebridge.core.engine.report import Report
from duebridge.core.engine.understanding import check_identity, recall, vanished
from duebridge.core.errors import CursorExpired, RunError
from duebridge.core.records import Record
from duebridge.core.store.records import Records
from duebridge.core.store.store import Store, Stream

Understood = tuple[Page, dict[str, Known]]

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often more than the changes is read: everything, and the documents last seen open."""

    full_every: timedelta = timedelta(hours=24)
    refresh_open: timedelta = timedelta(hours=1)


class Reading:
    """Reads a source into the store for one run."""

    def __init__(
        self,
        store: Store,
        connection_id: int,
        run: int,
        source: Source,
        intake: Intake,
        report: Report,
        guard: Guard,
        *,
        needs: frozenset[str],
        rhythm: Rhythm,
        now: datetime,
        stopping: Event,
    ) -> None:
        """Keep what reading depends on; `now` is the start of the run."""
        self._store = store
        self._id = connection_id
        self._run = run
        self._source = source
        self._intake = intake
        self._report = report
        self._guard = guard
        self._needs = needs
        self._rhythm = rhythm
        self._now = now
        self._stopping = stopping

    def read(self, kinds: tuple[str, ...], *, full: bool, anew: bool = False) -> None:
        """Read every stream that gives one of `kinds`. Raises what the source raises; what was read stays.

        `full`: everything, going on where an interrupted crawl was; `anew`: everything, from the first page on.
        """
        for stream, types in self._source.streams.items():
            if any(kind.kind in kinds for kind in types):
                self._read_stream(stream, types, full=full or anew, anew=anew)

    def read_again(self, named: Collection[tuple[str, str]]) -> None:
        """Read the records `named` (kind, id) again, of a source that can do that. Raises what the source raises."""
        for stream, types in self._source.streams.items():
            kinds = {kind.kind for kind in types}
            ids = list(dict.fromkeys(id for kind, id in named if kind in kinds))
            if ids:
                self._reread_ids(stream, types, ids, self._needs_of(types))

    def never_read(self, kinds: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Return the fields the rules and mappings of each kind need that its stream was never read with."""
        missing: dict[str, frozenset[str]] = {}
        for stream, types in self._source.streams.items():
            lacking = self._needs_of(types) - self._store.stream(self._id, stream).needs
            for kind in types:
                fields = frozenset(need for need in lacking if need.split(".")[0] == kind.kind)
                if fields and kind.kind in kinds:
                    missing[kind.kind] = fields
        return missing

    def replan(self, kinds: tuple[str, ...]) -> None:
        """Plan every stored record again: the rules, mappings, options or exclusions have changed."""
        for kind in kinds:
            n = 0
            while True:
                with self._store.transaction() as db:
                    records = Records(db, self._id)
                    rows = records.after(n, _CHUNK, kind)
                    if not rows:
                        break
                    n = rows[-1].n
                    stored = {row.key: row for row in rows}
                    self._intake.plan(records, {row.key: recall(row) for row in rows}, stored, None)

    def _read_stream(self, stream: str, types: tuple[type[Record], ...], *, full: bool, anew: bool) -> None:
        state = self._store.stream(self._id, stream)
        needs = self._needs_of(types)
        crawl = full or self._must_crawl(state, needs)
        since = None if anew or (crawl and not state.crawling) else state.cursor
        if since is None:
            state = self._begin_crawl(state, needs)
        elif state.crawling and not full:
            self._report.note(f"{stream}: the crawl that was interrupted goes on where it was")
        try:
            self._take(stream, types, since, state, needs)
        except CursorExpired as expired:
            self._report.note(f"{stream}: {expired}; read in full instead")
            state = self._begin_crawl(state, needs)
            self._take(stream, types, None, state, needs)
        self._reread(stream, types, needs, crawled=state.crawl_began_at == self._now)

    def _needs_of(self, types: tuple[type[Record], ...]) -> frozenset[str]:
        kinds = {kind.kind for kind in types}
        return frozenset(need for need in self._needs if need.split(".")[0] in kinds)

    def _must_crawl(self, state: Stream, needs: frozenset[str]) -> bool:
        if state.crawling or state.cursor is None or state.crawled_at is None:
            return True
        return not needs <= state.needs or self._now - state.crawled_at >= self._rhythm.full_every

    def _begin_crawl(self, state: Stream, needs: frozenset[str]) -> Stream:
        state = state.begin_crawl(self._now, needs)
        with self._store.transaction() as db:
            self._store.save_stream(db, self._id, state)
        return state

    def _take(
        self, stream: str, types: tuple[type[Record], ...], since: Cursor | None, state: Stream, needs: frozenset[str]
    ) -> None:
        finished = False
        pages = self._understood(self._source.fetch(stream, since, needs), stream)
        with Prefetched(pages, f"read {stream}") as ahead:
            for page, fresh in self._until_stopped(ahead):
                if state.crawling and page.last and not fresh:
                    self._guard.weigh_crawl(stream, [kind.kind for kind in types], state.crawl)
                state = self._store_page(page, fresh, types, state)
                finished = page.last
        if not finished:
            raise RunError(f"{stream}: the read ended before its last page; what was read stays, the next run goes on")

    def _understood(self, pages: Iterator[Page], stream: str) -> Iterator[Understood]:
        for page in pages:
            check_identity(page.items, stream)
            yield page, self._intake.understand(page.items)

    def _store_page(
        self, page: Page, fresh: Mapping[str, Known], types: tuple[type[Record], ...], state: Stream
    ) -> Stream:
        kinds = tuple(kind.kind for kind in types)
        crawl = state.crawl if state.crawling else None
        with self._store.transaction() as db:
            records = Records(db, self._id)
            self._intake.absorb(records, fresh, page.deleted, kinds, crawl)
            if page.last and state.crawling:
                self._tombstone_absent(records, kinds, state.crawl)
            state = state.after(page.cursor, last=page.last)
            self._store.save_stream(db, self._id, state)
        return state

    def _tombstone_absent(self, records: Records, kinds: tuple[str, ...], crawl: int) -> None:
        absent = records.unseen(kinds, crawl)
        for start in range(0, len(absent), _CHUNK):
            stored = records.by_key(absent[start : start + _CHUNK])
            gone = {key: vanished(row) for key, row in stored.items()}
            self._intake.plan(records, gone, stored, None)

    def _reread(self, stream: str, types: tuple[type[Record], ...], needs: frozenset[str], *, crawled: bool) -> None:
        if crawled or not isinstance(self._source, RereadableSource):
            return
        state = self._store.stream(self._id, stream)
        latest = max(filter(None, (state.reread_at, state.crawled_at)), default=None)
        if latest is not None and self._now - latest < self._rhythm.refresh_open:
            return
        ids = self._open_ids(tuple(kind.kind for kind in types))
        if ids:
            self._reread_ids(stream, types, ids, needs)
        with self._store.transaction() as db:
            self._store.save_stream(db, self._id, state.reread(self._now))

    def _reread_ids(
        self, stream: str, types: tuple[type[Record], ...], ids: Sequence[str], needs: frozenset[str]
    ) -> None:
        assert isinstance(self._source, RereadableSource)  # noqa: S101 - the callers have made sure
        kinds = tuple(kind.kind for kind in types)
        again = self._understood(self._source.reread(stream, ids, needs), stream)
        with Prefetched(again, f"reread {stream}") as ahead:
            for page, fresh in self._until_stopped(ahead):
                with self._store.transaction() as db:
                    self._intake.absorb(Records(db, self._id), fresh, page.deleted, kinds, None)

    def _open_ids(self, kinds: tuple[str, ...]) -> list[str]:
        with self._store.reading() as db:
            return Records(db, self._id).open_ids(kinds)

    def _until_stopped(self, pages: Iterator[Understood]) -> Iterator[Understood]:
        for page, fresh in pages:
            yield page, fresh
            if self._stopping.is_set() and not page.last:
                raise RunError("stopped on request; what was read stays, the next run goes on where this one was")

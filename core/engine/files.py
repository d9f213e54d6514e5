"""Which file belongs to a row that is written? Fetched from the source when its target asks, never kept."""

from __future__ import annotations

from duebridge.core.connector import Attachment, Source, key_of
from duebridge.core.engine.understanding import stored_record
from duebridge.core.store.records import Claimed, Records
from duebridge.core.store.store import Store


class Files:
    """The files of one connection's documents."""

    def __init__(self, store: Store, connection_id: int, source: Source) -> None:
        """Look the records up in `store`, fetch their files from `source`."""
        self._store = store
        self._id = connection_id
        self._source = source

    def of(self, row: Claimed) -> Attachment | None:
        """Fetch the file of the record `row` belongs to, as it was last read; None when it has none.

        Raises what the source raises.
        """
        key = key_of(row.kind, row.id)
        with self._store.reading() as db:
            stored = Records(db, self._id).by_key([key]).get(key)
        record = stored_record(stored) if stored is not None else None
        return self._source.document(record) if record is not None else None

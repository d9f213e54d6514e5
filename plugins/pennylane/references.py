"""Which external references do linked objects have? Links carry Pennylane's ids alone.

`external_reference` is the name of what older versions of the API called `source_id` (spec, GET /customers, /products).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from duebridge.core.api import Forbidden, Json, RecordError
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.fields import identifier
from duebridge.plugins.pennylane.filters import BATCH, batches, id_in
from duebridge.plugins.pennylane.paging import identity, walk


class References:
    """The external references of one list's objects; each is asked for once a run, a hundred at a time."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None], path: str) -> None:
        self._client = client
        self._note = note
        self._path = path
        self._known: dict[str, Json] = {}
        self._readable = True

    def attach(self, rows: Iterable[dict[str, Json]], link: str) -> None:
        """Add `_{link}_reference` to the rows that hold a `link`; without the scope nothing is added, and it is noted.

        What is no longer there has none.
        """
        held = [(row, linked) for row in rows if (linked := id_of(row.get(link))) is not None]
        self._fetch({linked for _, linked in held})
        for row, linked in held:
            row[f"_{link}_reference"] = self._known.get(linked)

    def _fetch(self, wanted: set[str]) -> None:
        for batch in batches(sorted(wanted - self._known.keys()), BATCH):
            if self._readable:
                self._known |= dict.fromkeys(batch) | self._asked(batch)

    def _asked(self, batch: Sequence[str]) -> dict[str, Json]:
        params: Params = {"filter": id_in(batch), "limit": BATCH, "sort": "id"}
        try:
            pages = list(walk(self._client.get, self._path, params))
        except Forbidden as refused:
            self._readable = False
            self._note(f"References to {self._path.strip('/')} are left out: {refused}")
            return {}
        return {identity(row): row.get("external_reference") for page in pages for row in page.items}


def id_of(link: Json) -> str | None:
    """The id inside a link object; None for what isn't one."""
    if not isinstance(link, dict) or "id" not in link:
        return None
    try:
        return identifier(link, "id")
    except RecordError:  # canonical says so, and rejects the record
        return None

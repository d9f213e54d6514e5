"""How given ids are asked for: in batches, through the `filter` parameter (spec: a JSON array of conditions)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

#: How many ids one filter carries: as many as a page holds, and short enough for a URL.
BATCH = 100


def id_in(ids: Sequence[str]) -> str:
    """The filter for these ids."""
    values = [int(each) if each.isdecimal() else each for each in ids]
    return json.dumps([{"field": "id", "operator": "in", "value": values}], separators=(",", ":"))


def batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`ids` in runs of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]

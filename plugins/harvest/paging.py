"""How is a list read to its end without losing a row that moved, or taking a broken answer for a short one?

Envelope: {"<key>": [...], "total_entries": int, "links": {"next": url|null, ...}, ...} (spec; introduction >
pagination). `links.next` is followed until it is null; addresses are not built, and the page fields are not looked at:
they are null in the middle of a list with cursors.

Invoices are in pages by number, the latest issued first. What is deleted or dated anew meanwhile moves the rows behind
it, and one may slip from a page not yet read to one read already. So a list of several such pages is read again until
it holds what it held the time before, in the same order; a row met again is given again only if it was updated.
Position: {"next": address|None, "passed": passes before, "rows": read in this pass, "digest": of its ids, "before": of
the ids of the pass before}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from duebridge.core.api import AnswerTooLarge, Json, NotFound, Refused, RunError
from duebridge.plugins.harvest.client import Params

Get = Callable[[str, Params], Json]
#: The path and query of a link, None when it leads elsewhere.
OwnPath = Callable[[str], tuple[str, dict[str, str]] | None]
Row = dict[str, Any]

#: As many rows as a page may have, then fewer when so many rows make an answer beyond what is read.
SIZES = (2000, 200, 20)
#: A list that is another one each time it is read.
MOST_PASSES = 6
_NEVER = object()


class StaleLink(RunError):
    """Harvest no longer takes a link to a page it gave earlier."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list the read is."""

    next: str | None = None
    passed: int = 0
    rows: int = 0
    digest: str = ""
    before: str | None = None

    @classmethod
    def of(cls, position: Mapping[str, Json]) -> Place:
        """The place a position tells, the beginning when it tells none."""
        if not isinstance(position.get("next"), str):
            return cls()
        names = ("next", "passed", "rows", "digest", "before")
        return cls(**{name: position[name] for name in names if name in position})

    def position(self) -> dict[str, Json]:
        """JSON to keep."""
        return {
            "next": self.next,
            "passed": self.passed,
            "rows": self.rows,
            "digest": self.digest,
            "before": self.before,
        }


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows with an id each, and the place after them; None after the last page of the last pass."""

    rows: list[Row]
    place: Place | None


def walk(
    get: Get, own_path: OwnPath, path: str, key: str, params: Params, place: Place | None = None
) -> Iterator[ListPage]:
    """Read the list at `path`, whose rows stand under `key`, from `place` (None: the beginning) to the end.

    Raises `StaleLink` when the place is no longer one, `RunError` for a refusal or what can't be a page.
    """
    place, sizes, seen = place or Place(), list(SIZES), set[int]()
    met: dict[int, Json] = {}
    while True:
        if place.next is None:
            seen.clear()
        else:
            seen.add(hash(place.next))
        try:
            page = read_page(path, key, _ask(get, *_request(own_path, path, params, sizes[0], place.next)))
        except AnswerTooLarge:
            if len(sizes) == 1:
                raise
            sizes.pop(0)
            place = Place(passed=place.passed)
            continue
        if page.next is not None and hash(page.next) in seen:
            raise _nonsense(path, "gave a link to a page it had given before")
        after = _after(place, page, path)
        yield ListPage(_unmet(page.rows, met), after)
        if after is None:
            return
        place = after


def _unmet(rows: list[Row], met: dict[int, Json]) -> list[Row]:
    """Those of `rows` that are new, or another version than the one met before."""
    fresh = [row for row in rows if met.get(row["id"], _NEVER) != row.get("updated_at")]
    met.update((row["id"], row.get("updated_at")) for row in fresh)
    return fresh


def _after(place: Place, page: _Page, path: str) -> Place | None:
    """The place after `page`: the next page, the next pass, or None at the end."""
    digest = _chained(place.digest, page.rows)
    rows = place.rows + len(page.rows)
    if page.next is not None:
        return replace(place, next=page.next, rows=rows, digest=digest)
    complete = page.total is None or page.total == rows
    steady = place.next is None or "cursor=" in place.next or digest == place.before
    if complete and steady:
        return None
    if place.passed + 1 >= MOST_PASSES:
        raise _nonsense(path, f"listed something else each of the {MOST_PASSES} times it was asked")
    return Place(passed=place.passed + 1, before=digest)


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[Row]
    next: str | None
    total: int | None


def read_page(path: str, key: str, answer: Json) -> _Page:
    """Check one answer; keys we don't know are fine. Raises `RunError`."""
    if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
        raise _nonsense(path, f"answered without a list of {key}")
    rows = answer[key]
    for row in rows:
        if not isinstance(row, dict) or type(row.get("id")) is not int:
            raise _nonsense(path, "answered a row without an id")
    links = answer.get("links")
    if not isinstance(links, dict) or "next" not in links:
        raise _nonsense(path, "answered without saying whether there is more (links.next)")
    following, total = links["next"], answer.get("total_entries")
    if following is not None and not (isinstance(following, str) and following):
        raise _nonsense(path, "says there is more but not where (links.next)")
    if following is not None and not rows:
        raise _nonsense(path, "answered an empty page and says there is more")
    return _Page(rows, following, total if type(total) is int else None)


def _request(
    own_path: OwnPath, path: str, params: Params, size: int, link: str | None
) -> tuple[str, Mapping[str, str | int]]:
    return (path, {**params, "per_page": size}) if link is None else _own(own_path, path, link)


def _own(own_path: OwnPath, path: str, link: str) -> tuple[str, dict[str, str]]:
    found = own_path(link)
    if found is None:
        raise RunError(
            f"Harvest's next page of {path} lies on another server, where our credentials don't go; "
            "check base_url, or see what stands between us and Harvest"
        )
    return found


def _ask(get: Get, path: str, params: Params) -> Json:
    try:
        return get(path, params)
    except NotFound as missing:
        # It is a `RecordError`, but a list that isn't there is no record's fault, and not an empty list.
        raise RunError(f"{missing}; check `account_id`: Harvest answers so for an account it doesn't know") from missing
    except Refused as refused:
        if "page" in params or "cursor" in params:
            raise StaleLink(f"Harvest no longer takes the link to a page of {path} ({refused})") from refused
        raise RunError(str(refused)) from refused


def _chained(digest: str, rows: list[Row]) -> str:
    """`digest` of the ids before, gone on with these."""
    ids = ",".join(str(row["id"]) for row in rows)
    return blake2b(f"{digest}\n{ids}".encode(), digest_size=16).hexdigest()


def _nonsense(path: str, what: str) -> RunError:
    return RunError(
        f"Harvest {what} (GET {path}); the read was stopped there so that nothing is taken for deleted. "
        "The next run tries again; if it keeps happening, Harvest's API has changed or something stands in between"
    )

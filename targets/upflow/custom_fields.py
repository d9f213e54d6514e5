"""Which custom fields does the organization have, and under which ids?

Looked up by name and kept in the connector's memory for a day; asked only when never asked, or when a customer is to be
sent. Another API key may be another organization, so it asks anew. Source of the names: Upflow's page "Pennylane &
Upflow", section Native fields synced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from threading import RLock

from duebridge.core.api import Forbidden, Memory, NotFound, Refused, RunError
from duebridge.targets.upflow.client import UpflowClient
from duebridge.targets.upflow.mapping import NATIVE_FIELDS

KEPT_FOR = timedelta(hours=24)

_MEMORY = "custom_fields"


class CustomFields:
    """The ids of the page's custom fields, by name; safe to use from several threads."""

    def __init__(
        self,
        client: UpflowClient,
        memory: Memory,
        *,
        now: Callable[[], datetime],
        note: Callable[[str], None],
        create: bool,
    ) -> None:
        """Ask `client` and keep the answer in `memory`; `create` makes what is missing when a customer needs it."""
        self._client = client
        self._memory = memory
        self._now = now
        self._note = note
        self._create = create
        self._lock = RLock()
        self._ids: dict[str, str] | None = None
        self._asked: datetime | None = None
        self._names: list[str] | None = None
        self._renewed = False

    def names(self) -> list[str]:
        """Return the names customers can be given values for, the same all through a run; creates nothing."""
        with self._lock:
            if self._names is None:
                self._names = self._usable(self._kept())
            return self._names

    def ids(self, wanted: Collection[str]) -> dict[str, str]:
        """Return name -> id, asked again when a day old, the missing ones of `wanted` created when that is allowed."""
        with self._lock:
            ids = self._kept()
            if self._asked is not None and self._now() - self._asked >= KEPT_FOR:
                ids = self._ask()
            missing = [name for name in wanted if name not in ids]
            return self._make(missing) if missing and self._create else dict(ids)

    def renewed(self, used: Mapping[str, str]) -> dict[str, str]:
        """Return the ids to try after Upflow refused a customer sent with `used`; asks at most once in a run."""
        with self._lock:
            if self._kept() == used and not self._renewed:
                self._renewed = True
                self._ask()
            return dict(self._kept())

    def _usable(self, ids: Mapping[str, str]) -> list[str]:
        if self._create:
            return list(NATIVE_FIELDS)
        missing = [name for name in NATIVE_FIELDS if name not in ids]
        if missing:
            self._note(
                f"Upflow has no custom field named {', '.join(missing)}: customers go without. Create them in Upflow "
                "(seen within a day), or set create_custom_fields: true"
            )
        return [name for name in NATIVE_FIELDS if name in ids]

    def _kept(self) -> dict[str, str]:
        if self._ids is None and (kept := self._memory.get(_MEMORY)) and kept["key"] == self._client.key_digest:
            self._ids, self._asked = dict(kept["ids"]), datetime.fromisoformat(kept["asked"])
        return self._ask() if self._ids is None else self._ids

    def _ask(self) -> dict[str, str]:
        ids: dict[str, str] = {}
        try:
            for field in self._client.custom_fields():
                if field["name"] in NATIVE_FIELDS:
                    ids.setdefault(field["name"], str(field["id"]))
        except (Forbidden, NotFound) as refusal:
            self._note(f"Upflow's custom fields can't be read, so customers go without: {refusal}")
        return self._keep(ids)

    def _keep(self, ids: dict[str, str]) -> dict[str, str]:
        self._ids, self._asked = ids, self._now()
        self._memory.put(_MEMORY, {"key": self._client.key_digest, "asked": self._asked.isoformat(), "ids": ids})
        return ids

    def _make(self, missing: Collection[str]) -> dict[str, str]:
        """Create the fields of `missing` that Upflow still lacks: a lost answer may have hidden an earlier creation."""
        ids = dict(self._ask())
        for name in missing:
            if name not in ids:
                ids[name] = self._create_one(name)
                self._keep(dict(ids))
        return ids

    def _create_one(self, name: str) -> str:
        try:
            reply = self._client.create_custom_field({"name": name, "type": NATIVE_FIELDS[name][0]})
            return str(reply["id"])
        except (Refused, KeyError, TypeError) as refusal:
            raise RunError(
                f"create_custom_fields: Upflow did not create the custom field {name!r} ({refusal}). "
                "Create it in Upflow, or remove create_custom_fields from the configuration"
            ) from refusal

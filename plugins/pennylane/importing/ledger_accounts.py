"""Which ledger account is meant by a number? Its id in this company, asked once in a run; only accounts in use count.

Source: spec, GET /ledger_accounts.
"""

from __future__ import annotations

from threading import RLock

from duebridge.core.api import Forbidden, RecordError
from duebridge.plugins.pennylane.importing.client import ImportClient, identity_of


class LedgerAccountIds:
    """The ids of the accounts that `ledger_accounts` names; safe to use from several threads."""

    def __init__(self, client: ImportClient) -> None:
        """Ask `client` for numbers it meets."""
        self._client = client
        self._lock = RLock()
        self._known: dict[str, int | str] = {}

    def id_of(self, number: str) -> int:
        """Return the account's id. Raises `RecordError` for one that isn't there or isn't in use."""
        with self._lock:
            if number not in self._known:
                self._known[number] = self._asked(number)
            found = self._known[number]
        if isinstance(found, str):
            raise RecordError(found)
        return found

    def _asked(self, number: str) -> int | str:
        """The id, or what is wrong with the account."""
        advice = "correct `ledger_accounts`, or the account in Pennylane's chart of accounts"
        try:
            rows = self._client.found("/ledger_accounts", ("number", "eq", number))
        except Forbidden as refused:
            raise Forbidden(
                f"{refused}; the setting `ledger_accounts` needs the scope ledger_accounts:readonly",
                refused.answer,
                refused.text,
            ) from refused
        there = [row for row in rows if row.get("number") == number]
        usable = [row for row in there if row.get("enabled") is True]
        if len(usable) == 1:
            return identity_of(usable[0])
        if usable:
            return f"ledger account {number} is there {len(usable)} times; {advice}"
        return f"ledger account {number} is {'not in use' if there else 'not there'}; {advice}"

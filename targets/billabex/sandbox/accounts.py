"""How do accounts come, change and go, with their source links?"""

from __future__ import annotations

from typing import Any

from duebridge.targets.billabex.sandbox import checks, contacts, documents
from duebridge.targets.billabex.sandbox.refusal import conflict, missing
from duebridge.targets.billabex.sandbox.state import ORGANIZATION, Account, State, Values

#: Connection ids of Billabex's own connectors (the names are made up: which are reserved is not published).
RESERVED = frozenset({"pennylane", "netsuite", "billabex"})


def create(state: State, body: Any, now: float, *, unique_sources: bool) -> Account:
    """Add an account with its contacts."""
    values = checks.NEW_ACCOUNT(body, "")
    if values.pop("organizationId") != ORGANIZATION:
        missing("no such organization")
    people, link = values.pop("contacts", []), values.pop("source", None)
    if link is not None:
        _check_link(state, None, link, unique=unique_sources)
    account = Account(state.new_id(), state.next_place(), now, {"billingAddress": None, **values, "source": link})
    state.accounts[account.id] = account
    for person in people:
        contacts.create(state, account, person, now)
    return account


def at(state: State, id: str) -> Account:
    """Find an account, or refuse with 404."""
    if id not in state.accounts:
        missing(f"no account {id}")
    return state.accounts[id]


def change(account: Account, body: Any) -> Account:
    """Give an account these fields; one left out is cleared."""
    account.values |= {"billingAddress": None, **checks.ACCOUNT(body, "")}
    return account


def link(state: State, account: Account, body: Any, *, unique_sources: bool) -> Account:
    """Say where an account comes from."""
    checked = checks.SOURCE(body, "")
    _check_link(state, account, checked, unique=unique_sources)
    account.values["source"] = checked
    return account


def remove(state: State, account: Account) -> None:
    """Take an account away with all that is in it."""
    for document in list(state.of_account.get(account.id, {}).values()):
        documents.remove(state, document)
    state.of_account.pop(account.id, None)
    del state.accounts[account.id]


def _check_link(state: State, account: Account | None, given: Values, *, unique: bool) -> None:
    if given["connectionId"].casefold() in RESERVED:
        conflict(f"connectionId {given['connectionId']} is reserved")
    wanted = (given["connectionId"], given["sourceId"])
    for other in state.accounts.values() if unique else ():
        held = other.values["source"]
        if other is not account and held and (held["connectionId"], held["sourceId"]) == wanted:
            conflict("another account has this source")

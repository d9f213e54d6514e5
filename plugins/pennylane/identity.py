"""Whose token is it, and what may it do? Source: spec, GET /me, which needs no scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from duebridge.core.api import Account, AuthError, Json, Refused, RunError
from duebridge.plugins.pennylane.client import PennylaneClient


def company_of(client: PennylaneClient, wanted: Iterable[str]) -> Account:
    """Return the token's company. Raises `AuthError` naming those of the scopes `wanted` that it lacks.

    A scope `x:readonly` is contained in `x:all`. A token that tells no scopes is taken to have them.
    """
    try:
        me = client.me()
    except Refused as refused:
        raise RunError(str(refused)) from refused
    company = me.get("company") if isinstance(me, dict) else None
    if not isinstance(company, dict) or type(company.get("id")) is not int:
        raise RunError("Pennylane did not say which company the token belongs to (GET /me); the next run asks again")
    _refuse_missing_scopes(me.get("scopes"), wanted)
    return Account(str(company["id"]), str(company.get("name") or ""), _detail(company))


def _refuse_missing_scopes(scopes: Json, wanted: Iterable[str]) -> None:
    if not isinstance(scopes, list) or not scopes:
        return
    lacking = [scope for scope in wanted if not {scope, f"{scope.partition(':')[0]}:all"} & _words(scopes)]
    if lacking:
        raise AuthError(
            f"The Pennylane token lacks the scope {' and '.join(lacking)}. Create a token that has it under "
            "Management > Settings > Connectivity > Developers in Pennylane, and put it in the connection's `token`"
        )


def _words(scopes: list[Any]) -> set[str]:
    return {scope for scope in scopes if isinstance(scope, str)}


def _detail(company: Mapping[str, Json]) -> str:
    """The company's registration number and chart of accounts, where told."""
    return ", ".join(str(company[field]) for field in ("reg_no", "accounting_logic") if company.get(field))

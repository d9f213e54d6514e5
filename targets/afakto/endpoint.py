"""How do rows get to an address that takes them as JSON?

Afakto publishes no such address: this is our own convention, for one that is agreed on. `POST` to `/imports/buyers` and
`/imports/invoices` below `base_url` with `{"name", "rows"}`: rows under the file's column names, amounts with decimal
points. The answer is `{"accepted": number of rows}`; anything else counts as unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from duebridge.core.api import Http, PerMinute, Refused, RunError, Services, UnknownOutcome, shared_limiter
from duebridge.targets.afakto.files import Parcel
from duebridge.targets.afakto.settings import AfaktoSettings


class Endpoint:
    """An address that takes both files' rows."""

    def __init__(self, options: AfaktoSettings, base_url: str, services: Services) -> None:
        """Open no connection yet."""
        token = options.token.get_secret_value() if options.token is not None else ""
        allowed = options.requests_per_minute
        digest = hashlib.sha256(f"{base_url}\n{token}\n{allowed}".encode()).hexdigest()
        limiter = shared_limiter(f"afakto:{digest}", lambda: PerMinute(allowed))
        headers: Mapping[str, str] = {"Authorization": f"Bearer {token}"} if token else {}
        self._base_url = base_url
        self._http: Http = services.http(base_url, product="Afakto", headers=lambda: headers, limiter=limiter)

    def check(self) -> str:
        """Return where rows go; nothing is asked, since there is nothing to ask for."""
        return self._base_url

    def put(self, parcel: Parcel) -> str:
        """Deliver a file's rows; return the name they go under. Raises `RunError` when they were refused."""
        name = next(parcel.names())
        body = {"name": name, "rows": list(parcel.rows)}
        try:
            # a file replaces the one before, so sending it again does no harm
            answer = self._http.write("POST", f"/imports/{parcel.file}", body, safety="replace")
        except Refused as refused:
            raise RunError(f"nothing of {name} was taken: {refused}") from refused
        if not isinstance(answer, dict) or answer.get("accepted") != len(parcel.rows):
            raise UnknownOutcome(
                f"{name} may or may not have been taken: the answer does not say that all {len(parcel.rows)} rows "
                "were; the next run sends all again"
            )
        return name

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

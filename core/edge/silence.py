"""Why did no answer come, and may the request have arrived?"""

from __future__ import annotations

import httpcore

from duebridge.core.edge.attempts import Trouble
from duebridge.core.edge.deadline import Untrusted
from duebridge.core.edge.refusals import shorten
from duebridge.core.errors import ConfigError, DueBridgeError, RunError

FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError)

#: Failures before any byte of the request could leave.
_BEFORE = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.ProxyError)

#: The first that fits tells what happened; a write that failed shows as a failed read, as httpcore reads on.
_AFTER: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.TimeoutException, "it did not answer in time"),
    (httpcore.NetworkError, "the connection broke before the answer was complete"),
    (httpcore.ProtocolError, "the connection ended early, or what came is not HTTP"),
)


def explained(failed: Exception, place: str, product: str) -> Trouble | DueBridgeError:
    """What to raise for one of `FAILURES`; `place` is the host and port, named when it can't be reached.

    httpcore's own words are shown for connections alone: about a malformed header they hold the header.
    """
    if isinstance(failed, httpcore.LocalProtocolError):
        return bad_credentials(product)
    if isinstance(failed, Untrusted):
        return RunError(f"{product}: the certificate of {place} is not trusted; check base_url, or add its authority")
    if isinstance(failed, _BEFORE):
        return Trouble(f"cannot reach {place} ({shorten(str(failed)) or 'no connection in time'})", doubtful=False)
    return Trouble(next(why for kind, why in _AFTER if isinstance(failed, kind)), doubtful=True)


def bad_credentials(product: str) -> ConfigError:
    """What to raise for header values that HTTP can't carry; says nothing of them."""
    return ConfigError(f"the credentials of {product} hold characters that HTTP can't carry; enter them again")

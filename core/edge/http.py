"""How do we ask a product's server for something, and what do we make of its silence?

    Http.get / download / write -> up to 1 + retries attempts, each paced by the limiter and over by the deadline
                                -> the value, or one of the project's errors

Silence is told apart by whether bytes may have left: a request that never left is repeated; one that may have arrived
is repeated only when that is harmless, and ends as `UnknownOutcome` while its outcome stays open. No credential goes to
another scheme, host or port than the product's; redirects are not followed, a public file's apart; no message holds a
header, a query or a body. docs/decisions/0003-http-edge.md has what was weighed and measured.
"""

from __future__ import annotations

import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import inf
from typing import Literal, TypeVar

import httpcore
import httpx

from duebridge.core.connector import Json, Safety
from duebridge.core.edge import deadline as deadlines
from duebridge.core.edge import reading, silence
from duebridge.core.edge.attempts import Ask, outcome, settle, unreadable
from duebridge.core.edge.limits import Limiter
from duebridge.core.edge.payloads import File, Form, encoded
from duebridge.core.edge.refusals import LONGEST_PAGE, Answer, Forbidden, NotFound, Refused, said
from duebridge.core.edge.statuses import meaning
from duebridge.core.edge.waiting import Patience
from duebridge.core.elapsed import elapsed
from duebridge.core.errors import ConfigError, RecordError, RunError

__all__ = ["Answer", "File", "Forbidden", "Form", "Http", "HttpFactory", "NotFound", "Refused"]

T = TypeVar("T")
Headers = Callable[[], Mapping[str, str]]
Params = Mapping[str, str | int]
#: Makes a value of a body, or None when it isn't what it is meant for.
Shape = Callable[[bytes], Json | None]

#: httpx logs every address with its query, httpcore every header it receives; both may hold secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

#: Names and addresses as they are after IDNA; anything else is a trick or a slip.
_HOST = re.compile(rb"[0-9A-Za-z._:-]+")
_NO_HEADERS: Mapping[str, str] = {}
#: What an answer may hold, decoded: a page of a list (the largest known is some 2 MB), the answer to a write. Several
#: of those are read at once, and each may take many times its size once parsed.
MOST_JSON = 16 * 2**20
MOST_REPLY = 2**20

#: How often the public address of a file may send on.
MOST_HOPS = 3

_ANY_FILE: Mapping[str, str] = {"accept": "*/*"}
_ACCEPTED = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "duebridge"}


class HttpFactory:
    """Makes the `Http`s of one side of a run, and counts what they ask."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.time,
        stopping: threading.Event | None = None,
        until: Callable[[], float] = lambda: inf,
        offline: bool = False,
    ) -> None:
        """`clock` is unix seconds; `sleep` takes seconds, by default it waits on `stopping`, which ends every wait.

        `until` tells the instant (of `elapsed`) after which nothing may be sent; it may move while a run goes on.
        `offline`: whatever would be asked raises `RunError` instead.
        """
        self._until = until
        self._offline = offline
        self._patience = Patience(sleep, clock, stopping or threading.Event())
        self._lock = threading.Lock()
        #: Requests made so far, every attempt counted.
        self.requests = 0

    def __call__(
        self,
        base_url: str,
        *,
        product: str,
        headers: Headers,
        limiter: Limiter,
        deadline: float = 60.0,
        max_bytes: int = 64 * 2**20,
        retries: int = 5,
        explain: Callable[[Answer], str] | None = None,
    ) -> Http:
        """An `Http` for the server at `base_url` (which may carry a path).

        `product` names it in messages. `headers` carry the credentials and are asked for before every attempt. An
        attempt is over after `deadline` seconds, is repeated `retries` times, and may answer with `max_bytes` decoded
        bytes: no more than `MOST_JSON` where that is JSON, `MOST_REPLY` where it answers a write. `explain` finds the
        product's words in an error, where they are not in details, message or error. Raises `ConfigError` for an
        address that can't be a server's.
        """
        terms = _Terms(
            product, headers, limiter, self._patience, self._count, deadline, max_bytes, retries, explain, self._until
        )
        return Http(_base(base_url, product), terms)

    def _count(self) -> None:
        if self._offline:
            raise RunError("this works from what was last read and asks no product anything")
        with self._lock:
            self.requests += 1


@dataclass(frozen=True, slots=True)
class _Terms:
    """On what terms a server is asked, see `HttpFactory.__call__`. `counted` is called for every request made."""

    product: str
    headers: Headers
    limiter: Limiter
    patience: Patience
    counted: Callable[[], None]
    deadline: float
    max_bytes: int
    retries: int
    explain: Callable[[Answer], str] | None
    until: Callable[[], float]

    def end(self) -> float:
        """When an attempt that begins now must be over. Raises `RunError` when none may begin any more."""
        now, until = elapsed(), self.until()
        if until <= now:
            raise RunError(f"{self.product} was not asked: this run was held up for longer than its lease")
        return min(now + self.deadline, until)


@dataclass(frozen=True, slots=True)
class _Call:
    """A request before its credentials, and how many bytes may answer it.

    `own`: it goes to the product itself, with credentials, within its limits. `sort`: what is asked for; the address of
    a public file is a key in itself, so nothing that is answered there is repeated in a message.
    """

    method: str
    url: httpx.URL
    most: int
    own: bool = True
    sort: Literal["answer", "file", "public file"] = "answer"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Form | None = None

    def request(self, credentials: Mapping[str, str], terms: _Terms) -> httpx.Request:
        """The request, to be over by the deadline. Raises `ConfigError` for credentials that HTTP can't carry."""
        given = _ACCEPTED | {
            name.lower(): value for part in (self.headers, credentials) for name, value in part.items()
        }
        try:
            headers = httpx.Headers(given)
        except UnicodeEncodeError:
            raise silence.bad_credentials(terms.product) from None
        timeout = {"timeout": deadlines.until(terms.end())}
        if not isinstance(self.body, Form):
            return httpx.Request(self.method, self.url, headers=headers, content=self.body, extensions=timeout)
        return httpx.Request(self.method, self.url, headers=headers, files=_form_parts(self.body), extensions=timeout)


class Http:
    """One product's server. Thread-safe; connections are kept alive between requests. Made by `HttpFactory`."""

    def __init__(self, base: httpx.URL, terms: _Terms) -> None:
        """`base` is checked already."""
        self._base = base
        self._terms = terms
        self._client = _client(base)
        #: What the product's own clock said in its latest answer; None when it told no time.
        self.told_time: datetime | None = None

    def get(self, path: str, params: Params | None = None, *, shape: Shape | None = None) -> Json:
        """The JSON at `path` (below base_url), or at an address on the same server; numbers exact, see `reading`.

        `shape` may make something of the body first, for what is read in bulk; it never raises, and where it answers
        None the body is read as any other. Raises `AuthError`, `Forbidden`, `NotFound`, `Refused`, or `RunError` when
        no readable answer came.
        """
        url = self._own_url(path, params)
        call = _Call("GET", url, min(MOST_JSON, self._terms.max_bytes))
        return self._carry(call, self._ask(f"GET {url.path}", url, None, partial(_json, shape=shape)))

    def download(self, url_or_path: str, params: Params | None = None) -> bytes:
        """The file at a path below base_url, or at any address; on another host without credentials or pacing.

        Addresses of files may be secrets themselves, so messages name the host alone. Another host must be https,
        unless the product's own server isn't. Raises like `get`, and `RecordError` for a file that is too large.
        """
        url = self._url(url_or_path, params)
        return self._file(
            _Call("GET", url, self._terms.max_bytes, own=self._is_own(url), sort="file", headers=_ANY_FILE)
        )

    def download_public(self, address: str) -> bytes:
        """The file at an address that is a key in itself: no credentials go there, on whatever host it lies.

        It may send on to where the file is kept, `MOST_HOPS` times. Messages name hosts and statuses alone, since
        whatever is answered may repeat the address; a refusal is a `Refused`, never about our credentials. Raises like
        `download`.
        """
        url = self._url(address, None)
        for _ in range(MOST_HOPS + 1):
            try:
                return self._file(
                    _Call("GET", url, self._terms.max_bytes, own=False, sort="public file", headers=_ANY_FILE)
                )
            except _SentOn as moved:
                url = self._further(url, moved.location)
        raise RunError(f"{self._terms.product} sends us from address to address for a file; it is not fetched")

    def _file(self, call: _Call) -> bytes:
        if not self._is_own(call.url) and call.url.scheme != "https" and self._base.scheme == "https":
            raise RunError(f"{self._terms.product} keeps a file on {call.url.host} without https; it is not fetched")
        return self._carry(call, self._ask("GET a file", call.url, None, lambda answer: answer.body)) or b""

    def _further(self, url: httpx.URL, location: str) -> httpx.URL:
        """Where a public address sends on to."""
        try:
            return self._url(str(url.join(location)), None)
        except httpx.InvalidURL:
            raise RunError(f"{self._terms.product} points to something that isn't an address") from None

    def write(
        self,
        method: str,
        path: str,
        body: Json | Form | None = None,
        *,
        safety: Safety,
        headers: Mapping[str, str] | None = None,
    ) -> Json | None:
        """The JSON answer to a write; None when it has no body, or when a delete finds nothing to delete.

        `body` is JSON (exact decimals become numbers) or a `Form`. `safety` says what a lost answer means: a
        create_once is never repeated once it may have arrived. `headers` are added to the credentials. Raises like
        `get`, and `UnknownOutcome` when it may have happened.
        """
        url = self._own_url(path, None)
        kind = {} if body is None or isinstance(body, Form) else {"content-type": "application/json"}
        most = min(MOST_REPLY, self._terms.max_bytes)
        call = _Call(method, url, most, headers={**kind, **(headers or {})}, body=encoded(body))
        return self._carry(call, self._ask(f"{method} {url.path}", url, safety, _json_if_any))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, what: str, url: httpx.URL, safety: Safety | None, read: Callable[[Answer], T]) -> Ask[T]:
        return Ask(self._terms.product, f"{what} on {_netloc(url)}", safety, read)

    def _carry(self, call: _Call, ask: Ask[T]) -> T | None:
        return settle(ask, lambda: self._attempt(call, ask), self._terms.patience, self._terms.retries)

    def _attempt(self, call: _Call, ask: Ask[T]) -> T | None:
        """One request and its answer. Raises `Trouble` for what may pass."""
        terms = self._terms
        note = terms.limiter.observe if call.own else _ignore
        if call.own:
            terms.limiter.acquire(terms.patience.stopping)
        status, headers = 0, _NO_HEADERS
        try:
            sent = terms.headers() if call.own else _NO_HEADERS
            response = self._open(call.request(sent, terms))
            status, headers = response.status_code, _lowered(response)
        finally:
            note(status, headers)
        if call.own:
            self.told_time = _time_of(headers)
        with closing(response):
            answer = self._read(response, headers, call)
        if call.sort == "public file" and meaning(status) == "moved":
            raise _SentOn(headers.get("location", ""))
        words = str if call.sort == "public file" else partial(said, answer, terms.explain, sent)
        return outcome(answer, ask, words, terms.patience.clock(), anonymous=not sent)

    def _open(self, request: httpx.Request) -> httpx.Response:
        """The response, of which only the head has been read."""
        self._terms.counted()
        try:
            return self._client.send(request, stream=True)
        except silence.FAILURES as failed:
            raise self._explained(failed, request.url) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise RunError(f"{self._terms.product} sends us on to something that isn't an address") from None

    def _read(self, response: httpx.Response, headers: Mapping[str, str], call: _Call) -> Answer:
        """The whole answer, or of an error as much as helps to explain it."""
        status = response.status_code
        if meaning(status) != "ok":
            return Answer(status, headers, _beginning(response, headers))
        try:
            return Answer(status, headers, reading.body(response.iter_raw(), headers, call.most))
        except reading.Unreadable as problem:
            if call.sort != "answer" and isinstance(problem, reading.TooLarge):
                raise _too_large_a_file(self._terms.product, call.most) from None
            raise unreadable(problem, status) from None
        except silence.FAILURES as failed:
            raise self._explained(failed, response.url) from None

    def _explained(self, failed: Exception, url: httpx.URL) -> Exception:
        return silence.explained(failed, f"{url.host} port {_port(url)}", self._terms.product)

    def _url(self, path: str, params: Params | None) -> httpx.URL:
        """Where `path` leads: below base_url when it starts with a slash, else an address of its own."""
        try:
            url = httpx.URL(f"{self._base}{path}" if path.startswith("/") else path)
            url = url.copy_merge_params(params) if params else url
        except httpx.InvalidURL:
            raise RunError(f"{self._terms.product} points to something that isn't an address") from None
        if not _is_web(url):
            raise RunError(f"{self._terms.product} points to something that isn't a web address")
        return url

    def _own_url(self, path: str, params: Params | None) -> httpx.URL:
        url = self._url(path, params)
        if not self._is_own(url):
            raise RunError(
                f"{self._terms.product} points to {_netloc(url)}, which is not its server {_netloc(self._base)}; "
                "our credentials don't go there: check base_url"
            )
        return url

    def _is_own(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, _port(url)) == (self._base.scheme, self._base.host, _port(self._base))


class _SentOn(Exception):
    """A public address sends on to `location`."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class _Transport(httpx.BaseTransport):
    """Carries httpx's requests over a pool whose timeouts are instants."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The response, its body still to be read."""
        url = request.url
        carried = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(carried)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions, request=request
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The pieces of a response's body as they arrive."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@cache
def _security() -> ssl.SSLContext:
    """Made once: reading the system's certificates takes some 20 ms."""
    return httpx.create_ssl_context()


def _client(base: httpx.URL) -> httpx.Client:
    """No cookies (they would tie one connection's requests to another's), no redirects, no netrc."""
    pool = deadlines.pool(base.scheme, base.host, _security())
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(transport=_Transport(pool), trust_env=False, follow_redirects=False, cookies=no_cookies)


def _form_parts(form: Form) -> list[tuple[str, tuple[str | None, bytes] | tuple[str, bytes, str]]]:
    """The parts of a form, fields first; all as files, or httpx would write a form without any in another encoding."""
    texts = ((name, [value] if isinstance(value, str) else value) for name, value in form.fields.items())
    fields = [(name, (None, text.encode())) for name, values in texts for text in values]
    return [*fields, *((name, (file.name, file.content, file.content_type)) for name, file in form.files.items())]


def _base(address: str, product: str) -> httpx.URL:
    try:
        url = httpx.URL(address.rstrip("/"))
    except httpx.InvalidURL:
        raise ConfigError(f"base_url of {product} isn't an address") from None
    if not _is_web(url) or url.query or url.fragment:
        raise ConfigError(f"base_url of {product} must be http(s)://host, with a path at most")
    return url


def _is_web(url: httpx.URL) -> bool:
    return url.scheme in ("http", "https") and bool(_HOST.fullmatch(url.raw_host)) and not url.userinfo


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _netloc(url: httpx.URL) -> str:
    return url.netloc.decode("ascii", "replace")


def _lowered(response: httpx.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}


def _beginning(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    """What can be had of an error's body: its status is known, so a damaged or endless explanation is no failure."""
    try:
        return reading.start(response.iter_raw(), headers, LONGEST_PAGE)
    except silence.FAILURES:
        return b""


def _json(answer: Answer, shape: Shape | None = None) -> Json:
    reading.refuse_dense(answer.body)
    shaped = shape(answer.body) if shape is not None else None
    return shaped if shaped is not None else reading.parsed(answer.body, answer.headers.get("content-type", ""))


def _json_if_any(answer: Answer) -> Json | None:
    return _json(answer) if answer.body else None


def _too_large_a_file(product: str, most: int) -> RecordError:
    return RecordError(
        f"{product}'s file is larger than {most // 2**20} MiB, which is more than is fetched; make it smaller there"
    )


def _time_of(headers: Mapping[str, str]) -> datetime | None:
    """The `Date` of an answer, aware; None when it has none that reads as one."""
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return told if told.tzinfo is not None else None


def _ignore(status: int, headers: Mapping[str, str]) -> None:
    """Another host's answers say nothing about the product's limits."""

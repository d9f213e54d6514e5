"""Which fault strikes which request? Rules in order, seeded: the same requests in the same order meet the same faults.

    Fault    a rule: which requests, which fault, how often; it is also what `PUT /_sandbox/faults` takes
    Orders   a seed and its rules; `understood` makes them of a body or says what is wrong with it
    Faults   the rules in force, asked once for each request, with how often each struck

Pure: how a fault is done is `striking`'s.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from duebridge.core.sandbox.product import UnusableValues

Kind = Literal[
    "lost_answer", "reset", "hang", "drip", "cut", "status", "html", "truncated", "huge", "gzip_bomb", "answer"
]


@dataclass(frozen=True, slots=True)
class Nature:
    """Whether the product acts before the fault strikes, unless told, and which options say more about it."""

    acts: bool
    options: frozenset[str]


def _nature(*options: str, acts: bool) -> Nature:
    return Nature(acts, frozenset(options))


#: `status` may stand beside any fault; those that send no status of their own pass it over.
NATURES: Mapping[Kind, Nature] = {
    "lost_answer": _nature(acts=True),
    "reset": _nature("act", acts=False),
    "hang": _nature("act", acts=False),
    "drip": _nature("act", "at", "seconds", acts=True),
    "cut": _nature("act", "at", "after_bytes", acts=True),
    "status": _nature("act", "headers", "retry_after", "retry_after_as", acts=False),
    "html": _nature("act", "headers", acts=False),
    "truncated": _nature("act", "after_bytes", acts=True),
    "huge": _nature("act", "bytes", acts=False),
    "gzip_bomb": _nature("act", "bytes", acts=False),
    "answer": _nature("act", "headers", "text", "base64", acts=False),
}
_OPTIONS = frozenset[str]().union(*(nature.options for nature in NATURES.values()))


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as problem:
        raise ValueError(f"not a regular expression ({problem})") from None
    return text


def _encoded(text: str) -> str:
    base64.b64decode(text, validate=True)  # its error is a ValueError
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
Count = Annotated[int, Field(ge=0)]
#: What HTTP lets a header hold.
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class Fault(BaseModel):
    """One rule: `fault` strikes the requests that fit, at `rate`, at most `times`.

    `path` and `query` are regular expressions, searched for in the path as requested (the product's prefix included)
    and in what follows its question mark. The first `skip` requests that fit pass. `act`: whether the product acts
    before the fault strikes. None anywhere means any, no limit, or the fault's own default; see docs/faults.md.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    fault: Kind
    product: str | None = None
    method: Annotated[str, Field(pattern=r"^[A-Za-z]+$")] | None = None
    path: Pattern | None = None
    query: Pattern | None = None
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Count | None = None
    skip: Count = 0
    act: bool | None = None
    #: The status of the answer, where the fault sends one of its own.
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    headers: Mapping[HeaderName, HeaderValue] | None = None
    #: Seconds to ask for in `Retry-After`, told as seconds or as an HTTP date (rounded up).
    retry_after: Annotated[int, Field(ge=0, le=10**9)] | None = None
    retry_after_as: Literal["seconds", "date"] | None = None
    #: Seconds between two bytes.
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    #: Where the answer is dripped or cut.
    at: Literal["head", "body"] | None = None
    after_bytes: Count | None = None
    #: How much the body holds, once decoded.
    bytes: Annotated[int, Field(ge=1, le=2**34)] | None = None
    text: str | None = None
    base64: Annotated[str, AfterValidator(_encoded)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Fault:
        strange = sorted(name for name in _OPTIONS - NATURES[self.fault].options if getattr(self, name) is not None)
        if strange:
            raise ValueError(f"{strange[0]} says nothing about {self.fault}")
        if self.text is not None and self.base64 is not None:
            raise ValueError("give text or base64, not both")
        return self

    @property
    def acts(self) -> bool:
        """Whether the product acts before the fault strikes."""
        return NATURES[self.fault].acts if self.act is None else self.act

    def fits(self, product: str, method: str, path: str, query: str) -> bool:
        """Whether a request is one of those this rule is about."""
        return (
            self.product in (None, product)
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.query is None or re.search(self.query, query) is not None)
        )


class Orders(BaseModel):
    """What `PUT /_sandbox/faults` takes; without rules nothing strikes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    seed: int = 0
    rules: list[Fault] = []


def understood(body: Mapping[str, Any], products: Collection[str]) -> Orders:
    """The orders in a JSON object. Raises `UnusableValues`, naming the place and what may stand there."""
    try:
        orders = Orders.model_validate(body)
    except ValidationError as problems:
        first = problems.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "faults"
        raise UnusableValues(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
    for number, rule in enumerate(orders.rules):
        if rule.product is not None and rule.product not in products:
            known = ", ".join(sorted(products))
            raise UnusableValues(f"rules.{number}.product: no product {rule.product!r}; there are: {known}")
    return orders


@dataclass(slots=True)
class _Rule:
    """A rule in force: its own chance, how many requests it was asked about, how many it struck."""

    fault: Fault
    chance: Random
    matched: int = 0
    struck: int = 0

    def strikes(self, product: str, method: str, path: str, query: str) -> bool:
        fault = self.fault
        if self.struck == fault.times or not fault.fits(product, method, path, query):
            return False
        self.matched += 1
        if self.matched <= fault.skip or self.chance.random() >= fault.rate:
            return False
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        told = self.fault.model_dump(exclude_none=True)
        given = {name: told.get(name) for name in ("product", "method", "path", "fault")}
        return {**given, **told, "times": self.fault.times, "matched": self.matched, "struck": self.struck}


@dataclass(slots=True)
class Faults:
    """The rules in force. The first that strikes is it: those after it are not asked about that request."""

    seed: int = 0
    _rules: Sequence[_Rule] = field(default_factory=list)

    def order(self, orders: Orders) -> None:
        """Put other rules in force; every count and every chance begins anew."""
        self.seed = orders.seed
        self._rules = [
            _Rule(fault, Random(f"{orders.seed}/{number}"))  # noqa: S311 - the same faults in every run
            for number, fault in enumerate(orders.rules)
        ]

    def clear(self) -> None:
        """Let everything pass."""
        self.order(Orders())

    def choose(self, product: str, method: str, path: str, query: str) -> Fault | None:
        """What strikes this request, asked once for each in the order they arrive; None for most."""
        for rule in self._rules:
            if rule.strikes(product, method, path, query):
                return rule.fault
        return None

    def shown(self) -> dict[str, Any]:
        """Seed and rules as ordered, each with how many requests it was asked about and how many it struck."""
        return {"seed": self.seed, "rules": [rule.shown() for rule in self._rules]}

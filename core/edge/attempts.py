"""What did an attempt come to?

`outcome` turns an answer into its value, into one of the project's errors, or into `Trouble`: something that may pass.
`settle` tries until one of the first two is there, or the trouble has lasted too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from duebridge.core.connector import Safety
from duebridge.core.edge.reading import TooLarge, Unreadable
from duebridge.core.edge.refusals import Answer, Forbidden, NotFound, Refused, shorten
from duebridge.core.edge.statuses import meaning
from duebridge.core.edge.waiting import Patience, backoff, retry_after, told_to_wait
from duebridge.core.errors import AnswerTooLarge, AuthError, DueBridgeError, RunError, UnknownOutcome

T = TypeVar("T")

#: An answer that makes no sense is asked for again this often: it rarely mends itself.
UNREADABLE_REPEATS = 2

_AUTHORITY = re.compile(r"(?:https?:)?//([^/?#\\]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """What is asked of a product.

    `where` is for messages, `safety` is None for reads, `read` may raise `Unreadable`.
    """

    product: str
    where: str
    safety: Safety | None
    read: Callable[[Answer], T]


class Trouble(Exception):
    """An attempt failed in a way that may pass; never leaves this folder.

    `doubtful`: the request may have been processed. `wait`: seconds the product asks for. `most`: how often a
    repetition makes sense, when that is less than usual. `ends_as`: what a read ends as, when it lasts.
    """

    def __init__(
        self,
        why: str,
        *,
        doubtful: bool,
        wait: float | None = None,
        most: int | None = None,
        ends_as: type[RunError] = RunError,
    ) -> None:
        """`why` reads after "Pennylane: "."""
        super().__init__(why)
        self.why = why
        self.doubtful = doubtful
        self.wait = wait
        self.most = most
        self.ends_as = ends_as

    def repeats(self, usual: int) -> int:
        """How often to try again when `usual` is usual."""
        return usual if self.most is None else min(self.most, usual)


def unreadable(problem: Unreadable, status: int) -> Trouble:
    """The trouble an answer without sense makes."""
    why = f"it answered {status} {problem}"
    if isinstance(problem, TooLarge):
        return Trouble(why, doubtful=True, most=0, ends_as=AnswerTooLarge)
    return Trouble(why, doubtful=True, most=UNREADABLE_REPEATS)


def outcome(answer: Answer, ask: Ask[T], words: Callable[[], str], now: float, *, anonymous: bool) -> T | None:
    """The value of `answer`, or what it raises; None for a delete whose target is already gone.

    `words` gives what the product said; `now` is unix seconds. After an `anonymous` request (for a file, say) neither
    401 nor 403 is about our credentials.
    """
    sense = meaning(answer.status)
    if sense == "ok":
        try:
            return ask.read(answer)
        except Unreadable as problem:
            raise unreadable(problem, answer.status) from None
    if sense == "missing" and ask.safety == "delete":
        return None
    if sense == "later":
        raise Trouble(f"too many requests{_quoted(words())}", doubtful=False, wait=told_to_wait(answer.headers, now))
    if sense == "broken":
        why = f"it answered {answer.status}{_quoted(words())}"
        raise Trouble(why, doubtful=True, wait=retry_after(answer.headers, now))
    raise _final(answer, ask, words(), anonymous=anonymous)


def settle(ask: Ask[T], attempt: Callable[[], T | None], patience: Patience, retries: int) -> T | None:
    """The value of the first attempt that has one; waits between attempts, `retries` times at most.

    Raises what `outcome` raises, and `RunError` or `UnknownOutcome` when there is nothing but trouble.
    """
    doubt: Trouble | None = None
    pause = 0.0
    for number in count():
        try:
            if number:
                patience.wait(pause, ask.product)
            return attempt()
        except Trouble as trouble:
            doubt = trouble if trouble.doubtful else doubt
            if number >= trouble.repeats(retries) or (doubt and ask.safety == "create_once"):
                raise _gave_up(ask, trouble, doubtful=doubt is not None) from None
            pause = trouble.wait or backoff(number)
        except RunError as ended:
            if doubt and ask.safety:
                raise _gave_up(ask, doubt, doubtful=True) from ended
            raise
    raise AssertionError("count() does not end")


def _gave_up(ask: Ask[T], trouble: Trouble, *, doubtful: bool) -> DueBridgeError:
    """How `ask` ends after its last attempt; `doubtful` if any attempt may have been processed."""
    if doubtful and ask.safety:
        return UnknownOutcome(
            f"{ask.product} may or may not have taken this: {trouble.why} ({ask.where}); "
            "it will be settled before anything is sent again"
        )
    return trouble.ends_as(f"{ask.product}: {trouble.why} ({ask.where}); nothing is lost, the next run tries again")


def _final(answer: Answer, ask: Ask[T], text: str, *, anonymous: bool) -> DueBridgeError:
    sense = meaning(answer.status)
    happened = f"({ask.where} answered {answer.status}){_quoted(text)}"
    if sense == "moved":
        return RunError(
            f"{ask.product} sends us on to {_destination(answer)} ({ask.where}); not followed: check base_url"
        )
    if sense == "stranger" and not anonymous:
        return AuthError(f"{ask.product} does not accept our credentials {happened}; connect again or mend the token")
    if sense == "forbidden" and not anonymous:
        return Forbidden(
            f"{ask.product} does not permit this {happened}; grant the permission and connect again", answer, text
        )
    if sense == "missing":
        return NotFound(f"{ask.product} has nothing there {happened}", answer, text)
    advice = "correct the record at its source" if ask.safety else "check the connection's settings"
    return Refused(f"{ask.product} refused this {happened}; {advice}", answer, text)


def _destination(answer: Answer) -> str:
    """The host a redirect names, without what may be secret in the address."""
    found = _AUTHORITY.match(answer.headers.get("location", ""))
    return shorten(found[1].rpartition("@")[2]) if found else "another path"


def _quoted(text: str) -> str:
    return f": {text}" if text else ""

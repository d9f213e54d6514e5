"""The errors of the project, grouped by what happens next.

    DueBridgeError
      ConfigError      refuses to start, or disables the connection   exit 2
      AuthError        pauses the connection until someone reconnects exit 3
      RunError         ends this run; what was read stays             exit 1
        CursorExpired  the bookmark is too old: the engine crawls instead
        AnswerTooLarge an answer beyond what is read: whoever asked may ask for less
        AlreadyRunning another run of the connection is under way: this one doesn't begin
        LeaseLost      another run has taken the connection over: nothing more of this one is kept
      Implausible      stops this run before its first write           exit 1
      RecordError      rejects this record; the run goes on
        Withheld       keeps this change back, for a person to see; the run goes on
      UnknownOutcome   parks this write; the next run settles it

Each message says what happened, where, and what to do.
"""

from __future__ import annotations

from duebridge.core.secrecy import hide


class DueBridgeError(Exception):
    """A failure whose message is written for the person who runs DueBridge; it is shown without a traceback.

    Whoever raises it, a connector quoting its product included, no registered secret is in the message.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        """Keep `message`, secrets masked."""
        super().__init__(hide(message))


class ConfigError(DueBridgeError):
    """The configuration can't be used as it is."""

    exit_code = 2


class AuthError(DueBridgeError):
    """The product refuses our credentials, or they lack a permission; only a person can mend it."""

    exit_code = 3


class RunError(DueBridgeError):
    """This run can't go on (host unreachable, answers that make no sense); the next run may."""


class CursorExpired(RunError):
    """The source no longer keeps the changes since our bookmark; the stream must be crawled in full."""


class AnswerTooLarge(RunError):
    """A product's answer is beyond what is read at once; a smaller page may not be."""


class AlreadyRunning(RunError):
    """Another run of this connection is under way, here or elsewhere; there is one at a time."""


class LeaseLost(RunError):
    """Another run has taken the connection over, because this one gave no sign of life for the length of its lease."""


class Implausible(DueBridgeError):
    """What was read is too unlike what was sent to be written unseen; the next run goes on once a person accepts it."""


class RecordError(DueBridgeError):
    """One record can't be sent as it is; the message names the field.

    `retry` tells whether the same payload may be accepted later without a change (the target refused it),
    or never will be (we can't build it).
    """


class Withheld(RecordError):
    """A change that is shown and not sent, by the target's settings; the record counts as skipped under `code`.

    It is offered again when it changes once more or the settings do, and once a day.
    """

    def __init__(self, message: str, code: str) -> None:
        """Keep why, and the code it counts under."""
        super().__init__(message)
        self.code = code


class UnknownOutcome(DueBridgeError):
    """A write whose answer was lost: it may have happened. Never guessed, always settled."""

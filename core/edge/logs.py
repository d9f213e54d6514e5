"""How does the program speak to its operator: lines for people on a terminal, JSON elsewhere, always on stderr?

stdout is for data. Every line, the libraries' own included, passes one redaction (`redaction`), and tracebacks carry no
local variables.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TextIO, TypeVar, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from duebridge.core.edge.redaction import redact, redact_entry, redact_text, register_secret

__all__ = [
    "Level",
    "Logger",
    "bind",
    "bound",
    "carried",
    "configure",
    "logger",
    "redact",
    "redact_text",
    "register_secret",
]

Level = Literal["debug", "info", "warning", "error"]
LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

P = ParamSpec("P")
T = TypeVar("T")


class _Stderr:
    """Writes to whatever stderr is at the moment: loggers outlive a redirection."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: Level = "info", *, form: Literal["auto", "console", "json"] = "auto") -> None:
    """Set logging up for this process; may be called again. `auto` is `console` on a terminal and `json` elsewhere."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    stderr = cast(TextIO, _Stderr())
    structlog.configure(
        processors=[*_gathering(), *_rendering(console=console)],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=stderr),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries(level, stderr, console=console)
    _state.level, _state.configured = LEVELS[level], True


class Logger:
    """Writes lines: `log.info("run finished", status="succeeded")`. `exc_info=True` adds the traceback.

    What is below the level returns at once (0.2 µs here, where structlog's own lazy proxy takes 3 µs).
    """

    __slots__ = ()

    def debug(self, event: str, **values: Any) -> None:
        """Write what helps to find a mistake in the program."""
        if _state.level <= logging.DEBUG:
            _writer().debug(event, **values)

    def info(self, event: str, **values: Any) -> None:
        """Write what happened as it should."""
        if _state.level <= logging.INFO:
            _writer().info(event, **values)

    def warning(self, event: str, **values: Any) -> None:
        """Write what someone may want to look at."""
        if _state.level <= logging.WARNING:
            _writer().warning(event, **values)

    def error(self, event: str, **values: Any) -> None:
        """Write what someone must look at."""
        _writer().error(event, **values)

    def exception(self, event: str, **values: Any) -> None:
        """Write an error with the traceback of the exception being handled."""
        _writer().error(event, **{"exc_info": True, **values})


@dataclass(slots=True)
class _State:
    """The level in force; until `configure` was called, its defaults apply from the first line on."""

    level: int = logging.INFO
    configured: bool = False


_state = _State()
_logger = Logger()


def logger() -> Logger:
    """Return the process's logger; it follows later calls of `configure`."""
    return _logger


def _writer() -> FilteringBoundLogger:
    if not _state.configured:
        configure()
    return cast(FilteringBoundLogger, structlog.get_logger())


def bind(**values: Any) -> None:
    """Add `values` (`connection=`, `run=`) to every later line of this thread or task."""
    structlog.contextvars.bind_contextvars(**values)


def bound(**values: Any) -> AbstractContextManager[None]:
    """Add `values` to every line within the `with` block."""
    return structlog.contextvars.bound_contextvars(**values)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` so that a pool's thread logs with what is bound here; each call works on its own copy."""
    context = copy_context()

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return call


def redacted(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take secrets out of a line: the one place where it happens."""
    return {key: redact_entry(key, value) for key, value in event.items()}


def printable(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters: a customer's name must not move the operator's cursor. Tracebacks keep their lines."""
    return {
        key: _escaped(value, keep="\n\t" if key in ("exception", "stack") else "") if isinstance(value, str) else value
        for key, value in event.items()
    }


def _escaped(text: str, *, keep: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in keep else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _gathering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _rendering(*, console: bool) -> list[Processor]:
    if not console:
        return [redacted, structlog.processors.JSONRenderer(ensure_ascii=False)]
    colors = sys.stderr.isatty()
    plain = structlog.dev.plain_traceback
    return [redacted, printable, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _take_in_libraries(level: Level, stderr: TextIO, *, console: bool) -> None:
    """Send what libraries log the same way; their requests and statements only when something is wrong."""
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_named, *_gathering()],
            processors=[_without_record, *_rendering(console=console)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [kept for kept in root.handlers if not getattr(kept, "duebridge", False)]
    handler.duebridge = True  # type: ignore[attr-defined]  # marks ours for the next call
    root.addHandler(handler)
    root.setLevel(max(LEVELS[level], logging.WARNING))


def _named(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    return {"logger": record.name, **event}


def _without_record(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event

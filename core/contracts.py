"""What does a connector class lack of what its contract asks for? Pure, asked once when its plugin is loaded."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from duebridge.core.connector import RecordTarget, Schedule, Settings, SnapshotTarget, Source, Target, Write
from duebridge.core.records import CreditNote, Invoice, Record

#: What connectors are called in the configuration, in references at the targets, and in addresses.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


#: A search that lags by more than a day (seconds) settles nothing: a retry is never put off for longer.
LONGEST_LAG = 86400.0


def source_faults(candidate: object) -> list[str]:
    """Return what keeps `candidate` from being a source, in words; empty when nothing does."""
    if not (inspect.isclass(candidate) and issubclass(candidate, Source)):
        return [f"not a subclass of Source: {candidate!r}"]
    return [*_shared(candidate), *_stream_faults(candidate)]


def target_faults(candidate: object) -> list[str]:
    """Return what keeps `candidate` from being a target, in words; empty when nothing does."""
    if not (inspect.isclass(candidate) and issubclass(candidate, Target)):
        return [f"not a subclass of Target: {candidate!r}"]
    if not issubclass(candidate, RecordTarget | SnapshotTarget):
        return ["it must be a RecordTarget or a SnapshotTarget"]
    return [*_shared(candidate), *_rule_faults(candidate), *_schedule_faults(candidate)]


def sandbox_faults(candidate: object) -> list[str]:
    """Return what keeps `candidate` from being a stand-in server, in words; empty when nothing does."""
    from duebridge.core.sandbox.product import ProductSandbox  # noqa: PLC0415 - a web framework few commands need

    if not (inspect.isclass(candidate) and issubclass(candidate, ProductSandbox)):
        return [f"not a subclass of ProductSandbox: {candidate!r}"]
    return [*_name_faults(candidate), *_unwritten(candidate)]


def _shared(candidate: type[Source] | type[Target]) -> Iterator[str]:
    yield from _name_faults(candidate)
    title = getattr(candidate, "title", None)
    if not (isinstance(title, str) and title):
        yield "missing title (what people call the product)"
    settings = getattr(candidate, "settings", None)
    if settings is None:
        yield "missing settings"
    elif not (inspect.isclass(settings) and issubclass(settings, Settings)):
        yield "settings must be a subclass of Settings"
    yield from _unwritten(candidate)


def _name_faults(candidate: type) -> Iterator[str]:
    name = getattr(candidate, "name", None)
    if name is None:
        yield "missing name"
    elif not (isinstance(name, str) and NAME.fullmatch(name)):
        yield f"name {name!r} must be lower-case letters, digits, - and _"


def _unwritten(candidate: type) -> Iterator[str]:
    methods = sorted(getattr(candidate, "__abstractmethods__", ()))
    if methods:
        yield f"missing {', '.join(methods)}"


def _stream_faults(source: type[Source]) -> Iterator[str]:
    streams = getattr(source, "streams", None)
    if not (isinstance(streams, Mapping) and streams):
        yield "missing streams (stream name -> the record types its items become)"
        return
    canonical = getattr(source, "canonical", None)
    if not isinstance(canonical, Mapping):
        yield "missing canonical (record type -> the function that makes it)"
        return
    for stream, records in streams.items():
        if not (isinstance(records, tuple) and records and all(map(_is_record, records))):
            yield f"stream {stream!r} must name record types, in a tuple"
            continue
        for record in records:
            if not callable(canonical.get(record)):
                yield f"canonical has nothing for {record.kind}"


def _rule_faults(target: type[Target]) -> Iterator[str]:
    rules = getattr(target, "rules", None)
    if not (isinstance(rules, Mapping) and rules and all(map(_is_record, rules))):
        yield "missing rules (record type -> its table, in push order)"
        return
    yield from _missing("mappings", getattr(target, "mappings", None), rules)
    if issubclass(target, RecordTarget):
        writes = getattr(target, "writes", None)
        yield from _missing("writes", writes, rules)
        if isinstance(writes, Mapping) and not all(isinstance(write, Write) for write in writes.values()):
            yield "writes must hold Write values"
        elif isinstance(writes, Mapping):
            yield from _write_faults(target, writes.values())


def _write_faults(target: type[RecordTarget], writes: Iterable[Write]) -> Iterator[str]:
    if any(write.safety == "create_once" for write in writes) and target.find is RecordTarget.find:
        yield "missing find, which create_once writes need: a lost create would be made again"
    phases = {name: write.phase for name, write in target.writes.items()}
    if target.credits_sent_invoices and phases.get(CreditNote, 0) <= phases.get(Invoice, 0):
        yield "credit notes that go with their invoice alone need a later phase than invoices"
    if not all(0 <= write.settles_after <= LONGEST_LAG for write in writes):
        yield f"settles_after must be seconds, from 0 to {LONGEST_LAG:.0f}"


def _missing(attribute: str, table: object, kinds: Mapping[type[Record], Any]) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"missing {attribute}"
        return
    for record in kinds:
        if record not in table:
            yield f"{attribute} has nothing for {record.kind}, which rules decide on"


def _schedule_faults(target: type[Target]) -> Iterator[str]:
    schedule = getattr(target, "schedule", None)
    if not isinstance(schedule, Schedule):
        yield "missing schedule"
    elif sum(rhythm is not None for rhythm in (schedule.every, schedule.daily, schedule.cron)) != 1:
        yield "schedule needs exactly one of every, daily, cron"


def _is_record(candidate: object) -> bool:
    return inspect.isclass(candidate) and issubclass(candidate, Record)

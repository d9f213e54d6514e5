"""Is the installation well: configuration, plugins, database, open rows, disk, clock? No product is asked.

Each finding says what is so and, where it is not as it should be, what to do.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from duebridge.core.edge.config import Configuration, load_configuration
from duebridge.core.errors import DueBridgeError
from duebridge.core.registry import Registry
from duebridge.core.store.inspection import ConnectionState, DatabaseState, inspect_database, sqlite_path
from duebridge.core.store.retention import Retention
from duebridge.core.store.store import Store

Level = Literal["ok", "note", "wrong"]
Json = dict[str, Any]

#: Below this, a run may not be able to keep what it read.
LEAST_FREE = 200 * 2**20
#: How far two clocks may be apart; leases and retries are reckoned by them.
LEAST_DRIFT = timedelta(minutes=1)
_MEGABYTE = 2**20
_UNREACHABLE = "check `database` and its rights; if it is damaged, stop DueBridge and restore a copy"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it is; `advice` says what to do about it."""

    about: str
    level: Level
    says: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings, and the numbers behind them."""

    findings: list[Finding]
    database: Json = field(default_factory=dict)
    connections: dict[str, Json] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.level != "wrong" for finding in self.findings)

    def as_json(self) -> Json:
        """Return it under its public names (`doctor --json`)."""
        findings = [asdict(finding) for finding in self.findings]
        return {"ok": self.well, "findings": findings, "database": self.database, "connections": self.connections}


def examine(path: Path, registry: Registry, environ: Mapping[str, str], now: datetime) -> Examination:
    """Look at the installation configured by `path`; changes nothing."""
    found = Examination([*_plugins(registry)])
    try:
        configuration = load_configuration(path, registry, environ, tolerant=True)
    except DueBridgeError as error:
        found.findings.append(Finding("configuration", "wrong", str(error), "mend the file; nothing runs until then"))
        return found
    found.findings.extend(_configuration(configuration))
    _database(configuration, found, now)
    found.findings.extend(_disk(configuration, found.database.get("bytes", 0)))
    return found


def _plugins(registry: Registry) -> Iterator[Finding]:
    broken = [plugin for plugin in registry.plugins if plugin.status != "ok"]
    for plugin in broken:
        says = f"{plugin.name} of {plugin.distribution} {plugin.version} is {plugin.status}: {plugin.error}"
        yield Finding("plugins", "wrong", says, f"update or uninstall {plugin.distribution}")
    if not broken:
        yield Finding("plugins", "ok", f"{len(registry.plugins)} work")


def _configuration(configuration: Configuration) -> Iterator[Finding]:
    for name, error in configuration.broken.items():
        yield Finding(
            "configuration",
            "wrong",
            str(error),
            f"mend it, or take {name} out of the file; no connection runs until then",
        )
    for warning in configuration.warnings:
        yield Finding("configuration", "note", warning)
    if not configuration.broken:
        yield Finding("configuration", "ok", f"{configuration.path}: {len(configuration.connections)} connections")


def _database(configuration: Configuration, found: Examination, now: datetime) -> None:
    """Add what is to be said of the database and what it holds."""
    where = configuration.shown_database
    file = sqlite_path(configuration.database)
    if file is not None and not file.exists():
        found.findings.append(Finding("database", "note", f"{where} does not exist yet", "the first sync makes it"))
        return
    try:
        state = inspect_database(configuration.database)
    except DueBridgeError as error:
        found.findings.append(Finding("database", "wrong", f"{where}: {error}", _UNREACHABLE))
        return
    found.database.update(_numbers(where, state))
    found.findings.extend(_state(where, state))
    found.findings.extend(_clock(state, now))
    if state.revision == state.newest:
        _connections(configuration, state, found, now)


def _numbers(where: str, state: DatabaseState) -> Json:
    return {
        "address": where,
        "bytes": state.bytes,
        "megabytes": round(state.bytes / _MEGABYTE, 1),
        "unused_megabytes": round(state.free_bytes / _MEGABYTE, 1),
        "migration": state.revision,
        "newest_migration": state.newest,
        "rows": dict(state.rows),
    }


def _state(where: str, state: DatabaseState) -> Iterator[Finding]:
    size = f"{state.bytes / _MEGABYTE:.1f} MB"
    if not state.known:
        advice = "update DueBridge to the version that made it"
        yield Finding("database", "wrong", f"{where} was made by a newer version ({state.revision})", advice)
    elif state.revision != state.newest:
        says = f"{where} is at migration {state.revision or 'none'}, this version brings {state.newest}"
        yield Finding("database", "note", says, "keep a copy; the next command that opens it brings it up to date")
    else:
        yield Finding("database", "ok", f"{where}: reachable, {size}, at the newest migration")
    for complaint in state.damage:
        advice = "stop DueBridge and restore a copy, or save what `sqlite3 duebridge.db .recover` can read"
        yield Finding("database", "wrong", f"damaged: {complaint}", advice)
    if state.free_bytes > max(64 * _MEGABYTE, state.bytes // 2):
        says = f"{state.free_bytes / _MEGABYTE:.0f} of {size} are unused"
        yield Finding("database", "note", says, "`sqlite3 FILE VACUUM` gives them back, while nothing runs")


def _clock(state: DatabaseState, now: datetime) -> Iterator[Finding]:
    if state.clock is not None and abs(state.clock - now) > LEAST_DRIFT:
        apart = round(abs((state.clock - now).total_seconds()))
        advice = "set both by NTP: leases and retries are reckoned by them"
        yield Finding("clock", "wrong", f"this machine's and the database server's are {apart} seconds apart", advice)
    elif state.latest is not None and state.latest - now > LEAST_DRIFT:
        says = f"it is {now:%Y-%m-%d %H:%M} UTC here, but something was written at {state.latest:%Y-%m-%d %H:%M}"
        yield Finding(
            "clock", "wrong", says, "set the clock by NTP; what was then put off is tried after a day at most"
        )
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def _connections(configuration: Configuration, state: DatabaseState, found: Examination, now: datetime) -> None:
    store = Store.open(configuration.database)
    try:
        for name, connection in state.connections.items():
            retention = Retention(store, connection.id, configuration.keep)
            prunable, last = retention.foreseen(now), retention.last()
            found.connections[name] = _connection_numbers(connection) | {
                "pruned_at": _told(last),
                "prunable": {kind: len(rows) for kind, rows in prunable._asdict().items()},
            }
            found.findings.extend(_open_rows(name, connection))
            if name not in configuration.connections and name not in configuration.broken:
                says = f"{name} is no longer configured; its {connection.records} rows stay"
                found.findings.append(Finding(name, "note", says, "configure it again under this name, or leave it"))
    finally:
        store.close()
    found.findings.append(_retention(configuration, found.connections))


def _connection_numbers(state: ConnectionState) -> Json:
    last = state.last_run
    return {
        "records": state.records,
        "runs": state.runs,
        "due": state.due,
        "rejected": state.rejected,
        "unknown": state.unknown,
        "oldest": _told(state.oldest),
        "unended_runs": state.unended,
        "last_run": {"run": last[0], "status": last[1], "began_at": _told(last[2])} if last is not None else None,
    }


def _open_rows(name: str, state: ConnectionState) -> Iterator[Finding]:
    since = f"; the one not touched for longest was last dealt with {_told(state.oldest)}" if state.oldest else ""
    if state.unknown:
        advice = f"see `duebridge records {name} --outcome unknown`; the next run asks, as far as that can be asked"
        yield Finding(name, "note", f"{state.unknown} writes have an unknown outcome", advice)
    if state.rejected:
        advice = f"see `duebridge records {name} --outcome rejected`; `duebridge sync {name} --retry` tries them now"
        yield Finding(name, "note", f"{state.rejected} records are rejected{since}", advice)
    if not state.unknown and not state.rejected:
        yield Finding(name, "ok", f"{state.records} rows, {state.due} writes to make{since}")


def _retention(configuration: Configuration, connections: Mapping[str, Json]) -> Finding:
    prunable = [each["prunable"] for each in connections.values()]
    would = ", ".join(f"{sum(each[kind] for each in prunable)} {kind}" for kind in ("runs", "records", "notes"))
    last = max((each["pruned_at"] for each in connections.values() if each["pruned_at"]), default="never")
    return Finding(
        "retention", "ok", f"keeps {configuration.keep.days} days; last pruned: {last}; the next run prunes {would}"
    )


def _disk(configuration: Configuration, used: int) -> Iterator[Finding]:
    """The folder of the database file, and the one `plan` puts its copy in."""
    file = sqlite_path(configuration.database)
    folders = [(Path(tempfile.gettempdir()), used), *([(file.parent, 0)] if file is not None else [])]
    for folder, needed in folders:
        if not folder.exists():
            yield Finding("disk", "wrong", f"the folder {folder} does not exist", "make it, or name another")
            continue
        free = shutil.disk_usage(folder).free
        says = f"{free / _MEGABYTE:.0f} MB free in {folder}"
        if free < LEAST_FREE + needed:
            yield Finding("disk", "wrong", says, "make room: a run that can't store what it read ends there")
        else:
            yield Finding("disk", "ok", says)


def _told(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant is not None else None

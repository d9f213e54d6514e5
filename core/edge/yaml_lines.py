"""What does a YAML text hold, and where does each value stand?

    text -> events (ruamel.yaml) -> Scalar | Items | Block, each with its line and column

YAML 1.2's core types only: tags are refused, so nothing but text, numbers, booleans, null, lists and blocks comes out.
Every scalar also keeps the text as it was written, for fields that want `00123` and not 123. Messages never quote a
value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from duebridge.core.edge.problems import Problems

Value = str | int | float | bool | None

#: How much a file may hold, aliases followed: far above any real configuration, far below what would fill the memory.
MOST_CHARACTERS = 1_000_000
MOST_NODES = 20_000
DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; both count from 1, 0 for what came from elsewhere than a file."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is how it was written; `template` is set when `${…}` was in it, `unset` when that failed."""

    value: Value
    text: str
    at: Place
    template: str | None = None
    unset: bool = False
    size: int = 1


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    entries: tuple[Node, ...]
    at: Place
    size: int = 1


@dataclass(frozen=True, slots=True)
class Block:
    """Keys with their values; `keys` says where each key stands."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    at: Place
    size: int = 1


Node = Scalar | Items | Block


class _Unreadable(Exception):
    def __init__(self, at: Place, message: str) -> None:
        super().__init__(message)
        self.at = at


@dataclass(slots=True)
class _Open:
    """A list or block being read; `path` is where it stands in the file's tree."""

    kind: type[Items] | type[Block]
    at: Place
    path: tuple[str, ...]
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    key: str | None = None
    size: int = 1


def read_yaml(text: str, problems: Problems) -> Node | None:
    """Return the tree of `text`, None for an empty one or when it can't be read.

    What can't be read is added to `problems`: syntax with its line and column, duplicate keys with both lines.
    """
    if len(text) > MOST_CHARACTERS:
        problems.add(0, (), f"longer than {MOST_CHARACTERS} characters; this is no configuration")
        return None
    try:
        return _Reader(problems).read(_events(text))
    except _Unreadable as error:
        problems.add(error.at.line, (), f"{error}{f' (column {error.at.column})' if error.at.column else ''}")
    return None


def nodes(value: Any) -> Node:
    """Return plain data (as JSON would hold it) as a tree without places."""
    nowhere = Place()
    if isinstance(value, dict):
        entries = {str(key): nodes(item) for key, item in value.items()}
        return Block(entries, dict.fromkeys(entries, nowhere), nowhere)
    if isinstance(value, list | tuple):
        return Items(tuple(nodes(item) for item in value), nowhere)
    if value is None or isinstance(value, str | bool | int | float):
        return Scalar(value, "" if value is None else str(value), nowhere)
    raise TypeError(f"{type(value).__name__} is not plain data")


def plain(node: Node) -> Any:
    """Return `node` as plain data."""
    if isinstance(node, Block):
        return {key: plain(entry) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain(entry) for entry in node.entries]
    return node.value


class _Reader:
    """Builds the tree from events, without recursion: depth is limited by our number, not by Python's."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._documents = 0

    def read(self, events: Iterator[Event]) -> Node | None:
        for event in events:
            if isinstance(event, DocumentStartEvent):
                self._begin(event)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._open(event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close()
            elif isinstance(event, AliasEvent):
                self._follow(event)
            elif isinstance(event, ScalarEvent):
                self._scalar(event)
        return self._root

    def _begin(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Unreadable(_place(event), "a second document begins here (`---`); keep one per file")

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        at = _place(event)
        _refuse_tag(event, at)
        if self._stack and self._wants_key():
            raise _Unreadable(at, "a key must be one word; a value that starts with { needs quotes around it")
        if len(self._stack) >= DEEPEST:
            raise _Unreadable(at, f"nested more than {DEEPEST} deep")
        kind = Block if isinstance(event, MappingStartEvent) else Items
        self._stack.append(_Open(kind, at, self._path(), event.anchor))

    def _close(self) -> None:
        done = self._stack.pop()
        node: Node
        if done.kind is Block:
            node = Block(done.entries, done.keys, done.at, done.size)
        else:
            node = Items(tuple(done.items), done.at, done.size)
        self._put(node, done.anchor)

    def _follow(self, event: AliasEvent) -> None:
        at = _place(event)
        node = self._anchors.get(event.anchor)
        if node is None or (self._stack and self._wants_key()):
            raise _Unreadable(
                at, "nothing is anchored under this name; a value that starts with * needs quotes around it"
            )
        self._put(node, None)

    def _scalar(self, event: ScalarEvent) -> None:
        at = _place(event)
        _refuse_tag(event, at)
        text: str = event.value
        if _SURROGATE.search(text):
            raise _Unreadable(at, "half of a character, which no text can hold")
        if self._stack and self._wants_key():
            self._take_key(text, at)
            return
        value = _typed(text) if event.style is None and not event.ctag else text
        self._put(Scalar(value, text, at), event.anchor)

    def _wants_key(self) -> bool:
        return self._stack[-1].kind is Block and self._stack[-1].key is None

    def _take_key(self, key: str, at: Place) -> None:
        block = self._stack[-1]
        block.key = key
        if key in block.keys:
            first = block.keys[key].line
            self._problems.add(at.line, (*block.path, key), f"duplicate key; it is first given on line {first}")
        else:
            block.keys[key] = at

    def _path(self) -> tuple[str, ...]:
        if not self._stack:
            return ()
        above = self._stack[-1]
        return (*above.path, above.key if above.key is not None else str(len(above.items)))

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._stack:
            self._root = node
            return
        above = self._stack[-1]
        above.size += node.size
        if above.size > MOST_NODES:
            raise _Unreadable(node.at, f"more than {MOST_NODES} values; this is no configuration")
        if above.key is None:
            above.items.append(node)
        else:
            above.entries.setdefault(above.key, node)
            above.key = None


def _events(text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except ReaderError as error:
        raise _Unreadable(_place_in(text, error.position), "a character that YAML does not allow") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Place(mark.line + 1, mark.column + 1) if mark else Place()
        raise _Unreadable(at, _in_plain_words(error)) from None
    except (YAMLError, ArithmeticError, ValueError, LookupError) as error:
        # Beside its own errors ruamel lets Python's out, of `chr` for instance, for escapes such as "\\UFFFFFFFF".
        raise _Unreadable(Place(), f"not YAML ({type(error).__name__})") from None


_HINTS = (
    ("'\\t'", "a tab stands where spaces must; indent with spaces"),
    (
        "mapping values are not allowed",
        "a second colon, or an indent that does not fit the lines above; quote values that hold `: `",
    ),
    ("<document start>", "this line's indent does not fit the lines above"),
    ("<block end>", "this line's indent does not fit the lines above"),
    ("expected ',' or '}'", 'a { is not closed here; in a {…} block put quotes around values such as "${NAME}"'),
    ("expected ',' or ']'", 'a [ is not closed here; in a […] list put quotes around values such as "${NAME}"'),
    ("could not find expected ':'", "a key without its colon"),
    ("end of stream", "a quote is not closed"),
    ("cannot start any token", "a value that starts with this character needs quotes around it"),
)


def _in_plain_words(error: MarkedYAMLError) -> str:
    """Say what `error` found. Its own words may quote the file, so only fixed sentences are used."""
    said = f"{error.context or ''} {error.problem or ''}"
    return next((words for sign, words in _HINTS if sign in said), "not YAML: the line can't be read as it is")


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _place_in(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _refuse_tag(event: Any, at: Place) -> None:
    tag = str(event.ctag) if event.ctag else ""
    if tag and tag not in ("!", "tag:yaml.org,2002:str"):
        raise _Unreadable(at, "tags are not used here; a value that starts with ! needs quotes around it")


_SURROGATE = re.compile("[\ud800-\udfff]")
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_OTHER_INTEGER = re.compile(r"0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _typed(text: str) -> Value:
    """Return what an unquoted scalar is by YAML 1.2's core schema (chapter 10.3): `yes` and dates are text."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return bool(_TRUE.fullmatch(text))
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_INTEGER.fullmatch(text):
        return int(text, 0)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text

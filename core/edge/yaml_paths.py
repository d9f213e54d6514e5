"""What stands at a path of a YAML tree, and on which line?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from duebridge.core.edge.problems import Path
from duebridge.core.edge.yaml_lines import Block, Items, Node, Scalar

#: Where pydantic says an error is: keys, numbers of list entries, and names of its own between them.
Location = tuple[int | str, ...]


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Walk the values in `node`, each with the keys that lead to it."""
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Block):
        for key, entry in node.entries.items():
            yield from scalars(entry, (*path, key))
    else:
        for number, entry in enumerate(node.entries):
            yield from scalars(entry, (*path, str(number)))


def follow(node: Node, path: Path) -> Node | None:
    """Return what stands at `path` below `node`."""
    found: Node | None = node
    for key in path:
        if isinstance(found, Block):
            found = found.entries.get(key)
        elif isinstance(found, Items) and key.isdigit() and int(key) < len(found.entries):
            found = found.entries[int(key)]
        else:
            return None
    return found


def trace(block: Block, location: Location) -> tuple[Path, int, int]:
    """Return the part of pydantic's `location` that is in the file, its line, and how many of its steps that was.

    pydantic puts names of its own, such as a union's branch, between the keys.
    """
    node: Node = block
    path: Path = ()
    line = block.at.line
    steps = 0
    for number, step in enumerate(map(str, location), 1):
        below = follow(node, (step,))
        if below is None:
            continue
        line = node.keys[step].line if isinstance(node, Block) else below.at.line
        node, path, steps = below, (*path, step), number
    return path, line, steps


def as_written(block: Block, locations: Sequence[Location]) -> Block:
    """Return `block` with the numbers at `locations` as they were written: `00123` where text is wanted."""
    wanted = {trace(block, location)[0] for location in locations}

    def turned(node: Node, path: Path) -> Node:
        if isinstance(node, Block):
            return replace(node, entries={key: turned(entry, (*path, key)) for key, entry in node.entries.items()})
        if isinstance(node, Items):
            return replace(node, entries=tuple(turned(entry, (*path, str(n))) for n, entry in enumerate(node.entries)))
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        return replace(node, value=node.text) if number and path in wanted else node

    return cast(Block, turned(block, ()))

"""What a target needs read, and the fingerprint of everything its plans are made with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from pydantic_core import to_json

from duebridge.core.connector import Target
from duebridge.core.engine.planning import continues
from duebridge.core.tables.mapping import Expression


def needs_of(target: Target) -> frozenset[str]:
    """Return the optional field paths (`kind.field`) the target's rules and mappings read."""
    ruled = (need for rules in target.rules.values() for need in rules.needs)
    mapped = (need for mapping in target.mappings.values() for need in mapping.needs)
    return frozenset(ruled) | frozenset(mapped)


def plan_hash(target: Target, context: Mapping[str, Any], policy: Mapping[str, Any]) -> str:
    """Return a fingerprint of what plans are made with: rules, mappings, options, context, policy (exclusions, …).

    When it differs from the stored one, every record is planned again from the store.
    """
    described = {
        "rules": {
            kind.kind: [(words, repr(d)) for words, d in rules.describe()] for kind, rules in target.rules.items()
        },
        "mappings": {kind.kind: mapping.describe() for kind, mapping in target.mappings.items()},
        "code": sorted(_source(function) for function in _functions(target)),
        "options": target.options.model_dump(mode="json"),  # secrets come out masked, so a new key changes nothing
        "context": sorted(context.items()),
        "policy": sorted(policy.items()),
    }
    return blake2b(to_json(described), digest_size=16).hexdigest()


def _functions(target: Target) -> Iterable[Callable[..., Any]]:
    for method in _methods(target):
        yield method
        yield from _called(method)
    for mapping in target.mappings.values():
        for source in mapping.fields.values():
            if isinstance(source, Expression):
                yield source.combine


def _methods(target: Target) -> Iterable[Callable[..., Any]]:
    yield from (type(target).parts, type(target).completed)
    if continues(target):
        yield type(target).continued


def _called(method: Any) -> Iterable[Callable[..., Any]]:
    """The functions of its module's names that a method uses: connectors keep what they do in files of their own."""
    named = (method.__globals__.get(name) for name in method.__code__.co_names)
    return filter(inspect.isfunction, named)


def _source(function: Callable[..., Any]) -> str:
    """The source of the module the function comes from: what it calls counts too."""
    module = inspect.getmodule(function)
    try:
        return inspect.getsource(module) if module is not None else repr(function.__qualname__)
    except OSError:  # a compiled module has no source; its name must do
        return repr(function.__qualname__)

"""How does one connection want its runs? What its configuration says, as the engine needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from duebridge.core.engine.guard import Limits
from duebridge.core.engine.planning import Decider
from duebridge.core.engine.reading import Rhythm
from duebridge.core.engine.start import Reach


@dataclass(frozen=True, slots=True)
class Policy:
    """Rhythm, reach, what to do with what is gone, who decides before the rules."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    on_delete: Literal["report", "delete"] = "report"
    decide: Decider | None = None
    #: What `decide` depends on, so that a change of it plans every record again.
    decide_on: tuple[str, ...] = ()
    #: The customers `decide` excludes: nothing of theirs is written, not even what was due before.
    excluded: frozenset[str] = frozenset()
    guard: Limits = field(default_factory=Limits)
    reach: Reach = field(default_factory=Reach)

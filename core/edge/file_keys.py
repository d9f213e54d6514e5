"""What may stand in a configuration beside its connections, and what does it mean when it is not given?"""

from __future__ import annotations

from datetime import timedelta

from duebridge.core.edge.database_url import DEFAULT
from duebridge.core.edge.rhythms import Unfit, duration, said
from duebridge.core.edge.yaml_lines import Node, plain

#: How long what is settled is remembered.
KEEP = timedelta(days=90)
#: What is looked up in the days after a run must still be there.
LEAST_KEPT = timedelta(days=7)

FILE_KEYS = (
    (
        "`database`",
        "`sqlite:///PATH` or `postgresql+psycopg://user:${DB_PASSWORD}@host/name`",
        f"`{DEFAULT}`",
        "Where everything is remembered. A SQLite path counts from the YAML file's folder.",
    ),
    (
        "`keep`",
        f"duration, `{said(LEAST_KEPT)}` at least",
        f"`{said(KEEP)}`",
        "How long runs and what was noted of settled records are kept.",
    ),
    ("`connections`", "a block for each connection, under its name", "-", "What runs; the keys are below."),
)


def kept(node: Node) -> timedelta:
    """Read `keep`. Raises `Unfit`."""
    length = duration(plain(node))
    if length < LEAST_KEPT:
        raise Unfit(f"shorter than {said(LEAST_KEPT)}; reasons and reports would be gone before someone has looked")
    return length

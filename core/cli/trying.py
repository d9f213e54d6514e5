"""The commands that try things out: demo and sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from duebridge.core.cli.output import say, show
from duebridge.core.cli.progress import progress
from duebridge.core.edge.logs import configure
from duebridge.core.engine.listing import meanings_of
from duebridge.core.registry import Registry

if TYPE_CHECKING:
    from duebridge.core.demo import Performance

USUAL_PORT = 9400


class Limits(StrEnum):
    """Whether the stand-ins enforce the vendors' rate limits."""

    real = "real"
    off = "off"


Customers = Annotated[int, typer.Option("--customers", min=1, help="How many customers there are.")]
Invoices = Annotated[
    int, typer.Option("--invoices", min=0, help="Rows of the invoice list, drafts and credit notes included.")
]
Seed = Annotated[int, typer.Option("--seed", help="Which data: the same seed, the same data.")]


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run every connection once, show the summary, exit.")] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The sandbox's port. [default: 9400; a free one with --once]"),
    ] = None,
    customers: Customers = 40,
    invoices: Invoices = 200,
    seed: Seed = 1,
) -> None:
    """See it work: stand-ins for the products, and example connections between them."""
    from duebridge.core import demo as example  # noqa: PLC0415 - its server's libraries are for this command alone

    scene = example.Scene(Registry.load(), customers=customers, invoices=invoices, seed=seed)
    if once:
        with progress() as begun:
            done = example.run_once(scene, port or 0, tell=say, begun=begun)
        _show_summary(done, scene.registry)
        raise typer.Exit(0 if all(each.succeeded for each in done) else 1)
    configure("info")
    raise typer.Exit(example.run_until_interrupted(scene, USUAL_PORT if port is None else port, tell=say))


def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to serve on, at 127.0.0.1.")] = (
        USUAL_PORT
    ),
    customers: Customers = 40,
    invoices: Invoices = 200,
    seed: Seed = 1,
    limits: Annotated[Limits, typer.Option("--limits", help="Whether rate limits are enforced.")] = Limits.real,
    broken: Annotated[int, typer.Option("--broken", min=0, help="Add this many records that must be rejected.")] = 0,
) -> None:
    """Serve stand-ins for the products, each below its own prefix, until interrupted."""
    from duebridge.core import demo as example  # noqa: PLC0415 - its server's libraries are for this command alone

    scene = example.Scene(Registry.load(), customers, invoices, seed, limits.value, broken)
    say("Ctrl-C stops the sandbox")
    try:
        scene.serve(port, tell=say)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None  # the usual end of it


def _show_summary(done: Sequence[Performance], registry: Registry) -> None:
    from duebridge.core.cli.summary import overview, summary_parts  # noqa: PLC0415 - for the same reason

    for each in done:
        show(*summary_parts(each, meanings_of(registry.targets[each.target])))
        if each.report.error:
            say(f"{each.connection}: {each.report.error}")
    show(overview(done))

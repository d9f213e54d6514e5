"""Which arguments and options do several commands share?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="The YAML file; before or after the command. Default: $DUEBRIDGE_CONFIG, else duebridge.yaml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, and nothing else there.")]
ConnectionArgument = Annotated[str, typer.Argument(metavar="NAME", help="A connection of the YAML file.")]
SomeConnectionArgument = Annotated[
    str | None, typer.Argument(metavar="NAME", help="A connection of the YAML file; all of them without it.")
]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only records of this kind.")]

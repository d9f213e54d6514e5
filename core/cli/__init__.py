"""The command line: `duebridge COMMAND`, also `python -m duebridge.core.cli`."""

from duebridge.core.cli.shell import main

__all__ = ["main"]

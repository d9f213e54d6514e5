"""`python -m duebridge.core.cli` does what `duebridge` does."""

from duebridge.core.cli import main

main()

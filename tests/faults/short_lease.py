"""`duebridge sync NAME --json` under a lease of SECONDS: short_lease.py CONFIG NAME SECONDS."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.errors import DueBridgeError
from duebridge.core.leasing import LeaseTerms
from duebridge.core.registry import Registry


def main(config: str, name: str, seconds: float) -> int:
    """Run the connection once, and say how it ended as the command does."""
    registry = Registry.load()
    terms = LeaseTerms(seconds, renew_every=seconds / 6, look_every=0.2)
    app = App(load_configuration(Path(config), registry, os.environ), registry, lease=terms)
    try:
        report = app.sync(name)
    except DueBridgeError as error:
        print(f"duebridge: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    finally:
        app.close()
    print(json.dumps(report.as_json()))  # noqa: T201
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))

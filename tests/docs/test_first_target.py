"""Does the target that docs/connectors/first-target.md shows work as it is printed there?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.testing.installing import laid_out
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "first-target.md"

CONFIG = """
connections:
  acme-shelf:
    source: {{connector: pennylane, token: sandbox-pennylane, base_url: "{pennylane}"}}
    target: {{connector: shelf, folder: "{folder}"}}
"""


def test_the_printed_target_writes_a_file_for_each_record_that_goes(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    path = laid_out(tmp_path / "installed", "shelf", "duebridge_shelf")
    (path / "duebridge_shelf.py").write_text(code)
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with running_sandbox([PennylaneSandbox(SandboxOptions(customers=4, invoices=20))]) as sandbox:
        config = tmp_path / "duebridge.yaml"
        config.write_text(CONFIG.format(pennylane=sandbox.base("pennylane"), folder=shelf))
        ended = subprocess.run(  # noqa: S603 - our own command, with arguments from above
            [sys.executable, "-m", "duebridge.core.cli", "sync", "acme-shelf", "--json", "--config", str(config)],
            env={**os.environ, "PYTHONPATH": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == 0, ended.stderr
    kinds = json.loads(ended.stdout)["kinds"]
    assert kinds["customer"]["created"] == 4
    assert kinds["invoice"]["created"] > 0
    assert len(list(shelf.iterdir())) == kinds["customer"]["created"] + kinds["invoice"]["created"]

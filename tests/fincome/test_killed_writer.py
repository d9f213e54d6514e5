"""What does the folder hold when the process that writes a workbook is killed?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

ROWS = 400
WRITER = f"""
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from duebridge.targets.fincome.sheet import written
rows = [{{"type": "one_off", "invoice_id": str(n), "tax_amount": Decimal(n)}} for n in range({ROWS})]
print("ready", flush=True)
while True:
    written(Path(sys.argv[1]), rows, {{}}, datetime.now(UTC))
"""


@pytest.mark.slow
def test_every_workbook_in_the_folder_is_whole_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    for after in (0.0, 0.05, 0.11, 0.16, 0.23):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: S603 - our own interpreter and code
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(after)  # the moment of the kill is what is varied
            writer.send_signal(signal.SIGKILL)
    shown = sorted(tmp_path.glob("*.xlsx"))
    assert shown, "no writer lived long enough to finish one"
    for path in shown[:3] + shown[-3:]:
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        assert sheet.max_row == ROWS + 1
    assert {path.suffix for path in tmp_path.iterdir()} <= {".xlsx", ".part"}

"""Makes the checkout's folders importable as `duebridge.*` in an editable install (see docs/decisions/0001-packaging.md)."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2])]

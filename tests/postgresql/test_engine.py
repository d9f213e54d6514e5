"""The engine's own tests of whole runs, once more over PostgreSQL."""

from __future__ import annotations

from importlib import import_module
from inspect import isfunction, signature
from pathlib import Path

ENGINE = Path(__file__).parent.parent / "engine"

for _path in sorted(ENGINE.glob("test_*.py")):
    for _name, _test in vars(import_module(f"..engine.{_path.stem}", __package__)).items():
        if _name.startswith("test_") and isfunction(_test) and "rig" in signature(_test).parameters:
            globals()[f"{_path.stem}_{_name.removeprefix('test_')}"] = _test


def test_the_engine_s_tests_are_found() -> None:
    assert sum(name.startswith("test_runs_") for name in globals()) > 5

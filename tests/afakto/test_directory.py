"""A file is in the folder whole, under a name of its own, or not at all."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from duebridge.core.api import RunError, UnknownOutcome
from duebridge.targets.afakto import directory
from duebridge.targets.afakto.directory import Directory
from duebridge.targets.afakto.files import Parcel

MADE = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
NAME = "20260302T050000.000000Z_ACME01_invoices.csv"


def parcel(content: bytes = b"A,B\r\n1,2\r\n", company: str = "ACME01") -> Parcel:
    return Parcel(company, "invoices", MADE, content, [])


def test_it_is_there_whole_and_alone(tmp_path: Path) -> None:
    assert Directory(str(tmp_path)).put(parcel()) == NAME
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {NAME: b"A,B\r\n1,2\r\n"}


def test_no_file_is_ever_replaced(tmp_path: Path) -> None:
    place = Directory(str(tmp_path))
    names = [place.put(parcel(b"%d\r\n" % n)) for n in range(3)]
    assert len(set(names)) == 3
    assert [(tmp_path / name).read_bytes() for name in names] == [b"0\r\n", b"1\r\n", b"2\r\n"]


def test_owner_and_group_may_read_it_as_far_as_the_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        name = Directory(str(tmp_path)).put(parcel())
        os.umask(0o077)
        private = Directory(str(tmp_path)).put(parcel())
    finally:
        os.umask(before)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o640
    assert (tmp_path / private).stat().st_mode & 0o777 == 0o600


def test_what_a_dead_run_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    left = [f".{NAME}.part", ".20260301T050000.000001Z-2_ACME01_buyers.csv.part"]
    others = [".20260301T050000.000001Z_OTHER_buyers.csv.part", ".hidden", "notes.txt", "x.part"]
    for name in left + others:
        (tmp_path / name).write_text("x")
    Directory(str(tmp_path)).put(parcel())
    assert {path.name for path in tmp_path.iterdir()} == {NAME, *others}


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_a_step_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((Path, "rename") if step == "rename" else (directory.os, step)), full)
    with pytest.raises(RunError, match=r"the invoices file was not delivered to .*No space left on device.*next run"):
        Directory(str(tmp_path)).put(parcel())
    assert list(tmp_path.iterdir()) == []


def test_writes_that_take_a_few_bytes_at_a_time_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(directory.os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    assert (tmp_path / Directory(str(tmp_path)).put(parcel())).read_bytes() == b"A,B\r\n1,2\r\n"


def test_a_folder_that_can_not_be_forced_to_disk_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(directory, "_force", broken)
    with pytest.raises(UnknownOutcome, match="could not be forced to disk"):
        Directory(str(tmp_path)).put(parcel())


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    place = Directory(str(tmp_path / "mount"))
    for ask in (place.check, lambda: place.put(parcel())):
        with pytest.raises(RunError, match="mount is no folder; make it"):
            ask()
    assert not (tmp_path / "mount").exists()


def test_a_file_in_the_folders_place_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="no folder"):
        Directory(str(tmp_path / "file")).check()


def test_a_folder_without_the_right_to_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(RunError, match="can't be written to"):
        Directory(str(tmp_path)).check()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_ones_home_may_be_written_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Directory("~").check() == str(tmp_path.resolve())

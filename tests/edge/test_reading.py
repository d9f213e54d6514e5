"""What the body of an answer holds."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.edge import reading
from duebridge.core.edge.reading import TooLarge, Unreadable

GZIP = {"content-encoding": "gzip"}


def test_amounts_stay_exact() -> None:
    assert reading.parsed(b'{"a": 1230.10, "b": 0.1, "c": 12}') == {
        "a": Decimal("1230.10"),
        "b": Decimal("0.1"),
        "c": 12,
    }


def test_whole_numbers_stay_whole() -> None:
    assert isinstance(reading.parsed(b"193957360"), int)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "9" * 41, "0." + "1" * 60, "1e400", "1e9" + "9" * 25])
def test_a_number_that_is_none_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        reading.parsed(f'{{"amount": {text}}}'.encode())


def test_a_number_of_forty_digits_is_read() -> None:
    assert reading.parsed(b"9" * 40) == int("9" * 40)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "with nothing"),
        (b"  \n", "with nothing"),
        (b"<!doctype html><p>Log in", "a web page"),
        (b'{"items": [1, 2', "ends early"),
        (b"Rate limit exceeded.", "isn't JSON"),
        (b'"\xff\xfe"', "damaged"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_what_is_there_instead_of_json_is_named(content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        reading.parsed(content)


def test_a_page_is_told_by_its_media_type_too() -> None:
    with pytest.raises(Unreadable, match="a web page"):
        reading.parsed(b"Sign in", "text/html; charset=utf-8")


def test_of_a_key_written_twice_the_last_counts() -> None:
    assert reading.parsed(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_byte_order_mark_is_not_content() -> None:
    assert reading.parsed(b"\xef\xbb\xbf[]") == []


def test_half_a_character_becomes_a_replacement_that_can_be_stored() -> None:
    value = reading.parsed(rb'{"na\ud83dme": ["caf\ud83d", "\ud83d\ude00", "\\ud83d"]}')
    assert value == {"na\ufffd\ufffd\ufffdme": ["caf\ufffd\ufffd\ufffd", "\U0001f600", "\\ud83d"]}
    json.dumps(value, ensure_ascii=False).encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_whatever_json_can_hold_comes_back(value: object) -> None:
    assert reading.parsed(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_unreadable(content: bytes) -> None:
    try:
        reading.parsed(content)
    except Unreadable as problem:
        said = str(problem)
    else:
        said = "with"
    assert said.startswith("with")


def test_gzip_is_inflated() -> None:
    packed = gzip.compress(b"abc" * 50_000)
    pieces = [packed[i : i + 7] for i in range(0, len(packed), 7)]
    assert reading.body(pieces, GZIP, 10**6) == b"abc" * 50_000


def test_gzip_beyond_the_limit_is_refused_before_it_is_inflated() -> None:
    inflated = 0
    with pytest.raises(TooLarge):
        reading.body([gzip.compress(bytes(50_000_000))], GZIP, 10**6)
    for piece in reading.inflated([gzip.compress(bytes(1_000_000))]):
        inflated += len(piece)
        assert len(piece) <= 64 * 1024
    assert inflated == 1_000_000


def test_gzip_that_ends_early_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="ends early"):
        reading.body([gzip.compress(b"abc" * 100)[:-9]], GZIP, 10**6)


def test_damaged_gzip_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="damaged"):
        reading.body([b"not gzip"], GZIP, 10**6)


def test_an_empty_body_said_to_be_gzip_is_empty() -> None:
    assert reading.body([], GZIP, 10**6) == b""


def test_an_encoding_that_was_not_asked_for_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="encoding"):
        reading.body([b"x"], {"content-encoding": "br"}, 10**6)


def test_a_body_announced_too_large_is_not_read() -> None:
    def pieces() -> object:
        raise AssertionError("read")
        yield b""

    with pytest.raises(TooLarge):
        reading.body(pieces(), {"content-length": "1000001"}, 10**6)  # type: ignore[arg-type]


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert len(reading.body([bytes(600_000), bytes(400_000)], {}, 10**6)) == 10**6


def test_the_start_of_an_error_is_kept_even_if_the_rest_is_damaged() -> None:
    assert reading.start([b"abc", b"def"], {}, 5) == b"abcde"
    assert reading.start([gzip.compress(b"abc")[:-4]], GZIP, 5) == b"abc"
    assert reading.start([b"junk"], GZIP, 5) == b""

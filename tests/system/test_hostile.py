"""Input by somebody who means harm: it is turned away with a code, in bounded memory, and nothing else happens."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import orjson
import pytest
from builders import bulletin, report
from hypothesis import example, given
from hypothesis import strategies as st

from streams.core.events.codec import MAX_BYTES, MAX_PACK, decode_any, decode_bulletin, decode_reports, encode, plain
from streams.core.events.model import MAX_TEXT, Bulletin, Rejection, TallyReport, Tick
from streams.nights.jsonl import BLOCK_BYTES, line_blocks
from streams.nights.paths import Arrivals

READERS: list[Callable[[bytes], list[Any]]] = [
    decode_reports,
    lambda raw: [decode_bulletin(raw)],
    lambda raw: [decode_any(raw)],
]


def encode_loosely(text: str) -> bytes:
    """A JSON string, also of what is no text: half a surrogate pair is written as its escape."""
    return json.dumps(text).encode()


NAMES = [*plain(report(group="g", null=1)), *plain(bulletin(valid=9)), "signature", "retracted", "supersedes", "x"]
HOSTILE_TEXT = [
    *("<script>alert(1)</script>", "\x1b[2J\x1b]0;x\x07", "a\u202eb", "\ufeff", "\u2028", "\x00", "\ud800", "🂡" * 600),
    *("../../etc/passwd", "%s%n{0.__class__}", "=cmd|' /C calc'!A0", "é" * 501, "", " ", "NaN", "1e999"),
]
HOSTILE_JSON = [
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"-0.0", b"1E400", b"0.1e-400", b"18446744073709551616", b"9" * 5000),
    *(b"[" * 2000 + b"]" * 2000, b'{"a":' * 900 + b"1" + b"}" * 900, b"[[[]]]", b"{}", b"null", b"true", b'"\\ud800"'),
    *(b'"\xff"', b'"\xed\xa0\x80"', b'"\\u0000"', b'"\xe2\x80\xae"', b"'x'", b"1_000", b"0x10", b"01", b"+1"),
]
texts = (st.sampled_from(HOSTILE_TEXT) | st.text()).map(encode_loosely)
values = st.sampled_from(HOSTILE_JSON) | texts | st.integers().map(lambda n: b"%d" % n)
members = st.lists(st.tuples(st.sampled_from(NAMES).map(encode_loosely), values), max_size=30)
"""Names may come twice, as JSON lets them."""


def joined(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(name + b":" + value for name, value in pairs) + b"}"


@given(
    st.sampled_from([plain(report(group="g", null=1)), plain(bulletin(valid=9))]),
    members,
    st.sampled_from(READERS),
)
@example(plain(report()), [(b'"votes"', b'{"A":1e999}')], READERS[0])
def test_one_field_is_hostile(event: dict[str, Any], changes: list[tuple[bytes, bytes]], reader: Any) -> None:
    """A good event with hostile fields, also beside good ones of the same name, is read or turned away; what is read
    is within the limits and can be written again."""
    pairs = [(encode(name), encode(value)) for name, value in event.items()]
    for raw in (joined(pairs + changes), joined(changes + pairs), b"[" + joined(pairs + changes) + b"]"):
        for result in reader(raw):
            within_limits(result)


def within_limits(result: Any) -> None:
    match result:
        case Rejection(code, place, cure):
            assert code.replace("-", "").isalpha()
            assert place.isprintable()
            assert cure.isprintable()
            assert len(place) + len(cure) < 5 * MAX_TEXT
        case TallyReport() | Bulletin():
            assert decode_any(encode(plain(result))) == result
            strings = [v for k, v in plain(result).items() if isinstance(v, str) and k not in result.extra]
            assert all(text.isprintable() and 0 < len(text) <= MAX_TEXT for text in strings)
            assert all(name.isprintable() for name in result.votes)
        case Tick(at):
            assert at >= 0


@pytest.mark.parametrize("item", [b"1", b"{}", b"[]", b'""', b"null"])
def test_a_million_tiny_things(item: bytes) -> None:
    """An array of a million of the smallest things is one rejection, not a million."""
    raw = b"[" + b",".join([item] * 800_000) + b"]"
    assert len(raw) < MAX_BYTES
    (rejection,) = decode_reports(raw)
    assert isinstance(rejection, Rejection)
    assert rejection.code == "too-many"


def test_a_full_pack() -> None:
    """As many events as an array may hold are read one by one."""
    assert decode_reports(encode([{"type": "tick", "at": 1}] * MAX_PACK)) == [Tick(1)] * MAX_PACK


def test_a_line_without_end() -> None:
    """A line of 100 MB is told as too large, in the memory of one message, and the next line is read."""
    good = encode(plain(report()))
    blocks = chain(repeat(b"x" * BLOCK_BYTES, 100 * 2**20 // BLOCK_BYTES), [b"\n" + good + b"\n"])
    tracemalloc.start()
    first, second = chain.from_iterable(line_blocks(blocks))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_BYTES
    rejection = decode_any(first)
    assert isinstance(rejection, Rejection)
    assert rejection.code == "too-large"
    assert second == good


@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=8),
    st.integers(1, 8),
    st.integers(1, 40),
    st.booleans(),
)
def test_lines(lines: list[bytes], limit: int, size: int, ended: bool) -> None:
    """However long lines are and wherever blocks end, each line is one; those above the limit are cut behind it."""
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    read = list(chain.from_iterable(line_blocks(iter(partial(BytesIO(content).read, size), b""), limit)))
    assert read == [line.rstrip(b"\n")[: limit + 1] for line in BytesIO(content).readlines()]


def test_an_event_file(tmp_path: Path) -> None:
    """The reader of event files goes on after such a line, and keeps the lines' numbers right."""
    path = tmp_path / "events.jsonl"
    good = encode(plain(report()))
    path.write_bytes(good + b"\n" + b"[" * (MAX_BYTES + 70_000) + b"\n" + good + b"\n")
    first, second, third = Arrivals([path])
    assert first.event == third.event == report()
    assert isinstance(second.event, Rejection)
    assert second.event.code == "too-large"
    assert third.line == 3


@pytest.mark.parametrize("name", HOSTILE_TEXT)
def test_hostile_fields(name: str) -> None:
    """A field that nobody knows and that nests too deep is named in printable characters, and not at length."""
    deep = b"[" * 60 + b"]" * 60
    (result,) = decode_reports(encode(plain(report()))[:-1] + b"," + encode_loosely(name) + b":" + deep + b"}")
    assert isinstance(result, Rejection)
    within_limits(result)


@pytest.mark.parametrize("text", HOSTILE_TEXT)
@pytest.mark.parametrize("name", ["id", "table", "reporter", "reporter_group", "source", "url"])
def test_hostile_names(text: str, name: str) -> None:
    """A name has no control, format or private character, no half of a pair, and an end; markup is text, kept as it is
    (whoever shows it escapes it)."""
    raw = encode(plain(report()))[:-1] + b"," + encode_loosely(name) + b":" + encode_loosely(text) + b"}"
    (result,) = decode_reports(raw)
    if isinstance(result, TallyReport):
        assert orjson.loads(encode(plain(result)))[name] == text
        assert text.isprintable()
    within_limits(result)

"""An event is passed on as the bytes it came as: they are found in its message once, and never grow."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from builders import bulletin, report
from hypothesis import given
from hypothesis import strategies as st
from pipeline import feed
from test_feed import KNOWN, TOPOLOGY

from streams.core.events.codec import MAX_BYTES, MAX_PACK, decode_reports, encode, plain
from streams.core.events.input_topics import REPORTS
from streams.core.events.model import Bulletin, Rejection, TallyReport
from streams.core.events.original_bytes import own_bytes, with_type
from streams.core.events.unreadable_message import KEPT_BYTES, Withheld
from streams.kafka.topology import REJECTED_BYTES
from streams.nights import arrival as arrivals
from streams.nights.arrival import of_record
from streams.nights.eventlog.record import Record
from streams.nights.feeder import PACK_BYTES, Pace
from streams.worker.rejected_records import REASONS_BYTES, rejected

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.sampled_from(['"', "\\", ",", "]", "{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
blanks = st.sampled_from([b"", b" ", b"\n\t"])


@given(st.lists(values, max_size=5), blanks)
def test_elements(found: list[Any], blank: bytes) -> None:
    """The elements of an array are the bytes between its commas, whatever is in them."""
    pieces = [orjson.dumps(value) for value in found]
    content = blank + b"[" + b",".join(blank + piece + blank for piece in pieces) + b"]" + blank
    assert list(own_bytes(content, len(pieces))) == pieces


@pytest.mark.parametrize("depth", [10, 900, 1020])
def test_deep(depth: int) -> None:
    """The same where they nest as deep as JSON is read."""
    deep = b"[" * depth + b'"],"' + b"]" * depth
    content = b"[" + deep + b' , {"a": [1,{"b":2}]},3]'
    assert list(own_bytes(content, 3)) == [deep, b'{"a": [1,{"b":2}]}', b"3"]


@pytest.mark.parametrize("content", [b'{"a":1}', b"[1", b"rubbish", b""])
def test_whole(content: bytes) -> None:
    """What is no array, or no JSON, is the message's whole."""
    assert list(own_bytes(content, 1)) == [content]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{"type":"tick"}', b'{"type":"tick"}', id="it says so"),
        pytest.param(b' {"a":1}', b'{"type":"bulletin","a":1}', id="it does not"),
        pytest.param(b'{"a":"type"}', b'{"type":"bulletin","a":"type"}', id="the word as a value"),
        pytest.param(b'{"a":{"type":1}}', b'{"type":"bulletin","a":{"type":1}}', id="a type within"),
    ],
)
def test_with_type(content: bytes, expected: bytes) -> None:
    """A bulletin that leaves its type out gets one in front; nothing else of it changes."""
    assert with_type(content, "bulletin") == expected


def test_passed_on_as_it_came() -> None:
    """Figures that are longer once they are read (`1e15`) are passed on as they came, and are the same event."""
    figures = b",".join(b'"%d":1e15' % i for i in range(50_000))
    for event, kind in ((report(), "tally-report"), (bulletin(), "bulletin")):
        content = encode(plain(event))[:-1] + b',"note":{' + figures + b"}}"
        (read,) = decode_reports(content)
        assert isinstance(read, TallyReport | Bulletin)
        assert len(encode(plain(read))) > 1.5 * len(content)
        assert with_type(content, kind) == content
        (packed,) = of_record(Record(REPORTS, 0, 0, 0, None, b"[" + content + b"]"), "log")
        assert packed.raw == content


def test_many_bad_events_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of as many bad events as it may have is taken apart once, and each has its own bytes."""
    calls = []

    def counted(content: bytes, events: int) -> Any:
        calls.append(events)
        return own_bytes(content, events)

    monkeypatch.setattr(arrivals, "own_bytes", counted)
    pieces = [b'{"type":"tally-report","id":%d}' % i for i in range(MAX_PACK)]
    read = list(of_record(Record(REPORTS, 0, 0, 0, None, b"[" + b",".join(pieces) + b"]"), "log"))
    assert all(isinstance(arrival.event, Rejection) for arrival in read)
    assert [arrival.raw for arrival in read] == pieces
    assert calls == [MAX_PACK]


class Source:
    """A message that is turned away."""

    topic, partition, offset = "t" * 249, 3, 2**62

    def __init__(self, value: Any) -> None:
        self.value = value


LONG = Rejection("wrong-type", "\u2028" * 500, '"' * 2500)


@pytest.mark.parametrize(
    ("value", "kept", "count"),
    [
        pytest.param(None, None, 60, id="no value"),
        pytest.param(b"x" * KEPT_BYTES, b"x" * KEPT_BYTES, 60, id="whole"),
        pytest.param(b"x" * MAX_BYTES, b"x" * KEPT_BYTES, 60, id="its beginning"),
        pytest.param(Withheld("damaged", "", messages=7), b"", 7, id="seven that nobody can read"),
        pytest.param(Withheld("too-large", "", b"x", 9_999_999, "ab"), b"x", 1, id="larger than a message"),
    ],
)
def test_a_rejected_message_is_within_bounds(value: Any, kept: bytes | None, count: int) -> None:
    """Whatever was turned away, and for however many reasons, what is written of it is far smaller than what its topic
    takes; size and hash are those of the whole."""
    record = rejected(None, Source(value), [LONG] * 60)
    headers = record.headers or {}
    assert record.value == kept
    assert headers["count"] == str(count).encode()
    assert 0 < len(orjson.loads(headers["reasons"])) <= 50
    assert len(headers["reasons"]) <= REASONS_BYTES
    assert len(kept or b"") + sum(len(name) + len(content) for name, content in headers.items()) < REJECTED_BYTES / 2
    if isinstance(value, bytes):
        assert int(headers["bytes"]) == len(value)
        assert len(headers["sha256"]) == 64


@given(st.lists(st.integers(1, 300_000), max_size=30), st.integers(1, 20_000))
def test_packs_are_within_the_limit(sizes: list[int], most: int) -> None:
    """However large reports are, a pack of several is within its limit, and none is out of order or lost."""
    lines = [encode({**plain(report(id=str(i))), "note": "x" * size}) for i, size in enumerate(sizes)]
    logs = feed(KNOWN, lines, TOPOLOGY, Pace(pack=most))
    messages = [orjson.loads(content) for log in logs.reports for content in log]
    packs = [message if isinstance(message, list) else [message] for message in messages]
    ids = [int(item["id"]) for pack in packs for item in pack if item["type"] != "tick"]
    assert ids == list(range(len(sizes)))
    assert all(len(content) <= PACK_BYTES + 2 for log in logs.reports for content in log if content[:1] == b"[")

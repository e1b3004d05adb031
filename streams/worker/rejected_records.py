"""Makes the record that keeps what was turned away: its bytes as they came, the reasons, and the place."""

import hashlib
from typing import Any, Final

from streams.core.events.codec import Content, encode
from streams.core.events.model import Rejection
from streams.core.events.own_records import ReasonRecord
from streams.core.events.unreadable_message import KEPT_BYTES, Withheld
from streams.worker.outbox import Record

MAX_REASONS: Final = 50
"""Reasons that are written out for one message; the rest is only counted."""
MAX_PLACE: Final = 1000
"""Characters of the place that a message came from: a record's key may be long."""
REASONS_BYTES: Final = 2**18
"""Bytes of these reasons, at most: what they name may be long, and longer still as JSON."""


def rejected(topic: Any, source: Any, reasons: list[Rejection]) -> Record:
    """One record for one message, `source`, however many of its reports were turned away. It always fits the topic: of
    a value above `KEPT_BYTES` only the beginning is kept.

    Headers: `code` (of the first reason); `reasons` (JSON: code, place, cure); `count` (of all reasons, or of the
    messages that nobody can read); `topic`, `partition` and `offset` (-1 where it is not known, as in a table's
    changelog); `bytes` and `sha256` of the whole value, where they are known. The key is the place the message came
    from, so that a repeated one shows.
    """
    place = f"{source.topic}/{source.partition}/{source.key if source.offset is None else source.offset}"[:MAX_PLACE]
    value, extent = _kept(source.value)
    headers = {
        "code": reasons[0].code.encode(),
        "reasons": _written(reasons),
        "count": str(count_of(source, reasons)).encode(),
        "topic": source.topic.encode(),
        "partition": _number(source.partition),
        "offset": _number(source.offset),
        **extent,
    }
    return Record(topic, place.encode(), value, 0, headers)


def _number(place: int | None) -> bytes:
    return b"%d" % (-1 if place is None else place)


def count_of(source: Any, reasons: list[Rejection]) -> int:
    """How often something was turned away in this message: its reasons, or the messages that nobody can read."""
    return source.value.messages if isinstance(source.value, Withheld) else len(reasons)


def _written(reasons: list[Rejection]) -> bytes:
    most, content = MAX_REASONS, b"[]"
    while most:
        content = encode([ReasonRecord(r.code, r.place, r.cure) for r in reasons[:most]])
        if len(content) <= REASONS_BYTES:
            return content
        most //= 2
    return encode([ReasonRecord(reasons[0].code, "", "")])


def _kept(value: Content) -> tuple[bytes | None, dict[str, bytes]]:
    """The part of a value that is kept, and what is known of the whole."""
    match value:
        case None:
            return None, {}
        case Withheld():
            if value.sha256 is None:
                return value.beginning, {}
            return value.beginning, {"bytes": str(value.size).encode(), "sha256": value.sha256.encode()}
    extent = {"bytes": str(len(value)).encode(), "sha256": hashlib.sha256(value).hexdigest().encode()}
    return value[:KEPT_BYTES], extent

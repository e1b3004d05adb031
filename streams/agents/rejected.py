"""The record that keeps what was turned away: its bytes as they came, with the reasons and the place."""

from typing import Any, Final

from streams.agents.outbox import Record
from streams.codec import encode
from streams.events import Rejection

MAX_REASONS: Final = 50
"""Reasons that are written out for one message; the rest is only counted."""


def rejected(topic: Any, source: Any, reasons: list[Rejection]) -> Record:
    """One record for one message, the `source`, however many of the reports in it were turned away.

    Headers: `code` (of the first reason), `reasons` (JSON: code, place, cure), `count` (of all reasons),
    `topic`, `partition`, `offset` (-1 in a table's changelog). The key is the place it came from, so that a repeated
    one shows.
    """
    place = f"{source.topic}/{source.partition}/{source.offset if source.offset >= 0 else source.key}"
    written = [{"code": r.code, "place": r.place, "cure": r.cure} for r in reasons[:MAX_REASONS]]
    headers = {
        "code": reasons[0].code.encode(),
        "reasons": encode(written),
        "count": str(len(reasons)).encode(),
        "topic": source.topic.encode(),
        "partition": str(source.partition).encode(),
        "offset": str(source.offset).encode(),
    }
    return Record(topic, place.encode(), source.value, 0, headers)

"""Takes the bytes of single events out of a message. An event is passed on with the bytes it came as: encoded again it
may be many times as long, as with `1e15`."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import orjson

_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]')
_TYPE: Final = b'"type"'


def own_bytes(content: bytes, events: int) -> Sequence[bytes]:
    """The bytes of each event that `codec.decode_reports` finds in a message. A message that is turned away as a whole
    counts as one event. The time is linear in the message's length."""
    if content.lstrip()[:1] != b"[":
        return [content]
    try:
        elements: Sequence[bytes] = list(map(bytes, _ELEMENTS(content)))
    except (msgspec.MsgspecError, RecursionError):  # no JSON, or nested deeper than it goes
        elements = list(_split(content))
    return elements if len(elements) == events else [content] * events


def with_type(content: bytes, kind: str) -> bytes:
    """The bytes of an event with its `type` in them. A topic may imply the type; in another topic it must be said."""
    if _TYPE in content and orjson.loads(content).get("type") is not None:
        return content
    return b'{"type":"%s",%s' % (kind.encode(), content.lstrip()[1:])


def _split(content: bytes) -> Iterator[bytes]:
    """The elements of a JSON array as bytes, found by its brackets and commas."""
    depth = begin = 0
    for token in _TOKEN.finditer(content):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                begin = token.end() if depth == 1 else begin
            case b"]" | b"}":
                depth -= 1
                if not depth and content[begin : token.start()].strip():
                    yield content[begin : token.start()].strip()
            case b"," if depth == 1:
                yield content[begin : token.start()].strip()
                begin = token.end()

"""Turns bytes into events and back (JSON, UTF-8). Decoding never raises: what is no event becomes a `Rejection`.

Only the form is checked here. Whether the election knows the table or the option is checked in `admission`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard, TypeVar

import msgspec
import orjson
from msgspec import MsgspecError, Struct

from streams.core.events.field_reader import BadFieldError, declared_fields, read_fields
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, is_reading
from streams.core.events.unreadable_message import Withheld

MAX_BYTES: Final = 4 * 2**20
"""A larger message is turned away unread; a full pack of reports is far below it."""
MAX_PACK: Final = 10_000
"""Events in an array: of the smallest, a message could hold a million, and each would be turned away for itself."""

_E = TypeVar("_E")
_K = TypeVar("_K", bound=Event)

Content = bytes | Withheld | None
"""The value of a message: None for a tombstone, `Withheld` where nobody could read it."""


# What is read typed and checked in one go takes a tenth of the time of the careful reader below (0.6 us instead of
# 6). Whatever it refuses, or is not plain, goes to the careful one, whose word counts: a test holds them together.
decode_quick: Final[Callable[[bytes], Event]] = msgspec.json.Decoder(Event).decode
"""The event in plain bytes (`_is_plain`). Raises `msgspec.MsgspecError` for what needs a second look."""
_QUICK_PACK: Final[Callable[[bytes], list[Event]]] = msgspec.json.Decoder(list[Event]).decode


def encode(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces. The same value gives the same bytes everywhere. It may be or contain
    structs of msgspec and mappings of any type."""
    return orjson.dumps(value, default=to_json, option=orjson.OPT_SORT_KEYS)


encode_structs: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(order="sorted").encode
"""What `encode` gives, for structs with fields of plain types, in half the time. Only a float of 1e16 or more would be
written otherwise; none of them has one."""


def to_json(value: Struct | Mapping[str, Any]) -> dict[str, Any]:
    """A struct or a mapping as the JSON object that `encode` writes. Raises TypeError for anything else."""
    if isinstance(value, Mapping):
        value = dict(value)
    elif not isinstance(value, Struct):
        raise TypeError(f"{type(value).__name__} is neither a struct nor a mapping")
    content: dict[str, Any] = msgspec.to_builtins(value, enc_hook=to_json)
    return content


def decode_reports(raw: Content) -> list[Event | Rejection]:
    """Read one message of `tally-reports`: one report, tick or bulletin for a polling table, or an array of them.

    A bad element of an array does not spoil its neighbours.
    """
    if _is_plain(raw):
        try:
            quick = _QUICK_PACK(raw) if raw[:1] == b"[" else [decode_quick(raw)]
            if len(quick) <= MAX_PACK:
                return [*quick]
        except MsgspecError:
            pass  # the careful reader says why
    data = _load(raw)
    if isinstance(data, list):
        if len(data) > MAX_PACK:
            return [Rejection("too-many", "", f"send at most {MAX_PACK:,} events in an array, not {len(data):,}")]
        return [_typed(_EVENTS, item, f"[{i}]", "tally-report") for i, item in enumerate(data)]
    return [_typed(_EVENTS, data, "", "tally-report")]


def decode_bulletin(raw: Content) -> Bulletin | Tick | Rejection:
    """Read one message of `bulletins`: a bulletin or a tick."""
    return bulletin_of(_load(raw))


def bulletin_of(data: Any) -> Bulletin | Tick | Rejection:
    """The bulletin or tick in a message that has been read as JSON already."""
    return _typed(_BULLETINS, data, "", "bulletin")


def decode_any(raw: bytes) -> Event | Rejection:
    """Decode one line of an event file; its `type` says what it is."""
    if _is_plain(raw):
        try:
            return decode_quick(raw)
        except MsgspecError:
            pass
    return _typed(_EVENTS, _load(raw), "", None)


def decode_lines(lines: Sequence[bytes]) -> list[Event | Rejection]:
    """Decode many lines as `decode_any` decodes each."""
    quick = decode_plain(lines, decode_quick)
    return [decode_any(line) for line in lines] if quick is None else [*quick]


def decode_plain(contents: Sequence[Content], decode: Callable[[bytes], _E]) -> list[_E] | None:
    """Decode contents of one event each with `decode`, all in one go. `decode` is `decode_quick`, or raises as that
    does. Return None unless it is certain that none needs a second look."""
    try:
        # One look at all of them, for a third of the time of one at each.
        if not _is_plain(b"".join(contents)):  # type: ignore[arg-type]  # what is not bytes is a TypeError
            return None
        return list(map(decode, contents))  # type: ignore[arg-type]
    except (MsgspecError, TypeError):
        return None


def _is_plain(raw: Content) -> TypeGuard[bytes]:
    """Whether a message needs no second look: every text in it that is not empty is printable and does not begin with a
    space. Only its bytes are looked at."""
    return (
        isinstance(raw, bytes)
        and len(raw) <= MAX_BYTES
        and raw.isascii()
        and b"\\" not in raw
        and b"\x7f" not in raw
        and (b" " not in raw or b'" ' not in raw)  # one byte is looked for forty times as fast as two
    )


def plain(event: Event) -> dict[str, Any]:
    """The JSON object that the event would be decoded from. Fields that are not set are left out."""
    if isinstance(event, Tick):
        return {"type": "tick", "at": event.at}
    content: dict[str, Any] = {**event.extra, "type": event.__struct_config__.tag}
    for name, key, _, required in declared_fields(type(event)):
        value = getattr(event, name)
        if required or not (value is None or value is False or value == {}):
            content[key] = value
    return content


def _load(raw: Content) -> Any:
    if raw is None:
        return Rejection("empty", "", "send a JSON object, not an empty message")
    if isinstance(raw, Withheld):
        return raw.rejection
    if len(raw) > MAX_BYTES:
        return Rejection("too-large", "", f"send at most {MAX_BYTES:,} bytes in a message")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Rejection("not-json", f"line {error.lineno} column {error.colno}", f"send JSON in UTF-8 ({error.msg})")


def _typed(kinds: Mapping[str, type[_K]], data: Any, place: str, default: str | None) -> _K | Rejection:
    """Read a JSON object as the type that its `type` names, or as the type `default` if it names none. `place` says
    where the object stands in its message: "" or such as "[3]"."""
    if isinstance(data, Rejection):
        return data
    if not isinstance(data, dict):
        return Rejection("not-an-object", place, "send a JSON object")
    tag = data.get("type", default)
    kind = kinds.get(tag) if isinstance(tag, str) else None
    prefix = f"{place}." if place else ""
    if kind is None:
        return Rejection("unknown-type", f"{prefix}type", f"say {' or '.join(kinds)}")
    bare = kind is TallyReport and (bool(data.get("retracted")) or data.get("bound") == "at-most")
    try:
        return read_fields(kind, data, needs_votes=not bare)
    except BadFieldError as error:
        bad = error.rejection
        return Rejection(bad.code, prefix + bad.place, bad.cure, _sheet_in(kind, data))


def _sheet_in(kind: type[Any], data: Mapping[str, Any]) -> str | None:
    """The id of the polling table whose sheet a bad report was meant to read; None if that cannot be told."""
    table = data.get("table")
    if kind is not TallyReport or not isinstance(table, str):
        return None
    return table if is_reading(data.get("retracted"), data.get("bound")) else None


_BULLETINS: Final[Mapping[str, type[Bulletin | Tick]]] = {"bulletin": Bulletin, "tick": Tick}
_EVENTS: Final[Mapping[str, type[Event]]] = {"tally-report": TallyReport, **_BULLETINS}

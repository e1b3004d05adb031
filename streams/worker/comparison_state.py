"""What the comparison saves, and how a worker that takes over reads it, with the sheets that were judged."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import orjson

from streams.core.alerting.alert import Alert
from streams.core.comparison.findings import Pulse
from streams.core.events.codec import bulletin_of, encode
from streams.core.events.model import Bulletin
from streams.core.events.own_records import MarkRecord
from streams.core.reconciliation.sheet_rows import Sheets
from streams.errors import CotejoError, ElectionChangedError


class SheetsLostError(CotejoError):
    """The topic of sheets lacks sheets that were judged before."""

    def __init__(self, end: int, reached: int) -> None:
        super().__init__(
            f"the topic of sheets ends at offset {end}, and what was judged goes to {reached}: it was deleted or cut; "
            "begin anew with another --prefix, and feed the night again"
        )


class Clock(msgspec.Struct):
    """How far the comparison had come, as it is saved. Times are event time in Unix ms."""

    at: int | None
    evaluated: int | None
    columns: list[str]
    pulse: tuple[int | None, int | None]
    reached: dict[str, int]
    """By partition, the offset of the last sheets that were taken in."""

    def check_columns(self, columns: list[str]) -> None:
        """Raise `ElectionChangedError` where the election's columns, by id, were others than these."""
        if columns != self.columns:
            raise ElectionChangedError(self.columns, columns)


@dataclass
class Comparison:
    """The saved state. `clock` is None if nothing says how far judging had come."""

    clock: Clock | None = None
    bulletins: list[Bulletin] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    unreadable: list[tuple[bytes, bytes, str]] = field(default_factory=list)
    """Keys and values that say nothing of these, and why."""

    @property
    def evaluated(self) -> int | None:
        """Event time of the last evaluation (Unix ms), where that is known."""
        return None if self.clock is None else self.clock.evaluated

    @property
    def pulse(self) -> Pulse | None:
        """When bulletins and readings had last come, where that is known."""
        return None if self.clock is None else Pulse(*self.clock.pulse)


def read(items: Iterable[tuple[bytes, bytes]]) -> Comparison:
    """Decode the keys and values (JSON) of the table. What cannot be decoded is kept in `unreadable`."""
    saved = Comparison()
    for key, value in items:
        try:
            _read(saved, key.partition(b"/")[0], value)
        except (ValueError, msgspec.ValidationError) as error:
            saved.unreadable.append((key, value, str(error)))
    return saved


def _read(saved: Comparison, kind: bytes, value: bytes) -> None:
    data = orjson.loads(value)
    match kind:
        case b"clock":
            saved.clock = msgspec.convert(data, Clock)
        case b"alert":
            saved.alerts.append(Alert.from_plain(data))
        case b"bulletin":
            bulletin = bulletin_of(data)
            if not isinstance(bulletin, Bulletin):
                raise ValueError(f"no bulletin: {bulletin}")
            saved.bulletins.append(bulletin)
        case _:
            raise ValueError("neither a clock, an alert nor a bulletin")


def alert_changes(
    before: Mapping[str, Alert], now: Mapping[str, Alert]
) -> Iterator[tuple[bytes, Callable[[], bytes] | None]]:
    """Key and value of each alert that is another than before, or gone (None). The value is a function that encodes it:
    at each tick the figures of many change, and only a save needs their sentences."""
    for fingerprint in sorted(before.keys() | now.keys()):
        if (alert := now.get(fingerprint)) is not before.get(fingerprint):
            yield f"alert/{fingerprint}".encode(), None if alert is None else partial(_encoded, alert)


def _encoded(alert: Alert) -> bytes:
    return encode(alert.plain())


def judged(
    sent: Callable[[], Iterable[Any]],
    reached: Mapping[int, int],
    read: Callable[[Any], MarkRecord | Sheets],
    unreadable: Callable[[Any, str], None],
) -> Iterator[Sheets]:
    """The sheets that were judged before: of the records that `sent` returns, those up to the offset that their
    partition had `reached`. `read` decodes a record; if it raises ValueError, `unreadable` is called with the record
    and the reason. Raises `SheetsLostError`."""
    end, last = -1, max(reached.values(), default=-1)
    for record in sent() if last >= 0 else ():
        end = record.offset
        try:
            what = read(record)
        except ValueError as error:
            unreadable(record, str(error))
        else:
            if isinstance(what, Sheets) and end <= reached.get(what.partition, -1):
                yield what
        if end >= last:
            return
    if end < last:
        raise SheetsLostError(end, last)

"""What the ledgers have taken in, as it is saved: entry after entry, never a ledger as a whole.

A ledger only grows, and merging is union. So its entries, each saved once, are its state: nothing is ever written over
or deleted, and saving costs what is new, not all that stands beside it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import msgspec
import numpy as np

from streams.core.election.numbering import Layout, Numbers
from streams.core.events.formats import LEDGERS
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.reading import Reading

RECORD_BYTES: Final = 128 * 2**10
"""A record with more bytes of entries is closed; the largest entry is far smaller. So many take a millisecond or two to
encode, in which nobody else has a turn."""


NUMBER: Final = np.dtype("<i4")


class LedgerRecord(msgspec.Struct, array_like=True):
    """One record: entries of ledgers, all of them readings or all official figures, each beside its polling table. The
    two lists stay encoded until they are asked for: of a million entries hardly any id is ever wanted."""

    tables: msgspec.Raw
    """The ids of the polling tables: a list of texts."""
    packed: msgspec.Raw
    """The entries: a list."""
    minutes: list[int | None]
    """By entry, the Unix minute in which it came; empty where none is known."""
    official: bool
    """Whether they are official figures."""
    columns: list[str] = []
    """The ids of the election's columns: what the figures in entries stand for, the options first."""
    numbers: bytes = b""
    """The numbers of the polling tables (`NUMBER`) in the register that `register` names."""
    register: str = ""
    """The digest of the register that the numbers are of (`Layout.digest`)."""
    turned_away: bool = False
    """Whether readings of these polling tables were turned away (`turned_away`). Then there are no entries."""

    def ids(self) -> list[str]:
        """The ids of the polling tables. Raises ValueError."""
        return _decode_ids(self.tables)

    def entries(self) -> list[bytes]:
        """The entries as they are encoded. Raises ValueError."""
        return list(map(bytes, _decode_raw(self.packed)))

    def readings(self) -> list[Reading]:
        """The entries where these are readings. Raises ValueError for any that are none."""
        return _decode_readings(self.packed)

    def announced(self) -> list[Announced]:
        """The entries where these are official figures. Raises ValueError for any that are none."""
        return _decode_announced(self.packed)

    def known_tables(self, layout: Layout) -> Numbers:
        """The polling tables by number, `NO_TABLE` where the register has lost one. In the same register, no id is
        looked up. Raises ValueError."""
        if self.register != layout.digest:
            return layout.numbers(self.ids())
        return layout.checked(np.frombuffer(self.numbers, NUMBER).astype(np.int64))

    def content(self, layout: Layout) -> tuple[Numbers, list[bytes]]:
        """`known_tables`, and beside them the entries as they are encoded; at least one. Raises ValueError."""
        tables, entries = self.known_tables(layout), self.entries()
        if not 0 < len(tables) == len(entries) or len(self.minutes) not in (0, len(entries)):
            raise ValueError("no entries of ledgers: not one polling table, by number or id, for each")
        return tables, entries


class Column:
    """Entries that wait to be saved: as they stand in the ledgers, each beside its polling table's number and, where an
    election limits their rate, the Unix minute in which it came."""

    def __init__(self) -> None:
        self.tables: list[int] = []
        self.packed: list[bytes] = []
        self.minutes: dict[int, int] = {}
        """By place."""

    def add(self, table: int, packed: bytes, minute: int | None = None) -> None:
        """One entry more; many that came together, or without a minute, may be put into the lists themselves."""
        if minute is not None:
            self.minutes[len(self.tables)] = minute
        self.tables.append(table)
        self.packed.append(packed)


class Journal:
    """What waits to be saved. `columns` as in `LedgerRecord`."""

    def __init__(self, layout: Layout, columns: list[str]) -> None:
        self._layout, self._columns = layout, columns
        self.readings, self.announced = Column(), Column()

    def take(self) -> Iterator[bytes]:
        """All that waits now, as records that are encoded one by one when they are asked for."""
        taken = (self.readings, False), (self.announced, True)
        self.readings, self.announced = Column(), Column()
        return (record for column, official in taken for record in self._records(column, official))

    def _records(self, column: Column, official: bool) -> Iterator[bytes]:
        for part in _parts(column.packed):
            numbers = column.tables[part]
            entries = msgspec.Raw(_encode(list(map(msgspec.Raw, column.packed[part]))))
            minutes = list(map(column.minutes.get, range(part.start, part.stop))) if column.minutes else []
            tables = _named(self._layout, numbers)
            yield _HEAD + _encode(LedgerRecord(tables.ids, entries, minutes, official, self._columns, *tables[1:]))


def encode_turned_away(layout: Layout, tables: Sequence[int]) -> Iterator[bytes]:
    """Records of polling tables, by number, of which a reading was turned away."""
    for part in _parts([layout.tables[table].encode() for table in tables]):
        ids, numbers, register = _named(layout, tables[part])
        nothing = msgspec.Raw(_encode([]))
        yield _HEAD + _encode(LedgerRecord(ids, nothing, [], False, [], numbers, register, turned_away=True))


class _Named(NamedTuple):
    """Polling tables as `LedgerRecord` has them."""

    ids: msgspec.Raw
    numbers: bytes
    register: str


def _named(layout: Layout, numbers: Sequence[int]) -> _Named:
    ids = msgspec.Raw(_encode([layout.tables[table] for table in numbers]))
    return _Named(ids, np.array(numbers, NUMBER).tobytes(), layout.digest)


def _parts(packed: list[bytes]) -> Iterator[slice]:
    """Stretches of a bearable size."""
    ends = list(accumulate(map(len, packed)))
    first = 0
    while first < len(packed):
        begun = ends[first - 1] if first else 0
        end = min(len(packed), bisect_right(ends, begun + RECORD_BYTES) + 1)
        yield slice(first, end)
        first = end


def decode(record: bytes) -> LedgerRecord:
    """Read one record that `Journal.take` wrote. Raises `UnknownFormatError`, and ValueError for what is none."""
    return _decode(_content(record))


def encode_sent(sent: "Sent") -> bytes:
    """The record that says so."""
    return _HEAD + _encode(sent)


def decode_sent(record: bytes) -> "Sent":
    """Read a record that `encode_sent` wrote. Raises as `decode`."""
    return _decode_sent(_content(record))


class Sent(msgspec.Struct, array_like=True, frozen=True):
    """The sheets of all that a writer's first records hold have been sent, and the broker has confirmed them."""

    records: int
    judged_by: str
    """A digest of all that decides what a ledger's sheet says, besides the ledger."""


def _content(record: bytes) -> bytes:
    """A record without the mark of its format. Raises `UnknownFormatError`."""
    if record[:1] != _MARK:
        return record
    LEDGERS.check(record[1] if len(record) > 1 else 0)
    return record[2:]


_MARK: Final = b"\xc1"
"""Begins a record that says its format, in the byte behind it. MessagePack never uses this byte, nor does UTF-8."""
_HEAD: Final = _MARK + bytes([LEDGERS.version])
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(LedgerRecord).decode
_decode_sent: Final = msgspec.msgpack.Decoder(Sent).decode
_decode_raw: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_ids: Final = msgspec.msgpack.Decoder(list[str]).decode
_decode_readings: Final = msgspec.msgpack.Decoder(list[Reading]).decode
_decode_announced: Final = msgspec.msgpack.Decoder(list[Announced]).decode

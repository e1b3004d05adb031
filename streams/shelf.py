"""Ledgers by the hundred thousand: packed, and unpacked when somebody asks.

Nearly every polling table has one reading and perhaps one official figure. As one byte string each they take a third
of the memory of tuples (110 bytes instead of 340), and the garbage collector need not look at them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from streams.election import Election, Policy
from streams.ledger import Announced, Ledger, Reading, Verdict, official, verdict_of

Packed = bytes | tuple[bytes, ...]
"""One entry, or several. The same entry is always the same bytes."""

pack: Final = msgspec.msgpack.Encoder().encode
unpack_reading: Final = msgspec.msgpack.Decoder(Reading).decode
unpack_announced: Final = msgspec.msgpack.Decoder(Announced).decode

LARGE: Final = 4 * 2**10
"""Bytes of packed readings, or official figures. As JSON they are four times as many at most."""


class Shelf:
    """The ledgers of polling tables, by number."""

    def __init__(self, tables: int) -> None:
        self.readings: list[Packed | None] = [None] * tables
        self.announced: list[Packed | None] = [None] * tables
        self.heavy: set[int] = set()
        """Polling tables whose ledger is large; that of any other has some 40 kB as JSON at most, and room for more."""
        self._minutes: dict[int, dict[bytes, int]] = {}

    def __contains__(self, table: int) -> bool:
        return self.readings[table] is not None or self.announced[table] is not None

    def __iter__(self) -> Iterator[int]:
        """The polling tables with a ledger, in order."""
        both = zip(self.readings, self.announced, strict=True)
        return (table for table, (read, said) in enumerate(both) if read is not None or said is not None)

    def put(self, place: list[Packed | None], table: int, entry: bytes) -> bool:
        """Put an entry among the readings or the official figures; False where it was there already."""
        held = place[table]
        if held is None:
            place[table] = entry
            return True
        known: tuple[bytes, ...] = held if type(held) is tuple else (held,)  # type: ignore[assignment]  # as in entries
        if entry in known:
            return False
        place[table] = now = (*known, entry)
        if sum(map(len, now)) > LARGE:
            self.heavy.add(table)
        return True

    def add(self, table: int, entry: Reading | Announced, minute: int | None = None) -> bytes | None:
        """Add an entry, and the minute in which it came; what was added, or None where it was there already."""
        packed = pack(entry)
        if minute is not None:
            self._minutes.setdefault(table, {}).setdefault(packed, minute)
        return packed if self.put(self._place(entry), table, packed) else None

    def has(self, table: int, entry: Reading | Announced) -> bool:
        """Whether the entry is there."""
        return pack(entry) in entries(self._place(entry)[table])

    def _place(self, entry: Reading | Announced) -> list[Packed | None]:
        return self.readings if isinstance(entry, Reading) else self.announced

    def verdict(self, table: int, policy: Policy) -> Verdict:
        """What the readings of a polling table say."""
        return verdict_of(map(unpack_reading, entries(self.readings[table])), policy)

    def official(self, table: int) -> Announced | None:
        """The official figure of a polling table that holds."""
        return official(list(map(unpack_announced, entries(self.announced[table]))))

    def ledger(self, table: int) -> Ledger:
        """Unpacked; empty where there is none."""
        minutes = {unpack_reading(entry): minute for entry, minute in self._minutes.get(table, {}).items()}
        readings = map(unpack_reading, entries(self.readings[table]))
        return Ledger(readings, map(unpack_announced, entries(self.announced[table])), minutes)


class Verdicts(Mapping[str, Verdict]):
    """The verdict on every table with a ledger, made when it is asked for."""

    def __init__(self, election: Election, shelf: Shelf) -> None:
        self._election, self._shelf = election, shelf

    def __getitem__(self, table: str) -> Verdict:
        number = self._election.layout.table[table]
        if number not in self._shelf:
            raise KeyError(table)
        return self._shelf.verdict(number, self._election.policy)

    def __iter__(self) -> Iterator[str]:
        return map(self._election.layout.tables.__getitem__, self._shelf)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def entries(held: Packed | None) -> Collection[bytes]:
    """The entries one by one."""
    if held is None:
        return ()
    return held if type(held) is tuple else (held,)  # type: ignore[return-value]  # mypy does not see the bytes go

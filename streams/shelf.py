"""Ledgers by the hundred thousand: packed, and unpacked when somebody asks.

Nearly every polling table has one reading and perhaps one official figure. As one byte string each they take a third
of the memory of tuples (110 bytes instead of 340), and the garbage collector need not look at them.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from streams.election import Policy
from streams.ledger import Announced, Ledger, Reading, Verdict, official, verdict_of

Packed = bytes | tuple[bytes, ...]
"""One entry, or several. The same entry is always the same bytes."""

pack: Final = msgspec.msgpack.Encoder().encode
_reading: Final = msgspec.msgpack.Decoder(Reading).decode
_announced: Final = msgspec.msgpack.Decoder(Announced).decode


class Shelf:
    """The ledgers of polling tables, by number."""

    def __init__(self, tables: int) -> None:
        self.readings: list[Packed | None] = [None] * tables
        self.announced: list[Packed | None] = [None] * tables

    def __contains__(self, table: int) -> bool:
        return self.readings[table] is not None or self.announced[table] is not None

    def verdict(self, table: int, policy: Policy) -> Verdict:
        """What the readings of a polling table say."""
        return verdict_of(map(_reading, entries(self.readings[table])), policy)

    def official(self, table: int) -> Announced | None:
        """The official figure of a polling table that holds."""
        return official(list(map(_announced, entries(self.announced[table]))))

    def ledger(self, table: int) -> Ledger:
        """Unpacked; empty where there is none."""
        return Ledger(
            map(_reading, entries(self.readings[table])),
            map(_announced, entries(self.announced[table])),
        )


def entries(held: Packed | None) -> Iterable[bytes]:
    """The entries one by one."""
    if held is None:
        return ()
    return held if type(held) is tuple else (held,)  # type: ignore[return-value]  # mypy does not see the bytes go


def put(place: list[Packed | None], table: int, entry: bytes) -> bool:
    """Add an entry; False where it was there already."""
    held = place[table]
    if held is None:
        place[table] = entry
    elif type(held) is tuple:
        if entry in held:
            return False
        place[table] = (*held, entry)
    else:
        if entry == held:
            return False
        place[table] = (held, entry)  # type: ignore[assignment]
    return True

"""What the ledgers have taken in, as it is saved: entry after entry, never a ledger as a whole.

A ledger only grows, and merging is union. So its entries, each saved once, are its state: nothing is ever written over
or deleted, and saving costs what is new, not all that stands beside it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

RECORD_BYTES: Final = 512 * 2**10
"""A record with more bytes of entries is closed; the largest entry is far smaller."""


class Entry(NamedTuple):
    """A reading or an official figure, as it stands in the ledger (`streams.shelf`)."""

    table: int
    """The polling table's number."""
    packed: bytes
    minute: int | None = None
    """The Unix minute in which a reading came, where an election limits their rate."""


class Entries(msgspec.Struct, array_like=True):
    """One record: entries beside their polling tables' ids. `minutes` is empty where none is known."""

    tables: list[str]
    packed: list[msgspec.Raw]
    minutes: list[int | None]
    official: bool
    """Whether they are official figures."""


class Journal:
    """Entries that wait to be saved."""

    def __init__(self) -> None:
        self.readings: list[Entry] = []
        self.announced: list[Entry] = []

    def take(self, ids: Sequence[str]) -> Iterator[bytes]:
        """All that waits, as records. `ids` are those of the polling tables, by number."""
        readings, self.readings = self.readings, []
        announced, self.announced = self.announced, []
        for entries, official in ((readings, False), (announced, True)):
            for part in _parts(entries):
                tables, packed, minutes = zip(*part, strict=True)
                known = [] if minutes.count(None) == len(minutes) else list(minutes)
                raw = list(map(msgspec.Raw, packed))
                yield _encode(Entries([ids[table] for table in tables], raw, known, official))


def _parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    first = size = 0
    for i, entry in enumerate(entries, 1):
        size += len(entry.packed)
        if size > RECORD_BYTES or i == len(entries):
            yield entries[first:i]
            first, size = i, 0


_encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Entries).decode
"""Read one record that `Journal.take` wrote."""

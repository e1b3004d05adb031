"""Ledgers by the hundred thousand: packed, and unpacked when somebody asks.

Packed, one behind the other, entries take a fifth of the memory of tuples (70 bytes instead of 340), and whatever comes
and goes beside them leaves no gaps. The same entry is always the same bytes.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.core.election.model import Election
from streams.core.election.numbering import NO_TABLE, Flags, Numbers, begins, closes, rising
from streams.core.election.settings import Policy
from streams.core.reconciliation.announced import Announced, official
from streams.core.reconciliation.consensus import Verdict, verdict_of
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.reading import SHEET_FIELDS, Reading
from streams.core.reconciliation.table_rows import TablePlaces, TableRows
from streams.core.reconciliation.verdict_cache import Support, VerdictCache

pack: Final = msgspec.msgpack.Encoder().encode
unpack_reading: Final = msgspec.msgpack.Decoder(Reading).decode
unpack_announced: Final = msgspec.msgpack.Decoder(Announced).decode


def packed(entry: Reading | Announced) -> bytes:
    """As it stands in a ledger. A reading of a sheet is packed without the fields that only bounds have."""
    return pack(entry[:SHEET_FIELDS] if isinstance(entry, Reading) and not entry.bound else entry)


LARGE: Final = 4 * 2**10
"""Bytes of packed readings, or official figures: what has no more need not be asked about limits."""

_LAST, _COUNT, _BYTES = range(3)
_ASKED: Final = 200
"""Heavy polling tables whose entries are known by themselves: of a full one that takes 150 kB."""


class SavedPart(NamedTuple):
    """The entries of one record, in its order."""

    tables: Numbers
    """By number; `NO_TABLE` where the register has lost one."""
    sizes: Numbers
    """Bytes of each entry."""
    content: bytes
    """The entries, one behind the other."""


class EntryChains:
    """Packed entries in the order in which they came, each with the place of the one before it that is of the same
    polling table. So thousands are entered with a few calls, whatever polling tables they are of, and none that is
    there is touched."""

    def __init__(self, places: TablePlaces, turn: NDArray[np.int32], heavy: Flags) -> None:
        """`turn` has room for one number more than there are polling tables; what is in it does not matter."""
        self._entries = bytearray()
        self._ends = array("q", [0])
        """Where each entry ends, and the next one begins."""
        self._before = array("i")
        self._state = TableRows(places, 3, np.int32)
        """The place of the last entry, how many there are, and their bytes."""
        self._turn, self._heavy = turn, heavy
        self._known: dict[int, set[bytes]] = {}
        """All entries of heavy polling tables that somebody asked about: to go through a thousand takes a millisecond,
        and whoever floods one makes us ask for each that comes. They hold while they are as many as there are."""

    def __contains__(self, table: int) -> bool:
        return bool(self._state.row(table)[_COUNT])

    def heads(self, tables: Numbers, aside: Numbers) -> tuple[Numbers, Numbers]:
        """Where each polling table comes first among these: the places of those without an entry, and of the others.
        Left out are negative numbers, those aside, and heavy ones: those must be asked about limits."""
        places = np.arange(len(tables))
        self._turn[tables[::-1]] = places[::-1]  # of equal ones the last stays
        self._turn[aside] = self._turn[-1] = -1
        heads, have_entries = (self._turn.take(tables) == places) & ~self._heavy.take(tables), self.counts(tables) > 0
        return np.flatnonzero(heads & ~have_entries), np.flatnonzero(heads & have_entries)

    def __len__(self) -> int:
        """Entries of all polling tables."""
        return len(self._before)

    def counts(self, tables: Numbers) -> NDArray[np.int32]:
        """How many entries these polling tables have."""
        return self._state.column(tables, _COUNT)

    def of(self, table: int) -> list[bytearray]:
        """The entries of a polling table, as they came."""
        place, count, _ = self._state.row(table).tolist()
        entries = list[bytearray]()
        for _ in range(count):
            entries.append(self._entries[self._ends[place] : self._ends[place + 1]])
            place = self._before[place]
        entries.reverse()
        return entries

    def extent(self, table: int) -> tuple[int, int]:
        """How many entries of a polling table there are, and their bytes."""
        _, count, size = self._state.row(table).tolist()
        return count, size

    def has(self, table: int, entry: bytes) -> bool:
        """Whether an entry is there."""
        if not self._heavy[table]:
            return entry in self.of(table)
        entries, (count, _) = self._known.get(table), self.extent(table)
        if entries is None or len(entries) != count:
            if len(self._known) >= _ASKED:
                del self._known[next(iter(self._known))]
            entries = self._known[table] = set(map(bytes, self.of(table)))
        return entry in entries

    def put(self, table: int, entry: bytes) -> bool:
        """Put an entry behind the others; False where it was there already."""
        if self.has(table, entry):
            return False
        last, count, size = self._state.row(table).tolist()
        self._state.put(np.array([table]), np.array([len(self._before), count + 1, size + len(entry)]))
        self._before.append(last)
        self._entries += entry
        self._ends.append(len(self._entries))
        if table in self._known:
            self._known[table].add(entry)
        self._heavy[table] |= size + len(entry) > LARGE
        return True

    def extend(self, tables: Numbers, entries: Sequence[bytes]) -> None:
        """Put entries behind the others that are certainly not there, of as many different polling tables."""
        first, state = len(self._before), self._state.take(tables)
        sizes = np.fromiter(map(len, entries), np.int64, len(entries))
        self._before.frombytes(state[:, _LAST].tobytes())
        self._ends.frombytes((len(self._entries) + sizes.cumsum()).tobytes())
        self._entries += b"".join(entries)
        state[:, _LAST] = np.arange(first, first + len(entries))
        state[:, _COUNT] += 1
        state[:, _BYTES] += sizes
        self._state.put(tables, state)
        self._heavy[tables] |= state[:, _BYTES] > LARGE

    def fill(self, parts: Sequence[SavedPart]) -> list[bytes]:
        """Put saved entries into chains that are empty: in any order, of any polling tables. Returns those that were
        left out because they are there twice."""
        if not parts:
            return []
        tables = np.concatenate([part.tables for part in parts])
        sizes = np.concatenate([part.sizes for part in parts])
        content, repeated = b"".join(part.content for part in parts), list[bytes]()
        kept = tables != NO_TABLE
        if len(again := _repeated(tables, sizes, content)):
            repeated = _some(sizes, content, again)
            kept[again] = False
        if not kept.all():
            content = b"".join(_some(sizes, content, np.flatnonzero(kept)))
            tables, sizes = tables[kept], sizes[kept]
        order = rising(tables)
        ordered, before = tables[order], np.zeros(len(tables), np.int32)
        before[order[1:]] = order[:-1]  # that of the first of its polling table is not asked for
        first = np.flatnonzero(begins(ordered))
        self._before.frombytes(before.tobytes())
        self._ends.frombytes(sizes.cumsum().tobytes())
        self._entries += content
        counts = np.diff(np.append(first, len(ordered)))
        state = np.stack([order[closes(ordered)], counts, np.add.reduceat(sizes[order], first)], axis=1)
        self._state.put(ordered[first], state)
        self._heavy[ordered[first]] |= state[:, _BYTES] > LARGE
        return repeated


def _repeated(tables: Numbers, sizes: Numbers, content: bytes) -> Numbers:
    """The places of entries that stand before already, for the same polling table."""
    places = rising(tables + 1)  # `NO_TABLE` is below zero
    alone = begins(tables[places]) & closes(tables[places])
    places = places[~alone]
    hashes = np.fromiter(map(hash, _some(sizes, content, places)), np.int64, len(places))
    order = np.lexsort((hashes, tables[places]))
    places, hashes = places[order], hashes[order]
    alike = (tables[places[1:]] == tables[places[:-1]]) & (hashes[1:] == hashes[:-1])
    one, other = places[:-1][alike], places[1:][alike]
    same = [a == b for a, b in zip(_some(sizes, content, one), _some(sizes, content, other), strict=True)]
    repeated: Numbers = other[np.array(same, bool)]
    return repeated


def _some(sizes: Numbers, content: bytes, places: Numbers) -> list[bytes]:
    """The entries at these places of `content`."""
    ends = sizes.cumsum()
    bounds = zip((ends - sizes)[places].tolist(), ends[places].tolist(), strict=True)
    return [content[begin:end] for begin, end in bounds]


class LedgerStore:
    """The ledgers of polling tables, by number."""

    def __init__(self, tables: int) -> None:
        self.heavy: Flags = np.zeros(tables, bool)
        """Which polling tables have a large ledger; that of any other has room for more."""
        self.places, turn = TablePlaces(tables), np.zeros(tables + 1, np.int32)
        self.readings, self.announced = (EntryChains(self.places, turn, self.heavy) for _ in range(2))
        self._tables = tables

    def __contains__(self, table: int) -> bool:
        return table in self.readings or table in self.announced

    @property
    def tables(self) -> Numbers:
        """The polling tables with a ledger, in order."""
        every = np.arange(self._tables)
        return np.flatnonzero(self.readings.counts(every) + self.announced.counts(every))

    def add(self, table: int, entry: Reading | Announced) -> bytes | None:
        """Add an entry; what was added, or None where it was there already."""
        new = packed(entry)
        return new if self._chains(entry).put(table, new) else None

    def has(self, table: int, entry: Reading | Announced) -> bool:
        """Whether the entry is there."""
        return self._chains(entry).has(table, packed(entry))

    def extent(self, table: int) -> tuple[int, int]:
        """How many entries there are, and their bytes."""
        (readings, read), (announced, said) = self.readings.extent(table), self.announced.extent(table)
        return readings + announced, read + said

    def _chains(self, entry: Reading | Announced) -> EntryChains:
        return self.readings if isinstance(entry, Reading) else self.announced

    def verdict(self, table: int, policy: Policy) -> Verdict:
        """What the readings of a polling table say."""
        return verdict_of(map(unpack_reading, self.readings.of(table)), policy)

    def official(self, table: int, order: Mapping[str, int]) -> Announced | None:
        """The official figure of a polling table that holds, by the election's order of authorities."""
        return official(list(map(unpack_announced, self.announced.of(table))), order)

    def ledger(self, table: int) -> Ledger:
        """Unpacked; empty where there is none."""
        readings = map(unpack_reading, self.readings.of(table))
        return Ledger(readings, map(unpack_announced, self.announced.of(table)))


class Verdicts(Mapping[str, Verdict]):
    """The verdict on every table with a ledger, made when it is asked for."""

    def __init__(self, election: Election, store: LedgerStore, verdicts: VerdictCache) -> None:
        self._election, self._store, self._verdicts = election, store, verdicts

    def __getitem__(self, table: str) -> Verdict:
        number = self._election.layout.table[table]
        if number not in self._store:
            raise KeyError(table)
        return self._store.verdict(number, self._election.policy)

    def __iter__(self) -> Iterator[str]:
        return map(self._election.layout.tables.__getitem__, self._store.tables.tolist())

    def __len__(self) -> int:
        return len(self._store.tables)

    def support(self, tables: Numbers, readings: Numbers) -> Support:
        """What is known of these polling tables' sheets, by number; nothing of one that has not as many readings as
        this."""
        support = self._verdicts.support(tables)
        return support._replace(certain=support.certain & (self._store.readings.counts(tables) == readings))

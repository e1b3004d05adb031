"""What a partition's ledgers say of its polling tables: what the sums of the whole election are made from.

A partition sends the row of a polling table whole whenever it changed, never what changed in it. Ledgers only grow
(`ledger`), so of two rows of a polling table the one that rests on more entries is the newer, whichever worker
sent it and after whatever crash. Losing, repeating or reordering rows cannot change the sums once the newest are in: a
state-based CRDT.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import orjson

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers, closes, rising
from streams.core.events.own_records import MarkRecord
from streams.core.reconciliation.consensus import Level

Rows = tuple[Numbers, Numbers]
"""Polling tables by number, in rising order, and a row for each."""


def no_tables() -> Numbers:
    """None."""
    return np.zeros(0, np.int64)


def no_rows() -> Rows:
    """Of no polling table."""
    return no_tables(), np.zeros((0, 1), np.int64)


READ: Final = 4
"""Behind these stand the votes by option in the row of a sheet: how many readings there are; 1 + the place of its level
(`consensus.Level`), 0 where all readings are bounds; whether it is accepted; null votes."""
CODES: Final = {level: 1 + i for i, level in enumerate(Level)}
"""Levels in the rows of sheets."""
ANNOUNCED: Final = 2
"""Behind these stand the figures by column (-1: none) in the row of what was announced for one polling table: how many
announcements there are; whether one of them holds."""
BOUNDED: Final = 3
"""Behind these stand the least votes by option in the row of what bounds one polling table
(`table_bounds.TableBounds`): how many readings there are; whether bounds hold (`HOLD`) or contradict each
other (`CONFLICT`), 0 where there are none; the most ballots, -1 where nobody says."""
HOLD: Final = 1
CONFLICT: Final = 2

MOST: Final = 4_000
"""Rows in a message."""
PORTION: Final = 100_000
"""Rows of saved sheets that are taken in together."""
MOST_FIGURE: Final = 10**12
"""A larger figure is none: the sums of all polling tables must stay within 63 bits."""


@dataclass(frozen=True)
class Sheets:
    """Of the polling tables that changed. Their rows may be loose for a while: in any order, and of one polling table
    the last counts."""

    partition: int
    version: int
    """Entries in all ledgers of the partition."""
    read: Rows
    announced: Rows
    busiest: Mapping[str, int] = field(default_factory=dict)
    """Readings of the reporter groups that sent most."""
    bounds: Rows = field(default_factory=no_rows)
    """Of polling tables with evidence that is only a bound; there are none in most elections."""
    turned_away: Numbers = field(default_factory=no_tables)
    """Polling tables, by number and in order, of which a reading was turned away: those that are new to the set of them
    (`turned_away`). They have no rows, and none is ever taken out of the set."""

    def __bool__(self) -> bool:
        return bool(len(self))

    def __len__(self) -> int:
        """Rows of all kinds, and polling tables without any."""
        return self.rows + len(self.turned_away)

    @property
    def rows(self) -> int:
        """Rows of all kinds."""
        return len(self.read[0]) + len(self.announced[0]) + len(self.bounds[0])

    def in_order(self) -> "Sheets":
        """The same, of rows that may be loose."""
        kinds = self.read, self.announced, self.bounds
        read, announced, bounds = [in_order(rows) if len(rows[0]) else rows for rows in kinds]
        return replace(self, read=read, announced=announced, bounds=bounds)

    def messages(self, election: Election) -> Iterator[bytes]:
        """As JSON objects for a topic, of a bearable size. The rows may be loose."""
        ids, ordered = election.layout.tables, self.in_order()
        kinds = {"read": ordered.read, "announced": ordered.announced, "bounds": ordered.bounds}
        for first in range(0, max(len(self.turned_away), *(len(tables) for tables, _ in kinds.values())), MOST):
            part: dict[str, Any] = {"partition": self.partition, "version": self.version, "busiest": self.busiest}
            part["register"] = election.layout.digest
            for name, (tables, rows) in kinds.items():
                if name == "bounds" and not len(tables):
                    continue
                stretch = slice(first, first + MOST)
                numbers = tables[stretch].tolist()
                part[name] = {
                    "tables": [ids[number] for number in numbers],
                    "numbers": numbers,
                    "rows": np.ascontiguousarray(rows[stretch]),
                }
            if numbers := self.turned_away[first : first + MOST].tolist():
                part["turned_away"] = {"tables": [ids[number] for number in numbers], "numbers": numbers}
            yield orjson.dumps(part, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)

    @classmethod
    def from_plain(cls, election: Election, data: Mapping[str, Any]) -> "Sheets":
        """From one message; polling tables that the register does not know any more are left out."""
        of = partial(_rows, election, data.get("register", ""))
        read = of(READ + len(election.options), **data["read"])
        announced = of(ANNOUNCED + len(election.columns), **data["announced"])
        bounds = of(BOUNDED + len(election.options), **data["bounds"]) if "bounds" in data else no_rows()
        turned_away = no_tables()
        if "turned_away" in data:
            turned_away = _known(election, data.get("register", ""), **data["turned_away"])
        return cls(data["partition"], data["version"], read, announced, data["busiest"], bounds, turned_away)


def read_message(election: Election, partitions: int, content: bytes | None) -> MarkRecord | Sheets:
    """One message of the topic of sheets: sheets as `Sheets.messages` wrote them, or a mark. Raises ValueError for
    anything else."""
    try:
        data = orjson.loads(content or b"")
        partition = data["partition"]
        if type(partition) is not int or not 0 <= partition < partitions:
            raise ValueError(f"there is no partition {partition!r}")
        if "at" in data:
            return msgspec.convert(data, MarkRecord)
        sheets = Sheets.from_plain(election, data)
        _check(sheets)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"neither sheets nor a mark ({type(error).__name__}: {error})") from None
    return sheets


def _check(sheets: Sheets) -> None:
    """Raise ValueError for figures that no sheets have: in sums and tables they would be wrong, or out of range."""
    if type(sheets.version) is not int or not all(type(count) is int for count in sheets.busiest.values()):
        raise ValueError("a count that is no number")
    for least, (_, rows) in ((0, sheets.read), (-1, sheets.announced), (-1, sheets.bounds)):
        if rows.size and (int(rows.min()) < least or int(rows.max()) > MOST_FIGURE):
            raise ValueError("a figure that no sheet has")
    _, read = sheets.read
    if len(read) and (int(read[:, 1].max()) > len(Level) or int(read[:, 2].max()) > 1):
        raise ValueError("a verdict that there is not")


def _rows(
    election: Election,
    register: str,
    width: int,
    tables: Sequence[str],
    rows: Sequence[Sequence[int]],
    numbers: Sequence[int] = (),
) -> Rows:
    places = election.layout.numbers_kept(tables, np.array(numbers, np.int64), register)
    figures = np.fromiter(chain.from_iterable(rows), np.int64)  # in two thirds of the time of an array of lists
    figures = figures.reshape(len(tables), width)
    if (places[1:] > places[:-1]).all() and (places[:1] >= 0).all():
        return places, figures
    order = np.argsort(places, kind="stable")  # the register has changed, and with it the numbers
    order = order[places[order] >= 0]
    return places[order], figures[order]


def _known(election: Election, register: str, tables: Sequence[str], numbers: Sequence[int] = ()) -> Numbers:
    """Polling tables by number, in order, without those that the register has lost."""
    places = np.unique(election.layout.numbers_kept(tables, np.array(numbers, np.int64), register))
    return places[places >= 0]


def accepted_votes(election: Election, sheets: Numbers) -> tuple[Numbers, Numbers]:
    """Valid votes on these sheets, 0 on those that are not accepted, and votes by column (columns, sheets)."""
    read = sheets[:, READ:] * sheets[:, 2:3]
    votes = np.empty((len(election.columns), len(sheets)), np.int64)
    by_column(election, read.T, votes)
    return read.sum(axis=1), votes


def by_column(election: Election, votes: Numbers, out: Numbers) -> None:
    """Votes by option, followed by the sum of each group: of many sheets, each the second index."""
    options = len(election.options)
    out[:options] = votes
    for i, group in enumerate(election.group_indexes):
        out[options + i] = votes[list(group)].sum(axis=0)


class PendingRows:
    """Rows of one kind that changed and that nobody has taken yet."""

    def __init__(self, width: int) -> None:
        self._none = np.zeros(0, np.int64), np.zeros((0, width), np.int64)
        self._parts: list[Rows] = []
        self._marked: set[int] = set()

    def add(self, tables: Numbers, rows: Numbers) -> None:
        """Queue rows of polling tables, in any order; the last row of a table wins."""
        self._parts.append((tables, rows))

    def mark(self, tables: Iterable[int]) -> None:
        """Mark polling tables whose row is worked out at the next `take`; it wins over queued rows."""
        self._marked.update(tables)

    def take(self, work_out: Callable[[Sequence[int]], Numbers]) -> Rows:
        """What changed since the last call, as it came: of one polling table the last row counts."""
        if not self._parts and not self._marked:
            return self._none
        parts = self._parts
        if self._marked:
            marked = list(self._marked)
            parts.append((np.array(marked, np.int64), work_out(marked)))
        self._parts, self._marked = [], set()
        return together(parts)


def together(parts: Sequence[Rows]) -> Rows:
    """Rows from one or more places, one's behind the other's."""
    parts = [part for part in parts if len(part[0])] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    tables, rows = zip(*parts, strict=True)
    return np.concatenate(tables), np.concatenate(rows)


def in_order(given: Rows) -> Rows:
    """Rows in the order of polling tables; of one polling table the last."""
    tables, rows = given
    order = rising(tables)
    tables = tables.take(order)
    last = closes(tables)
    return tables[last], rows.take(order[last], axis=0)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows from one or more places, in the order of polling tables; of one polling table the row of most entries, of
    such the last."""
    tables, rows = together(parts)
    if len(parts) == 1 or not len(tables):
        return tables, rows
    order = rising(rows[:, 0])
    return in_order((tables.take(order), rows.take(order, axis=0)))


def in_portions(sheets: Iterable[Sheets]) -> Iterator[list[Sheets]]:
    """Those of some hundred thousand rows together: each time they are taken in, all areas above are looked at."""
    portion, size = list[Sheets](), 0
    for part in sheets:
        portion.append(part)
        size += len(part)
        if size >= PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

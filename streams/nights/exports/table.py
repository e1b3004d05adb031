"""What a table of an export is: its columns, their types and units, and what each says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from streams.core.election.model import Election

Type = Literal["text", "integer", "number", "boolean", "time", "json", "texts"]
Each = Literal["", "option", "figure"]
"""One column; or one for each option, or for each option and group, with its id at the end of the name."""

SQL_TYPES: Final[Mapping[Type, str]] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "VARCHAR",
    "texts": "VARCHAR[]",
}
"""DuckDB's type of each of ours. A JSON value is its text."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type, what it says, and the unit of its numbers."""

    name: str
    type: Type
    says: str
    unit: str = ""
    each: Each = ""

    @property
    def shown(self) -> str:
        """The name as the dictionary has it."""
        return self.name + {"": "", "option": "OPTION", "figure": "FIGURE"}[self.each]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, what a row of it is, and its columns.

    A table with `sql` is made from the others by that statement; the rest are filled from the night.
    """

    name: str
    row: str
    columns: Sequence[Column]
    sql: str = ""

    def of(self, election: Election) -> "Table":
        """The table of one election: with a column for each of its options and groups."""
        return replace(self, columns=list(self._expanded(election)))

    def _expanded(self, election: Election) -> Iterator[Column]:
        names = {"option": suffixes(o.id for o in election.options), "figure": suffixes(c.id for c in election.columns)}
        for column in self.columns:
            if column.each:
                yield from (replace(column, name=column.name + end, each="") for end in names[column.each].values())
            else:
                yield column


def suffixes(ids: Iterable[str]) -> dict[str, str]:
    """What stands for each id at the end of a column's name. SQL takes `A` and `a` for one name: where two ids differ
    by case alone, the later one has a number behind it."""
    ends, taken = dict[str, str](), set[str]()
    for id in ids:
        name, number = id, 1
        while name.casefold() in taken:
            number += 1
            name = f"{id}_{number}"
        taken.add(name.casefold())
        ends[id] = name
    return ends

"""The polling tables of an area whose official figures are not their accepted sheets': as a table, CSV or JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from streams.core.election.model import Election
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.consensus import Verdict
from streams.core.reconciliation.sheet_rows import by_column


@dataclass(frozen=True, slots=True)
class Row:
    """One polling table. `sheet`, `official` and `difference` (official less sheet) are in votes, by option or group:
    of those that have an official figure and that the sheets are read for."""

    table: str
    area: str
    bulletin: str
    sheet: Mapping[str, int]
    official: Mapping[str, int]

    @classmethod
    def of(cls, election: Election, table: str, official: Announced, verdict: Verdict) -> "Row":
        """That of a polling table with an accepted sheet and an official figure."""
        votes = np.zeros((len(election.columns), 1), np.int64)
        by_column(election, np.array(verdict.votes)[:, None], votes)
        told = zip(election.columns, official.votes, strict=True)
        given = {c.id: count for c, count in told if count >= 0 and c.id in election.read_columns}
        seen = dict(zip(election.column_index, votes[:, 0].tolist(), strict=True))
        return cls(table, election.tables[table].area, official.id, {name: seen[name] for name in given}, given)

    @property
    def difference(self) -> dict[str, int]:
        """Official less sheet."""
        return {name: votes - self.sheet[name] for name, votes in self.official.items()}

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        sides = {"sheet": dict(self.sheet), "official": dict(self.official), "difference": self.difference}
        return {"table": self.table, "area": self.area, "bulletin": self.bulletin, **sides}


@dataclass(frozen=True, slots=True)
class Differing:
    """All of them in one area, by their ids; `compared` is how many have both figures."""

    election: Election
    area: str
    compared: int
    rows: Sequence[Row]

    @property
    def count(self) -> int:
        """How many differ."""
        return len(self.rows)

    @property
    def columns(self) -> list[str]:
        """The options and groups that any of them has an official figure of, in the election's order."""
        return [column.id for column in self.election.columns if any(column.id in row.official for row in self.rows)]

    @property
    def net(self) -> dict[str, int]:
        """The net shift in votes, by option or group: the sum of the differences."""
        return {name: sum(row.difference.get(name, 0) for row in self.rows) for name in self.columns}

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        head = {"area": self.area, "compared": self.compared, "differing": self.count, "net": self.net}
        return {**head, "tables": [row.plain() for row in self.rows]}

    def csv(self) -> Iterator[str]:
        """As lines of CSV, the first with the names: a row for each polling table, three columns for each option or
        group. Empty is a figure that nobody announced. The differences add up to the net shift."""
        sides = [f"{name} {side}" for name in self.columns for side in ("sheet", "official", "difference")]
        yield _line(["table", "area", "bulletin", *sides])
        for row in self.rows:
            parts = (row.sheet, row.official, row.difference)
            figures = [part.get(name, "") for name in self.columns for part in parts]
            yield _line([row.table, row.area, row.bulletin, *figures])


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()

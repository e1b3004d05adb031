"""The register of polling tables in columns: a million entries as objects would be 70 MB, and as much work."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class PollingTable(NamedTuple):
    """One entry of the register."""

    area: str
    registered: int | None


class Register(Mapping[str, PollingTable]):
    """Polling tables by id, each made when somebody asks for it. The columns stand in the order of the entries."""

    def __init__(self, place: dict[str, int], areas: list[str], registered: NDArray[np.int64]) -> None:
        self.place = place
        """By id, where in the columns."""
        self.areas = areas
        self.registered = registered
        """Registered voters; -1 where unknown."""

    @classmethod
    def of(cls, tables: Mapping[str, PollingTable]) -> Self:
        """The same polling tables in columns."""
        known = [-1 if table.registered is None else table.registered for table in tables.values()]
        place = dict(zip(tables, range(len(tables)), strict=True))
        return cls(place, [table.area for table in tables.values()], np.array(known, np.int64))

    @cached_property
    def ids(self) -> list[str]:
        """The first column."""
        return list(self.place)

    def grouped(self, number: Mapping[str, int]) -> "Register":
        """Area by area, in the order of their numbers; itself where it is so already."""
        home = np.fromiter(map(number.__getitem__, self.areas), np.int64, len(self.areas))
        if (home[1:] >= home[:-1]).all():
            return self
        order = np.argsort(home, kind="stable")
        places = order.tolist()
        ids, areas = ([column[place] for place in places] for column in (self.ids, self.areas))
        return Register(dict(zip(ids, range(len(ids)), strict=True)), areas, self.registered[order])

    def __getitem__(self, table: str) -> PollingTable:
        place = self.place[table]
        registered = int(self.registered[place])
        return PollingTable(self.areas[place], None if registered < 0 else registered)

    def __contains__(self, table: object) -> bool:
        return table in self.place

    def __iter__(self) -> Iterator[str]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)

"""The register of polling tables, in columns. A million entries as objects would take 70 MB, and as long again to
make."""

from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PollingTable(NamedTuple):
    """One entry of the register."""

    area: str
    registered: int | None


class Register(Mapping[str, PollingTable]):
    """Polling tables by id, area by area. Each entry is made when it is asked for."""

    def __init__(
        self, areas: Sequence[str], ids: Sequence[str], home: NDArray[np.int64], registered: NDArray[np.int64]
    ) -> None:
        """Make a register from columns, in any order. `areas` are the ids of areas in the order of their numbers; by
        polling table, `home` is the number of its area and `registered` the number of its voters, -1 where it is not
        known. Raises ValueError for an id that comes twice."""
        if (home[1:] < home[:-1]).any():
            order = np.argsort(home, kind="stable")
            ids, home, registered = [ids[place] for place in order.tolist()], home[order], registered[order]
        self.areas, self.home, self.registered = areas, home, registered
        self.number = dict(zip(ids, range(len(ids)), strict=True))
        """Polling table's id to its place in the columns."""
        if len(self.number) < len(ids):
            raise ValueError("a polling table is there twice")

    @classmethod
    def of(cls, areas: Sequence[str], tables: Mapping[str, PollingTable]) -> "Register":
        """A register of these polling tables."""
        number = {id: i for i, id in enumerate(areas)}
        home = [number[table.area] for table in tables.values()]
        registered = [-1 if table.registered is None else table.registered for table in tables.values()]
        return cls(areas, list(tables), np.array(home, np.int64), np.array(registered, np.int64))

    def __getitem__(self, table: str) -> PollingTable:
        place = self.number[table]
        registered = int(self.registered[place])
        return PollingTable(self.areas[self.home[place]], None if registered < 0 else registered)

    def __contains__(self, table: object) -> bool:
        return table in self.number

    def __iter__(self) -> Iterator[str]:
        return iter(self.number)

    def __len__(self) -> int:
        return len(self.number)

    def keys(self) -> KeysView[str]:
        """As a dict's, which is quicker beside another one's."""
        return self.number.keys()

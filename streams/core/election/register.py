"""The register of polling tables in columns: a million entries as objects take 70 MB, and as much work again."""

from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PollingTable(NamedTuple):
    """One entry of the register."""

    area: str
    registered: int | None


class Register(Mapping[str, PollingTable]):
    """Polling tables by id, area by area, each made when somebody asks for it."""

    def __init__(
        self, areas: Sequence[str], ids: Sequence[str], home: NDArray[np.int64], registered: NDArray[np.int64]
    ) -> None:
        """From columns, in any order. `areas` are ids in the order of their numbers, `home` is by polling table the
        number of its area, `registered` its voters, -1 where unknown. Raises ValueError for an id that is there twice.
        """
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
        """Polling tables as a register, in columns."""
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

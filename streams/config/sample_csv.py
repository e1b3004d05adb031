"""The file of a sample: a CSV with a polling table a row, and its stratum, an area's id."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from streams.config.csv_file import CsvFile
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Area
from streams.core.election.numbering import numbered
from streams.core.election.register import PollingTable, Register
from streams.core.sampling.draw import Drawn
from streams.regular_file import TEXT_BYTES, read_regular


def text(drawn: Iterable[Drawn]) -> str:
    """The file of a draw. The same draw gives the same bytes everywhere."""
    rows = ("place,stratum,table", *(f"{each.place},{_cell(each.stratum)},{_cell(each.table)}" for each in drawn))
    return "\n".join(rows) + "\n"


def load(path: Path, areas: Mapping[str, Area], tables: Mapping[str, PollingTable]) -> DrawnSample:
    """Read a sample. Without a stratum all tables are drawn from the whole. Raises `ElectionFileError` for a table or
    stratum that there is not, and where the strata are not the register, each polling table once."""
    file = CsvFile(path, ("table",), ("place", "stratum"))
    root = next(id for id, area in areas.items() if area.parent is None)
    drawn, lines = defaultdict[str, list[str]](list), dict[str, int]()
    seen = dict[str, int]()
    for line, (table, _, stratum) in file.rows():
        stratum = stratum or root
        file.check(table in tables, line, "table", f"{table or 'nothing'} is no polling table of the register")
        file.check(table not in seen, line, "table", f"{table} is there twice: leave one out")
        file.check(stratum in areas, line, "stratum", f"{stratum} is no area: mend it")
        seen[table] = line
        lines.setdefault(stratum, line)
        drawn[stratum].append(table)
    file.check(drawn, None, "", "name at least one polling table")
    within = _strata_above(file, areas, lines)
    for stratum, some in drawn.items():
        for table in some:
            home = tables[table].area
            cure = f"{table} is no polling table of stratum {stratum}: it lies in {within[home] or home}"
            file.check(within[home] == stratum, seen[table], "stratum", cure)
    _check_covered(file, within, tables if isinstance(tables, Register) else Register.of(numbered(areas), tables))
    return DrawnSample({stratum: tuple(some) for stratum, some in drawn.items()}, read_regular(path, TEXT_BYTES))


def _strata_above(file: CsvFile, areas: Mapping[str, Area], strata: Mapping[str, int]) -> Mapping[str, str]:
    """The stratum that each area lies in, empty where none is. `strata` has the line that names each first."""
    within: dict[str, str] = {}
    for id in numbered(areas):  # from the root down
        above = within.get(areas[id].parent or "", "")
        if id in strata:
            line = max(strata[id], strata.get(above, 0))
            cure = f"the strata {above} and {id} have polling tables in common: name areas that have none"
            file.check(not above, line, "stratum", cure)
        within[id] = id if id in strata else above
    return within


def _check_covered(file: CsvFile, within: Mapping[str, str], tables: Register) -> None:
    """Raise `ElectionFileError` if a polling table of the register lies in no stratum."""
    counts: Sequence[int] = np.bincount(tables.home, minlength=len(tables.areas)).tolist()
    uncovered = {area: n for area, n in zip(tables.areas, counts, strict=True) if n and not within[area]}
    if uncovered:
        cure = (
            f"the strata are not the whole register: {sum(uncovered.values()):,} polling tables lie in none, such as "
            f"those of {next(iter(uncovered))}. Name each area of one level, with at least one table of it"
        )
        raise file.error(None, "stratum", cure)


def _cell(value: str) -> str:
    quoted = value.replace('"', '""')
    return f'"{quoted}"' if any(c in value for c in ',"\n') or value != value.strip() else value

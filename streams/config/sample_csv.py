"""The file of a sample: a CSV with a polling table a row, and its stratum, an area's id."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from streams.config.csv_file import CsvFile
from streams.core.election.model import Election
from streams.core.sampling.draw import Drawn


def text(drawn: Iterable[Drawn]) -> str:
    """The file of a draw. The same draw gives the same bytes everywhere."""
    rows = ("place,stratum,table", *(f"{each.place},{_cell(each.stratum)},{_cell(each.table)}" for each in drawn))
    return "\n".join(rows) + "\n"


def load(path: Path, election: Election) -> Mapping[str, list[str]]:
    """The polling tables by stratum, in the order of the file. Without a stratum all are drawn from the whole. Raises
    `ElectionFileError`."""
    file, found, seen = CsvFile(path, ("table",), ("place", "stratum")), dict[str, list[str]](), set[str]()
    for line, (table, _, stratum) in file.rows():
        stratum = stratum or election.root.id
        file.check(table in election.tables, line, "table", f"{table or 'nothing'} is no polling table of the register")
        file.check(table not in seen, line, "table", f"{table} is there twice: leave one out")
        file.check(stratum in election.areas, line, "stratum", f"{stratum} is no area: mend it")
        seen.add(table)
        found.setdefault(stratum, []).append(table)
    file.check(found, None, "", "name at least one polling table")
    return found


def _cell(value: str) -> str:
    quoted = value.replace('"', '""')
    return f'"{quoted}"' if any(c in value for c in ',"\n') or value != value.strip() else value

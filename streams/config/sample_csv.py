"""The file of a sample: a CSV with a polling table a row, its stratum, and its cluster, both an area's id."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from streams.config.csv_file import CsvFile
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Area
from streams.core.election.numbering import numbered
from streams.core.election.register import PollingTable, Register
from streams.core.sampling.draw import Drawn
from streams.regular_file import TEXT_BYTES, read_regular


def text(drawn: Iterable[Drawn], inside: Callable[[str], Sequence[str]] | None = None) -> str:
    """The file of a draw. The same draw gives the same bytes everywhere. Where clusters were drawn, `inside` gives the
    polling tables of one."""
    if inside is None:
        rows = ("place,stratum,table", *(_line(place, stratum, unit) for place, stratum, unit in drawn))
    else:
        whole = ((*each, table) for each in drawn for table in inside(each.unit))
        rows = ("place,stratum,cluster,table", *(_line(*row) for row in whole))
    return "\n".join(rows) + "\n"


class _Row(NamedTuple):
    line: int
    table: str
    stratum: str
    cluster: str


def load(path: Path, areas: Mapping[str, Area], tables: Mapping[str, PollingTable]) -> DrawnSample:
    """Read a sample. Without a stratum all tables are drawn from the whole; without a cluster, one by one. Raises
    `ElectionFileError` for a table, stratum or cluster that there is not, where the strata are not the register, each
    polling table once, and where clusters are not whole."""
    file = CsvFile(path, ("table",), ("place", "stratum", "cluster"))
    root = next(id for id, area in areas.items() if area.parent is None)
    rows = [_Row(line, table, stratum or root, cluster) for line, (table, _, stratum, cluster) in file.rows()]
    file.check(rows, None, "", "name at least one polling table")
    seen, lines = set[str](), dict[str, int]()
    for line, table, stratum, _ in rows:
        file.check(table in tables, line, "table", f"{table or 'nothing'} is no polling table of the register")
        file.check(table not in seen, line, "table", f"{table} is there twice: leave one out")
        file.check(stratum in areas, line, "stratum", f"{stratum} is no area: mend it")
        seen.add(table)
        lines.setdefault(stratum, line)
    within = _strata_above(file, areas, lines)
    drawn = defaultdict[str, list[str]](list)
    for line, table, stratum, _ in rows:
        home = tables[table].area
        cure = f"{table} is no polling table of stratum {stratum}: it lies in {within[home] or home}"
        file.check(within[home] == stratum, line, "stratum", cure)
        drawn[stratum].append(table)
    register = tables if isinstance(tables, Register) else Register.of(numbered(areas), tables)
    _check_covered(file, within, register)
    clusters = _Clusters(file, areas, register).drawn(rows, within)
    strata = {stratum: tuple(some) for stratum, some in drawn.items()}
    return DrawnSample(strata, read_regular(path, TEXT_BYTES), clusters=clusters)


def _strata_above(file: CsvFile, areas: Mapping[str, Area], strata: Mapping[str, int]) -> Mapping[str, str]:
    """The stratum that each area lies in, empty where none is. `strata` has the line that names each first."""

    def check_apart(above: str, id: str) -> None:
        line = max(strata[id], strata.get(above, 0))
        cure = f"the strata {above} and {id} have polling tables in common: name areas that have none"
        file.check(not above, line, "stratum", cure)

    return _lies_in(areas, strata.__contains__, check_apart)


def _lies_in(
    areas: Mapping[str, Area], is_one: Callable[[str], bool], check: Callable[[str, str], None]
) -> Mapping[str, str]:
    """Of some areas the one that each area lies in, itself or the nearest above, empty where there is none. `check` is
    given the one above each of them, if any, and its own id."""
    within: dict[str, str] = {}
    for id in numbered(areas):  # from the root down
        above = within.get(areas[id].parent or "", "")
        if is_one(id):
            check(above, id)
        within[id] = id if is_one(id) else above
    return within


def _check_covered(file: CsvFile, within: Mapping[str, str], tables: Register) -> None:
    """Raise `ElectionFileError` if a polling table of the register lies in no stratum."""
    uncovered = {area: n for area, n in _counts(tables).items() if not within[area]}
    if uncovered:
        cure = (
            f"the strata are not the whole register: {sum(uncovered.values()):,} polling tables lie in none, such as "
            f"those of {next(iter(uncovered))}. Name each area of one level, with at least one table of it"
        )
        raise file.error(None, "stratum", cure)


def _counts(tables: Register) -> dict[str, int]:
    """How many polling tables lie in each area itself, if any do."""
    counts: Sequence[int] = np.bincount(tables.home, minlength=len(tables.areas)).tolist()
    return {area: n for area, n in zip(tables.areas, counts, strict=True) if n}


class _Clusters:
    """The clusters that a sample's file names: areas of one level, each with all its polling tables."""

    def __init__(self, file: CsvFile, areas: Mapping[str, Area], tables: Register) -> None:
        self._file, self._areas, self._tables = file, areas, tables

    def drawn(self, rows: Sequence[_Row], strata: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Clusters by stratum; empty where the file names none. `strata` has the stratum of each area."""
        if not any(row.cluster for row in rows):
            return {}
        file, level = self._file, None
        for line, table, _, cluster in rows:
            cure = f"name the cluster of {table}: either all tables have one or none has"
            file.check(cluster, line, "cluster", cure)
            file.check(cluster in self._areas, line, "cluster", f"{cluster} is no area: mend it")
            level = level or self._areas[cluster].level
            other = self._areas[cluster].level
            cure = f"{cluster} is of level {other}, the clusters above are of level {level}: use areas of one level"
            file.check(other == level, line, "cluster", cure)
        within = self._within(level or "")
        clusters = defaultdict[str, dict[str, int]](dict)
        for line, table, stratum, cluster in rows:
            home = within[self._tables[table].area]
            cure = f"{table} is no polling table of cluster {cluster}: it lies in {home}"
            file.check(home == cluster, line, "cluster", cure)
            cure = f"cluster {cluster} is no part of stratum {stratum}: use clusters of a lower level, or larger strata"
            file.check(strata[cluster] == stratum, line, "cluster", cure)
            clusters[stratum].setdefault(cluster, line)
        self._check_whole(rows, within, {cluster: line for some in clusters.values() for cluster, line in some.items()})
        return {stratum: tuple(some) for stratum, some in clusters.items()}

    def _within(self, level: str) -> Mapping[str, str]:
        """The area of a level that each area lies in, empty where none is. Each polling table must lie in one."""

        def check_apart(above: str, id: str) -> None:
            cure = f"{id} lies in {above}, and both are of level {level}: clusters must not lie in one another"
            self._file.check(not above, None, "cluster", cure)

        within = _lies_in(self._areas, lambda id: self._areas[id].level == level, check_apart)
        alone = [area for area in _counts(self._tables) if not within[area]]
        cure = (
            f"polling tables of {', '.join(alone[:1])} lie in no area of level {level}: all tables must lie in clusters"
        )
        self._file.check(not alone, None, "cluster", cure)
        return within

    def _check_whole(self, rows: Sequence[_Row], within: Mapping[str, str], lines: Mapping[str, int]) -> None:
        """Raise `ElectionFileError` if a polling table of a cluster is not in the sample. `lines` has the line that
        names each cluster first."""
        left = dict.fromkeys(lines, 0)
        for area, count in _counts(self._tables).items():
            if within[area] in left:
                left[within[area]] += count
        for row in rows:
            left[row.cluster] -= 1
        if cluster := next((cluster for cluster, count in left.items() if count), None):
            sampled = {row.table for row in rows}
            homes = {area for area, above in within.items() if above == cluster}
            missing = next(t for t, each in self._tables.items() if each.area in homes and t not in sampled)
            cure = (
                f"{left[cluster]:,} polling tables of cluster {cluster} are not in the sample, such as {missing}: add "
                "them. A sample of some tables of each cluster (in two stages) cannot be estimated from; leave the "
                "column out only if tables were drawn one by one"
            )
            raise self._file.error(lines[cluster], "cluster", cure)


def _line(*cells: object) -> str:
    return ",".join(_cell(str(cell)) for cell in cells)


def _cell(value: str) -> str:
    quoted = value.replace('"', '""')
    return f'"{quoted}"' if any(c in value for c in ',"\n') or value != value.strip() else value

"""The tables of a map that make events, each as a table of the database: fields, votes and shares, read and checked."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from streams.core.election.model import Election
from streams.core.events.model import Bulletin, Count, Event, Ratio, TallyReport, Text, Tick, Time
from streams.nights.importers.building.event_checks import EventChecks, EventTable, Figure
from streams.nights.importers.building.totals import located
from streams.nights.importers.database import Database
from streams.nights.importers.map_file import Block
from streams.nights.importers.staging.conversions import Kind
from streams.nights.importers.staging.stager import Origin, Staged, Stager, Wanted
from streams.nights.sql import literal, name

_KINDS: Final[Mapping[Any, Kind]] = {Text: "text", Count: "count", Time: "time", Ratio: "ratio", bool: "flag"}


class EventTables:
    """Makes them, one by one. `faults` has what is wrong with any. The database has the register's ids in `_tables`."""

    def __init__(self, db: Database, stager: Stager, election: Election) -> None:
        self._db, self._stager = db, stager
        self._ids = {
            TallyReport: election.option_index.keys(),
            Bulletin: election.column_index.keys(),
            Tick: set[str](),
        }
        self._uses: Counter[tuple[type[Event], str]] = Counter()
        self.faults: list[str] = []

    def make(self, block: Block, number: int) -> EventTable:
        """Raises `ElectionFileError` for a map that cannot be followed."""
        origin = Origin(block.place, block.source, block.join, block.where, block.zone)
        fields = [*self._fields(block), *_order(block)]
        keys = [each.column for each in fields if not each.column.startswith("_")]
        if block.option:
            made = self._gathered(block, origin, fields, f"_events_{number}")
            made.fields[:0] = keys
        else:
            votes, columns = self._figures(block, "votes", block.votes, "count")
            of_shares, shares = self._figures(block, "announced_shares", block.shares, "percent")
            staged = self._staged(f"_events_{number}", origin, [*fields, *votes, *of_shares], self._locating(block))
            made = EventTable(block, staged, columns, shares, keys)
        checks = EventChecks(self._db, made)
        if not self.faults:
            checks.settle()
        self.faults += checks.faults
        return made

    @staticmethod
    def _locating(block: Block) -> Callable[[str], str]:
        """What adds to the rows where their polling table is."""
        return str if block.kind is Tick else partial(located, table=block.area_field)

    def _staged(
        self, table: str, origin: Origin, wanted: Sequence[Wanted], further: Callable[[str], str] = str
    ) -> Staged:
        staged = self._stager.stage(table, origin, wanted, further)
        staged.note_where()
        self.faults += staged.faults()
        return staged

    def _fields(self, block: Block) -> list[Wanted]:
        """The event's fields; an id is made of the place where the map gives none."""
        wanted = []
        for each in block.declared:
            sql = block.fields.get(each.key, "")
            if each.key == "id" and not sql:
                sql = self._place(block)
            if sql:
                kind = _KINDS.get(each.type, "text")
                wanted.append(Wanted(each.key, f"{block.place}.{each.key}", kind, sql, each.required))
        return wanted

    def _place(self, block: Block) -> str:
        """SQL for file and line of a row, and how many blocks before this one make such events of the same source."""
        used = self._uses[block.kind, block.source]
        self._uses[block.kind, block.source] += 1
        source = name(block.source)
        return f"{source}._file || ':' || {source}._line" + (f" || ':{used}'" if used else "")

    def _figures(
        self, block: Block, key: str, given: Mapping[str, str], kind: Kind
    ) -> tuple[list[Wanted], list[Figure]]:
        """Columns for the figures of each id; beside each, where the map says nothing of empty cells, whether it rests
        on one."""
        zero = block.empty == "zero" and kind == "count"
        wanted, columns = [], []
        for i, (id, sql) in enumerate(sorted(given.items())):  # ids may differ by case alone, columns may not
            place, figure = f"{block.place}.{key}.{id}", Figure(f"{key}.{i}", id)
            wanted.append(Wanted(figure.column, place, kind, sql, empty_is_zero=zero))
            columns.append(figure)
            if not block.empty and kind == "count" and len(given) > 1:
                wanted.append(Wanted(figure.rests_on_empty, place, "flag", self._is_empty(block, place, sql)))
        return wanted, columns

    def _is_empty(self, block: Block, place: str, sql: str) -> str:
        cells = self._stager.parse(Origin(block.place, block.source, block.join), place, sql).numbers
        return " OR ".join(f"{each.sql} IS NULL OR trim({each.sql}::VARCHAR) = ''" for each in cells) or "false"

    def _gathered(self, block: Block, origin: Origin, fields: Sequence[Wanted], table: str) -> EventTable:
        """Rows with one option each, gathered by all else that the map says of them."""
        zero = block.empty == "zero"
        option = Wanted("_option", f"{block.place}.option", "text", block.option, True)
        count = Wanted("_count", f"{block.place}.count", "count", block.count, not block.empty, zero)
        rows = self._staged(f"{table}_rows", origin, [*fields, option, count])
        by = [each.column for each in fields if each.column != "id" or "id" in block.fields]
        self._check_twice(block, rows, by)
        declared = {each.key for each in block.declared}
        targets = self._targets(block, rows)
        sums, votes = [], list[Figure]()
        for i, (id, texts) in enumerate(sorted(targets.items())):
            only = f"FILTER (WHERE _option IN ({', '.join(map(literal, texts))}))"
            figure = f"CASE WHEN count(*) {only} = count(_count) {only} THEN sum(_count) {only} END::BIGINT"
            column = id if id in declared else f"votes.{i}"
            if id not in declared:
                votes.append(Figure(column, id))
            sums.append(f"{f'coalesce({figure}, 0)' if zero else figure} AS {name(column)}")
        gathered = ", ".join(map(name, by))
        made = (
            "SELECT place.file AS _file, place.line AS _line, * EXCLUDE (place) FROM ("
            f"SELECT min({{'file': _file, 'line': _line}}) AS place, {', '.join([gathered, *sums])} "
            f"FROM {name(rows.table)} GROUP BY {gathered})"
        )
        self._db.run(f"CREATE TABLE {name(table)} AS {self._locating(block)(made)}")
        if "id" not in by:
            self._db.run(f"ALTER TABLE {name(table)} ADD COLUMN id VARCHAR")
            self._db.run(f"UPDATE {name(table)} SET id = _file || ':' || _line")
        rows.table = table
        return EventTable(block, rows, votes, [], [id for id in targets if id in declared])

    def _targets(self, block: Block, rows: Staged) -> dict[str, list[str]]:
        """The published names of each option, group or field that the map's `names` give them."""
        named = self._db.column(f"SELECT DISTINCT _option FROM {name(rows.table)} WHERE _option NOTNULL ORDER BY ALL")
        names = block.names or {text: text for text in named}
        if strange := [text for text in named if text not in names]:
            first, *_ = rows.places(f"_option = {literal(strange[0])}")
            cure = (
                f"the map's `names` lack {', '.join(map(repr, strange[:12]))}: give each an id, or '' to pass it over"
            )
            self.faults.append(f"{first}: {block.place}.names: unknown-name: {cure}")
        targets: dict[str, list[str]] = {}
        for text, id in names.items():
            targets.setdefault(id, []).append(text)
        targets.pop("", None)
        for id in targets.keys() - {each.key for each in block.declared} - self._ids[block.kind]:
            first, *_ = [*rows.places(f"_option = {literal(targets[id][0])}"), block.place]
            cure = f"{id} is no option: give it one by `names`, of {', '.join(sorted(self._ids[block.kind])[:12])}"
            self.faults.append(f"{first}: {block.place}.option: unknown-name: {cure}")
        return targets

    def _check_twice(self, block: Block, rows: Staged, by: Sequence[str]) -> None:
        repeated = self._db.rows(
            f"SELECT {name(block.area_field)}, _option, "
            "list(_file || ':' || _line ORDER BY _file, _line)[:3] AS places, count(*) OVER () "
            f"FROM {name(rows.table)} "
            f"GROUP BY {', '.join(map(name, by))}, _option HAVING count(*) > 1 ORDER BY places LIMIT 1"
        )
        for area, option, places, count in repeated:
            cure = f"{option} is there twice for {area} ({', '.join(places)}; {count:,} such): two contests? "
            self.faults.append(f"{places[0]}: {block.place}: twice: {cure}Choose by `where`")


def _order(block: Block) -> list[Wanted]:
    return [Wanted("_order", f"{block.place}.order", "count", block.order, True)] if block.order else []

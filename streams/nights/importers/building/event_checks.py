"""What is wrong with a table of events as a whole, and which of its rows are none: empty, repeated, unchanged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from streams.core.events.model import BoundKind, Bulletin, Count, Ratio, Status, TallyReport, Tick
from streams.nights.importers.building.totals import subtotal
from streams.nights.importers.database import Database
from streams.nights.importers.map_file import Block
from streams.nights.importers.staging.stager import Staged
from streams.nights.sql import literal, name


@dataclass(frozen=True)
class Figure:
    """A column with the votes, or the share, of an option or group."""

    column: str
    id: str

    @property
    def rests_on_empty(self) -> str:
        """The column that says whether an empty cell is in it."""
        return f"_empty.{self.column}"


@dataclass
class EventTable:
    """The events of one block as a table of the database: `_file`, `_line`, a column for each of `fields` under its
    JSON name, one for each of `votes` and `shares`."""

    block: Block
    staged: Staged
    votes: Sequence[Figure]
    shares: Sequence[Figure]
    fields: list[str]

    @property
    def table(self) -> str:
        return self.staged.table

    @property
    def at(self) -> str:
        """The column of the event's time."""
        return {TallyReport: "observed_at", Bulletin: "issued_at", Tick: "at"}[self.block.kind]

    @property
    def who(self) -> str:
        """The column of whoever says it."""
        return "reporter" if self.block.kind is TallyReport else "authority"

    @property
    def order(self) -> str:
        """How rows of one time follow each other."""
        return "_order, _file, _line" if self.block.order else "_file, _line"

    @property
    def said(self) -> list[str]:
        """The columns of the event's figures, and of its status."""
        figures = [each.key for each in self.block.declared if each.type in (Count, Ratio) and each.key != "sequence"]
        columns = [each.column for each in (*self.votes, *self.shares)]
        return [*columns, *(key for key in self.fields if key in (*figures, "status"))]


class EventChecks:
    """Settles one table. `faults` is what is wrong with it."""

    def __init__(self, db: Database, made: EventTable) -> None:
        self._db, self._made = db, made
        self._table, self._block, self._staged = name(made.table), made.block, made.staged
        self._keys: list[set[str]] = []
        self.faults: list[str] = []

    def settle(self) -> None:
        """Take out the rows that make no event, and look for what contradicts itself."""
        made, block = self._made, self._block
        if block.kind is Tick:
            return
        figures = [name(each.column) for each in (*made.votes, *made.shares)]
        if figures and not {"retracted", "bound"} & block.fields.keys():
            self._staged.leave_out("no figure", " AND ".join(f"{each} IS NULL" for each in figures))
        self.faults += [*self._empty_cells(), *self._unknown_words()]
        if block.changes_only:
            self._keep_changes()
        if "sequence" not in made.fields and block.kind is Bulletin:
            self._number()
        if not self.faults:
            self._leave_out_repeated()
            self.faults += [*self._totals(), *self._contradictions()]

    def _fault(self, place: str, key: str, code: str, cure: str) -> str:
        return f"{place}: {self._block.place}{'.' if key else ''}{key}: {code}: {cure}"

    def _empty_cells(self) -> Iterator[str]:
        """Of votes, a cell that is empty beside others that are not, where the map does not say what that means."""
        columns = {each.column for each in self._staged.wanted}
        for votes in self._made.votes:
            flag = votes.rests_on_empty
            bad = f"{name(votes.column)} IS NULL AND {name(flag)}"
            if flag in columns and (count := self._staged.count(bad)):
                first, *others = self._staged.places(bad)
                also = f" ({count:,} such; also {', '.join(others)})" if others else ""
                cure = f"{self._block.votes[votes.id]} is empty: say what an empty cell of votes means: "
                cure += 'empty = "zero" (also for options not on this ballot) or "unknown"'
                yield self._fault(first, f"votes.{votes.id}", "empty", cure + also)

    def _unknown_words(self) -> Iterator[str]:
        for key, words in (("status", get_args(Status)), ("bound", get_args(BoundKind))):
            if key not in self._block.fields:
                continue
            bad = f"{name(key)} NOT IN ({', '.join(map(literal, words))})"
            first_place = "min({'file': _file, 'line': _line})"
            sql = f"SELECT {name(key)} FROM {self._table} WHERE {bad} GROUP BY ALL ORDER BY {first_place} LIMIT 5"
            for word in self._db.column(sql):
                first, *_ = self._staged.places(f"{name(key)} = {literal(word)}")
                cure = f"{word!r} is none of {', '.join(words)}: write CASE column WHEN {word!r} THEN ... END"
                yield self._fault(first, key, "unknown-word", cure)

    def _keep_changes(self) -> None:
        """Keep of cumulative exports the rows that differ from those before."""
        made, said = self._made, f"row({', '.join(map(name, self._made.said))})"
        within = f"PARTITION BY {made.who}, {name(self._block.area_field)} ORDER BY {made.at}, {made.order}"
        same = f"coalesce({said} = lag({said}) OVER ({within}), false)"
        self._db.run(f"CREATE OR REPLACE TABLE {self._table} AS SELECT *, {same} AS _same FROM {self._table}")
        self._staged.leave_out("unchanged", "_same")

    def _number(self) -> None:
        """Number each authority's bulletins for an area in the order of time."""
        if self._is_key(["authority", "area"]):
            self._db.run(f"ALTER TABLE {self._table} ADD COLUMN sequence BIGINT DEFAULT 1")
        else:
            within = f"PARTITION BY authority, area ORDER BY issued_at, {self._made.order}"
            numbered = f"SELECT *, row_number() OVER ({within}) AS sequence FROM {self._table}"
            self._db.run(f"CREATE OR REPLACE TABLE {self._table} AS {numbered}")
        self._made.fields.append("sequence")

    def _is_key(self, columns: Sequence[str]) -> bool:
        """Whether no two rows agree in all of these: a tenth of the work of looking for those that do."""
        if any(known.issubset(columns) for known in self._keys):
            return True
        key = f"hash({', '.join(map(name, columns))})"
        (is_key,) = self._db.row(f"SELECT count(*) = count(DISTINCT {key}) FROM {self._table}")
        self._keys += [set(columns)] if is_key else []
        return bool(is_key)

    def _leave_out_repeated(self) -> None:
        """Take out rows that repeat another in everything, its id too."""
        if "id" not in self._block.fields or self._is_key(["id"]):
            return
        given = {"sequence"} - self._block.fields.keys()  # one that was counted differs in each
        columns = [each for each in dict.fromkeys([*self._made.said, *self._made.fields]) if each not in given]
        again = f"row_number() OVER (PARTITION BY {', '.join(map(name, columns))} ORDER BY _file, _line) > 1"
        self._db.run(f"CREATE OR REPLACE TABLE {self._table} AS SELECT *, {again} AS _again FROM {self._table}")
        self._staged.leave_out("the same again", "_again")

    def _totals(self) -> Iterator[str]:
        """A row with the votes of all others together is a total; of bulletins only those for polling tables are
        looked at, since an area's is one by right."""
        columns = [name(each.column) for each in self._made.votes]
        if not columns:
            return
        if place := subtotal(self._db, f"FROM {self._table}", [each.column for each in self._made.votes]):
            cure = "its votes are those of all others of its area together, and so it is in most areas: "
            cure += "leave subtotals out by `where`"
            yield self._fault(place, "", "total", cure)
            return
        of_tables = "_home NOTNULL"
        sums = ", ".join(f"coalesce(sum({each}), 0)" for each in columns)
        count, *totals = self._db.row(f"SELECT count(*), {sums} FROM {self._table} WHERE {of_tables}")
        twice = [f"2 * coalesce({each}, 0) = {total}" for each, total in zip(columns, totals, strict=True)]
        if count > 2 and any(totals):
            for place in self._staged.places(f"{of_tables} AND {' AND '.join(twice)}")[:1]:
                cure = "its votes are those of all others together: is it a total? Leave it out by `where`"
                yield self._fault(place, "", "total", cure)

    def _contradictions(self) -> Iterator[str]:
        """An id with two contents; two contents at one time of whoever says it."""
        made, given = self._made, [each for each in ("sequence",) if each in self._block.fields]
        if "id" in self._block.fields or self._block.join:  # of one row a join can make several events
            rest = [each for each in made.fields if each not in ("id", "sequence", *made.said)]
            cure = "another event has this id: give each its own, such as one with its time in it"
            yield from self._differing(["id", *given], [*made.said, *rest], "duplicate-id", cure)
        key = [self._block.area_field, made.who, made.at, *given]
        cure = f"differs from another of the same {', '.join(key)}: two contests, or a total? Choose by `where`, "
        key += [each for each in ("bound", "retracted") if each in self._block.fields]
        yield from self._differing(key, made.said, "contradicts", cure + "or give each its own time")

    def _differing(self, key: Sequence[str], columns: Sequence[str], code: str, cure: str) -> Iterator[str]:
        """Rows that agree in `key` and differ in any of the others."""
        if self._is_key(key):
            return
        differ = " OR ".join(
            f"min({name(each)}) IS DISTINCT FROM max({name(each)}) OR count({name(each)}) NOT IN (0, count(*))"
            for each in columns
        )
        place = "{'file': _file, 'line': _line}"
        differing = self._db.rows(
            f"SELECT min({place}) AS first, max({place}), count(*) OVER () FROM {self._table} "
            f"GROUP BY {', '.join(map(name, key))} HAVING count(*) > 1 AND ({differ}) ORDER BY first LIMIT 1"
        )
        for first, last, count in differing:
            also = f" (here and {last['file']}:{last['line']}; {count:,} such)"
            yield self._fault(f"{first['file']}:{first['line']}", "", code, cure + also)


def out_of_order(db: Database, made: EventTable) -> int:
    """Rows that are older than the one above them in their file."""
    at = name(made.at)
    if db.row(f"SELECT min({at}) = max({at}) FROM {name(made.table)}") == (True,):
        return 0
    late = f"{at} < lag({at}) OVER (PARTITION BY _file ORDER BY _line)"
    (count,) = db.row(f"SELECT count(*) FROM (SELECT {late} AS late FROM {name(made.table)}) WHERE late")
    return int(count)

"""The map of an import, as its author writes it: a TOML file (docs/import.md).

A map names sources and says, in SQL expressions over their columns, what each field of a register row and of an event
is. The fields of an event are those that `streams.core.events.model` declares, under the names that they have in JSON.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from streams.config.csv_file import ElectionFileError
from streams.config.toml_file import Toml
from streams.core.election.model import Group, Option
from streams.core.election.settings import AlertPolicy, MetricsPolicy, Policy, Rules
from streams.core.events.field_reader import Field, declared_fields
from streams.core.events.model import Bulletin, Count, Event, Shares, TallyReport, Tick, Votes
from streams.errors import CotejoError

Format = Literal["csv", "json", "jsonl", "parquet", "workbook"]
Empty = Literal["", "zero", "unknown"]
"""What an empty cell of votes means; "" where the map does not say."""

KINDS: Final[Mapping[str, type[Event]]] = {"reports": TallyReport, "bulletins": Bulletin, "ticks": Tick}
"""The tables of a map that make events."""


class MapError(CotejoError):
    """The map, or a file that it names, is not as it must be; the text says where, and the cure."""


class Source(msgspec.Struct, kw_only=True):
    """Published files of one shape, and how to read them."""

    files: str | list[str]
    format: Format | None = None
    encoding: str = "utf-8"
    delimiter: str = ""
    quote: str = '"'
    header: int = 1
    """Number of the line that holds the header; 0: there is none, and `names` gives the columns."""
    names: list[str] = []
    union: bool = False
    """Whether files may have different columns: the cells of one that a file lacks are empty."""
    skip_lines: str = ""
    """Lines that match this regular expression are no rows."""
    sheet: str = ""
    records: str = ""
    """Where in a JSON document the array of rows is, such as "data.tables"."""
    unknown: list[str] = []
    """Cells that stand for no figure."""
    thousands: str = ""
    decimal: str = ""
    marks: str = ""
    """Characters behind a figure that do not belong to it, such as those of footnotes."""


class Level(msgspec.Struct):
    """One level of areas; all but `level` are SQL expressions."""

    level: str
    id: str
    name: str
    tables: str = ""
    registered: str = ""


class Register(msgspec.Struct, kw_only=True, rename={"source": "from"}):
    """Polling tables and the areas that they lie in, from the whole down."""

    source: str
    table: str
    areas: list[Level]
    registered: str = ""
    join: str = ""
    where: str = ""


class Head(msgspec.Struct):
    """The election's own fields; or the `file` of an election that is there already."""

    id: str = ""
    name: str = ""
    notice: str = ""
    file: str = ""


class File(msgspec.Struct):
    """The shape of the TOML. The tables of `KINDS` are read by `_block`."""

    election: Head
    source: dict[str, Source]
    option: list[Option] = []
    group: list[Group] = []
    register: Register | None = None
    reports: list[dict[str, Any]] = []
    bulletins: list[dict[str, Any]] = []
    ticks: list[dict[str, Any]] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}
    metrics: dict[str, Any] = {}


_SHAPES: Final[Mapping[str, Any]] = {
    "election": Head, "option": Option, "group": Group, "source.*": Source, "register.areas": Level,
    "register": Register, "": File,  # behind what is in them
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One table of a map that makes events of a source's rows."""

    place: str
    """In the map, such as "reports[0]"."""
    kind: type[Event]
    source: str
    join: str = ""
    where: str = ""
    zone: str = ""
    """Of times that have none."""
    empty: Empty = ""
    order: str = ""
    """An expression whose number orders the events; their time where there is none."""
    changes_only: bool = False
    """Only rows whose figures differ from those before of the same table or area."""
    option: str = ""
    """An expression for the published name of what a row's `count` is of: one row per option."""
    count: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Published names to ids of options or groups, to fields, or to "" for what is passed over."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Expressions by the event's JSON names."""
    votes: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, str] = field(default_factory=dict)

    @property
    def declared(self) -> Sequence[Field]:
        """The event's fields but for votes and shares."""
        return [each for each in declared_fields(self.kind) if each.type not in (Votes, Shares)]

    @property
    def area_field(self) -> str:
        """The field that says where."""
        return "table" if self.kind is TallyReport else "area"


@dataclass(frozen=True)
class Map:
    """A map that has been read. `toml` knows where in the file a key stands."""

    path: Path
    file: File
    blocks: Sequence[Block]
    policy: Policy
    rules: Rules
    alerts: AlertPolicy
    metrics: MetricsPolicy
    toml: Toml

    @cached_property
    def text(self) -> str:
        """All that its author wrote, in one text without capitals."""
        return "\n".join(_texts(msgspec.to_builtins(self.file))).casefold()

    def may_name(self, column: str) -> bool:
        """Whether any expression can name a column; where one stands for columns that it does not name, all."""
        return column.casefold().replace('"', '""') in self.text or _UNNAMED.search(self.text) is not None

    def error(self, place: str, cure: str) -> ElectionFileError:
        return self.toml.error(place, cure)


_UNNAMED: Final = re.compile(r"\*|columns|natural|#\d|u&")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def read(path: Path) -> Map:
    """The map in a file. Raises `ElectionFileError`."""
    toml = Toml(path, _SHAPES)
    file: File = toml.convert(toml.data())
    _check(toml, file)
    tables_by_kind: dict[str, list[dict[str, Any]]] = {name: getattr(file, name) for name in KINDS}
    blocks = [
        _block(toml, file, name, i, table) for name, tables in tables_by_kind.items() for i, table in enumerate(tables)
    ]
    for block in blocks:
        same = bool(block.order) == bool(blocks[0].order)
        toml.check(same, f"{block.place}.order", "give it to all tables that make events, or to none")
    return Map(
        path=path,
        file=file,
        blocks=blocks,
        policy=toml.thresholds("reconcile", file.reconcile, Policy),
        rules=toml.rules(file.rules),
        alerts=toml.thresholds("alerts", file.alerts, AlertPolicy),
        metrics=toml.thresholds("metrics", file.metrics, MetricsPolicy),
        toml=toml,
    )


def _check(toml: Toml, file: File) -> None:
    head, made = file.election, file.register is not None
    if head.file:
        inside = not Path(head.file).is_absolute() and ".." not in Path(head.file).parts
        toml.check(inside, "election.file", "name a file below the directory of --data, without ..")
        extra = made or file.option or file.group or file.reconcile or file.rules or file.alerts or file.metrics
        toml.check(
            not extra, "election.file", f"{head.file} says all that the election is: leave out the rest, or this"
        )
        return
    for name in ("id", "name"):
        toml.check(getattr(head, name).strip(), f"election.{name}", "write something here")
    toml.check(file.option, "option", "name at least one [[option]]")
    toml.check(made, "register", "say where the polling tables are, or name an election file as election.file")
    toml.check(file.register and file.register.areas, "register.areas", "name at least the whole")


def _block(toml: Toml, file: File, name: str, number: int, table: Mapping[str, Any]) -> Block:
    """Check one table of a map, key by key."""
    place, kind = f"{name}[{number}]", KINDS[name]
    block = Block(place, kind, table.get("from", ""))
    needed = {each.key for each in block.declared if each.required} - {"id", "sequence"}
    keys = {each.key: each.type for each in declared_fields(kind)}
    settings = {"from": str, "join": str, "where": str, "zone": str, "order": str, "changes_only": bool}
    of_votes = {} if kind is Tick else {"empty": str, "option": str, "count": str, "names": dict}
    allowed = {**settings, **of_votes, **dict.fromkeys(keys, str)}
    allowed.update((key, dict) for key, declared in keys.items() if declared in (Votes, Shares))
    for key, value in table.items():
        toml.check_key(place, key, allowed)
        toml.check(isinstance(value, allowed[key]), f"{place}.{key}", f"give {_TYPES[allowed[key]]}")
        texts = value.values() if isinstance(value, dict) else ()
        toml.check(all(isinstance(text, str) for text in texts), f"{place}.{key}", "give strings, each an expression")
    toml.check(
        block.source in file.source, f"{place}.from", f"name a source: {', '.join(file.source) or 'there is none'}"
    )
    for key in sorted(needed - table.keys()):
        toml.check(False, f"{place}.{key}", "is missing: write an expression for it")
    if kind is not Tick:
        _check_votes(toml, file, place, table)
    toml.check(table.get("empty", "zero") in ("zero", "unknown"), f"{place}.empty", "say zero or unknown")
    return Block(
        place=place,
        kind=kind,
        source=block.source,
        **{key: table[key] for key in (*settings, *of_votes) if key in table and key != "from"},
        fields={key: table[key] for key in keys if key in table and keys[key] not in (Votes, Shares)},
        votes=table.get("votes", {}),
        shares=table.get("announced_shares", {}),
    )


def _check_votes(toml: Toml, file: File, place: str, table: Mapping[str, Any]) -> None:
    long = "option" in table or "count" in table
    for key in ("option", "count") if long else ():
        toml.check(key in table, f"{place}.{key}", "one row per option needs both `option` and `count`")
    toml.check(not (long and "votes" in table), f"{place}.votes", "leave it out, or `option` and `count`")
    bare = "bound" in table or "retracted" in table
    toml.check(long or table.get("votes") or bare, f"{place}.votes", "say which column holds the votes of each option")
    if file.election.file:
        return
    options, groups = {option.id for option in file.option}, {group.id for group in file.group}
    usable = options if place.startswith("reports") else options | groups
    for key in ("votes", "announced_shares"):
        for id in table.get(key, {}):
            toml.check(id in usable, f"{place}.{key}.{id}", f"use one of {', '.join(sorted(usable))}")
    counts = {each.key for each in declared_fields(KINDS[place.partition("[")[0]]) if each.type == Count}
    for name, id in table.get("names", {}).items():
        fine = not id or id in usable | counts
        toml.check(not id or id not in table, f"{place}.names.{name}", f"`{id}` has an expression too: leave one out")
        toml.check(fine, f"{place}.names.{name}", f"use one of {', '.join(sorted(usable | counts))}, or an empty text")


_TYPES: Final[Mapping[type, str]] = {str: "a text", bool: "true or false", dict: "a table of texts"}

"""The tables of a night in DuckDB: filled from collected rows, written as files, asked in SQL."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import duckdb

from streams.core.election.model import Election
from streams.nights.errors import NightError
from streams.nights.exports.catalogue import BY_NAME, SOURCES, TABLES
from streams.nights.exports.event_rows import RAW_BULLETINS, RAW_READINGS, REJECTIONS
from streams.nights.exports.final_rows import BULLETIN_FATES, READING_FATES
from streams.nights.exports.row_files import Scratch
from streams.nights.exports.table import SQL_TYPES, Column, Table
from streams.nights.sql import first_sentence, literal
from streams.nights.sql import name as quoted

Format = Literal["parquet", "csv", "jsonl"]

MEMORY: Final = "512MB"
"""What DuckDB may take; beyond it, it works on disk."""

_KEYS: Final = {
    RAW_READINGS: ("event_key", "reading_key"),
    RAW_BULLETINS: ("event_key", "bulletin_key"),
}
_JOINED: Final = {
    "readings": (RAW_READINGS, REJECTIONS, READING_FATES, "reading_key"),
    "bulletins": (RAW_BULLETINS, REJECTIONS, BULLETIN_FATES, "bulletin_key"),
}
"""Tables made of events, the codes of those turned away, and what became of the rest, by which key."""
_OPTIONS: Final = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER",
    "jsonl": "FORMAT json",
}
_READING: Final = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
"""FROM, WITH, VALUES, DESCRIBE, SUMMARIZE and SHOW are SELECT, PIVOT is MULTI. Not only what changes the tables is left
out: EXPORT makes a directory before it finds that it may not."""
_SMALL: Final = {
    REJECTIONS: {"event_key": "BIGINT", "code": "VARCHAR"},
    READING_FATES: {"key": "BIGINT", "fate": "VARCHAR", "decided_by": "VARCHAR"},
    BULLETIN_FATES: {"key": "BIGINT", "fate": "VARCHAR"},
}


def collected(asked: Collection[str]) -> set[str]:
    """The tables of `Scratch` that these tables are made from."""
    needed = set[str]()
    for name in asked:
        if name in _JOINED:
            needed.update(_JOINED[name][:3])
        else:
            needed.update(SOURCES.get(name, (name,)))
    return needed


@contextmanager
def open_database(directory: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in a directory, which keeps what does not fit into memory."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(directory),
    }
    with duckdb.connect(str(directory / "night.duckdb"), config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET python_enable_replacements = false")  # a name in SQL is no variable of ours
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, election: Election, scratch: Scratch, asked: Iterable[str]) -> None:
    """Make the tables that were asked for, from rows that were collected."""
    wanted = set(asked)
    for name in [table.name for table in TABLES if table.name in wanted.union(*map(_sources, wanted))]:
        table = BY_NAME[name].of(election)
        columns = ", ".join(map(quoted, (column.name for column in table.columns)))
        rows = table.sql or (_joined(scratch, table) if name in _JOINED else _read(scratch, name, table.columns))
        connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT {columns} FROM ({rows})")


def _sources(name: str) -> Sequence[str]:
    return SOURCES.get(name, ())


def _read(scratch: Scratch, name: str, columns: Sequence[Column]) -> str:
    """A statement that reads collected rows as they stand."""
    types = {column.name: "BIGINT" if column.type == "time" else SQL_TYPES[column.type] for column in columns}
    types = dict.fromkeys(_KEYS.get(name, ()), "BIGINT") | types
    times = [f"make_timestamptz({quoted(c.name)} * 1000) AS {quoted(c.name)}" for c in columns if c.type == "time"]
    replaced = f"* REPLACE ({', '.join(times)})" if times else "*"
    return f"SELECT {replaced} FROM {_source(scratch, name, types)}"


def _source(scratch: Scratch, name: str, types: dict[str, str]) -> str:
    fields = ", ".join(f"{literal(column)}: {literal(type)}" for column, type in types.items())
    path = literal(str(scratch.path(name)))
    return f"read_json({path}, format = 'newline_delimited', columns = {{{fields}}}, maximum_object_size = 67108864)"


def _joined(scratch: Scratch, table: Table) -> str:
    """A statement that adds to events what became of each. One that was turned away and also taken in, came twice: it
    counts as taken in."""
    events, rejections, fates, key = _JOINED[table.name]
    small = {name: _source(scratch, name, types) for name, types in _SMALL.items() if name in (rejections, fates)}
    given = [column for column in table.columns if column.name not in ("fate", "decided_by")]
    decided = "min(decided_by)" if fates == READING_FATES else "NULL"
    return (
        f"SELECT came.*, coalesce(fates.fate, if(refused.code IS NULL, 'unjudged', 'rejected')) AS fate, "
        f"if(fates.fate IS NULL, refused.code, fates.decided_by) AS decided_by "
        f"FROM ({_read(scratch, events, given)}) AS came "
        f"LEFT JOIN (SELECT event_key, min(code) AS code FROM {small[rejections]} GROUP BY event_key) AS refused "
        f"USING (event_key) "
        f"LEFT JOIN (SELECT key, min(fate) AS fate, {decided} AS decided_by FROM {small[fates]} GROUP BY key) AS fates "
        f"ON came.{key} = fates.key ORDER BY seq"
    )


def write(connection: duckdb.DuckDBPyConnection, election: Election, directory: Path, format: Format) -> dict[str, int]:
    """Write every table as a file. Returns how many rows each has. Times in CSV and JSON are RFC 3339."""
    counts = {}
    for template in TABLES:
        table = template.of(election)
        name = quoted(table.name)
        times = [] if format == "parquet" else [column.name for column in table.columns if column.type == "time"]
        texts = [f"strftime({quoted(t)} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS {quoted(t)}" for t in times]
        rows = f"SELECT * REPLACE ({', '.join(texts)}) FROM {name}" if texts else f"SELECT * FROM {name}"
        path = literal(str(directory / f"{table.name}.{format}"))
        connection.execute(f"COPY ({rows}) TO {path} ({_OPTIONS[format]})")
        count = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        counts[table.name] = int(count[0]) if count else 0
    return counts


def filled(connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    """The columns of a table that are not empty in every row."""
    columns = [column for column, *_ in connection.execute(f"SELECT * FROM {quoted(name)} LIMIT 0").description or ()]
    counts = ", ".join(f"count({quoted(column)})" for column in columns)
    filled_rows = connection.execute(f"SELECT {counts} FROM {quoted(name)}").fetchone() or ()
    return {column for column, count in zip(columns, filled_rows, strict=True) if count}


def asked_in(statement: str) -> set[str]:
    """The tables that a statement names; all of them where it names none, or does not say. Raises `NightError` for
    what is no SQL, or is not one statement that reads."""
    # Naming the tables binds the statement: a function that reads a file would open it.
    with duckdb.connect(
        config={"enable_external_access": "false", "python_enable_replacements": "false"}
    ) as connection:
        try:
            statements = connection.extract_statements(statement)
        except duckdb.Error as error:
            raise NightError(f"the query: {first_sentence(error)}") from None
        if len(statements) != 1 or statements[0].type not in _READING:
            raise NightError('the query: give one statement that reads, such as "SELECT * FROM verdicts"')
        try:
            named = connection.get_table_names(statement)
        except duckdb.Error:  # such as of PIVOT, which stands for several, or of COLUMNS, which needs the columns
            named = set()
    return {name for name in map(str.lower, named) if name in BY_NAME} or set(BY_NAME)

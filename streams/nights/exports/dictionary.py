"""The data dictionary: what each table and column is, in Markdown. docs/export.md shows it, each export carries it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from streams.core.election.model import Election
from streams.nights.exports.catalogue import TABLES
from streams.nights.exports.table import Column, Table, Type
from streams.times import rfc3339

DICTIONARY: Final = "dictionary.md"

_TYPES: Final[Mapping[Type, str]] = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "time": "time",
    "json": "JSON, as text",
    "texts": "list of texts",
}


def dictionary(tables: Sequence[Table] = TABLES, rows: Mapping[str, int] | None = None, mark: str = "##") -> str:
    """Every table, with its columns, types and units. `rows` says how many rows each has, where that is known."""
    return "\n".join(line for table in tables for line in _table(table, rows, mark))


def of_export(election: Election, at: int, sha256: str, version: str, rows: Mapping[str, int]) -> str:
    """The dictionary that lies beside the files of an export: what it is of, and what stands in them."""
    head = (
        f"# {election.name} ({election.id})",
        "",
        f"- Event time of the end: {rfc3339(at)}" if at else "- Nothing has happened yet.",
        f"- SHA-256 of the outcome, as `cotejo replay` tells it: {sha256}",
        f"- Written by cotejo {version}",
        "",
        *_paragraphs([election.notice] if election.notice else []),
    )
    return "\n".join(head) + dictionary([table.of(election) for table in TABLES], rows)


def _table(table: Table, rows: Mapping[str, int] | None, mark: str) -> Iterator[str]:
    yield f"{mark} {table.name}"
    yield ""
    count = "" if rows is None else f" {rows[table.name]:,} in this export."
    yield f"A row is {table.row}.{count}"
    yield ""
    yield "| Column | Type | Unit | What it says |"
    yield "|---|---|---|---|"
    yield from map(_line, table.columns)
    yield ""


def _line(column: Column) -> str:
    cells = (f"`{column.shown}`", _TYPES[column.type], column.unit, column.says)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield " ".join(text.split())
        yield ""

"""The data dictionary: what each table and column is, in Markdown. docs/export.md shows it, each export carries it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from streams.core.election.model import Election
from streams.nights.exports.catalogue import TABLES
from streams.nights.exports.dictionary_es import SPANISH
from streams.nights.exports.table import Column, Table, Type
from streams.times import rfc3339

DICTIONARY: Final = "dictionary.md"
Lang = Literal["en", "es"]
_NOTHING: Final = "- Nothing has happened yet."

_TYPES: Final[Mapping[Type, str]] = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "time": "time",
    "json": "JSON, as text",
    "texts": "list of texts",
}


def dictionary(
    tables: Sequence[Table] = TABLES, rows: Mapping[str, int] | None = None, mark: str = "##", lang: Lang = "en"
) -> str:
    """Every table, with its columns, types and units. `rows` says how many rows each has, where that is known."""
    return "\n".join(line for table in tables for line in _table(table, rows, mark, lang))


def of_export(election: Election, at: int, sha256: str, version: str, rows: Mapping[str, int], lang: Lang) -> str:
    """The dictionary that lies beside the files of an export: what it is of, and what stands in them."""
    head = (
        f"# {election.name} ({election.id})",
        "",
        _said("- Event time of the end: {}", lang).format(rfc3339(at)) if at else _said(_NOTHING, lang),
        _said("- SHA-256 of the outcome, as `cotejo replay` tells it: {}", lang).format(sha256),
        _said("- Written by cotejo {}", lang).format(version),
        "",
        *_paragraphs([election.notice] if election.notice else []),
    )
    return "\n".join(head) + dictionary([table.of(election) for table in TABLES], rows, lang=lang)


def _table(table: Table, rows: Mapping[str, int] | None, mark: str, lang: Lang) -> Iterator[str]:
    yield f"{mark} {table.name}"
    yield ""
    count = "" if rows is None else " " + _said("{} in this export.", lang).format(f"{rows[table.name]:,}")
    yield _said("A row is {}.", lang).format(_said(table.row, lang)) + count
    yield ""
    yield _said("| Column | Type | Unit | What it says |", lang)
    yield "|---|---|---|---|"
    yield from (_line(column, lang) for column in table.columns)
    yield ""


def _line(column: Column, lang: Lang) -> str:
    texts = (_said(text, lang) for text in (_TYPES[column.type], column.unit, column.says))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{column.shown}`", *texts)) + " |"


def _said(text: str, lang: Lang) -> str:
    return SPANISH.get(text, text) if lang == "es" else text


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield " ".join(text.split())
        yield ""

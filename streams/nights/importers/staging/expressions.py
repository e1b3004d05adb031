"""The SQL expressions of a map: one expression each, and in a figure a column stands for the number in its cell.

`pan + pri` adds numbers although every column is text: a column that stands alone, is added, subtracted, multiplied or
divided, or is what CASE or COALESCE yields, is read by the number reader of its source (`numbers`). Anywhere else, as
in a comparison, it is the text that the file has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import orjson

from streams.nights.importers.database import Database, QueryError
from streams.nights.sql import literal

_HEAD: Final = "SELECT "
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "//", "%"})
_PASSING: Final = frozenset({"coalesce", "ifnull", "greatest", "least", "if", "abs"})
"""Functions that yield one of their arguments."""


@dataclass(frozen=True)
class Column:
    """A column of a source, as an expression names it."""

    source: str
    name: str
    sql: str
    """How the expression writes it."""
    first: int
    """Byte in the expression's SQL where it begins."""


@dataclass(frozen=True)
class Expression:
    """One expression of a map. `numbers` are the columns in it that stand for numbers."""

    sql: str
    columns: Sequence[Column]
    numbers: Sequence[Column]

    def figures(self, reader: Mapping[str, str]) -> str:
        """The SQL with each of `numbers` read by the macro of its source."""
        raw = self.sql.encode()
        for column in sorted(self.numbers, key=lambda each: each.first, reverse=True):
            end = column.first + len(column.sql.encode())
            raw = b"%s%s(%s)%s" % (raw[: column.first], reader[column.source].encode(), column.sql.encode(), raw[end:])
        return raw.decode()


class Parser:
    """Reads the expressions of one table of a map. `sources` are the columns by source, the first one's first."""

    def __init__(self, db: Database, sources: Mapping[str, Sequence[str]]) -> None:
        self._db = db
        self._sources = {source: {each.lower(): each for each in columns} for source, columns in sources.items()}

    def read(self, text: str) -> Expression:
        """Raises `QueryError` for what is not one expression; the text is the cure."""
        node = self._select(f"{_HEAD}{text}")
        alone = node.get("type") == "SELECT_NODE" and node["from_table"]["type"] == "EMPTY"
        if not alone or len(node["select_list"]) != 1 or node["where_clause"] or node["modifiers"]:
            raise QueryError(f"write one expression, not {text[:60]!r}")
        columns = list(self._columns(node["select_list"][0], text.encode(), True))
        return Expression(text, [each for each, _ in columns], [each for each, is_number in columns if is_number])

    def check_from(self, sql: str) -> None:
        """Raise `QueryError` unless this is one plain SELECT of rows."""
        if self._select(sql).get("type") != "SELECT_NODE":
            raise QueryError("write a join of sources")

    def why_unknown(self, message: str) -> str:
        """A cure for what DuckDB says of a column that is not there."""
        if 'Referenced column "' not in message:
            return message
        wanted = message.partition('Referenced column "')[2].partition('"')[0]
        columns = [each for names in self._sources.values() for each in names.values()]
        doubled = [each for each in columns if each.startswith(f"{wanted} (") and each.endswith(")")]
        if doubled:
            return f"the header names {wanted} more than once: write " + " or ".join(f'"{each}"' for each in doubled)
        if len(columns) == 3 and columns[0] != (own := re.split(r"[,;|\t]", columns[0]))[0]:
            return f"there is no column {wanted}, only one of {len(own)} names, {columns[0]!r}: say `delimiter`"
        near = get_close_matches(wanted, columns, 1, 0.7)
        meant = f', such as "{near[0]}"' if near else f"; for a text write '{wanted}' in quotes"
        return f"there is no column {wanted}: name one of {', '.join(columns[:30])}{meant}"

    def _select(self, sql: str) -> dict[str, Any]:
        try:
            ((raw,),) = self._db.rows(f"SELECT json_serialize_sql({literal(sql)})")
        except QueryError as error:
            raise QueryError(f"is no SQL: {error}") from None
        parsed = orjson.loads(raw)
        if parsed["error"]:
            raise QueryError(f"is no SQL: {parsed['error_message']}")
        if len(parsed["statements"]) != 1:
            raise QueryError("write one expression, without a semicolon")
        node: dict[str, Any] = parsed["statements"][0]["node"]
        return node

    def _columns(self, node: Any, text: bytes, number: bool) -> Iterator[tuple[Column, bool]]:
        """The columns below a node of the syntax tree, each with whether it stands for a number."""
        if isinstance(node, list):
            for each in node:
                yield from self._columns(each, text, number)
        if not isinstance(node, dict):
            return
        kind = node.get("type")
        if kind == "COLUMN_REF":
            column = self._column(node, text)
            yield column, number
            return
        if kind == "CASE_EXPR":
            for check in node["case_checks"]:
                yield from self._columns(check["when_expr"], text, False)
                yield from self._columns(check["then_expr"], text, number)
            yield from self._columns(node["else_expr"], text, number)
            return
        passes = kind == "OPERATOR_COALESCE" or (
            kind == "FUNCTION"
            and (node["function_name"] in _ARITHMETIC if node["is_operator"] else node["function_name"] in _PASSING)
        )
        wrapped = "class" not in node  # an argument's name and value, not an expression of its own
        for each in node.values():
            yield from self._columns(each, text, number and (passes or wrapped))

    def _column(self, node: Mapping[str, Any], text: bytes) -> Column:
        """The column; of the first source what is none's, since a join gave it its name."""
        first = node["query_location"] - len(_HEAD)
        sql = text[first : first + node["query_location_length"]].decode()
        path = node["column_names"]
        if len(path) > 1 and path[0] in self._sources and path[1].lower() in self._sources[path[0]]:
            return Column(path[0], self._sources[path[0]][path[1].lower()], sql, first)
        for source, columns in self._sources.items():
            if path[0].lower() in columns:
                return Column(source, ".".join([columns[path[0].lower()], *path[1:]]), sql, first)
        return Column(next(iter(self._sources)), ".".join(path), sql, first)

"""A map to begin with, from the first rows of published files. What it guesses, its author checks: an import tells what
does not fit."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations, takewhile
from typing import Any, Final

from streams.nights.importers.inspecting.column_words import (
    is_id,
    is_link,
    is_reader,
    is_submission,
)
from streams.nights.importers.inspecting.form_columns import form_ids, not_rejected
from streams.nights.importers.inspecting.inspection import ColumnSample, Inspected, settings
from streams.nights.importers.inspecting.nested_rows import EACH
from streams.nights.importers.inspecting.time_forms import read_time, time_in_names
from streams.nights.importers.inspecting.vote_columns import Votes, is_voters_column, voters_of, votes_of
from streams.nights.sql import literal, none_of

_KEY_COLUMNS: Final = 8
"""From the left, among which an id is looked for."""


def first_map(files: Sequence[Inspected]) -> str:
    """A map that makes an election of the file with the voters (else the first), and reports of the others (else of
    the same)."""
    names = [f"file{number}" if len(files) > 1 else "rows" for number in range(1, len(files) + 1)]
    of_voters = next((i for i, file in enumerate(files) if voters_of(file, _key(file))), 0)
    register = files[of_voters]
    key = _key(register)
    results = [i for i in range(len(files)) if i != of_voters] or [of_voters]
    keys = {i: _key_of(files[i], register, key) for i in results}
    votes = {i: votes_of(files[i], keys[i] or _area_names(files[i], register)) for i in results}
    options = dict.fromkeys(option for each in votes.values() for option in each.options)
    lines = [
        "# A map to begin with (docs/import.md): check each line.",
        "# Every value is an SQL expression: a column, or a 'text' in quotes.",
        "[election]", 'id = "election"', 'name = "The election"', "",
    ]  # fmt: skip
    for option in options or ["A"]:
        lines += ["[[option]]", f"id = {_toml(option)}", f"name = {_toml(option)}", ""]
    for name, file in zip(names, files, strict=True):
        lines += [f"[source.{name}]", f"files = {_toml(file.source.files)}"]
        lines += [*(f"{each} = {_toml(value)}" for each, value in settings(file.source).items()), ""]
    named = votes_of(register, key).name_column
    lines += _register(register, names[of_voters], key, named)
    for i, each in votes.items():
        if each.options:
            lines += ["", *_events(files[i], names[i], keys[i], each, register)]
    lines += ["", "[reconcile]", "quorum = 1 # one reading of a sheet is enough"]
    return "\n".join(lines) + "\n"


def _key(file: Inspected) -> Sequence[str]:
    """The columns that tell rows apart: one, or together; those with the names of ids first."""
    usual = [column for place, column in enumerate(file.columns[:_KEY_COLUMNS]) if _may_be_key(place, column)]
    codes = [column for column in usual if is_id(column.name)]
    texts = [column for column in usual if column.kind == "text" and column not in codes]
    figures = [
        each for each in file.columns if each.kind == "number" and each not in usual and not is_voters_column(each)
    ]
    for among in (codes, usual):
        for count in (1, 2, 3):
            # together the last ones: what tells polling tables apart stands behind areas
            for some in sorted(combinations(among, count), key=lambda some: -among.index(some[0]) if count > 1 else 0):
                named = [column.name for column in some]
                if _tell_apart(file, some):
                    return named
                if among is codes and len(figures) == 1 and any(_tell_apart(file, (*some, each)) for each in texts):
                    return named  # with a row for each option
    return [column.name for column in codes[-2:] or file.columns[:1]]


def _may_be_key(place: int, column: ColumnSample) -> bool:
    if (
        not column.cells
        or column.kind == "time"
        or column.empty
        or is_submission(column.name)
        or is_voters_column(column)
    ):
        return False
    return "://" not in column.cells[0] and (column.kind == "text" or place < 2 or is_id(column.name))


def _tell_apart(file: Inspected, columns: Sequence[ColumnSample]) -> bool:
    """Whether no two rows agree in all of these."""
    return len(set(zip(*(column.cells for column in columns), strict=True))) == file.rows


def _key_of(file: Inspected, register: Inspected, key: Sequence[str]) -> Sequence[str] | None:
    """The columns with the register's ids: those of the same names; else a column with some of them. None if there is
    none."""
    names = {column.name for column in file.columns}
    if names.issuperset(key):
        return key
    ids = {cell for column in register.columns if [column.name] == key for cell in column.cells}
    ours = next(([column.name] for column in file.columns if not ids.isdisjoint(set(column.cells) - {""})), None)
    return ours if ours or _is_of_areas(file, register) else _key(file)


def _register(file: Inspected, source: str, key: Sequence[str], options: str) -> Iterator[str]:
    yield "[register]"
    yield f"from = {_toml(source)}"
    levels = [level for level in _levels(file, key) if level[0] != options]
    used = [*key, *voters_of(file, key), *(name for level in levels for name in level)]
    if any(file.sql(name).startswith(f"{EACH}.") for name in used):
        yield f"join = {_toml(file.join)}"
    yield from _kept(file)
    yield f"table = {_toml(_table(file, key))}"
    if voters := voters_of(file, key):
        several = " # if they are to be added up" if len(voters) > 1 else ""
        yield f"registered = {_toml(' + '.join(map(file.sql, voters)))}{several}"
    if filled := [column.name for column in file.columns if column.is_filled]:
        yield f"# {' and '.join(filled)}: an empty cell says what the one above it does"
    yield "areas = ["
    yield """  { level = "nation", id = "'N'", name = "'The whole'" },"""
    path = list[str]()
    for code, title in levels:
        path.append(code)
        yield f"  {{ level = {_toml(code)}, id = {_toml(_area(file, path))}, name = {_toml(file.sql(title))} }},"
    yield "]"


def _levels(file: Inspected, key: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Columns before the figures that could be areas, from the whole down: each with the column of its name, which is
    the next one where the two say the same."""
    first = next((place for place, column in enumerate(file.columns) if column.name in key), 0)
    behind = takewhile(partial(_is_before_figures, key), file.columns[first:])
    left = [
        column
        for column in (*file.columns[:first], *behind)
        if column.name not in key and column.kind != "time" and not column.empty and column.distinct < file.rows
    ]
    above: list[tuple[str, ...]] = [()] * file.rows
    while left:
        column, *left = left
        path = [(*before, cell) for before, cell in zip(above, column.cells, strict=True)]
        title = column
        if left and left[0].kind == "text":
            named = set(zip(above, left[0].cells, strict=True))
            if len(set(zip(path, left[0].cells, strict=True))) == len(set(path)) == len(named):
                title, *left = left
        above = path
        yield column.name, title.name


def _is_before_figures(key: Sequence[str], column: ColumnSample) -> bool:
    return column.kind == "text" or is_id(column.name) or column.name in key


def _area(file: Inspected, path: Sequence[str]) -> str:
    """The id of an area below others: no polling table's, and no other's of the same name."""
    return f"{literal(path[-1] + ' ')} || {_joined(file, path, '/')}"


def _kept(file: Inspected, *conditions: str) -> Iterator[str]:
    """The rows that are none of totals, and for which this holds."""
    yield from (f"# {total.reason}" for total in file.totals)
    if every := [*(total.where for total in file.totals), *not_rejected(file), *conditions]:
        yield f"where = {_toml(' AND '.join(every))}"


def _events(
    file: Inspected, source: str, key: Sequence[str] | None, votes: Votes, register: Inspected
) -> Iterator[str]:
    """Reports of polling tables; or bulletins, where no column has the register's ids."""
    kind, at = ("reports", "observed_at") if key else ("bulletins", "issued_at")
    yield f"[[{kind}]]"
    yield f"from = {_toml(source)}"
    if file.join:
        yield f"join = {_toml(file.join)}"
    if key:
        yield f"table = {_toml(_table(file, key))}"
        nobody, reader = literal("reader"), next((each.name for each in file.columns if is_reader(each.name)), "")
        yield f"reporter = {_toml(f'coalesce({file.sql(reader)}, {nobody})' if reader else nobody)}"
        yield f"source = {_toml(literal('web'))}"
    else:
        yield f"authority = {_toml(literal('board'))}"
        yield f"area = {_toml(_announced(file, register))} # whose figures these are"
    yield from form_ids(file)
    if file.join and not votes.count_column:
        place = "_file || ':' || _line || ':' || "
        yield f"id = {_toml(place + _table(file, key or [file.columns[0].name]))} # a row makes several"
    yield from _time(file, at)
    if link := next((each.name for each in file.columns if is_link(each.name) and each.kind == "text"), ""):
        yield f"url = {_toml(file.sql(link))}"
    if file.says_again:
        yield "changes_only = true # each file says again what the one before did"
    if votes.has_empty:
        yield 'empty = "unknown" # what an empty cell of votes means; or "zero"'
    if votes.count_column:
        yield f"option = {_toml(file.sql(votes.name_column))}"
        yield f"count = {_toml(file.sql(votes.count_column))}"
        names = {**{option: option for option in votes.options}, **votes.fields}
        yield f"names = {{ {', '.join(f'{_toml(text)} = {_toml(id)}' for text, id in names.items())} }}"
        return
    for name, field in votes.fields.items():
        if key or field == "null":
            yield f"{field} = {_toml(file.sql(name))}"
        else:
            yield _left_out(name, "a bulletin has no such figure")
    yield from (_left_out(name, reason) for name, reason in votes.left_out.items())
    yield f"[{kind}.votes] # leave out what is no option"
    yield from (f"{_toml(option)} = {_toml(file.sql(option))}" for option in votes.options)


def _left_out(name: str, reason: str) -> str:
    return f"# {' '.join(f'{name} is left out: {reason}'.split())}"


def _area_column(file: Inspected, register: Inspected) -> tuple[str, ColumnSample] | None:
    """The name of the register's highest level of areas, and the column that has nothing but its codes."""
    code = next((code for code, _ in _levels(register, _key(register))), "")
    codes = {cell for column in register.columns if column.name == code for cell in column.cells}
    for column in file.columns:
        if column.kind != "empty" and codes.issuperset(set(column.cells) - {""}):
            return code, column
    return None


def _area_names(file: Inspected, register: Inspected) -> Sequence[str]:
    codes = _area_column(file, register)
    return [codes[1].name] if codes else []


def _is_of_areas(file: Inspected, register: Inspected) -> bool:
    """Whether its rows could be announcements: one for each area, or one for the whole."""
    codes = _area_column(file, register)
    return file.rows == 1 or (codes is not None and _tell_apart(file, [codes[1]]))


def _announced(file: Inspected, register: Inspected) -> str:
    """The area of a bulletin, in SQL."""
    codes = _area_column(file, register)
    return f"{literal(codes[0] + ' ')} || {codes[1].sql}" if codes else literal("N")


def _time(file: Inspected, field: str) -> Iterator[str]:
    """When the sheets were read: of the columns that are times the one with most of them. And which rows count."""
    column = max((each for each in file.columns if each.kind == "time"), key=lambda each: each.distinct, default=None)
    if column is None and (sql := time_in_names(file.files)):
        yield from _kept(file)
        yield f"{field} = {_toml(sql)} # from the names of the files"
        yield 'zone = "UTC" # of times that have none'
        return
    if column is None:
        yield from _kept(file)
        yield "# No column says when the sheets were read: write the time, else all is of one moment."
        yield f"{field} = {_toml(literal('2000-01-01T00:00:00Z'))}"
        return
    given = [cell for cell in column.cells if any(map(str.isdigit, cell))]
    others = sorted(set(column.cells) - set(given))
    yield from _kept(file, *([none_of(column.sql, others)] if others else []))
    if others:
        yield "# without rows that have no time"
    yield f"{field} = {_toml(read_time(column.sql, given))}"
    yield 'zone = "UTC" # of times that have none'


def _joined(file: Inspected, columns: Sequence[str], mark: str = "-") -> str:
    return f" || {literal(mark)} || ".join(map(file.sql, columns))


def _table(file: Inspected, key: Sequence[str]) -> str:
    """The id of a polling table, in SQL; without apostrophes, which keep a spreadsheet from taking it for a number."""
    if len(key) == 1:
        cells = next(column.cells for column in file.columns if column.name == key[0])
        if all(cell.startswith("'") for cell in cells):
            return f"trim({file.sql(key[0])}, {literal(chr(39))})"
    return _joined(file, key)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

"""Rows of published files that cannot be taken as they stand: totals of others, and rows that leave out what the row
above says.

Rows are lists of cells, as texts, below the names of their columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.nights.importers.inspecting.column_words import is_id
from streams.nights.importers.map_file import Source
from streams.nights.sql import literal, none_of, readable

Rows = Sequence[Sequence[str]]

_TOTAL: Final = re.compile(
    r"(?i)\W*(sub[- ]?total|grand total|total(e|es|ais|i)?|(ins)?gesamt|zusammen|summe|suma|sum|somme|итого|всего|разом"
    r"|усього|jumlah|toplam|razem|ogółem|celkem|összesen|ukupno|σύνολο|المجموع|合计|总计)([\W\d_].*)?"
)
"""Words that begin the name of a total, in the languages of published files."""
_MOST_TEXTS: Final = 3
"""Names of totals that a map lists one by one; of more it says how they begin."""
_FEWEST: Final = 4
"""Rows from which one can be told for the sum of the others."""


@dataclass(frozen=True)
class Totals:
    """Rows that are totals of others. `where` is SQL that leaves them out."""

    where: str
    reason: str


def totals_by_name(names: Sequence[str], rows: Rows) -> tuple[list[int], list[Totals]]:
    """The places of rows that are called totals, and how to leave them out."""
    called: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        for column, cell in enumerate(row[: len(names)]):
            named = _TOTAL.fullmatch(cell)
            # "Total Health Centre" may be a place like others: its row lacks nothing
            if named and (not (named[3] or "").strip(" .:") or not all(map(str.strip, row))):
                called.setdefault(column, []).append(place)
    found, left_out = list[Totals](), set[int]()
    for column, places in called.items():
        if 2 * len(places) < len(rows) and not left_out.issuperset(places):
            texts = list(dict.fromkeys(rows[place][column] for place in places))
            found.append(Totals(_not_called(names[column], texts), _told(len(places), len(rows), _some(texts))))
            left_out.update(places)
    return sorted(left_out), found


def _not_called(column: str, texts: Sequence[str]) -> str:
    if len(texts) <= _MOST_TEXTS:
        return none_of(readable(column), texts)
    words = {named[1].lower() for text in texts if (named := _TOTAL.fullmatch(text))}
    given = f"coalesce({readable(column)}, '')"
    return f"NOT regexp_matches({given}, {literal('(?i)^[^[:alnum:]]*(' + '|'.join(sorted(words)) + ')')})"


def totals_by_sum(names: Sequence[str], rows: Rows, source: Source) -> tuple[list[int], list[Totals]]:
    """The places of rows that are in each figure the sum of those before them, or of all others; and how to leave them
    out. Where no column tells them from others they stay: the import refuses them."""
    figures = _figures(names, rows, source)
    if figures.shape[1] < 2 or len(rows) < _FEWEST:
        return [], []
    places = list(_sums_of_runs(figures))
    others = [place for place in range(len(rows)) if place not in places]
    whole = figures[others].sum(axis=0)
    places += [place for place in others if (2 * figures[place] == whole).all() and whole.any()][:1]
    if not places:
        return [], []
    for column, name in enumerate(names):
        texts = {row[column].strip() for row in (rows[place] for place in places)}
        rest = {row[column].strip() for place, row in enumerate(rows) if place not in places}
        if texts == {""} and "" not in rest:
            where = f"{readable(name)} IS NOT NULL"
        elif not texts & rest and "" not in rest and (is_id(name) or any(map(str.isalpha, "".join(texts)))):
            where = none_of(readable(name), sorted(texts))
        else:
            continue
        return sorted(places), [Totals(where, _told(len(places), len(rows), "each figure is a sum of others"))]
    return [], []


def _figures(names: Sequence[str], rows: Rows, source: Source) -> NDArray[np.float64]:
    """The columns whose cells are figures, in those rows that have any."""
    columns = [[row[i] for row in rows] for i in range(len(names))]
    are_figures = [
        len(set(cells)) > 1 and _has_figures(name, cells, source) for name, cells in zip(names, columns, strict=True)
    ]
    counts = [
        [count_of(cell, source) or 0.0 for cell in cells]
        for cells, is_figure in zip(columns, are_figures, strict=True)
        if is_figure
    ]
    return np.array(counts).reshape(len(counts), len(rows)).T


def _has_figures(name: str, cells: Sequence[str], source: Source) -> bool:
    """Whether every cell of a column is a figure or stands for none, and the column is no id."""
    return not is_id(name) and all(count_of(cell, source) is not None for cell in cells)


def _sums_of_runs(figures: NDArray[np.float64]) -> Sequence[int]:
    """Rows that are the sum of all since the last such row; none if there is only one, which may be by chance."""
    places, first = list[int](), 0
    for place, row in enumerate(figures):
        if place - first > 1 and row.any() and (row == figures[first:place].sum(axis=0)).all():
            places.append(place)
            first = place + 1
    return places if len(places) > 1 else []


def _told(count: int, of: int, why: str) -> str:
    return f"{count:,} of the first {of:,} rows {'is a total' if count == 1 else 'are totals'}, left out: {why}"


def _some(texts: Sequence[str]) -> str:
    some = ", ".join(" ".join(text.split()) for text in texts[:_MOST_TEXTS])
    return some + (", …" if len(texts) > _MOST_TEXTS else "")


def count_of(cell: str, source: Source) -> float | None:
    """The figure in a cell; 0 where it is empty or stands for none, None for what is no figure."""
    text = cell.strip()
    bare = "".join(text.split()) if source.thousands == " " else text.replace(source.thousands or " ", "")
    try:
        return (
            0.0 if not text or text in source.unknown else float(bare.lstrip("'").replace(source.decimal or ".", "."))
        )
    except ValueError:
        return None


def filled_down(columns: Sequence[Sequence[str]], names: Sequence[str], source: Source) -> Iterator[list[str] | None]:
    """Of each column the cells with those above in place of empty ones, where it names each area in its first row only;
    else None. Such a column stands before the figures, begins with a name and repeats none below the same areas. It is
    empty in half of the rows; or one before it is so, and each area of that one begins with a name here too."""
    above: list[tuple[str, ...]] = [()] * len(columns[0] if columns else ())
    begins, before_figures = {0}, True
    for name, cells in zip(names, columns, strict=True):
        given = [place for place, cell in enumerate(cells) if cell.strip()]
        before_figures = before_figures and not _has_figures(name, cells, source)
        named = {(above[place], cells[place]) for place in given}
        sparse = 2 * len(given) <= len(cells) or (len(begins) > 1 and len(given) < len(cells))
        if not (before_figures and given and sparse and begins.issubset(given) and len(named) == len(given)):
            yield None
            continue
        begins = set(given)
        held, filled = "", list[str]()
        for cell in cells:
            held = cell if cell.strip() else held
            filled.append(held)
        above = [(*path, cell) for path, cell in zip(above, filled, strict=True)]
        yield filled


def fill_down(column: str) -> str:
    """SQL for a column filled down."""
    return f"last_value({readable(column)} IGNORE NULLS) OVER (ORDER BY _file, _line)"

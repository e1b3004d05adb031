"""Which columns of a published file are votes: by their names, and by what their figures are to each other.

A column that is the sum of those beside it is a total. Where there are totals, what is in none of them is no option: it
is a share, a number of something else, or the voters if it is never below a total.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.nights.importers.inspecting.column_words import (
    MOST_DIGITS,
    field_of,
    is_id,
    is_of_tool,
    is_share,
    is_voters,
)
from streams.nights.importers.inspecting.inspection import ColumnSample, Inspected
from streams.nights.importers.inspecting.special_rows import count_of
from streams.nights.importers.map_file import Source

MOST_OPTIONS: Final = 60
_ENOUGH: Final = 3
"""Different sums that must be right before a column is taken for a total."""
_FOLLOWS: Final = "it follows from the others"


@dataclass(frozen=True)
class Votes:
    """Where a file has its votes: a column for each option; or one for their names and one for the figures."""

    options: Sequence[str]
    fields: dict[str, str]
    """Published names by what they are instead: "null", "blank", or "" for what is passed over."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Columns of figures that are no votes, each with the reason."""
    name_column: str = ""
    count_column: str = ""
    has_empty: bool = False


def votes_of(file: Inspected, key: Sequence[str]) -> Votes:
    """The votes of a file whose rows these columns tell apart."""
    figures = _figures(file, key)
    keys = list(zip(*(column.cells for column in file.columns if column.name in key), strict=True))
    if len(figures) == 1 and len(set(keys)) < len(keys):
        for column in file.columns:
            pairs = set(zip(keys, column.cells, strict=True))
            if column.name not in key and column.kind == "text" and len(pairs) == len(keys):
                texts = list(dict.fromkeys(column.cells))[:MOST_OPTIONS]
                fields = {text: field for text in texts if (field := field_of(text)) is not None}
                options = [text for text in texts if text not in fields]
                return Votes(options, fields, {}, column.name, figures[0].name, figures[0].empty > 0)
    fields = {column.name: field for column in figures if (field := field_of(column.name))}
    left_out = dict(_no_votes(figures, file))
    options = [each.name for each in figures if each.name not in fields and each.name not in left_out]
    has_empty = any(column.empty for column in figures if column.name not in left_out)
    return Votes(options[:MOST_OPTIONS], fields, left_out, has_empty=has_empty)


def voters_of(file: Inspected, key: Sequence[str]) -> Sequence[str]:
    """The columns of registered voters: those with such a name; else the only one that is in no total, and never below
    one."""
    if named := [column.name for column in file.columns if is_voters_column(column)]:
        return named
    figures = [each for each in _figures(file, key) if not is_share(each.name)]
    counts = {each.name: _counts(each, file.source) for each in figures}
    sums = _sums(counts)
    most = reduce(np.maximum, (counts[total] for total in sums), np.zeros(file.rows))
    beyond = [name for name, count in counts.items() if _in_none(name, sums) and sums and (count >= most).all()]
    return beyond if len(beyond) == 1 else []


def is_voters_column(column: ColumnSample) -> bool:
    """Whether its name says that it has the registered voters."""
    return column.kind == "number" and is_voters(column.name)


def _figures(file: Inspected, key: Sequence[str]) -> list[ColumnSample]:
    """The columns behind the key that could be counts."""
    last = max((i for i, column in enumerate(file.columns) if column.name in key), default=-1)
    return [
        column
        for column in file.columns[last + 1 :]
        if column.kind == "number"
        and not is_voters_column(column)
        and not is_id(column.name)
        and not is_of_tool(column.name)
        and max(len(cell.strip()) for cell in column.cells) <= MOST_DIGITS
    ]


def _no_votes(figures: Sequence[ColumnSample], file: Inspected) -> Iterator[tuple[str, str]]:
    """Of columns of figures those that are no votes of an option, each with the reason."""
    counts = {each.name: _counts(each, file.source) for each in figures if not is_share(each.name)}
    sums = _sums(counts)
    for column in figures:
        if column.name not in counts or (counts[column.name] % 1).any():
            yield column.name, "it is a share"
        elif summed := sums.get(column.name):
            yield column.name, f"it is the sum of {', '.join(summed)}"
        elif field_of(column.name) == "":
            yield column.name, _FOLLOWS
        elif field_of(column.name) is None and sums and _in_none(column.name, sums):
            yield column.name, "it is in no total"


def _counts(column: ColumnSample, source: Source) -> NDArray[np.float64]:
    """A column's figures, 0 where a cell has none."""
    return np.array([count_of(cell, source) or 0.0 for cell in column.cells])


def _in_none(name: str, sums: dict[str, Sequence[str]]) -> bool:
    return name not in sums and not any(name in summed for summed in sums.values())


def _sums(counts: dict[str, NDArray[np.float64]]) -> dict[str, Sequence[str]]:
    """The columns that are in each row the sum of two or more beside them, or of a total and one more; each with what
    it is the sum of."""
    names, sums = list(counts), dict[str, Sequence[str]]()
    for place, name in enumerate(names):
        sides = names[:place][::-1], names[place + 1 :]
        of_options = ([each for each in side if field_of(each) is None] for side in sides)
        for beside in (*sides, *of_options) if _differ(counts[name]) else ():
            if summed := _run(counts, counts[name], beside):
                sums[name] = sorted(summed, key=names.index)
                break
    for name in filter(lambda each: _differ(counts[each]), names):
        for total in [*sums]:
            others = [each for each in names if each not in (name, total) and _in_none(each, sums)]
            found = (each for each in others if (counts[name] == counts[total] + counts[each]).all())
            if name not in sums and name not in sums[total] and (other := next(found, "")) and counts[other].any():
                sums[name] = [total, other]
    return sums


def _differ(total: NDArray[np.float64]) -> bool:
    """Whether figures are different enough that they are no sums by chance."""
    return np.unique(total[total > 0]).size >= _ENOUGH


def _run(counts: dict[str, NDArray[np.float64]], total: NDArray[np.float64], beside: Sequence[str]) -> Sequence[str]:
    """The longest run of columns, from the nearest on, that adds up to the total; those that are 0 throughout do not
    make it longer. Empty where there is none of two or more that count."""
    if not beside:
        return ()
    added = np.stack([counts[each] for each in beside]).cumsum(axis=0)
    for length in (np.flatnonzero((added == total).all(axis=1)) + 1).tolist():
        summed = beside[:length]
        if sum(bool(counts[each].any()) for each in summed) > 1:
            zeros = next((i for i, each in enumerate(beside[length:]) if counts[each].any()), len(beside) - length)
            return beside[: length + zeros]
    return ()

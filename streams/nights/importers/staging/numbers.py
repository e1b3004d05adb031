"""The number reader: published cells to whole or decimal numbers, in SQL. What it does not understand it refuses.

Each source gets macros of its own, by its `unknown`, `thousands`, `decimal` and `marks`. A cell that is empty or stands
for no figure is NULL. One that is not understood is `BAD`, so that no sum it enters can pass as a figure.
"""

import re
from typing import Final

from streams.nights.importers.database import Database
from streams.nights.importers.map_file import Source
from streams.nights.sql import literal

BAD: Final = -1_000_000_000_000_000
"""Far below and, taken off, far above every figure that a night can have."""
MOST_DIGITS: Final = 15
_DIGITS: Final = "".join(
    chr(first + digit) for first in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10) for digit in range(10)
)
"""Arabic, Persian, Devanagari, Bengali, Thai and full-width digits."""
_SPACES: Final = "[ \\x{a0}\\x{2009}\\x{202f}]"


def create(db: Database, number: int, source: Source) -> tuple[str, str, str]:
    """Make the macros of a source: their names for counts, for counts where an empty cell is 0, for decimals."""
    whole, zero, decimal = f"_count_{number}", f"_count_or_zero_{number}", f"_decimal_{number}"
    unknown = ", ".join(map(literal, source.unknown))
    no_figure = f"WHEN trim(x::VARCHAR) IN ({unknown}) THEN NULL" if unknown else ""
    mark = source.decimal or ("," if source.thousands == "." else ".")
    digits, text = _digits(source), _tidied(source)
    zeros = "0+" if source.decimal or source.thousands else "0|00|0000+"  # 1.000 may be a thousand
    of_whole = literal(f"{digits}({re.escape(mark)}({zeros}))?")
    of_decimal = literal(f"-?{digits}({re.escape(mark)}[0-9]+)?(e-[0-9]+)?")
    bare = f"replace(replace({text}, {literal(source.thousands or ' ')}, ''), {literal(mark)}, '.')"
    if source.thousands == " ":
        bare = f"replace(regexp_replace({text}, '{_SPACES}', '', 'g'), {literal(mark)}, '.')"
    quick = f"strlen(x::VARCHAR) BETWEEN 1 AND {MOST_DIGITS} AND NOT x::VARCHAR GLOB '*[!0-9]*'"
    value = f"TRY_CAST({bare} AS DOUBLE)"
    fits = f"length({bare}) < 40 AND {value} < 1e{MOST_DIGITS}"
    empty = "WHEN x IS NULL OR trim(x::VARCHAR) = '' THEN"
    usual = f"WHEN {quick} THEN x::VARCHAR::BIGINT"
    order = f"{no_figure} {usual}" if any(map(str.isdigit, source.unknown)) else f"{usual} {no_figure}"
    for macro, blank in ((whole, "NULL"), (zero, "0")):
        db.run(
            f"CREATE MACRO {macro}(x) AS CASE {order} {empty} {blank} "
            f"WHEN regexp_full_match({text}, {of_whole}) AND {fits} THEN {value}::BIGINT ELSE {BAD} END"
        )
    db.run(
        f"CREATE MACRO {decimal}(x) AS CASE {empty} NULL {no_figure} "
        f"WHEN regexp_full_match({text}, {of_decimal}) AND {fits} THEN {value} ELSE {BAD}::DOUBLE END"
    )
    return whole, zero, decimal


def _digits(source: Source) -> str:
    if not source.thousands:
        return "[0-9]+"
    mark = _SPACES if source.thousands == " " else re.escape(source.thousands)
    return f"([0-9]+|[0-9]{{1,3}}({mark}[0-9]{{3}})+)"


def _tidied(source: Source) -> str:
    """A cell without what surrounds its number: spaces, an apostrophe or plus sign before it, the source's marks."""
    marks = "".join(f"\\x{{{ord(mark):x}}}" for mark in source.marks)
    text = f"translate(x::VARCHAR, {literal(_DIGITS)}, {literal('0123456789' * (len(_DIGITS) // 10))})"
    before = f"^{_SPACES}*''?\\+?"
    after = f"({_SPACES}|[{marks}])*$" if marks else f"{_SPACES}*$"
    return f"regexp_replace(regexp_replace({text}, '{before}', ''), {literal(after)}, '')"

"""What an expression yields, as a value of an event: SQL that converts and checks it.

A figure or a time that is not understood becomes -1, a text that cannot be printed `NOT_PRINTABLE`, an empty one NULL.
"""

from collections.abc import Mapping
from typing import Final, Literal

from streams.core.events.model import LATEST, MAX_COUNT, MAX_TEXT
from streams.nights.importers.database import Database
from streams.nights.sql import literal

Kind = Literal["text", "time", "count", "ratio", "percent", "flag"]

EARLIEST: Final = 631_152_000_000
"""Unix ms of 1990: a number below it is no time in milliseconds."""
_RFC3339: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_OFFSET: Final = r"(Z|[+-]\d\d:?\d\d)"
MOST: Final[Mapping[str, int]] = {"count": MAX_COUNT, "ratio": 1, "percent": 100}
NOT_PRINTABLE: Final = "chr(127)"
"""A text that no file can bring in, as SQL."""
CURES: Final[Mapping[Kind, str]] = {
    "text": f"give printable text of at most {MAX_TEXT} characters",
    "time": "give Unix milliseconds or RFC 3339 with an offset; for other forms write "
    "strptime(column, '%d/%m/%Y %H:%M') and say `zone`; an hour that a zone has twice or never needs an offset",
    "count": "give a whole number; say `thousands`, `decimal`, `marks` or `unknown` of the source if that is its form",
    "ratio": "give a ratio from 0 to 1; write column / 100 for per cent",
    "percent": "give per cent from 0 to 100",
    "flag": "give true or false",
}


def create(db: Database) -> None:
    """Make the macros that the SQL below calls."""
    spaces = r"[\s\x{a0}\x{2007}\x{202f}]"
    db.run(
        f"CREATE MACRO _tidied(x) AS CASE WHEN regexp_matches(x, '^\\s|\\s$|[\\t-\\r\\x{{a0}}\\x{{2007}}\\x{{202f}}]') "
        f"THEN trim(regexp_replace(x, '{spaces}+', ' ', 'g')) ELSE x END"
    )
    db.run(
        "CREATE MACRO _printable(x) AS CASE WHEN length(x) > "
        f"{MAX_TEXT} OR regexp_matches(x, '[\\p{{Cc}}\\p{{Cf}}\\p{{Cs}}\\p{{Co}}\\p{{Zl}}\\p{{Zp}}]') "
        f"THEN {NOT_PRINTABLE} ELSE nullif(x, '') END"
    )
    db.run(  # nearly every text is found right by one look at it; GLOB takes a quarter of a regular expression's time
        "CREATE MACRO _text(x) AS CASE WHEN x GLOB '*[! -~]*' OR starts_with(x, ' ') OR ends_with(x, ' ') "
        f"OR strlen(x) > {MAX_TEXT} THEN _printable(_tidied(x)) ELSE nullif(x, '') END"
    )
    db.run(  # what a clock in the zone showed once, and once only, in Unix ms
        "CREATE MACRO _local(zone, x) AS CASE WHEN timezone(zone, timezone(zone, x)) <> x "
        "OR timezone(zone, timezone(zone, x) + INTERVAL 1 HOUR) = x "
        "OR timezone(zone, timezone(zone, x) - INTERVAL 1 HOUR) = x "
        "THEN -1 ELSE epoch_ms(timezone(zone, x)) END"
    )


def checked(x: str, kind: Kind, type: str) -> str:
    """SQL that converts the value `x` of this type of DuckDB; a figure has been read as a number already, a time by
    `milliseconds`. `x` is worked out more than once: let it be a column."""
    match kind:
        case "text":
            return f"_text({x}::VARCHAR)"
        case "flag" if type == "BOOLEAN":
            return f"coalesce({x}, false)"
        case "flag":
            return f"CASE WHEN {x} IS NULL THEN false ELSE TRY_CAST({x}::VARCHAR AS BOOLEAN) END"
        case "time":
            return f"CASE WHEN {x} IS NULL THEN NULL WHEN {x} BETWEEN {EARLIEST} AND {LATEST} THEN {x} ELSE -1 END"
    target = "BIGINT" if kind == "count" else "DOUBLE"
    fits = f"{x} BETWEEN 0 AND {MOST[kind]}"
    if kind == "count" and type not in ("BIGINT", "INTEGER", "HUGEINT", "VARCHAR"):
        fits += f" AND {x} = trunc({x})"
    return f"CASE WHEN {x} IS NULL THEN NULL WHEN {fits} THEN {x}::{target} ELSE -1 END"


def milliseconds(x: str, type: str, zone: str) -> str:
    """SQL for the Unix ms of a time `x` of this type of DuckDB, -1 where it is none. `zone` is that of times that have
    none, "" where there is no such zone."""
    unzoned = f"_local({literal(zone)}, {{}})" if zone else "-1"
    is_ms = f"strlen({x}) BETWEEN 12 AND 14 AND NOT {x} GLOB '*[!0-9]*'"
    if type == "VARCHAR":
        at = (
            f"CASE WHEN {is_ms} THEN TRY_CAST({x} AS BIGINT) "
            f"WHEN regexp_full_match({x}, '{_RFC3339}{_OFFSET}') THEN epoch_ms(TRY_CAST({x} AS TIMESTAMPTZ)) "
            f"WHEN regexp_full_match({x}, '{_RFC3339}') THEN {unzoned.format(f'TRY_CAST({x} AS TIMESTAMP)')} END"
        )
    elif type.endswith("WITH TIME ZONE"):
        at = f"epoch_ms({x})"
    elif type.startswith("TIMESTAMP"):
        at = unzoned.format(f"({x}::TIMESTAMP)")
    elif type in ("BIGINT", "HUGEINT", "INTEGER", "UBIGINT"):
        at = f"TRY_CAST({x} AS BIGINT)"
    else:
        at = "-1"
    return f"CASE WHEN {x} NOTNULL THEN coalesce({at}, -1) END"

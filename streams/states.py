"""What is told of an area's sheets: the part of its state that needs no bulletin, as a JSON object."""

from collections.abc import Sequence
from typing import Any

from streams.election import Area, Election
from streams.rollup import ANNOUNCED, LEVELS, NAMES, NULL, REGISTERED, TABLES, VALID, VOTES


def witnessed(election: Election, area: Area, row: list[int], shares: Sequence[float] | None) -> dict[str, Any]:
    """The state of an area without any bulletin or alert, from its row of sums (`streams.rollup`) and the witnessed
    share of each column in per cent."""
    columns, tables = election.column_index, row[TABLES]
    announced, compared, differing, _ = row[ANNOUNCED:VOTES]
    votes = dict(zip(columns, row[VOTES:], strict=False))
    shift = dict(zip(columns, row[VOTES + len(columns) :], strict=True))
    rounded = [None] * len(columns) if shares is None else [round(share, 6) for share in shares]
    return {
        "area": area.id,
        "name": area.name,
        "level": area.level,
        "tables": area.tables,
        "registered": area.registered,
        "witnessed": {
            "tables": tables,
            "coverage": min(1.0, tables / area.tables) if area.tables else None,
            "registered": row[REGISTERED],
            "valid": row[VALID],
            "null": row[NULL],
            "votes": votes,
            "shares": dict(zip(columns, rounded, strict=True)),
            "levels": {name: count for name, count in zip(NAMES, row[LEVELS:ANNOUNCED], strict=True) if count},
        },
        "tables_announced": {"announced": announced, "compared": compared, "differing": differing, "shift": shift}
        if announced
        else None,
        "official": None,
        "alerts": [],
    }

"""The state of an area, as it is told: JSON objects."""

from collections.abc import Sequence
from math import isnan
from typing import Any, Final

from streams.core.aggregation.tally import ANNOUNCED, LEVELS, NAMES, NULL, REGISTERED, TABLES, VALID, VOTES
from streams.core.comparison.bounds import Bound
from streams.core.comparison.findings import Comparison
from streams.core.comparison.rules.contradiction import bounds
from streams.core.election.model import Area, Election


def witnessed(election: Election, area: Area, row: list[int]) -> dict[str, Any]:
    """The state of an area without any bulletin or alert, from its row of sums (`tally`)."""
    columns, tables = election.column_index, row[TABLES]
    announced, compared, differing, _ = row[ANNOUNCED:VOTES]
    votes: dict[str, int | None] = dict(zip(columns, row[VOTES:], strict=False))
    votes |= dict.fromkeys(columns.keys() - election.read_columns)
    shift = dict(zip(columns, row[VOTES + len(columns) :], strict=True))
    valid = row[VALID]
    return {
        "area": area.id,
        "name": election.labels[area.id],
        "level": area.level,
        "tables": area.tables,
        "registered": area.registered,
        "witnessed": {
            "tables": tables,
            "coverage": min(1.0, tables / area.tables) if area.tables else None,
            "registered": row[REGISTERED],
            "valid": valid,
            "null": row[NULL],
            "votes": votes,
            "shares": shares(election, row[VOTES:], valid),
            "levels": {name: count for name, count in zip(NAMES, row[LEVELS:ANNOUNCED], strict=True) if count},
        },
        "tables_announced": {"announced": announced, "compared": compared, "differing": differing, "shift": shift}
        | {"votes": {}, "valid": None, "shares": {}, "lead": None}
        if announced
        else None,
        "lead": None,
        "bounds": None,
        "official": None,
        "alerts": [],
    }


def summed(election: Election, tables: int, given: Sequence[int], votes: Sequence[int]) -> dict[str, Any]:
    """The official count that the polling tables announced one by one come to, `tables` of them; `given` says how many
    of them tell each column.

    Where all of them together name every option, alone or within a group, that is each of these figures' votes. Else it
    is every figure that any of them tells. Shares are in per cent of the votes for the options for which sheets are
    read, where all of them tell each of those.
    """
    counts = {column: count for column, count, of in zip(election.column_index, votes, given, strict=True) if of}
    told = {column for column, of in zip(election.column_index, given, strict=True) if of == tables}
    told -= {group for group, members in election.members.items() if told.issuperset(members)}
    complete, read = election.covers(frozenset(told)), frozenset(told & election.read_columns)
    if complete:
        counts = {column: count for column, count in counts.items() if column in told}
    whole = sum(counts[column] for column in read) if election.covers(read, read=True) else 0
    shares = {column: round(100 * counts[column] / whole, 6) for column in counts if column in read} if whole else {}
    return {"votes": counts, "valid": sum(counts.values()) if complete else None, "shares": shares}


def official(given: Comparison) -> dict[str, Any]:
    """What the state says of the newest bulletin."""
    return {
        "bulletin": given.bulletin.id,
        "at": given.bulletin.at,
        "votes": dict(given.bulletin.votes),
        "valid": given.announced_valid,
        "tolerated": given.tolerated,
        "figures": figures(given),
    }


def figures(given: Comparison) -> dict[str, dict[str, Any]]:
    """Each figure of a bulletin beside what was witnessed, by option or group."""
    read = {name: _figure(given, column, votes) for column, name, votes in given.official}
    return {name: read.get(name) or {**_UNREAD, "votes": votes} for _, name, votes in given.announced}


_PROJECTED: Final = ("expected_share", "low_share", "high_share", "gap", "required")
_UNREAD: Final = dict.fromkeys(("share", "witnessed_share", *_PROJECTED, "floor", "ceiling", "breakdown"))
"""What is known of a figure for which sheets are not read, beside its votes."""


def _figure(given: Comparison, column: int, votes: int) -> dict[str, Any]:
    low, high = bounds(given, column, votes)
    return {
        "votes": votes,
        "share": share(votes, given.valid),
        "witnessed_share": share(given.witnessed.votes[column], given.witnessed.valid),
        **_projected(given, column),
        "floor": low and low.limit,
        "ceiling": high and high.limit,
        "breakdown": _breakdown(low, high),
    }


def breakdown(given: Comparison, column: int, votes: int) -> int | None:
    """How many sheets would have to be false for one figure; None where nothing limits it."""
    return _breakdown(*bounds(given, column, votes))


def _breakdown(low: Bound | None, high: Bound | None) -> int | None:
    return max((bound.breakdown for bound in (low, high) if bound is not None), default=None)


def _projected(given: Comparison, column: int) -> dict[str, float | None]:
    """What an honest count can announce instead of a figure, in per cent; how far the figure is from it, and by how
    much the unseen would have to differ (`required`, None where nothing up to 100 points does), in points."""
    projected = given.projected
    if projected is None:
        return dict.fromkeys(_PROJECTED)
    values = (
        float(each[column])
        for each in (projected.expected, projected.low, projected.high, projected.gap, projected.required)
    )
    return {name: None if isnan(points) else round(points, 6) for name, points in zip(_PROJECTED, values, strict=True)}


def shares(election: Election, votes: Sequence[int], valid: int) -> dict[str, float | None]:
    """Shares of the valid votes in per cent, by option or group, from votes by column; None without any, and where
    sheets are not read."""
    by_column = {name: share(count, valid) for name, count in zip(election.column_index, votes, strict=False)}
    return by_column | dict.fromkeys(by_column.keys() - election.read_columns)


def share(votes: int, valid: int | None) -> float | None:
    """Per cent of the valid votes; None where nobody knows these."""
    return round(100 * votes / valid, 6) if valid else None

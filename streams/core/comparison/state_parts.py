"""The parts of an area's state, as it is told (`area_states.AreaState`)."""

from collections.abc import Sequence
from math import isnan
from typing import Final

from msgspec.structs import replace

from streams.core.aggregation.tally import ANNOUNCED, LEVELS, NAMES, NULL, REGISTERED, TABLES, VALID, VOTES
from streams.core.comparison.bounds import Bound
from streams.core.comparison.findings import Comparison
from streams.core.comparison.rules.contradiction import bounds
from streams.core.election.model import Area, Election
from streams.core.events.area_states import Figure, Official, OfficialLead, TablesAnnounced, Witnessed


def witnessed(election: Election, area: Area, row: list[int]) -> Witnessed:
    """What the accepted sheets of an area come to, from its row of sums (`tally`)."""
    columns, tables, valid = election.column_index, row[TABLES], row[VALID]
    votes: dict[str, int | None] = dict(zip(columns, row[VOTES:], strict=False))
    votes |= dict.fromkeys(columns.keys() - election.read_columns)
    return Witnessed(
        tables=tables,
        coverage=min(1.0, tables / area.tables) if area.tables else None,
        registered=row[REGISTERED],
        valid=valid,
        null=row[NULL],
        votes=votes,
        shares=shares(election, row[VOTES:], valid),
        levels={name: count for name, count in zip(NAMES, row[LEVELS:ANNOUNCED], strict=True) if count},
    )


def tables_announced(
    election: Election, row: list[int], given: Sequence[int], votes: Sequence[int], lead: OfficialLead | None
) -> TablesAnnounced:
    """The polling tables that were announced one by one, from an area's row of sums, and the official count that they
    come to: `given` says how many of them tell each column, `votes` what they tell.

    Where all of them together name every option, alone or within a group, that is each of these figures' votes. Else it
    is every figure that any of them tells. Shares are in per cent of the votes for the options for which sheets are
    read, where all of them tell each of those.
    """
    tables, compared, differing, _ = row[ANNOUNCED:VOTES]
    counts = {column: count for column, count, of in zip(election.column_index, votes, given, strict=True) if of}
    told = {column for column, of in zip(election.column_index, given, strict=True) if of == tables}
    told -= {group for group, members in election.members.items() if told.issuperset(members)}
    complete, read = election.covers(frozenset(told)), frozenset(told & election.read_columns)
    if complete:
        counts = {column: count for column, count in counts.items() if column in told}
    whole = sum(counts[column] for column in read) if election.covers(read, read=True) else 0
    return TablesAnnounced(
        announced=tables,
        compared=compared,
        differing=differing,
        shift=dict(zip(election.column_index, row[VOTES + len(election.columns) :], strict=True)),
        votes=counts,
        valid=sum(counts.values()) if complete else None,
        shares={column: round(100 * counts[column] / whole, 6) for column in counts if column in read} if whole else {},
        lead=lead,
    )


def official(given: Comparison) -> Official:
    """What the state says of the newest bulletin."""
    return Official(
        bulletin=given.bulletin.id,
        at=given.bulletin.at,
        votes=dict(given.bulletin.votes),
        valid=given.announced_valid,
        tolerated=given.tolerated,
        figures=_figures(given),
    )


def _figures(given: Comparison) -> dict[str, Figure]:
    """Each figure of a bulletin beside what was witnessed, by option or group."""
    read = {name: _figure(given, column, votes) for column, name, votes in given.official}
    return {name: read.get(name) or replace(_UNREAD, votes=votes) for _, name, votes in given.announced}


_UNREAD: Final = Figure(0, None, None, None, None, None, None, None, None, None, None)
"""What is known of a figure for which sheets are not read, beside its votes."""


def _figure(given: Comparison, column: int, votes: int) -> Figure:
    low, high = bounds(given, column, votes)
    return Figure(
        votes=votes,
        share=share(votes, given.valid),
        witnessed_share=share(given.witnessed.votes[column], given.witnessed.valid),
        **_projected(given, column),
        floor=None if low is None else low.limit,
        ceiling=None if high is None else high.limit,
        breakdown=_breakdown(low, high),
    )


def breakdown(given: Comparison, column: int, votes: int) -> int | None:
    """How many sheets would have to be false for one figure; None where nothing limits it."""
    return _breakdown(*bounds(given, column, votes))


def _breakdown(low: Bound | None, high: Bound | None) -> int | None:
    return max((bound.breakdown for bound in (low, high) if bound is not None), default=None)


def _projected(given: Comparison, column: int) -> dict[str, float | None]:
    """What an honest count can announce instead of a figure, in per cent; how far the figure is from it, and by how
    much the unseen would have to differ (`required`, None where nothing up to 100 points does), in points."""
    names, projected = ("expected_share", "low_share", "high_share", "gap", "required"), given.projected
    if projected is None:
        return dict.fromkeys(names)
    known = projected.expected, projected.low, projected.high, projected.gap, projected.required
    points = (float(each[column]) for each in known)
    return {name: None if isnan(each) else round(each, 6) for name, each in zip(names, points, strict=True)}


def shares(election: Election, votes: Sequence[int], valid: int) -> dict[str, float | None]:
    """Shares of the valid votes in per cent, by option or group, from votes by column; None without any, and where
    sheets are not read."""
    by_column = {name: share(count, valid) for name, count in zip(election.column_index, votes, strict=False)}
    return by_column | dict.fromkeys(by_column.keys() - election.read_columns)


def share(votes: int, valid: int | None) -> float | None:
    """Per cent of the valid votes; None where nobody knows these."""
    return round(100 * votes / valid, 6) if valid else None

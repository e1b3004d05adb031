"""The state of an area, as it is told: JSON objects."""

from collections.abc import Sequence
from typing import Any

from streams.alerts import Alert
from streams.election import Area, Election
from streams.findings import Comparison
from streams.rollup import ANNOUNCED, LEVELS, NAMES, NULL, REGISTERED, TABLES, VALID, VOTES
from streams.rules.contradiction import bounds
from streams.rules.remainder import Remainder, predicted
from streams.shares import witnessed_shares


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
        "name": election.labels[area.id],
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
        "bounds": None,
        "official": None,
        "alerts": [],
    }


def standing(alert: Alert) -> dict[str, Any]:
    """What the state says of an alert that is open: its severity, figure and sentence as of the state's own tick."""
    finding = alert.finding
    return {
        "fingerprint": alert.fingerprint,
        "severity": alert.severity,
        "value": finding.value,
        "unit": finding.unit,
        "bulletin": finding.bulletin,
        "sentence": dict(finding.sentence),
    }


def official(given: Comparison) -> dict[str, Any]:
    """What the state says of the newest bulletin."""
    return {
        "bulletin": given.bulletin.id,
        "at": given.bulletin.at,
        "votes": dict(given.bulletin.votes),
        "valid": given.valid,
        "tolerated": given.tolerated,
        "figures": figures(given),
    }


def figures(given: Comparison) -> dict[str, dict[str, Any]]:
    """Each figure of a bulletin beside what was witnessed, by option or group."""
    rest, shares = predicted(given), witnessed_shares(given.election, given.witnessed)
    return {name: _figure(given, rest, i, votes, shares[i] if shares else None) for i, name, votes in given.official}


def _figure(
    given: Comparison, rest: Remainder | None, column: int, votes: int, witnessed: float | None
) -> dict[str, Any]:
    gamma = None if rest is None else rest.gamma(column, votes - given.witnessed.votes[column])
    low, high = bounds(given, column, votes)
    return {
        "votes": votes,
        "share": round(100 * votes / given.valid, 6) if given.valid else None,
        "witnessed_share": None if witnessed is None else round(witnessed, 6),
        "floor": low and low.limit,
        "ceiling": high and high.limit,
        "gamma": None if gamma is None else round(gamma, 6),
        "breakdown": max((b.breakdown for b in (low, high) if b is not None), default=None),
    }

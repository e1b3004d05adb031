"""Whether the election knows what an event speaks of, and whether its figures can be at all."""

from collections.abc import Container, Iterable
from itertools import islice

from streams.election import Election
from streams.events import Bulletin, Rejection, TallyReport


def check_report(election: Election, report: TallyReport) -> Rejection | None:
    """Turn away a report of an unknown table or option, or one that breaks its sheet's arithmetic.

    A retraction carries no figures and is only asked for its table.
    """
    table = election.tables.get(report.table)
    if table is None:
        return Rejection("unknown-table", "table", f"add {report.table} to the register, or mend the id")
    if report.retracted:
        return None
    unknown = _unknown(report.votes, election.option_index)
    if unknown is not None:
        return Rejection("unknown-option", f"votes.{unknown}", f"use one of {_some(election.option_index)}")
    ballots = sum(report.votes.values()) + (report.null or 0) + (report.blank or 0)
    registered = table.registered if table.registered is not None else report.registered
    limit = election.policy.max_ballots if registered is None else int(registered * election.policy.max_turnout)
    if table.registered is None:
        # The sheet's own word lowers the limit; it cannot lift it.
        limit = min(limit, election.policy.max_ballots)
    if ballots > limit:
        known = "" if registered is None else f" for {registered:,} registered voters"
        return Rejection(
            "too-many-ballots", "votes", f"read the sheet again: {ballots:,} ballots{known}, limit {limit:,}"
        )
    # Null or blank votes that the report leaves out may be what is missing.
    whole = report.null is not None and report.blank is not None
    if report.ballots is not None and (ballots > report.ballots or (whole and ballots < report.ballots)):
        return Rejection(
            "sum-differs", "ballots", f"read the sheet again: {report.ballots:,} stated, {ballots:,} added up"
        )
    return None


def check_bulletin(election: Election, bulletin: Bulletin) -> Rejection | None:
    """Turn away a bulletin for an unknown area or polling table, or with a figure for an unknown option or group.

    What merely does not add up is kept: that is a finding, not a reading error.
    """
    if bulletin.area not in election.areas and bulletin.area not in election.tables:
        return Rejection("unknown-area", "area", f"add {bulletin.area} to the areas or the register, or mend the id")
    for name in ("votes", "announced_shares"):
        unknown = _unknown(getattr(bulletin, name), election.column_index)
        if unknown is not None:
            return Rejection("unknown-option", f"{name}.{unknown}", f"use one of {_some(election.column_index)}")
    return None


def _unknown(figures: Iterable[str], known: Container[str]) -> str | None:
    return next((name for name in figures if name not in known), None)


def _some(names: Iterable[str]) -> str:
    first = list(islice(names, 13))
    return ", ".join(first[:12]) + (", …" if len(first) > 12 else "")
